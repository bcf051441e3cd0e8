#include "faults.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "options.h"

namespace emulator {
namespace {

struct Kind {
    std::string_view name;
    Trouble trouble;
    Point point;
    double seconds;
    std::vector<std::string_view> variants;  // the first is the default
};

const std::vector<Kind> &kinds() {
    static const std::vector<Kind> all = {
        {"drop", Trouble::drop, Point::answer, 0, {}},
        {"stall", Trouble::stall, Point::answer, 30, {}},
        {"drip", Trouble::drip, Point::answer, 0.5, {}},
        {"half", Trouble::half, Point::answer, 0, {}},
        {"content-type", Trouble::content_type, Point::answer, 0, {}},
        {"status", Trouble::status, Point::answer, 0, {}},
        {"redirect", Trouble::redirect, Point::answer, 0, {"path", "host", "http"}},
        {"oversized", Trouble::oversized, Point::answer, 0, {}},
        {"not-json", Trouble::not_json, Point::answer, 0, {}},
        {"empty", Trouble::empty, Point::answer, 0, {}},
        {"next-link", Trouble::next_link, Point::next_link, 0, {"host", "http", "same"}},
        {"challenge", Trouble::challenge, Point::challenge, 0, {"resource", "authority", "http", "none"}},
        {"token", Trouble::token, Point::token, 0, {"audience", "expired", "tenant"}},
    };
    return all;
}

const Kind &kind_named(std::string_view name) {
    const auto found =
        std::find_if(kinds().begin(), kinds().end(), [&](const Kind &kind) { return kind.name == name; });
    if (found == kinds().end()) throw UsageError("no kind of fault: " + std::string(name));
    return *found;
}

const Kind &kind_of(Trouble trouble) {
    return *std::find_if(kinds().begin(), kinds().end(), [&](const Kind &kind) { return kind.trouble == trouble; });
}

double parse_real(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !(number >= 0))
        throw UsageError("not a number: " + std::string(text));
    return number;
}

std::string variant(const Fault &fault, std::string_view text) {
    const auto &known = kind_of(fault.trouble).variants;
    if (std::find(known.begin(), known.end(), text) == known.end())
        throw UsageError("a fault of this kind has no variant " + std::string(text));
    return std::string(text);
}

std::regex pattern(const std::string &text) {
    try {
        return std::regex(text);
    } catch (const std::regex_error &) {
        throw UsageError("not a regular expression: " + text);
    }
}

void set(Fault &fault, std::string_view name, std::string_view value) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    constexpr std::uint64_t greatest_status = 599, most_seconds = 86400;
    if (name == "kind") return;
    if (name == "probability")
        fault.probability = parse_real(value);
    else if (name == "count")
        fault.count = parse_number(value, most);
    else if (name == "path")
        fault.path = pattern(std::string(value));
    else if (name == "seconds")
        fault.seconds = parse_real(value);
    else if (name == "status")
        fault.status = static_cast<int>(parse_number(value, greatest_status));
    else if (name == "retry_after")
        fault.retry_after = static_cast<int>(parse_number(value, most_seconds));
    else if (name == "size")
        fault.size = parse_number(value, most);
    else if (name == "length" && (value == "yes" || value == "no"))
        fault.length = value == "yes";
    else if (name == "to" || name == "how")
        fault.variant = variant(fault, value);
    else
        throw UsageError("not part of a fault: " + std::string(name) + "=" + std::string(value));
}

template <class Use>
void for_each_setting(std::string_view spec, const Use &use) {
    while (!spec.empty()) {
        const std::string_view setting = spec.substr(0, spec.find(','));
        spec.remove_prefix(std::min(spec.size(), setting.size() + 1));
        const auto equals = setting.find('=');
        if (equals == std::string_view::npos) throw UsageError("no value in the fault: " + std::string(setting));
        use(setting.substr(0, equals), setting.substr(equals + 1));
    }
}

}  // namespace

Fault parse_fault(std::string_view spec) {
    constexpr std::uint64_t oversize = 4 << 20;
    const Kind *kind = nullptr;
    for_each_setting(spec, [&](std::string_view name, std::string_view value) {
        if (name == "kind") kind = &kind_named(value);
    });
    if (!kind) throw UsageError("no kind in the fault: " + std::string(spec));
    Fault fault;
    fault.trouble = kind->trouble;
    fault.seconds = kind->seconds;
    fault.size = oversize;
    if (!kind->variants.empty()) fault.variant = kind->variants.front();
    for_each_setting(spec, [&](std::string_view name, std::string_view value) { set(fault, name, value); });
    return fault;
}

void Faults::add(Fault fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::move(fault));
}

void Faults::clear() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
}

std::optional<Fault> Faults::take(Point point, const std::string &path) {
    const std::lock_guard lock(mutex_);
    for (auto &fault : faults_) {
        if (kind_of(fault.trouble).point != point || fault.count == 0U || !std::regex_search(path, fault.path))
            continue;
        const double chance = static_cast<double>(random_() >> 11) * 0x1p-53;
        if (chance >= fault.probability) continue;
        if (fault.count) --*fault.count;
        return fault;
    }
    return std::nullopt;
}

}  // namespace emulator
