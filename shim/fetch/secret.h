// Text that must not outlive its use: tokens, client secrets, assertions.
#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace mhsm::fetch {

// Owns the text and wipes it. It cannot be copied, streamed or concatenated by accident; view() is the only way in.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(Secret &&other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    Secret &operator=(Secret &&other) noexcept {
        if (this != &other) {
            wipe();
            text_ = std::move(other.text_);
            other.wipe();
        }
        return *this;
    }
    Secret(const Secret &) = delete;
    Secret &operator=(const Secret &) = delete;
    ~Secret() { wipe(); }

    Secret clone() const { return Secret(text_); }
    std::string_view view() const { return text_; }
    bool empty() const { return text_.empty(); }

private:
    void wipe() {
        // Short texts live inside the object, and stay there when they are moved from.
        text_.resize(text_.capacity());
        OPENSSL_cleanse(text_.data(), text_.size());
        text_.clear();
    }
    std::string text_;
};

}  // namespace mhsm::fetch
