// Streams of evidence: cut into the same entries in whatever pieces they come, none longer than may be, none with bytes
// that do not stand in the stream in this order, and lines exactly as a plain search for line feeds finds them.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "entry_source.h"
#include "property.h"

using namespace mhsm;
using namespace mhsm::cli;

namespace {

struct Found {
    std::string id, bytes, error;
    friend bool operator==(const Found &, const Found &) = default;
};

struct Cut {
    StreamFormat format = StreamFormat::objects;
    std::vector<Found> entries;
    std::string trouble;
    friend bool operator==(const Cut &, const Cut &) = default;
};

std::string path_of(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

Cut cut(ByteStream stream, std::optional<StreamFormat> format) {
    Cut found;
    found.format = format ? *format : recognise(stream);
    const auto source = make_stream_source(std::move(stream), found.format);
    while (auto entry = source->next()) {
        fuzz::require(entry->evidence.bytes.size() <= evidence_limit && entry->path.empty(), "entries are bounded");
        found.entries.push_back({entry->id, std::string(as_text(entry->evidence.bytes)), entry->error});
    }
    found.trouble = source->trouble();
    return found;
}

// As a file: whole.
Cut cut_file(std::string_view text, std::optional<StreamFormat> format) {
    const support::Descriptor file(::memfd_create("stream", MFD_CLOEXEC));
    fuzz::require(::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), "memory");
    auto stream = ByteStream::open(path_of(file.number()));
    return cut(std::move(*stream), format);
}

// As a pipe that holds no more than `piece` bytes at a time.
Cut cut_pipe(std::string_view text, std::optional<StreamFormat> format, std::size_t piece) {
    int ends[2];
    fuzz::require(::pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    const support::Descriptor reading(ends[0]);
    support::Descriptor writing(ends[1]);
    auto stream = ByteStream::open(path_of(reading.number()));
    stream->on_wait([&] {
        const auto now = text.substr(0, piece);
        text.remove_prefix(now.size());
        if (now.empty())
            writing = support::Descriptor(-1);
        else
            fuzz::require(::write(writing.number(), now.data(), now.size()) > 0, "the pipe takes a piece");
    });
    return cut(std::move(*stream), format);
}

void require_lines(std::string_view text, const Cut &found) {
    std::size_t number = 0, count = 0;
    while (!text.empty()) {
        ++number;
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const Found expected{std::to_string(number), std::string(line), {}};
        fuzz::require(count < found.entries.size() && found.entries[count] == expected, "lines are entries");
        ++count;
    }
    fuzz::require(count == found.entries.size(), "entries are lines");
}

void require_in_order(std::string_view text, const Cut &found) {
    std::size_t begin = 0;
    for (const auto &entry : found.entries) {
        const auto at = text.find(entry.bytes, begin);
        fuzz::require(at != std::string_view::npos, "entries stand in the stream one after the other");
        begin = at + entry.bytes.size();
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto choice = input.byte();
    constexpr std::size_t pieces[] = {1, 3, 64, 511, 4096, 16384};
    const auto piece = pieces[choice % std::size(pieces)];
    const auto text = as_text(input.rest());
    if (text.size() / piece > 4096) return 0;  // nothing to be learned from waiting

    const auto whole = cut_file(text, std::nullopt);
    fuzz::require(cut_pipe(text, std::nullopt, piece) == whole, "a format is recognised in whatever pieces it comes");
    for (const auto format : {StreamFormat::lines, StreamFormat::objects, StreamFormat::tar}) {
        const auto found = cut_file(text, format);
        if (format == whole.format) fuzz::require(found == whole, "what is recognised is cut like what is stated");
        fuzz::require(cut_pipe(text, format, piece) == found, "pieces do not matter");
        require_in_order(text, found);
        if (format == StreamFormat::lines) require_lines(text, found);
    }
    return 0;
}
