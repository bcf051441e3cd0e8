// What all benchmarks measure: the verification of real evidence of an RSA-2048 key, and its physical limit.
#pragma once

#include <openssl/rsa.h>

#include <stdexcept>

#include "samples.h"

namespace mhsm::bench {

// Two RSA-2048 verifications and two SHA-256 over the signed part of a blob, with libcrypto alone and everything that
// can be made ready made ready.
class Limit {
public:
    Limit() {
        auto bundle = parse_bundle(nullptr, as_bytes(test::sample_parts().certificates));
        for (auto &certificate : bundle.value()) {
            if (signed_by(nullptr, blob_, X509_get0_pubkey(certificate.get()))) signer_ = std::move(certificate);
        }
        context_.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, X509_get0_pubkey(signer_.get()), nullptr));
        if (EVP_PKEY_verify_init_ex(context_.get(), nullptr) != 1 ||
            EVP_PKEY_CTX_set_rsa_padding(context_.get(), RSA_PKCS1_PADDING) != 1)
            throw std::runtime_error("libcrypto cannot verify");
    }

    void run() {
        for (int i = 0; i < 2; ++i) {
            const auto digest = sha256_with(sha256_.get(), data_);
            if (!digest || EVP_PKEY_verify(context_.get(), signature_.data(), signature_.size(), digest->data(),
                                           digest->size()) != 1)
                throw std::runtime_error("the signature does not verify");
        }
    }

private:
    static constexpr std::size_t signature_size = 256;
    ByteView blob_ = test::sample_parts().private_attestation;
    ByteView data_ = blob_.first(blob_.size() - signature_size), signature_ = blob_.last(signature_size);
    X509Ptr signer_;
    EvpMdPtr sha256_ = fetch_sha256(nullptr);
    EvpPkeyCtxPtr context_;
};

// JSON in, report out, as a thread of a batch does it: warm after the first run.
class Warm {
public:
    void run() { require_verified(verifier_.verify(evidence_, keys_, {}, {}, test::sample_time)); }

    static void require_verified(const Report &report) {
        if (verdict(report) != Verdict::verified) throw std::runtime_error("the sample is not verified");
    }

private:
    Trust trust_ = test::sample_trust();
    Verifier verifier_{nullptr, trust_};
    KeyMaker keys_{nullptr};
    SharedBytes evidence_ = share({test::restored_evidence().begin(), test::restored_evidence().end()});
};

// The same for somebody who verifies once.
class Cold {
public:
    void run() { Warm::require_verified(test::verify_sample(test::restored_evidence(), trust_)); }

private:
    Trust trust_ = test::sample_trust();
};

}  // namespace mhsm::bench
