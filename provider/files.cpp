#include "files.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace mhsm::provider {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int number() const { return number_; }

private:
    int number_;
};

std::string words(int error) { return std::generic_category().message(error); }

}  // namespace

Sensitive::~Sensitive() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

FileContent read_file(const std::string &path) {
    constexpr std::size_t first_chunk = std::size_t{32} << 10U;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) return {{}, words(errno)};
    FileContent content;
    auto &bytes = content.bytes;
    std::size_t used = 0;
    while (used <= file_limit) {
        if (used == bytes.size()) bytes.resize(std::min(file_limit + 1, std::max(first_chunk, bytes.size() * 2)));
        const auto count = ::read(file.number(), bytes.data() + used, bytes.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {{}, words(errno)};
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
    }
    content.too_large = used > file_limit;
    bytes.resize(used);
    return content;
}

}  // namespace mhsm::provider
