// An entry source that cuts a stream into pieces.
#pragma once

#include "entry_source.h"

namespace mhsm::cli {

class StreamSource : public EntrySource {
public:
    explicit StreamSource(ByteStream stream) : stream_(std::move(stream)) {}

    std::string trouble() const override { return stream_.error(); }
    Done position() const override { return {0, stream_.position(), stream_.total()}; }
    void on_wait(std::function<void()> callback) override { stream_.on_wait(std::move(callback)); }

protected:
    ByteStream &stream() { return stream_; }

private:
    ByteStream stream_;
};

std::unique_ptr<EntrySource> make_tar_source(ByteStream stream);

}  // namespace mhsm::cli
