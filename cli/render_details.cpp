#include "render_details.h"

#include <openssl/pem.h>

#include <algorithm>
#include <new>

#include "core/attributes.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t bytes_per_line = 24;

std::string contents(BIO *bio) {
    char *data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

BioPtr memory_writer() {
    BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio) throw std::bad_alloc();
    return bio;
}

// Long hexadecimal digits go on in further lines below the column they start in.
std::string wrapped(std::string_view value, std::size_t column) {
    constexpr std::size_t width = 2 * bytes_per_line;
    std::string text;
    for (std::size_t start = 0; start < value.size(); start += width) {
        if (start > 0) text += concat({"\n", blanks(column)});
        text += value.substr(start, width);
    }
    return text;
}

std::size_t name_width(const ObjectFacts &object) {
    std::size_t width = 0;
    for (const auto &attribute : object.attributes) width = std::max(width, attribute_name(attribute.type).size());
    return width + 2;
}

std::string object_table(const ObjectFacts &object) {
    const auto width = name_width(object);
    auto text = concat({"Attributes of the ", object.object_class, " (", object.member, " attestation, handle ",
                        attribute_number(object.handle), "):\n"});
    for (const auto &attribute : object.attributes) {
        const auto left = concat({"    ", attribute_number(attribute.type), "  ", padded(attribute_name(attribute.type), width)});
        const auto value = render_value(attribute);
        const bool raw = attribute.value && value == hex(*attribute.value);
        text += concat({left, raw ? wrapped(value, left.size()) : value, "\n"});
    }
    return text;
}

// Certificates come from outside: only line feeds and printable ASCII may reach the terminal, and no line of
// theirs begins where lines of the report do.
std::string indented_lines(std::string_view text) {
    constexpr std::string_view indent = "    ";
    std::string safe;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        safe += concat({indent, printable(line), "\n"});
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return safe;
}

std::string certificate_text(const Bytes &der) {
    const ErrorScope errors;
    const auto certificate = parse_certificate(nullptr, der);
    const auto bio = memory_writer();
    const bool printed = certificate && X509_print_ex(bio.get(), certificate.get(), XN_FLAG_ONELINE, 0) == 1;
    if (!printed) {
        throw_if_out_of_memory();
        return "    Certificate: cannot be printed\n";
    }
    return indented_lines(contents(bio.get()));
}

}  // namespace

std::string pem(const char *label, const Bytes &der) {
    const auto bio = memory_writer();
    if (PEM_write_bio(bio.get(), label, "", der.data(), static_cast<long>(der.size())) <= 0) throw std::bad_alloc();
    return contents(bio.get());
}

std::string render_objects(const Report &report) {
    std::string text;
    for (const auto &object : report.objects) text += object_table(object);
    return text;
}

std::string render_certificates(const Report &report) {
    std::string text;
    for (const auto &certificate : report.certificates)
        text += concat({"Certificate ", certificate.role, ", SHA-256 ", certificate.sha256, ":\n",
                        certificate_text(certificate.der)});
    return text;
}

std::string certificates_pem(const Report &report) {
    std::string text;
    for (const auto &certificate : report.certificates)
        text += concat({"# ", certificate.role, ": ", certificate.subject, "\n", pem("CERTIFICATE", certificate.der)});
    return text;
}

}  // namespace mhsm::cli
