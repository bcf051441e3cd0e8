#include "recorder.h"

#include <utility>

namespace emulator {

void Recorder::add(std::string request_json) {
    const std::lock_guard lock(mutex_);
    if (requests_.size() == capacity) requests_.pop_front();
    requests_.push_back(std::move(request_json));
}

std::string Recorder::json() const {
    const std::lock_guard lock(mutex_);
    std::string text = "[";
    for (const auto &request : requests_) text.append(text.size() > 1 ? "," : "").append(request);
    return text + "]";
}

void Recorder::clear() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
}

}  // namespace emulator
