#include "folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mhsm::test {

Folder::Folder() {
    std::string name = std::filesystem::temp_directory_path() / "mhsmattest-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(std::string_view name, std::string_view content) const {
    auto path = path_ + "/" + std::string(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

}  // namespace mhsm::test
