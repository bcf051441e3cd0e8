// Policy files and -require: a policy that parses prints and parses to the same demands, none is lost.
#include "core/policy.h"

#include "core/json_writer.h"
#include "property.h"

using namespace mhsm;

namespace {

std::string print(const Demand &demand) {
    return demand.argument.empty() ? demand.name : demand.name + "=" + demand.argument;
}

std::string print(const Policy &policy) {
    const auto root = make_object();
    put_number(root.get(), "version", 1);
    put(root.get(), "name", policy.name);
    cJSON *require = put_array(root.get(), "require");
    for (const auto &demand : policy.demands)
        fuzz::require(cJSON_AddItemToArray(require, cJSON_CreateString(print(demand).c_str())) != 0, "memory");
    return to_text(root.get(), false);
}

void check_file(ByteView json) {
    const auto policy = parse_policy(json);
    if (!policy) return;
    const auto text = print(*policy);
    const auto again = parse_policy(as_bytes(text));
    fuzz::require(again.ok() && print(*again) == text, "a policy prints and parses to itself");
    for (const auto &demand : policy->demands)
        fuzz::require(parse_demand(print(demand)).ok(), "a demand prints and parses");
}

void check_list(std::string_view list) {
    Policy policy;
    if (!add_demands(policy, list).passed()) return;
    const auto once = policy.demands.size();
    fuzz::require(once > 0, "an accepted list demands something");
    fuzz::require(add_demands(policy, list).passed() && policy.demands.size() == once, "a demand is not doubled");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    check_file({data, size});
    check_list(as_text({data, size}));
    static_cast<void>(named_policy(as_text({data, size})));
    return 0;
}
