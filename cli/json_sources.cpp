// JSON Lines, and objects that follow one another.
#include <algorithm>

#include "object_scanner.h"
#include "stream_source.h"

namespace mhsm::cli {
namespace {

constexpr std::string_view blank = " \t\r\n";

bool is_blank(std::string_view text) { return text.find_first_not_of(blank) == std::string_view::npos; }

// Each line is an entry, whatever it holds, so that a broken one cannot touch its neighbours.
class LineSource : public StreamSource {
public:
    using StreamSource::StreamSource;

    std::optional<RawEntry> next() override {
        for (;;) {
            const auto size = std::min(find_end(), evidence_limit);
            if (size == 0 && stream().pending().empty()) return std::nullopt;
            ++number_;
            auto evidence = stream().take(size);
            skip_line();
            if (!evidence.bytes.empty() && evidence.bytes.back() == '\r')
                evidence.bytes = evidence.bytes.first(size - 1);
            if (!is_blank(as_text(evidence.bytes))) return RawEntry{std::to_string(number_), evidence, {}, {}};
        }
    }

private:
    // How long the line is; as much of it as counts if it is overlong.
    std::size_t find_end() {
        std::size_t seen = 0;
        for (;;) {
            const auto pending = stream().pending();
            const auto end = pending.find('\n', seen);
            if (end != std::string_view::npos) return end;
            seen = pending.size();
            if (seen >= evidence_limit || !stream().fill()) return stream().pending().size();
        }
    }

    void skip_line() {
        for (;;) {
            const auto pending = stream().pending();
            const auto end = pending.find('\n');
            stream().consume(end == std::string_view::npos ? pending.size() : end + 1);
            if (end != std::string_view::npos || !stream().fill()) return;
        }
    }

    std::uint64_t number_ = 0;
};

// Objects anywhere, on one line or on many. What is none is an entry up to the next line that begins with a brace.
class ObjectSource : public StreamSource {
public:
    using StreamSource::StreamSource;

    std::optional<RawEntry> next() override {
        if (!skip_separators()) return std::nullopt;
        ++number_;
        auto evidence = take_entry();
        return RawEntry{std::to_string(number_), std::move(evidence), {}, {}};
    }

private:
    // A byte order mark at the very beginning, of which a slow writer may have sent only a part.
    void skip_mark() {
        constexpr std::string_view mark = "\xef\xbb\xbf";
        while (stream().pending().size() < mark.size() && mark.starts_with(stream().pending()) && stream().fill())
            continue;
        if (stream().pending().starts_with(mark)) stream().consume(mark.size());
    }

    // White space, and the record separator of RFC 7464.
    bool skip_separators() {
        constexpr std::string_view separators = " \t\r\n\x1e";
        if (stream().position() == 0) skip_mark();
        for (;;) {
            const auto pending = stream().pending();
            const auto begin = pending.find_first_not_of(separators);
            stream().consume(std::min(begin, pending.size()));
            if (begin != std::string_view::npos) return true;
            if (!stream().fill()) return false;
        }
    }

    SharedBytes take_entry() { return stream().pending().front() == '{' ? take_object() : take_garbage(); }

    SharedBytes take_object() {
        ObjectScanner scanner;
        for (;;) {
            const bool ended = scanner.scan(stream().pending());
            if (ended && scanner.size() <= evidence_limit) return stream().take(scanner.size());
            if (scanner.size() > evidence_limit) break;
            if (!stream().fill()) return stream().take(std::min(stream().pending().size(), evidence_limit));
        }
        // Too large: its beginning is kept, to be refused, and the rest is only looked at.
        auto beginning = stream().take(evidence_limit);
        scanner.drop(evidence_limit);
        while (!scanner.scan(stream().pending())) {
            const auto scanned = scanner.size();
            stream().consume(scanned);
            scanner.drop(scanned);
            if (!stream().fill()) break;
        }
        stream().consume(std::min(scanner.size(), stream().pending().size()));
        return beginning;
    }

    SharedBytes take_garbage() {
        for (;;) {
            const auto pending = stream().pending();
            const auto size = garbage_size(pending);
            if (size < pending.size() && size <= evidence_limit) return stream().take(size);
            if (size > evidence_limit) break;
            if (!stream().fill()) return stream().take(stream().pending().size());
        }
        auto beginning = stream().take(evidence_limit);
        resynchronise();
        return beginning;
    }

    static std::size_t garbage_size(std::string_view pending) {
        const auto next = pending.find("\n{");
        return next == std::string_view::npos ? pending.size() : next + 1;
    }

    // After garbage that is too large: to the next line that begins with a brace.
    void resynchronise() {
        for (;;) {
            const auto pending = stream().pending();
            const auto next = pending.find("\n{");
            const bool found = next != std::string_view::npos;
            // A line feed at the very end may be the one before the brace.
            stream().consume(found ? next + 1 : pending.size() - (pending.ends_with('\n') ? 1 : 0));
            if (found) return;
            if (!stream().fill()) {
                stream().consume(stream().pending().size());
                return;
            }
        }
    }

    std::uint64_t number_ = 0;
};

// A line that is an object from its first byte to its last.
bool is_object_line(std::string_view line) {
    constexpr std::size_t smallest = 3;  // "{}" stands on a line of its own within longer objects too
    ObjectScanner scanner;
    return line.starts_with('{') && scanner.scan(line) && scanner.size() >= smallest &&
           is_blank(line.substr(scanner.size())) && line[scanner.size() - 1] == '}';
}

bool has_object_line(std::string_view text, bool at_end) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return at_end && is_object_line(text);
        if (is_object_line(text.substr(0, end))) return true;
        text.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace

StreamFormat recognise(ByteStream &stream) {
    constexpr std::size_t enough = std::size_t{64} << 10U, tar_header = 512, magic_at = 257;
    bool more = true;
    while (stream.pending().empty() && (more = stream.fill())) continue;
    const auto first = stream.pending().substr(0, 1);
    const bool json = first.empty() || is_blank(first) || first == "{" || first == "\xef";
    while (!json && stream.pending().size() < tar_header && (more = stream.fill())) continue;
    if (!json && stream.pending().size() >= tar_header && stream.pending().substr(magic_at, 5) == "ustar")
        return StreamFormat::tar;
    // One line that is an object tells; that the first is broken must not decide about all others.
    for (;;) {
        const auto pending = stream.pending();
        if (has_object_line(pending.substr(pending.starts_with("\xef\xbb\xbf") ? 3 : 0), !more))
            return StreamFormat::lines;
        if (!more || pending.size() >= enough) return StreamFormat::objects;
        more = stream.fill();
    }
}

std::unique_ptr<EntrySource> make_stream_source(ByteStream stream, StreamFormat format) {
    switch (format) {
        case StreamFormat::lines: return std::make_unique<LineSource>(std::move(stream));
        case StreamFormat::tar: return make_tar_source(std::move(stream));
        case StreamFormat::objects: break;
    }
    return std::make_unique<ObjectSource>(std::move(stream));
}

}  // namespace mhsm::cli
