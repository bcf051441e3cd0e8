// Tar archives: a strict reader of ustar with pax and GNU names, and nothing more. An archiving library would bring the
// parsers of two dozen formats and compressions to where hostile input arrives, for a header of 512 bytes.
#include <algorithm>
#include <charconv>

#include "diagnostics.h"
#include "stream_source.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::uint64_t longest_name_record = std::uint64_t{64} << 10U;

// A field that ends with its first NUL, if it has one.
std::string_view text_field(std::string_view header, std::size_t offset, std::size_t size) {
    const auto field = header.substr(offset, size);
    return field.substr(0, field.find('\0'));
}

// Octal digits with blanks around them, or the binary numbers of GNU tar.
std::optional<std::uint64_t> number_field(std::string_view field) {
    if (!field.empty() && field.front() == '\x80') {
        std::uint64_t value = 0;
        for (const char c : field.substr(1)) {
            if (value >> 55U != 0) return std::nullopt;
            value = value << 8U | static_cast<unsigned char>(c);
        }
        return value;
    }
    constexpr std::string_view padding = " \0";
    const auto begin = std::min(field.find_first_not_of(' '), field.size());
    field.remove_prefix(begin);
    field = field.substr(0, field.find_first_of(std::string_view(padding.data(), 2)));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
    if (field.empty()) return 0;
    return error == std::errc{} && end == field.data() + field.size() ? std::optional(value) : std::nullopt;
}

struct Header {
    std::string name;
    std::uint64_t size = 0;
    char type = '0';
};

std::optional<Header> parse_header(std::string_view block) {
    constexpr std::size_t sum_at = 148, sum_size = 8;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i)
        sum += static_cast<unsigned char>(i >= sum_at && i < sum_at + sum_size ? ' ' : block[i]);
    const auto size = number_field(block.substr(124, 12));
    if (number_field(block.substr(sum_at, sum_size)) != sum || !size || block.substr(257, 5) != "ustar")
        return std::nullopt;
    Header header{std::string(text_field(block, 0, 100)), *size, block[156]};
    const bool gnu = block.substr(257, 7) == "ustar  ";
    if (const auto prefix = text_field(block, 345, 155); !gnu && !prefix.empty())
        header.name = concat({prefix, "/", header.name});
    return header;
}

// What a pax record says of the next file.
struct Extended {
    std::optional<std::string> name;
    std::optional<std::uint64_t> size;
};

// Records "<length> <keyword>=<value>\n"; false if they are malformed.
bool parse_pax(std::string_view records, Extended &extended) {
    while (!records.empty()) {
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
        const auto digits = static_cast<std::size_t>(end - records.data());
        if (error != std::errc{} || length > records.size() || length < digits + 4 || records[digits] != ' ' ||
            records[length - 1] != '\n')
            return false;
        const auto record = records.substr(digits + 1, length - digits - 2);
        const auto value = record.substr(std::min(record.find('='), record.size() - 1) + 1);
        if (record.starts_with("path=")) extended.name = std::string(value);
        if (record.starts_with("size=")) {
            std::uint64_t size = 0;
            const auto read = std::from_chars(value.data(), value.data() + value.size(), size);
            if (read.ec != std::errc{} || read.ptr != value.data() + value.size()) return false;
            extended.size = size;
        }
        records.remove_prefix(length);
    }
    return true;
}

class TarSource : public StreamSource {
public:
    using StreamSource::StreamSource;

    std::optional<RawEntry> next() override {
        Extended extended;
        while (trouble_.empty()) {
            const auto header = next_header();
            if (!header) return std::nullopt;
            if (header->type == 'x' || header->type == 'L') {
                if (!read_extended(*header, extended)) return fail("a record of a long name is damaged");
                continue;
            }
            const auto size = extended.size.value_or(header->size);
            const auto name = extended.name.value_or(header->name);
            const bool folder = header->type == '5' || header->type == 'D';  // plain, or of an incremental archive
            if (folder || header->type == 'g' || header->type == 'K') {        // global, long link
                if (!skip_padded(size)) return fail("it ends within a file");
                if (folder) extended = {};
                continue;
            }
            return read_file(name, size, header->type);
        }
        return std::nullopt;
    }
    std::string trouble() const override { return trouble_.empty() ? StreamSource::trouble() : trouble_; }

private:
    std::optional<RawEntry> fail(std::string_view why) {
        trouble_ = concat({"the archive is damaged near byte ", std::to_string(position().position), ": ", why});
        return std::nullopt;
    }

    bool have(std::size_t count) {
        while (stream().pending().size() < count)
            if (!stream().fill()) return false;
        return true;
    }

    // None at the end, which two blocks of zeros mark.
    std::optional<Header> next_header() {
        if (!have(block_size)) {
            if (!stream().pending().empty()) fail("it ends within a header");
            return std::nullopt;
        }
        const auto block = stream().pending().substr(0, block_size);
        if (all_zero(as_bytes(block))) return std::nullopt;
        auto header = parse_header(block);
        if (!header) fail("a header is malformed");
        stream().consume(block_size);
        return header;
    }

    static std::uint64_t padding(std::uint64_t size) { return (block_size - size % block_size) % block_size; }
    bool skip_padded(std::uint64_t size) { return stream().skip(size) && stream().skip(padding(size)); }

    bool read_extended(const Header &header, Extended &extended) {
        if (header.size > longest_name_record || !have(static_cast<std::size_t>(header.size))) return false;
        const auto record = std::string(stream().pending().substr(0, static_cast<std::size_t>(header.size)));
        if (!skip_padded(header.size)) return false;
        if (header.type == 'x') return parse_pax(record, extended);
        extended.name = record.substr(0, record.find('\0'));
        return true;
    }

    std::optional<RawEntry> read_file(const std::string &name, std::uint64_t size, char type) {
        const bool regular = type == '0' || type == '\0' || type == '7';
        if (!regular) {
            if (!skip_padded(size)) return fail("it ends within a file");
            return RawEntry{name, {}, {}, "not a regular file in the archive"};
        }
        const auto kept = static_cast<std::size_t>(std::min<std::uint64_t>(size, evidence_limit));
        if (!have(kept)) return fail("it ends within a file");
        RawEntry entry{name, stream().take(kept), {}, {}};
        if (!stream().skip(size - kept) || !stream().skip(padding(size))) return fail("it ends within a file");
        return entry;
    }

    std::string trouble_;
};

}  // namespace

std::unique_ptr<EntrySource> make_tar_source(ByteStream stream) {
    return std::make_unique<TarSource>(std::move(stream));
}

}  // namespace mhsm::cli
