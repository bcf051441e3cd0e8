// Input of any length, of which a bounded piece is in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/reader.h"
#include "core/result.h"
#include "support/descriptor.h"

namespace mhsm::cli {

class ByteStream {
public:
    // Opens `path` ("-": standard input). A Failure names the file in `subject` and the cause in `detail`.
    static Result<ByteStream> open(const std::string &path);

    // Called before a read that would wait.
    void on_wait(std::function<void()> callback) { on_wait_ = std::move(callback); }

    std::string_view pending() const { return {buffer_.get() + begin_, end_ - begin_}; }
    // Reads more behind what is pending, which may move; false at the end, on an error and on an interrupt.
    bool fill();
    void consume(std::size_t count);
    // The first `count` pending bytes, which are consumed, but live on.
    SharedBytes take(std::size_t count);
    // Throws away `count` bytes, read or not; false if there are not as many.
    bool skip(std::uint64_t count);

    std::uint64_t position() const { return position_; }  // bytes consumed
    std::uint64_t total() const { return total_; }        // of a regular file, as it was when it was opened; else 0
    const std::string &error() const { return error_; }   // why reading failed; empty at an ordinary end

private:
    ByteStream(support::Descriptor file, int number) : file_(std::move(file)), number_(number) {}
    bool wait();
    void make_room();

    support::Descriptor file_;  // not valid: standard input
    int number_;
    std::function<void()> on_wait_;
    std::shared_ptr<char[]> buffer_;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
    std::uint64_t position_ = 0, total_ = 0;
    bool at_end_ = false;
    std::string error_;
};

}  // namespace mhsm::cli
