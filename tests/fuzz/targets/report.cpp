// Reports about names that somebody else chose: the lines of the input become names in certificates, attributes and
// JSON, all signed as usual. JSON stays strict JSON, and no rendering holds anything but printable lines.
#include "core/report_json.h"

#include "core/json.h"
#include "minted.h"
#include "property.h"
#include "render_details.h"
#include "render_text.h"
#include "scene.h"

using namespace mhsm;

namespace {

std::string json_string_of(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        char escaped[8];
        static_cast<void>(std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c)));
        quoted += escaped;
    }
    return quoted + "\"";
}

// libcrypto must be able to put the value into a name.
std::string name_value(std::string_view text) {
    constexpr std::size_t longest = 64;
    const auto cut = text.substr(0, longest);
    return cut.empty() ? "x" : std::string(cut);
}

std::string evidence_with(fuzz::Input &input) {
    static const auto &kind = forge::key_kind("p-256");
    const auto layout = input.byte() % 2 == 0 ? forge::Layout::firmware2 : forge::Layout::firmware3;
    forge::Scene scene(forge::default_seed, kind, layout);
    set_adapter_name(scene.pki, name_value(input.line()));
    rename_common_name(scene.pki.partition.subject, name_value(input.line()));
    rename_common_name(scene.pki.owner_partition.subject, name_value(input.line()));
    const auto id = input.line(), label = input.line();
    scene.edit_objects([&](forge::Object &object) {
        object.set(forge::cka::id, Bytes(id.begin(), id.end()));
        object.set(forge::cka::label, Bytes(label.begin(), label.end()));
    });
    const std::string kid(input.line()), recovery(input.line()), kty(input.line());
    const bool keep_kid = kid.empty(), keep_kty = kty.empty();
    scene.edit_answer = [=](forge::Answer &answer) {
        if (!keep_kid) answer.key.set("kid", json_string_of(kid));
        if (!keep_kty) answer.key.set("kty", json_string_of(kty));
        answer.attributes.set("recoveryLevel", json_string_of(recovery));
    };
    return render(scene);
}

void require_strict_json(const std::string &text, std::string_view what) {
    fuzz::require_printable(text, what);
    fuzz::require(parse_json_object(as_bytes(text), {.bytes = 1U << 22U}).ok(), std::string(what) + " is strict JSON");
}

void require_safe(const Report &report) {
    for (const bool pretty : {false, true}) {
        require_strict_json(report_json(report, pretty), "the JSON report");
        require_strict_json(report_ear(report, forge::verification_time, pretty), "the EAR");
    }
    const auto text = cli::render_text(report, {}, {});
    fuzz::require_printable(text, "the text report");
    fuzz::require_printable(cli::render_brief(report, "input", {}), "the brief report");
    fuzz::require_printable(cli::render_objects(report), "the attributes");
    fuzz::require_printable(cli::render_certificates(report), "the certificates");
    fuzz::require_printable(cli::certificates_pem(report), "the PEM of the certificates");
    // Only the first line is a verdict.
    const bool verified = verdict(report) == Verdict::verified;
    fuzz::require(text.starts_with("VERIFIED") == verified, "the verdict is what the first line says");
    fuzz::require(text.find("\nVERIFIED") == std::string::npos, "no other line poses as a verdict");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    std::string json;
    try {
        json = evidence_with(input);
    } catch (const std::exception &) {
        return 0;  // the forge could not put such a name into a certificate
    }
    require_safe(fuzz::appraise(as_bytes(json)));
    return 0;
}
