// Temporary files of a test.
#pragma once

#include <string>
#include <string_view>

namespace mhsm::test {

// A folder that is removed with everything in it.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    const std::string &path() const { return path_; }
    std::string write(std::string_view name, std::string_view content) const;  // the path of the file

private:
    std::string path_;
};

}  // namespace mhsm::test
