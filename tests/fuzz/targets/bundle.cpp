// A bundle of certificates: no chain but the forge's own is ever found, in whatever order they come.
#include <algorithm>
#include <set>

#include "core/chain.h"
#include "evidence_text.h"
#include "minted.h"
#include "property.h"

using namespace mhsm;

namespace {

// Of all certificates that one of the forge's keys signed.
const std::set<std::string> &minted_certificates() {
    static const auto value = [] {
        std::set<std::string> ders;
        for (const auto &minted : fuzz::minted_cases())
            for (const auto &block : fuzz::pem_blocks(
                     as_text(fuzz::decoded_member(minted.evidence, "certificatePemFile").value_or(Bytes{}))))
                if (auto der = fuzz::pem_content(block)) ders.emplace(as_text(*der));
        return ders;
    }();
    return value;
}

ChosenChains choose(const std::vector<X509Ptr> &bundle) {
    return choose_chains(bundle, fuzz::forge_trust().hsm_roots, forge::verification_time,
                         [](EVP_PKEY *) { return true; });
}

void require_minted(const ChosenChains &chains) {
    const auto minted = [](X509 *certificate) {
        return minted_certificates().contains(std::string(as_text(certificate_der(certificate))));
    };
    if (chains.hw_chain.passed())
        fuzz::require(minted(chains.adapter) && minted(chains.partition), "a hardware chain came from the forge");
    if (!chains.owner_chain.passed()) return;
    // Anybody can make a pool root of his own; only the forge's is accepted.
    const auto owner = authenticate_owner(nullptr, chains.pool_root, fuzz::forge_trust());
    if (owner.outcome.passed())
        fuzz::require(minted(chains.pool_root) && minted(chains.owner_partition), "an owner chain came from the forge");
    static_cast<void>(check_partition_key_strength(chains.owner_partition));
}

std::string all_names(const std::vector<X509Ptr> &bundle) {
    std::string names;
    for (const auto &certificate : bundle)
        names += subject_name(certificate.get()) + issuer_name(certificate.get()) + display_name(certificate.get()) +
                 utc_time(not_before(certificate.get())) + utc_time(not_after(certificate.get()));
    return names;
}

std::string print(const std::vector<X509Ptr> &bundle, bool backwards) {
    std::string text;
    for (const auto &certificate : bundle) {
        const auto block = fuzz::pem_certificate(certificate_der(certificate.get()));
        text = backwards ? block + text : text + block;
    }
    return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ErrorScope errors;
    const auto bundle = parse_bundle(nullptr, {data, size});
    if (!bundle) return 0;
    const auto chains = choose(*bundle);
    require_minted(chains);
    static_cast<void>(all_names(*bundle));
    for (const bool backwards : {false, true}) {
        const auto again = parse_bundle(nullptr, as_bytes(print(*bundle, backwards)));
        if (!again) continue;  // an encoding that libcrypto reads but does not write
        const bool same = std::ranges::equal(*again, *bundle, [](const X509Ptr &a, const X509Ptr &b) {
            return certificate_der(a.get()) == certificate_der(b.get());
        });
        if (!same) continue;
        const auto other = choose(*again);
        fuzz::require(other.hw_chain.status == chains.hw_chain.status &&
                          other.hw_chain.detail == chains.hw_chain.detail &&
                          other.owner_chain.status == chains.owner_chain.status &&
                          other.owner_chain.detail == chains.owner_chain.detail,
                      "the order of the bundle does not matter");
    }
    return 0;
}
