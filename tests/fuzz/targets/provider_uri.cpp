// URIs of the provider: accepted ones have one meaning, and their names do not change it.
#include "uri.h"

#include <algorithm>

#include "error.h"
#include "property.h"

using namespace mhsm;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string text(data, data + size);
    text.resize(std::min(text.find('\0'), text.size()));  // libcrypto hands over C strings
    provider::Uri uri;
    try {
        uri = provider::parse_uri(text);
    } catch (const provider::Error &error) {
        fuzz::require(error.number != 0, "a refusal has a reason");
        return 0;
    }
    fuzz::require(text.starts_with(uri.base), "the base is how the URI begins");
    fuzz::require(uri.host.empty() != uri.path.empty(), "a host or a path");
    fuzz::require(uri.path.find('\0') == std::string::npos, "a path has no NUL");
    fuzz::require(uri.path.empty() || uri.path.front() == '/', "a path is absolute");
    const auto again = provider::parse_uri(uri.base);
    fuzz::require(
        again.base == uri.base && again.host == uri.host && again.path == uri.path && again.certificate.empty(),
        "the base means the same without its query");
    if (!uri.certificate.empty())
        fuzz::require(provider::parse_uri(uri.base + "?certificate=" + uri.certificate).certificate == uri.certificate,
                      "a certificate's name opens it");
    return 0;
}
