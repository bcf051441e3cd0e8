// The table of cases: how each is made from an ordinary scene, and what must come of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "forge.h"
#include "scene.h"

namespace forge {

using Change = std::function<void(Scene &)>;

struct Recipe {
    std::string name, description;
    std::string kind = "rsa-2048";
    Layout layout = Layout::firmware2;
    bool verifies = false;
    std::string check, reason;
    std::vector<std::string> also;
    Change change;

    Recipe &on(std::string_view key_kind, Layout blob_layout = Layout::firmware2);
    Recipe &on(Layout blob_layout) { return on(kind, blob_layout); }
    Recipe &failing_too(std::vector<std::string> checks);
    Recipe &skipping(std::string_view check_id, std::string_view why);  // of a case that verifies
};

class Table {
public:
    Recipe &verifies(std::string name, std::string description, Change change);
    Recipe &fails(std::string check, std::string reason, std::string name, std::string description, Change change);
    const std::vector<Recipe> &recipes() const { return recipes_; }

private:
    std::vector<Recipe> recipes_;
};

// Each adds one group. The reference that verifies() and fails() return is good until the next call.
void add_genuine_cases(Table &table);
void add_variant_cases(Table &table);
void add_json_cases(Table &table);
void add_answer_cases(Table &table);
void add_field_cases(Table &table);
void add_certificate_cases(Table &table);
void add_hardware_cases(Table &table);
void add_owner_cases(Table &table);
void add_blob_cases(Table &table);
void add_signature_cases(Table &table);
void add_object_cases(Table &table);
void add_binding_cases(Table &table);
void add_given_cases(Table &table);  // part of the binding cases
void add_policy_cases(Table &table);

const Table &all_recipes();
Case make_case(const Recipe &recipe, std::uint64_t seed);

// The blob of a member, by its short name in check ids ("private" or "public"), and its object.
SignedBlob &blob_named(Scene &scene, std::string_view member);
Object &object_named(Scene &scene, std::string_view member);

}  // namespace forge
