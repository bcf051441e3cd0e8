// Where the time of one verification goes, step by step: Google Benchmark.
#include <benchmark/benchmark.h>

#include "core/base64url.h"
#include "subject.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

template <class Subject>
void whole(benchmark::State &state) {
    Subject subject;
    for (auto _ : state) subject.run();
}
BENCHMARK(whole<bench::Limit>)->Name("limit");
BENCHMARK(whole<bench::Warm>)->Name("verify/warm");
BENCHMARK(whole<bench::Cold>)->Name("verify/cold");

ByteView evidence() { return as_bytes(restored_evidence()); }

Blob parsed(const Bytes &attestation) { return parse_blob(attestation, 256, "blob").value(); }

void decode(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(decode_evidence(evidence()));
}
BENCHMARK(decode)->Name("decode/all");

void decode_known(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(decode_evidence(evidence(), [](std::string_view) { return true; }));
}
BENCHMARK(decode_known)->Name("decode/certificates known");

void json(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_json_document(evidence()));
}
BENCHMARK(json)->Name("decode/json");

void bundle(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_bundle(nullptr, as_bytes(sample_parts().certificates)));
}
BENCHMARK(bundle)->Name("certificates/parse");

void blob(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_blob(sample_parts().private_attestation, 256, "blob"));
}
BENCHMARK(blob)->Name("blob/parse");

void digest(benchmark::State &state) {
    const auto sha256 = fetch_sha256(nullptr);
    for (auto _ : state) benchmark::DoNotOptimize(sha256_with(sha256.get(), evidence()));
}
BENCHMARK(digest)->Name("report/evidence_sha256");

void public_key(benchmark::State &state) {
    const auto attested = parsed(sample_parts().public_attestation);
    const auto key = read_key_object(attested, ObjectClass::public_key, std::nullopt, "key").value();
    KeyMaker maker(nullptr);
    for (auto _ : state) benchmark::DoNotOptimize(make_public_key(maker, key, key.exponent, "key"));
}
BENCHMARK(public_key)->Name("key/make");

void encode_key(benchmark::State &state) {
    const auto report = verify_sample(restored_evidence());
    for (auto _ : state) benchmark::DoNotOptimize(report.key->public_key.der());
}
BENCHMARK(encode_key)->Name("report/public_key");

}  // namespace

BENCHMARK_MAIN();
