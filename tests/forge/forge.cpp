#include "forge.h"

#include <stdexcept>

#include "table.h"

namespace forge {

std::vector<CaseName> list_cases() {
    std::vector<CaseName> names;
    for (const auto &recipe : all_recipes().recipes()) names.push_back({recipe.name, recipe.description});
    return names;
}

std::vector<Case> mint_all(std::uint64_t seed) {
    std::vector<Case> cases;
    for (const auto &recipe : all_recipes().recipes()) cases.push_back(make_case(recipe, seed));
    return cases;
}

Case mint(std::string_view name, std::uint64_t seed) {
    for (const auto &recipe : all_recipes().recipes())
        if (recipe.name == name) return make_case(recipe, seed);
    throw std::out_of_range("no case named " + std::string(name));
}

Anchors anchors(std::uint64_t seed) {
    const Pki pki = make_pki(seed);
    const Bytes pool_root = issue(pki.pool_root);
    return {pem("CERTIFICATE", issue(pki.root)), pem("CERTIFICATE", pool_root), pool_name(seed),
            hex(sha256(pool_root))};
}

}  // namespace forge
