#include "cache_index.h"

#include <algorithm>
#include <charconv>

namespace mhsm::pkcs11 {
namespace {

constexpr std::string_view heading = "mhsmattest-pkcs11 cache 1";
constexpr std::string_view nothing = "-";  // stands for an empty word

std::string word(const std::string &text) { return text.empty() ? std::string(nothing) : text; }

// The text up to `end`, which is taken away with it; nothing if there is no `end`.
std::optional<std::string_view> take_until(std::string_view &text, char end) {
    const auto found = text.find(end);
    if (found == std::string_view::npos) return std::nullopt;
    const auto taken = text.substr(0, found);
    text.remove_prefix(found + 1);
    return taken;
}

std::optional<std::string> take_word(std::string_view &line, char end) {
    const auto taken = take_until(line, end);
    if (!taken || taken->empty()) return std::nullopt;
    return *taken == nothing ? std::string() : std::string(*taken);
}

std::optional<IndexEntry> read_entry(std::string_view &text) {
    const auto sha256 = take_word(text, ' ');
    const auto pool = sha256 ? take_word(text, ' ') : std::nullopt;
    const auto url = pool ? take_word(text, '\n') : std::nullopt;
    if (!url || url->empty()) return std::nullopt;
    return IndexEntry{*sha256, *pool, *url};
}

std::optional<std::int64_t> read_time(std::string_view digits) {
    std::int64_t time = 0;
    const auto *end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, time);
    return error == std::errc{} && stop == end ? std::optional(time) : std::nullopt;
}

}  // namespace

bool fits_index(std::string_view name) {
    return name != nothing && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string write_index(const CacheIndex &index) {
    std::string text(heading);
    text.append("\n").append(index.location).append("\n").append(std::to_string(index.fetched)).append("\n");
    for (const auto &entry : index.entries)
        text.append(word(entry.sha256))
            .append(" ")
            .append(word(entry.tls_pool))
            .append(" ")
            .append(entry.url)
            .append("\n");
    return text;
}

std::optional<CacheIndex> read_index(std::string_view text) {
    if (take_until(text, '\n') != heading) return std::nullopt;
    const auto location = take_until(text, '\n');
    const auto time = location ? take_until(text, '\n') : std::nullopt;
    const auto fetched = time ? read_time(*time) : std::nullopt;
    if (!fetched) return std::nullopt;
    CacheIndex index{std::string(*location), *fetched, {}};
    while (!text.empty()) {
        auto entry = read_entry(text);
        if (!entry) return std::nullopt;
        index.entries.push_back(std::move(*entry));
    }
    return index;
}

}  // namespace mhsm::pkcs11
