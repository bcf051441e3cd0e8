#include "decoder_input.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mhsm::provider {
namespace {

constexpr std::size_t most_blank = 256;  // white space and byte order mark before '{'

bool may_precede(std::uint8_t byte) {
    constexpr std::string_view blank = " \t\r\n";
    constexpr auto marks = std::to_array<std::uint8_t>({0xef, 0xbb, 0xbf, 0xff, 0xfe, 0x00});
    return blank.find(static_cast<char>(byte)) != std::string_view::npos || std::ranges::find(marks, byte) != marks.end();
}

// Whether `opening` is white space and at most one byte order mark, then '{'. UTF-16 is let through for the
// sake of the error that names it.
bool opens_object(ByteView opening) {
    constexpr auto utf8_mark = std::to_array<std::uint8_t>({0xef, 0xbb, 0xbf});
    const bool wide = opening.size() >= 2 && ((opening[0] == 0xff && opening[1] == 0xfe) ||
                                              (opening[0] == 0xfe && opening[1] == 0xff));
    if (wide) return true;
    if (opening.size() >= utf8_mark.size() && std::ranges::equal(opening.first(utf8_mark.size()), utf8_mark))
        opening = opening.subspan(utf8_mark.size());
    return std::ranges::all_of(opening.first(opening.size() - 1), [](auto byte) { return byte <= ' ' && byte != 0; });
}

// Bytes up to and including '{', or none.
std::size_t read_opening(const Upcalls &upcalls, OSSL_CORE_BIO *bio, Sensitive &text) {
    for (std::size_t used = 0; used < most_blank; ++used) {
        auto *byte = text.data() + used;
        if (upcalls.read(bio, byte, 1) != 1) return 0;
        if (*byte == '{') return used + 1;
        if (!may_precede(*byte)) return 0;
    }
    return 0;
}

// Any JSON that speaks of attestation or of Managed HSM: its faults are worth an error of ours.
bool speaks_of_us(ByteView text) {
    std::string narrow;  // UTF-16 without its zeros
    std::ranges::copy_if(as_text(text), std::back_inserter(narrow), [](char c) { return c != '\0'; });
    return narrow.find("ttestation") != std::string::npos || narrow.find("managedhsm") != std::string::npos ||
           narrow.find("certificatePemFile") != std::string::npos;
}

}  // namespace

std::unique_ptr<Sensitive> read_evidence(const Upcalls &upcalls, OSSL_CORE_BIO *bio) {
    const long start = upcalls.tell(bio);
    Sensitive opening(most_blank);
    std::size_t used = read_opening(upcalls, bio, opening);
    opening.set_used(used);
    if (used == 0 || !opens_object(opening.view())) {
        upcalls.seek(bio, start);
        return nullptr;
    }
    auto text = std::make_unique<Sensitive>(stream_limit + 1);
    std::ranges::copy(opening.view(), text->data());
    while (used < text->capacity()) {
        const auto count = upcalls.read(bio, text->data() + used, text->capacity() - used);
        if (count == 0) break;
        used += count;
    }
    text->set_used(used);
    if (speaks_of_us(text->view())) return text;
    upcalls.seek(bio, start);
    return nullptr;
}

}  // namespace mhsm::provider
