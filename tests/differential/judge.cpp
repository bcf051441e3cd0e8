// Our verdicts for many inputs in one process, for comparison with other judges. Each request on stdin is a line
// "<kind> <size>" and that many bytes; each answer is one line.
//
//   json         "ok" or the id of the reason of parse_json_object
//   members      the same for evidence.json of a whole answer (duplicate members)
//   base64url    "ok <hex>" or the id of the reason
//   chain        PEM certificates: adapter, partition, pool root, owner partition in any order, under the forge's
//                roots: "<hw.chain> <hw.time> <owner.chain> <owner.time>", each ok or a reason
//   signature    32-bit size of the signature, the signature, the data; "bare" or "info" by which form verifies under
//                the forge's partition key, or "no"
//   key_url      "ok <host> <name> <version>" or the id of the reason
//   shell_word   the word as a shell reads it
#include <iostream>

#include "core/base64url.h"
#include "core/binding.h"
#include "core/evidence.h"
#include "core/verify.h"
#include "diagnostics.h"
#include "forge.h"
#include "keys.h"

using namespace mhsm;

namespace {

std::string word(const Outcome &outcome) { return outcome.passed() ? "ok" : std::string(reason_id(outcome.reason)); }

std::string judge_json(ByteView input) {
    const auto root = parse_json_object(input);
    return root ? "ok" : std::string(reason_id(root.failure().reason));
}

std::string judge_base64url(ByteView input) {
    const auto bytes = base64url_decode(as_text(input));
    return bytes ? "ok " + hex(*bytes) : std::string(reason_id(bytes.failure().reason));
}

std::string judge_chain(ByteView input) {
    static const auto roots = std::move(*parse_anchors(nullptr, as_bytes(forge::anchors().hsm_root)));
    const auto bundle = parse_bundle(nullptr, input);
    if (!bundle) return std::string(reason_id(bundle.failure().reason));
    const auto chains = choose_chains(*bundle, roots, forge::verification_time, [](EVP_PKEY *) { return true; });
    Outcome hw_time, owner_time;
    if (chains.hw_chain.passed())
        hw_time = check_validity({chains.hsm_root, chains.adapter, chains.partition}, forge::verification_time);
    if (chains.owner_chain.passed())
        owner_time = check_validity({chains.pool_root, chains.owner_partition}, forge::verification_time);
    return word(chains.hw_chain) + " " + word(hw_time) + " " + word(chains.owner_chain) + " " + word(owner_time);
}

std::string judge_signature(ByteView input) {
    Reader reader(input);
    const auto size = reader.u32();
    const auto signature = size ? reader.take(*size) : std::nullopt;
    if (!signature) return "no";
    Blob blob;
    blob.signature = *signature;
    blob.data = *reader.take(reader.remaining());
    for (const auto layout : {Layout::firmware2, Layout::firmware3}) {
        blob.layout = layout;
        if (verify_blob_signature(nullptr, blob, forge::test_key("partition"), "").passed())
            return layout == Layout::firmware2 ? "bare" : "info";
    }
    return "no";
}

std::string judge_key_url(ByteView input) {
    const auto url = parse_key_url(as_text(input));
    return url ? "ok " + url->host + " " + url->name + " " + url->version
               : std::string(reason_id(url.failure().reason));
}

std::string answer(std::string_view kind, ByteView input) {
    if (kind == "json") return judge_json(input);
    if (kind == "members") return word(decode_evidence(input).json);
    if (kind == "base64url") return judge_base64url(input);
    if (kind == "chain") return judge_chain(input);
    if (kind == "signature") return judge_signature(input);
    if (kind == "key_url") return judge_key_url(input);
    if (kind == "shell_word") return cli::shell_word(as_text(input));
    return "unknown kind";
}

}  // namespace

int main() {
    std::string kind;
    std::size_t size = 0;
    while (std::cin >> kind >> size) {
        std::cin.get();  // the newline
        std::string input(size, '\0');
        std::cin.read(input.data(), static_cast<std::streamsize>(size));
        const ErrorScope errors;
        std::cout << answer(kind, as_bytes(input)) << "\n";
    }
    return std::cin.eof() ? 0 : 1;
}
