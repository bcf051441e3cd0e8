// The two texts that the module parses itself: an application's string for C_Initialize, and the index of the cache.
#include <string_view>

#include "cache_index.h"
#include "configuration.h"
#include "core/reader.h"
#include "error.h"
#include "property.h"

using namespace mhsm;
using namespace mhsm::pkcs11;
using fuzz::require_property;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto text = as_text({data, size});
    if (const auto index = read_index(text)) {
        const auto again = read_index(write_index(*index));
        require_property(again && write_index(*again) == write_index(*index), "an index that is read can be written");
        require_property(again->entries.size() == index->entries.size(), "with every entry");
    }
    Pairs pairs;
    try {
        parse_reserved(text, pairs);
    } catch (const Error &error) {
        require_property(error.code() == CKR_GENERAL_ERROR && error.what()[0] != '\0', "a refusal says why");
    }
    for (const auto &[name, value] : pairs) {
        require_property(!name.empty() && name.find_first_of(" \t\r\n=") == std::string::npos, "a name is one word");
        require_property(text.find(value) != std::string_view::npos, "a value is part of the text");
    }
    return 0;
}
