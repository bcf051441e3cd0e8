// The known-pools file and pins: what is read prints and reads to the same.
#include "core/anchors.h"

#include <algorithm>

#include "property.h"

using namespace mhsm;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto text = as_text({data, size});
    if (const auto pin = parse_pin(text)) {
        const auto again = parse_pin("sha256:" + hex(*pin));
        fuzz::require(again.ok() && *again == *pin, "a pin prints and parses to itself");
    }
    const auto pools = parse_known_pools(text);
    if (!pools) return 0;
    std::string printed;
    for (const auto &pool : *pools) {
        fuzz::require(!pool.pool.empty() && pool.pool.find_first_of(" \t\r\n#") == std::string::npos,
                      "a pool has one word for a name");
        printed += pool.pool + " sha256:" + hex(pool.root) + "\n";
    }
    const auto again = parse_known_pools(printed);
    fuzz::require(again.ok() && std::ranges::equal(*again, *pools,
                                                   [](const KnownPool &a, const KnownPool &b) {
                                                       return a.pool == b.pool && a.root == b.root;
                                                   }),
                  "known pools print and parse to themselves");
    return 0;
}
