#include "log.h"

#include <fcntl.h>

#include "core/attributes.h"
#include "support/files.h"

namespace mhsm::pkcs11 {

void Log::write(std::string_view subject, std::string_view text) const {
    if (!stderr_ && path_.empty()) return;
    const std::string line =
        "mhsmattest-pkcs11: " + printable(subject) + (subject.empty() ? "" : ": ") + printable(text) + "\n";
    if (stderr_) static_cast<void>(support::write_all(STDERR_FILENO, line));
    if (path_.empty()) return;
    const support::Descriptor file(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (file.valid()) static_cast<void>(support::write_all(file.number(), line));
}

namespace {

// The parts that are there, with separators before all but the first.
class Line {
public:
    Line &add(std::string_view separator, std::string_view part) {
        if (part.empty()) return *this;
        if (!text_.empty()) text_ += separator;
        text_ += part;
        return *this;
    }
    const std::string &text() const { return text_; }

private:
    std::string text_;
};

// Where the remedy of the table speaks of an option of the command, the module has a setting for it.
std::string_view remedy(Reason reason) {
    switch (reason) {
        case Reason::owner_unauthenticated:
            return "compare its fingerprint with the owner of the pool, then add it to owner-pins in "
                   "mhsmattest-pkcs11.conf";
        case Reason::no_adapter:
            return "the evidence does not come from a known Marvell HSM; for a new Marvell root see hsm-roots in "
                   "mhsmattest-pkcs11(7)";
        case Reason::cert_not_yet_valid: return "check the clock";
        case Reason::cert_expired: return "fetch a new attestation, or set attime to the time it was made";
        default: return reason_remedy(reason);
    }
}

}  // namespace

std::string describe(const Failure &failure) {
    Line line;
    line.add("", reason_text(failure.reason)).add(": ", failure.subject).add(": ", failure.detail);
    return line.add("; ", remedy(failure.reason)).text();
}

std::string describe_obstacle(const Report &report) {
    const auto *obstacle = first_obstacle(report);
    if (obstacle == nullptr) return "the report is incomplete";
    const auto &outcome = obstacle->outcome;
    return obstacle->id + ": " + describe({outcome.reason, outcome.subject, outcome.detail});
}

}  // namespace mhsm::pkcs11
