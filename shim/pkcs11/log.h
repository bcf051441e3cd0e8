// What the module has to say: why evidence gives no objects, and why it does not start.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "core/report.h"

namespace mhsm::pkcs11 {

// One line for each event, to a file, to standard error, to both, or by default to nobody. The file is opened for
// each line, so that nothing is left open and a rotated or removed file is made again.
class Log {
public:
    void to_stderr() { stderr_ = true; }
    void to_file(std::string path) { path_ = std::move(path); }

    // Everything but printable ASCII is escaped. Never fails: there is nobody to tell.
    void write(std::string_view subject, std::string_view text) const;

private:
    bool stderr_ = false;
    std::string path_;
};

// "<what is wrong>: <what was found>; <what to do>"
std::string describe(const Failure &failure);
// The first obstacle of a report that is not verified, with its check id.
std::string describe_obstacle(const Report &report);

}  // namespace mhsm::pkcs11
