#include "files.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

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

FileContent read_file(const std::string &path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) return {{}, words(errno)};
    FileContent content;
    content.bytes.resize(limit + 1);
    std::size_t used = 0;
    while (used < content.bytes.size()) {
        const auto count = ::read(file.number(), content.bytes.data() + used, content.bytes.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {{}, words(errno)};
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
    }
    if (used > limit) return {{}, "larger than " + std::to_string(limit >> 10U) + " KiB"};
    content.bytes.resize(used);
    return content;
}

}  // namespace mhsm::provider
