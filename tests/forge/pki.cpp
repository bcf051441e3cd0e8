#include "pki.h"

#include <algorithm>
#include <cctype>

namespace forge {
namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Adapter and Marvell-issued partition: one RDN of five parts, then the common name.
Name hsm_name(const std::string &common_name) {
    return {{{"C", "US"}, {"ST", "CA"}, {"O", "Cavium"}, {"OU", "N3FIPS"}, {"L", "SanJose"}}, {{"CN", common_name}}};
}

// The same attributes as the Microsoft-issued certificate has them.
Name flat_hsm_name(const std::string &common_name) {
    return {{{"C", "US"}},      {{"ST", "CA"}},     {{"O", "Cavium"}},
            {{"OU", "N3FIPS"}}, {{"L", "SanJose"}}, {{"CN", common_name}}};
}

}  // namespace

std::string pool_name(std::uint64_t seed) { return "forge" + hex(derived(seed, "pool", 6)); }

Certificate self_signed_root(const std::string &common_name, const std::string &key) {
    Certificate root;
    root.subject = {{{"C", "US"}},           {{"ST", "California"}},     {{"L", "San Jose"}},
                    {{"O", "Cavium, Inc."}}, {{"OU", "LiquidSecurity"}}, {{"CN", common_name}}};
    root.issuer = root.subject;
    root.serial = 0;
    root.not_before = chains_begin;
    root.not_after = chains_begin + 20 * 365 * one_day;
    root.key = root.signer = key;
    root.extensions = {key_usage_ca(), {"2.5.29.19", false, basic_constraints(true).value}};
    return root;
}

Certificate self_signed_pool_root(const std::string &pool, const std::string &key) {
    Certificate root;
    root.subject = {
        {{"C", "US"}}, {{"ST", "Washington"}}, {{"L", "Redmond"}}, {{"O", "Microsoft Corporation"}}, {{"CN", pool}}};
    root.issuer = root.subject;
    root.not_before = pools_begin;
    root.not_after = pools_begin + 25 * 365 * one_day;
    root.key = root.signer = key;
    root.extensions = {basic_constraints(true), key_usage_ca(), subject_key_id(key), authority_key_id(key)};
    return root;
}

Pki make_pki(std::uint64_t seed) {
    const std::string hsm = "HSM:5.3G0000-TEST" + upper(hex(derived(seed, "adapter", 4))) + ", for non-FIPS mode";
    const std::string partition = "HSM:" + upper(hex(derived(seed, "partition", 15))) + ":PARTN:1, for non-FIPS mode";
    Pki pki;
    pki.root = self_signed_root("TEST-ONLY.localca.liquidsecurity.cavium.com", "root");

    pki.adapter.subject = hsm_name(hsm);
    pki.adapter.issuer = pki.root.subject;
    pki.adapter.version = 1;
    pki.adapter.not_before = chains_begin;
    pki.adapter.not_after = chains_begin + 10 * 365 * one_day;
    pki.adapter.key = "adapter";
    pki.adapter.signer = "root";

    pki.partition = pki.adapter;
    pki.partition.subject = hsm_name(partition);
    pki.partition.issuer = pki.adapter.subject;
    pki.partition.version = 3;
    pki.partition.key = "partition";
    pki.partition.signer = "adapter";

    pki.pool_root = self_signed_pool_root(pool_name(seed), "pool-root");

    pki.owner_partition = pki.partition;
    pki.owner_partition.subject = flat_hsm_name(partition);
    pki.owner_partition.issuer = pki.pool_root.subject;
    pki.owner_partition.serial = 0x7fffffffffffffff;
    pki.owner_partition.not_before = pki.pool_root.not_before;
    pki.owner_partition.not_after = pki.pool_root.not_after;
    pki.owner_partition.signer = "pool-root";
    pki.owner_partition.extensions = {basic_constraints(false), subject_key_id("partition"),
                                      authority_key_id("pool-root")};
    return pki;
}

void set_adapter_name(Pki &pki, const std::string &common_name) {
    rename_common_name(pki.adapter.subject, common_name);
    rename_common_name(pki.partition.issuer, common_name);
}

}  // namespace forge
