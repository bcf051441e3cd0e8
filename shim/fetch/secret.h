// Text that must not outlive its use: wiped when it is freed, and never turned into a std::string by accident.
#pragma once

#include <openssl/crypto.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "text.h"

namespace mhsm::fetch {

template <class T>
struct CleansingAllocator {
    using value_type = T;
    CleansingAllocator() = default;
    template <class U>
    explicit CleansingAllocator(const CleansingAllocator<U> &) {}
    T *allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T *memory, std::size_t count) {
        OPENSSL_cleanse(memory, count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const CleansingAllocator &, const CleansingAllocator &) { return true; }
};

class Secret {
public:
    Secret() { text_.push_back('\0'); }
    explicit Secret(std::string_view text) : Secret({text}) {}
    Secret(std::initializer_list<std::string_view> parts) : Secret() {
        for (const auto part : parts) append(part);
    }

    void append(std::string_view part) { text_.insert(text_.end() - 1, part.begin(), part.end()); }
    // Percent-encoded, without a copy that would stay behind.
    void append_encoded(std::string_view part) {
        for (std::size_t i = 0; i < part.size(); ++i) append(percent_encoded(part.substr(i, 1)));
    }
    void reserve(std::size_t size) { text_.reserve(size + 1); }

    bool empty() const { return text_.size() == 1; }
    std::size_t size() const { return text_.size() - 1; }
    std::string_view view() const { return {text_.data(), size()}; }
    const char *c_str() const { return text_.data(); }

private:
    std::vector<char, CleansingAllocator<char>> text_;
};

}  // namespace mhsm::fetch
