#include <algorithm>
#include <filesystem>
#include <system_error>

#include "evidence_source.h"
#include "support/files.h"

namespace mhsm::pkcs11 {
namespace {

namespace fs = std::filesystem;

bool gather_file(const std::string &path, const Log &log, const Sink &sink) {
    auto content = support::read_regular_file(path);
    if (content.too_large) content.error = "larger than 1 MiB, which no evidence is";
    if (!content.error.empty()) {
        log.write(path, content.error);
        return false;
    }
    sink({path, std::move(content.bytes), {}, {}});
    return true;
}

// The *.json files of a folder, sorted; false if not all of them could be listed.
bool list_folder(const std::string &folder, const Log &log, std::vector<std::string> &paths) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
        if (entry->path().extension() != ".json") continue;
        if (paths.size() == most_files) {
            log.write(folder, "more than " + std::to_string(most_files) + " files; the others are left out");
            std::ranges::sort(paths);
            return false;
        }
        paths.push_back(entry->path().string());
    }
    std::ranges::sort(paths);
    if (error) log.write(folder, error.message());
    return !error;
}

}  // namespace

bool gather_files(const NamedSource &source, const Log &log, const Sink &sink) {
    std::error_code error;
    if (!fs::is_directory(source.location, error)) return gather_file(source.location, log, sink);
    std::vector<std::string> paths;
    bool complete = list_folder(source.location, log, paths);
    for (const auto &path : paths) complete = gather_file(path, log, sink) && complete;
    return complete;
}

}  // namespace mhsm::pkcs11
