// Where the entries of a batch come from.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "byte_stream.h"
#include "options.h"
#include "progress.h"

namespace mhsm::cli {

// One entry before it is appraised: its evidence, or else the file to read it from, or else why there is none.
struct RawEntry {
    std::string id;
    SharedBytes evidence;  // at most evidence_limit
    std::string path;
    std::string error;
};

// More than evidence may have: what is cut off at this size is refused for it.
inline constexpr std::size_t evidence_limit = (std::size_t{1} << 20U) + 1;

class EntrySource {
public:
    EntrySource() = default;
    virtual ~EntrySource() = default;
    EntrySource(const EntrySource &) = delete;
    EntrySource &operator=(const EntrySource &) = delete;

    // The next entry; none at the end of the input, or where it cannot be read on.
    virtual std::optional<RawEntry> next() = 0;
    // Why the input could not be read to its end; empty if it was.
    virtual std::string trouble() const { return {}; }
    // `position` and `total` of how far it is.
    virtual Done position() const { return {}; }
    // NOLINTNEXTLINE(performance-unnecessary-value-param): sources that wait keep it
    virtual void on_wait(std::function<void()> /*waiting*/) {}
};

// As -in, -inform and -files say. A Failure names the file in `subject` and the cause in `detail`.
Result<std::unique_ptr<EntrySource>> open_source(const Options &options);

// The same for a stream, of lines, concatenated objects or a tar archive.
enum class StreamFormat { lines, objects, tar };
std::unique_ptr<EntrySource> make_stream_source(ByteStream stream, StreamFormat format);
// What a stream looks like by its first bytes, which are read but not consumed.
StreamFormat recognise(ByteStream &stream);

}  // namespace mhsm::cli
