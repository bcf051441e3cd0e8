#include "error.h"

#include <array>

#include "core/attributes.h"
#include "reason_strings.h"

namespace mhsm::provider {
namespace {

struct Entry {
    int number;
    std::string_view text, remedy;
};

constexpr auto own_reasons = std::to_array<Entry>({
#define PROVIDER_REASON(symbol, number, text, remedy) {number, text, remedy},
#include "provider_reasons.def"
#undef PROVIDER_REASON
});

// Where the remedy of the table speaks of an option of the command, the provider has a parameter for it.
constexpr auto own_remedies = std::to_array<Entry>({
    {static_cast<int>(Reason::owner_unauthenticated), "",
     "compare its fingerprint with the owner of the pool, then add it to owner-pins in the mhsmattest section of "
     "openssl.cnf"},
    {static_cast<int>(Reason::no_adapter), "",
     "the evidence does not come from a known Marvell HSM; for a new Marvell root see hsm-roots in mhsmattest(7)"},
    {static_cast<int>(Reason::symmetric_key), "", "print it, check it, or verify MRVL-1 signatures with it"},
    {static_cast<int>(Reason::cert_not_yet_valid), "", "check the clock"},
    {static_cast<int>(Reason::cert_expired), "",
     "fetch a new attestation, or verify for the time it was made with openssl-attest -attime"},
});

std::string_view remedy_of(int number) {
    for (const auto &entry : own_remedies)
        if (entry.number == number) return entry.remedy;
    for (const auto &entry : own_reasons)
        if (entry.number == number) return entry.remedy;
    return reason_remedy(static_cast<Reason>(number));
}

std::string_view text_of(int number) {
    for (const auto &entry : own_reasons)
        if (entry.number == number) return entry.text;
    return reason_text(static_cast<Reason>(number));
}

[[noreturn]] void raise(int number, std::string_view what, std::string_view detail, Place place) {
    std::string data = printable(what);
    if (!detail.empty()) data += (data.empty() ? "" : ": ") + printable(detail);
    const auto remedy = remedy_of(number);
    if (!remedy.empty()) data += (data.empty() ? "" : "; ") + std::string(remedy);
    throw Error{number, std::move(data), place.file, place.line, place.function};
}

std::string joined(std::string_view subject, std::string_view detail) {
    std::string text(subject);
    if (!subject.empty() && !detail.empty()) text += ": ";
    return text.append(detail);
}

// libcrypto copies the strings and never writes to them, but OSSL_ITEM holds them as void *.
OSSL_ITEM item(int number, const char *text) {
    return {static_cast<unsigned>(number), const_cast<char *>(text)};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace

void fail(Reason reason, std::string_view what, std::string_view detail, Place place) {
    raise(static_cast<int>(reason), what, detail, place);
}

void fail(ProviderReason reason, std::string_view what, std::string_view detail, Place place) {
    raise(static_cast<int>(reason), what, detail, place);
}

void fail(std::string_view what, const Failure &failure, Place place) {
    raise(static_cast<int>(failure.reason), what, joined(failure.subject, failure.detail), place);
}

void fail(const Report &report, Place place) {
    const auto *obstacle = first_obstacle(report);
    if (obstacle == nullptr) fail(Reason::not_verified, "report", "incomplete", place);
    const auto &outcome = obstacle->outcome;
    raise(static_cast<int>(outcome.reason), obstacle->id, joined(outcome.subject, outcome.detail), place);
}

std::string with_text(const Error &error) { return std::string(text_of(error.number)) + ": " + error.data; }

const OSSL_ITEM *reason_strings() {
    static const OSSL_ITEM items[] = {
#define REASON(symbol, id, text, remedy) item(static_cast<int>(Reason::symbol), text),
#include "core/reasons.def"
#undef REASON
#define PROVIDER_REASON(symbol, number, text, remedy) item(number, text),
#include "provider_reasons.def"
#undef PROVIDER_REASON
        {0, nullptr}};
    return items;
}

}  // namespace mhsm::provider
