// The oracle: what the forge minted, and that nothing else is ever verified.
#pragma once

#include <string>
#include <vector>

#include "core/verify.h"
#include "forge.h"

namespace mhsm::fuzz {

// All cases of the forge, good and bad.
const std::vector<forge::Case> &minted_cases();

// The forge's hardware root and pool root, pinned; nothing embedded.
const Trust &forge_trust(OwnerTrustMode mode = OwnerTrustMode::authenticated);

Report appraise(ByteView json, const Policy &policy = {}, OwnerTrustMode mode = OwnerTrustMode::authenticated,
                std::int64_t time = forge::verification_time);

// Stops the run if `report` verifies though a blob or a certificate in `json` did not come from the forge as it is.
// What may differ is what nobody signs (docs/threat-model.md, "what is not signed").
void require_minted(std::string_view json, const Report &report);

}  // namespace mhsm::fuzz
