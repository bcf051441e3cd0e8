// What clients sent, so that tests can show that nothing secret went where it must not.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

namespace emulator {

class Recorder {
public:
    void add(std::string request_json);
    std::string json() const;  // oldest first
    void clear();

private:
    static constexpr std::size_t capacity = 20000;
    mutable std::mutex mutex_;
    std::deque<std::string> requests_;
};

}  // namespace emulator
