#include "table.h"

#include <utility>

namespace forge {

Recipe &Recipe::on(std::string_view key_kind, Layout blob_layout) {
    kind = key_kind;
    layout = blob_layout;
    return *this;
}

Recipe &Recipe::failing_too(std::vector<std::string> checks) {
    also = std::move(checks);
    return *this;
}

Recipe &Recipe::skipping(std::string_view check_id, std::string_view why) {
    check = check_id;
    reason = why;
    return *this;
}

Recipe &Table::verifies(std::string name, std::string description, Change change) {
    Recipe recipe;
    recipe.name = std::move(name);
    recipe.description = std::move(description);
    recipe.verifies = true;
    recipe.change = std::move(change);
    return recipes_.emplace_back(std::move(recipe));
}

Recipe &Table::fails(std::string check, std::string reason, std::string name, std::string description, Change change) {
    Recipe recipe;
    recipe.name = std::move(name);
    recipe.description = std::move(description);
    recipe.check = std::move(check);
    recipe.reason = std::move(reason);
    recipe.change = std::move(change);
    return recipes_.emplace_back(std::move(recipe));
}

const Table &all_recipes() {
    static const Table table = [] {
        Table made;
        for (auto *add : {add_genuine_cases, add_variant_cases, add_json_cases, add_answer_cases, add_field_cases,
                          add_certificate_cases, add_hardware_cases, add_owner_cases, add_blob_cases,
                          add_signature_cases, add_object_cases, add_binding_cases, add_policy_cases})
            add(made);
        return made;
    }();
    return table;
}

Case make_case(const Recipe &recipe, std::uint64_t seed) {
    Scene scene(seed, key_kind(recipe.kind), recipe.layout);
    if (recipe.change) recipe.change(scene);
    Case made;
    made.name = recipe.name;
    made.description = recipe.description;
    made.verifies = recipe.verifies;
    made.check = recipe.check;
    made.reason = recipe.reason;
    made.also = recipe.also;
    made.evidence = render(scene);
    made.options = std::move(scene.options);
    return made;
}

SignedBlob &blob_named(Scene &scene, std::string_view member) {
    return member == "private" ? scene.private_blob : scene.public_blob;
}

Object &object_named(Scene &scene, std::string_view member) {
    return member == "private" ? scene.private_object : scene.public_object.value();
}

}  // namespace forge
