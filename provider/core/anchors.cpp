#include "anchors.h"

#include <openssl/pem.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "embedded_roots.h"
#include "text.h"

namespace mhsm {
namespace {

constexpr EmbeddedRoot roots[] = {
    {"LiquidSecurity", embedded::liquidsecurity_root,
     "marvell.com, product page \"LiquidSecurity certificate CNxxxxx-NFBE-x.0-G-v3\""},
    {"LiquidSecurity 2", embedded::liquidsecurity2_root,
     "marvell.com, product page \"LiquidSecurity 2 certificate LS2-G-Axxx-MI-F-BO-v2\", file mrvl-rsa-LS2-MI.crt"},
};

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

// The next white-space separated word of a line, removed from it.
std::string_view next_word(std::string_view &line) {
    constexpr std::string_view blank = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    const auto word = line.substr(0, line.find_first_of(blank));
    line.remove_prefix(word.size());
    return word;
}

Result<KnownPool> parse_known_pool(std::string_view line) {
    const auto pool = next_word(line);
    const auto pin = parse_pin(next_word(line));
    if (!pin) return Failure{Reason::known_pools_malformed, {}, pin.failure().detail};
    if (!next_word(line).empty()) return Failure{Reason::known_pools_malformed, {}, "more than two words"};
    return KnownPool{std::string(pool), *pin};
}

Result<std::vector<X509Ptr>> parse_anchors_once(OSSL_LIB_CTX *libctx, ByteView pem_or_der) {
    std::vector<X509Ptr> anchors;
    if (auto single = parse_certificate(libctx, pem_or_der)) {
        anchors.push_back(std::move(single));
        return anchors;
    }
    auto bundle = parse_bundle(libctx, pem_or_der);
    if (!bundle) return Failure{Reason::anchor_unreadable, {}, bundle.failure().detail};
    return bundle;
}

struct Anchors {
    Result<std::vector<X509Ptr>> parsed;
    bool usable = false;  // each verified its own signature
};

// libcrypto reads keys and extensions when they are first asked for, and keeps what it came to. So each anchor is asked
// here, to verify its own signature; it may be an authority below another, which cannot.
Anchors parse_and_try(OSSL_LIB_CTX *libctx, ByteView pem_or_der) {
    auto parsed = parse_anchors_once(libctx, pem_or_der);
    const bool usable = parsed && std::ranges::all_of(*parsed, [](const X509Ptr &anchor) {
                            return check_issued_by(anchor.get(), anchor.get(), IssuerRule::trust_anchor).passed();
                        });
    return {std::move(parsed), usable};
}

// What libcrypto could not read or use for lack of memory, it may a second time. Throws std::bad_alloc then.
Anchors parse_with_memory(OSSL_LIB_CTX *libctx, ByteView pem_or_der) {
    const ErrorScope errors;
    auto anchors = parse_and_try(libctx, pem_or_der);
    if (!anchors.usable && parse_and_try(libctx, pem_or_der).usable) throw std::bad_alloc();
    return anchors;
}

}  // namespace

std::span<const EmbeddedRoot> embedded_hsm_roots() { return roots; }

Result<std::vector<X509Ptr>> parse_anchors(OSSL_LIB_CTX *libctx, ByteView pem_or_der) {
    return parse_with_memory(libctx, pem_or_der).parsed;
}

bool add_embedded_hsm_roots(OSSL_LIB_CTX *libctx, std::vector<X509Ptr> &into) {
    bool proven = true;
    for (const auto &embedded : embedded_hsm_roots()) {
        auto [parsed, usable] = parse_with_memory(libctx, as_bytes(embedded.pem));
        proven = proven && usable;
        if (parsed) std::ranges::move(*parsed, std::back_inserter(into));
    }
    return proven;
}

Result<Sha256> parse_pin(std::string_view text) {
    const Failure malformed{
        Reason::pin_malformed, {}, text.empty() ? "found nothing" : "found " + std::string(text.substr(0, 100))};
    constexpr std::string_view prefix = "sha256:";
    if (!text.starts_with(prefix)) return malformed;
    text.remove_prefix(prefix.size());
    const bool colons = text.size() == 95;  // 32 pairs and 31 colons, as openssl x509 -fingerprint prints them
    if (!colons && text.size() != 64) return malformed;
    Sha256 pin{};
    const std::size_t step = colons ? 3 : 2;
    for (std::size_t i = 0; i < pin.size(); ++i) {
        const auto high = hex_digit(text[i * step]);
        const auto low = hex_digit(text[i * step + 1]);
        if (!high || !low) return malformed;
        if (colons && i + 1 < pin.size() && text[i * step + 2] != ':') return malformed;
        pin[i] = static_cast<std::uint8_t>(*high << 4U | *low);
    }
    return pin;
}

Result<std::vector<KnownPool>> parse_known_pools(std::string_view text) {
    std::vector<KnownPool> pools;
    std::size_t number = 0;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++number;
        line = line.substr(0, line.find('#'));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto pool = parse_known_pool(line);
        if (!pool)
            return Failure{Reason::known_pools_malformed, "line " + std::to_string(number), pool.failure().detail};
        pools.push_back(std::move(*pool));
    }
    return pools;
}

bool same_pool(std::string_view a, std::string_view b) { return equal_ignoring_case(a, b); }

}  // namespace mhsm
