// Runs what is measured a given number of times: `bench_count limit|cold|warm|report COUNT`; prints nothing. With
// `ratio COUNT` it prints the median CPU time in microseconds of limit, cold, warm, and of warm with all that a report
// holds rendered, taken in turns so that all see the same machine.
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string_view>

#include "core/report_json.h"
#include "subject.h"

using namespace mhsm;
using namespace mhsm::bench;

namespace {

// Real evidence, and all that its report can show.
class Rendered {
public:
    void run() {
        const auto report = verifier_.verify(as_bytes(test::restored_evidence()), {}, {}, test::sample_time);
        if (report_json(report, false).size() < 1000) throw std::runtime_error("an empty report");
    }

private:
    Trust trust_ = test::sample_trust();
    Verifier verifier_{nullptr, trust_};
};

double cpu_microseconds() {
    struct timespec now {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <class Subject>
std::function<void()> runner() {
    return [subject = std::make_shared<Subject>()] { subject->run(); };
}

}  // namespace

int main(int argc, char **argv) {
    const std::string_view what = argc == 3 ? argv[1] : "";
    const int count = argc == 3 ? std::atoi(argv[2]) : 0;
    std::map<std::string_view, std::function<void()>> subjects = {
        {"limit", runner<Limit>()}, {"cold", runner<Cold>()}, {"warm", runner<Warm>()}, {"report", runner<Rendered>()}};
    if (const auto subject = subjects.find(what); subject != subjects.end()) {
        for (int i = 0; i < count; ++i) subject->second();
        return EXIT_SUCCESS;
    }
    if (what != "ratio") return EXIT_FAILURE;
    std::map<std::string_view, std::vector<double>> times;
    for (int round = 0; round < count; ++round) {
        for (auto &[name, run] : subjects) {
            const int runs = name == "cold" ? 5 : 100;
            const double begin = cpu_microseconds();
            for (int i = 0; i < runs; ++i) run();
            times[name].push_back((cpu_microseconds() - begin) / runs);
        }
    }
    for (auto &[name, taken] : times) {
        std::ranges::sort(taken);
        std::cout << name << ' ' << taken[taken.size() / 2] << '\n';
    }
    return EXIT_SUCCESS;
}
