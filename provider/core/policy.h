// Appraisal policy (RFC 9334): demands on a key whose evidence is authentic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain.h"
#include "key_object.h"

namespace mhsm {

// One demand: a name of the table in policy.cpp and, for some, an argument ("min-bits" and "3072").
struct Demand {
    std::string name;
    std::string argument;
};

struct Policy {
    std::string name = "authentic";
    std::vector<Demand> demands;
};

// "never-extractable", "min-bits=3072". Fails with demand_unknown or policy_malformed (bad argument).
Result<Demand> parse_demand(std::string_view text);
// Comma-separated demands appended to `policy`; one that is already there is not doubled.
Outcome add_demands(Policy &policy, std::string_view list);
// authentic, non-exportable or cabf-code-signing. Fails with policy_unknown.
Result<Policy> named_policy(std::string_view name);
// {"version":1, "name":"...", "base":"non-exportable", "require":["min-bits=3072"]}; unknown members are
// refused. Fails with policy_malformed, policy_unknown, demand_unknown or a json_* reason.
Result<Policy> parse_policy(ByteView json);

struct DemandHelp {
    std::string_view name, argument, meaning;
};
std::vector<DemandHelp> demand_help();

// What demands are judged on: the private or secret object and the facts around it.
struct Appraised {
    const KeyObject *key = nullptr;
    OwnerTrust owner_trust = OwnerTrust::unauthenticated;
    std::optional<bool> fips_mode;  // the words in the adapter's name; none if it has neither
};
Outcome judge(const Demand &demand, const Appraised &appraised);

}  // namespace mhsm
