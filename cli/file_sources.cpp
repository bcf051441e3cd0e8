// Lists of file names, and folders.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "diagnostics.h"
#include "stream_source.h"
#include "support/files.h"

namespace mhsm::cli {
namespace {

namespace fs = std::filesystem;

// Names that NUL or, if there is none near the beginning, line feed separates.
class NameSource : public StreamSource {
public:
    explicit NameSource(ByteStream names) : StreamSource(std::move(names)) {
        while (stream().pending().find('\0') == std::string_view::npos && stream().pending().size() <= longest_name)
            if (!stream().fill()) break;
        if (stream().pending().find('\0') == std::string_view::npos) separator_ = '\n';
    }

    std::optional<RawEntry> next() override {
        for (;;) {
            const auto size = find_end();
            if (size == 0 && stream().pending().empty()) return std::nullopt;
            const std::string name(stream().pending().substr(0, size));
            stream().consume(std::min(size + 1, stream().pending().size()));
            if (size > longest_name)
                return RawEntry{name.substr(0, longest_name), {}, {}, support::system_error(ENAMETOOLONG)};
            if (!name.empty()) return RawEntry{name, {}, name, {}};
        }
    }

private:
    static constexpr std::size_t longest_name = 4096;

    // Of a name that is longer than any, the rest is taken for further ones, which do not exist.
    std::size_t find_end() {
        for (;;) {
            const auto pending = stream().pending();
            const auto end = pending.find(separator_);
            if (end != std::string_view::npos) return end;
            if (pending.size() > longest_name || !stream().fill()) return stream().pending().size();
        }
    }

    char separator_ = '\0';
};

// The files of a folder and the folders in it, by name, so that the order is the same everywhere. The names of one
// folder on each level are in memory.
class FolderSource : public EntrySource {
public:
    explicit FolderSource(const std::string &path) { open(path); }

    std::optional<RawEntry> next() override {
        while (!levels_.empty()) {
            auto &names = levels_.back();
            if (names.empty()) {
                levels_.pop_back();
                continue;
            }
            const auto path = std::move(names.back());
            names.pop_back();
            if (auto entry = visit(path)) return entry;
        }
        return std::nullopt;
    }

private:
    // None if it was a folder, which is open then.
    std::optional<RawEntry> visit(const std::string &path) {
        struct stat link {
        }, target{};
        if (::lstat(path.c_str(), &link) != 0 || ::stat(path.c_str(), &target) != 0)
            return RawEntry{path, {}, {}, support::system_error(errno)};
        if (S_ISREG(target.st_mode)) return RawEntry{path, {}, path, {}};
        if (S_ISDIR(link.st_mode)) return open(path);
        return RawEntry{
            path, {}, {}, S_ISDIR(target.st_mode) ? "a link to a folder is not followed" : "not a regular file"};
    }

    std::optional<RawEntry> open(const std::string &path) {
        std::vector<std::string> names;
        std::error_code error;
        for (auto entry = fs::directory_iterator(path, error); !error && entry != fs::directory_iterator();
             entry.increment(error))
            names.push_back(entry->path().string());
        if (error) return RawEntry{path, {}, {}, error.message()};
        std::ranges::sort(names, std::ranges::greater());
        levels_.push_back(std::move(names));
        return std::nullopt;
    }

    std::vector<std::vector<std::string>> levels_;  // what is left of each open folder, the next one last
};

}  // namespace

Result<std::unique_ptr<EntrySource>> open_source(const Options &options) {
    const auto path = options.in.value_or("-");
    std::error_code ignored;
    if (path != "-" && !options.files && fs::is_directory(path, ignored))
        return std::unique_ptr<EntrySource>(std::make_unique<FolderSource>(path));
    auto stream = ByteStream::open(path);
    if (!stream) return stream.failure();
    if (options.files) return std::unique_ptr<EntrySource>(std::make_unique<NameSource>(std::move(*stream)));
    const auto inform = options.inform.value_or("AUTO");
    const auto format = inform == "JSONL"  ? StreamFormat::lines
                        : inform == "JSON" ? StreamFormat::objects
                        : inform == "TAR"  ? StreamFormat::tar
                                           : recognise(*stream);
    return make_stream_source(std::move(*stream), format);
}

}  // namespace mhsm::cli
