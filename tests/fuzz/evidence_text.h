// JSON evidence as text whose members can be taken out and put back, however broken the rest of it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/reader.h"

namespace mhsm::fuzz {

// Where the text between the quotes of `"name":"..."` is.
struct Span {
    std::size_t begin = 0, size = 0;
};

// The first member of this name that holds a string.
std::optional<Span> find_member(std::string_view json, std::string_view name);

std::optional<Bytes> decoded_member(std::string_view json, std::string_view name);
// Does nothing if there is no such member.
void replace_member(std::string &json, std::string_view name, std::string_view text);
void replace_decoded(std::string &json, std::string_view name, ByteView bytes);

// The PEM blocks of a bundle, without what stands between them.
std::vector<std::string> pem_blocks(std::string_view bundle);
std::optional<Bytes> pem_content(std::string_view block);
std::string pem_certificate(ByteView der);

}  // namespace mhsm::fuzz
