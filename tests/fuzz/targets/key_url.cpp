// Key URLs: what is accepted has one meaning, and printing it gives that meaning back.
#include "core/binding.h"

#include "property.h"

using namespace mhsm;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto text = as_text({data, size});
    for (const bool version_optional : {false, true}) {
        const auto url = parse_key_url(text, version_optional);
        if (!url) continue;
        constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyz0123456789-.:";
        fuzz::require(url->host.find_first_not_of(host_characters) == std::string::npos,
                      "a host has no odd characters");
        fuzz::require(url->host.starts_with(url->pool), "the pool is the first label of the host");
        fuzz::require(!url->pool.empty() && url->pool.find_first_of(".:") == std::string::npos, "a pool is one label");
        fuzz::require(!url->name.empty() && (version_optional || !url->version.empty()), "a key has name and version");
        const auto printed =
            "https://" + url->host + "/keys/" + url->name + (url->version.empty() ? std::string() : "/" + url->version);
        const auto again = parse_key_url(printed, version_optional);
        fuzz::require(again.ok() && again->host == url->host && again->pool == url->pool && again->name == url->name &&
                          again->version == url->version,
                      "a key URL prints and parses to itself");
    }
    return 0;
}
