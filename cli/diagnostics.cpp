#include "diagnostics.h"

#include <algorithm>

#include "core/ossl.h"
#include "output.h"
#include "text.h"

namespace mhsm::cli {

std::string quoted(std::string_view text) { return concat({"\"", printable(text), "\""}); }

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@%";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string(text);
    const bool safe = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    // Bytes that a terminal must not see are written the way that bash, zsh and ksh read them back.
    std::string word = safe ? "'" : "$'";
    for (const char c : text) {
        if (safe && c == '\'')
            word += "'\\''";
        else if (!safe && (c == '\'' || c == '\\' || c < ' ' || c > '~'))
            word += "\\x" + hex(as_bytes(std::string_view(&c, 1)));
        else
            word += c;
    }
    return word + "'";
}

std::string describe(const Failure &failure) {
    std::string line = failure.subject;
    const auto append = [&line](std::string_view separator, std::string_view text) {
        if (text.empty()) return;
        if (!line.empty()) line += separator;
        line += text;
    };
    append(": ", reason_text(failure.reason));
    append(": ", failure.detail);
    append("; ", reason_remedy(failure.reason));
    return line;
}

void complain(std::string_view text) { write_stderr(concat({"openssl-attest: ", printable(text), "\n"})); }

}  // namespace mhsm::cli
