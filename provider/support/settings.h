// The text of settings, as configuration files have it, understood. One function for each kind of value.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/verify.h"

namespace mhsm::support {

// All of these fail with the reason of what was wrong in the value or in the file that it names, or with
// Reason::none and a detail in words. File names must be absolute, and no such file is larger than 1 MiB.

Result<Policy> policy_setting(const std::string &value);  // the name of a policy, or a file
Result<OwnerTrustMode> owner_trust_setting(const std::string &value);
Result<std::vector<Sha256>> owner_pins_setting(std::string_view list);  // separated by commas
Result<std::vector<KnownPool>> known_pools_setting(const std::string &file);
Result<std::vector<X509Ptr>> hsm_roots_setting(const std::string &file, OSSL_LIB_CTX *libctx);
Result<bool> flag_setting(std::string_view value);  // yes, no, 1 or 0
Result<std::int64_t> number_setting(std::string_view value, std::int64_t least, std::int64_t most,
                                    std::string_view unit);
Result<std::string> word_setting(const std::string &value, std::span<const std::string_view> words);
// Hosts, with ports if need be, and other words of these characters: letters, digits and those of `punctuation`.
Result<std::string> name_setting(const std::string &value, std::string_view punctuation);
Result<std::string> path_setting(const std::string &value);
Result<std::string> auth_setting(const std::string &value);  // a credential of the fetch library
// Hosts of a list separated by commas. What else is wrong with them is for the fetch library to say, which is loaded
// only when it is needed.
Result<std::vector<std::string>> hosts_setting(const std::string &list);
Result<Bytes> file_setting(const std::string &file);  // the content of the file

// The same trust in evidence that came from `tls_pool` (see Trust). Trust cannot be copied as it is, since certificates
// are counted references.
Trust copy_trust(const Trust &from, std::string tls_pool = {});

// The non-empty items of a list, trimmed.
std::vector<std::string> comma_separated(std::string_view list);

}  // namespace mhsm::support
