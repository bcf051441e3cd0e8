// Colour on terminals, and aligned lines.
#pragma once

#include <string>
#include <string_view>

#include "text.h"

namespace mhsm::cli {

struct Style {
    bool colour = false;

    std::string good(std::string_view text) const { return paint("32", text); }
    std::string bad(std::string_view text) const { return paint("1;31", text); }
    std::string doubtful(std::string_view text) const { return paint("33", text); }

private:
    std::string paint(std::string_view code, std::string_view text) const {
        if (!colour) return std::string(text);
        return concat({"\x1b[", code, "m", text, "\x1b[0m"});
    }
};

// Whether a descriptor is a terminal that can do more than print.
bool terminal_can_redraw(int descriptor);

// Whether standard output is a terminal whose owner wants colour.
bool colour_wanted();

// Text made of lines "    Label:      value".
class Lines {
public:
    void heading(std::string_view text) { text_ += concat({text, ":\n"}); }
    // Nothing is added for an empty value.
    void field(std::string_view label, std::string_view value);
    const std::string &text() const { return text_; }

private:
    std::string text_;
};

}  // namespace mhsm::cli
