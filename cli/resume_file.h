// What a run over a pool has done, so that the next run goes on where it was stopped.
//
// A text file: the first line names the pool and the settings, each further one a key that is done and what came of it,
// "<outcome> <url>". Lines are appended whole; one that a crash cut off is dropped.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ossl.h"
#include "core/result.h"
#include "support/descriptor.h"

namespace mhsm::cli {

class ResumeFile {
public:
    // Opens `path`, or makes it, and holds it until the object goes: a second run is refused meanwhile. Each key that
    // is done already is told to `done_before` (its outcome). A file of another pool, or of other `settings` (any text;
    // what the outcomes depend on), is refused, since its outcomes are not those of this run. A Failure names the file
    // in `subject`.
    static Result<ResumeFile> open(const std::string &path, std::string_view pool, std::string_view settings,
                                   const std::function<void(std::string_view outcome)> &done_before);

    bool is_done(std::string_view url) const;

    // `outcome` is a word. A write that fails is a failed Outcome; what the file holds by then stays good.
    Outcome add(std::string_view outcome, std::string_view url);

private:
    // Enough of the SHA-256 of a URL that no two keys of a pool share it, and little enough for a million of them.
    using Mark = std::array<std::uint8_t, 16>;
    static Mark mark_of(std::string_view url);

    explicit ResumeFile(std::string path, support::Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
    Outcome write(std::string_view line);
    Outcome read(std::string_view header, const std::function<void(std::string_view)> &done_before);
    Outcome take_line(std::string_view line, const std::function<void(std::string_view)> &done_before);

    std::string path_;
    support::Descriptor file_;
    std::vector<Mark> done_;  // sorted
};

}  // namespace mhsm::cli
