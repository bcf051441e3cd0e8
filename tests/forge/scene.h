// Everything one piece of evidence is made from. A case changes what it wants to and renders the rest as usual.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attributes.h"
#include "blob.h"
#include "forge.h"
#include "keys.h"
#include "pki.h"

namespace forge {

// A JSON object as raw text by member name, in order.
class Members {
public:
    void set(std::string_view name, std::string raw_json);  // replaces or appends
    void add(std::string_view name, std::string raw_json);  // appends, even a second one of that name
    void erase(std::string_view name);                      // throws std::out_of_range if absent
    std::string &at(std::string_view name);                 // likewise
    std::string text() const;

private:
    std::vector<std::pair<std::string, std::string>> entries_;
};
std::string quoted(std::string_view plain);  // a JSON string; `plain` needs no escapes

// The answer of the service before it becomes text.
struct Answer {
    Members attestation, attributes, key;
    Members outer;  // added beside attributes and key
};
enum class Shape { answer, bare, wrapped };  // whole answer, attestation object, {"attestation": ...}

// One of the two signed blobs.
struct SignedBlob {
    std::optional<std::vector<Object>> objects;  // instead of those of the scene
    std::size_t slack = 0, padding = 0;          // firmware 2.x
    std::string signer = "partition";
    std::optional<SignatureForm> form;           // default: that of the layout
    std::function<void(Bytes &data)> edit_data;  // before signing
    std::function<void(Bytes &signature, const Bytes &data)> edit_signature;
};

struct Scene {
    Scene(std::uint64_t seed, const KeyKind &kind, Layout layout);

    std::uint64_t seed;
    KeyKind kind;
    Layout layout;
    bool both_objects = false;  // firmware 3.x: each blob holds the public and the private object
    std::string pool, key_name, key_version;

    Pki pki;
    std::vector<std::size_t> order{0, 1, 2,
                                   3};  // of adapter, partition, pool root, owner partition; may leave some out
    std::vector<Certificate> more;      // further certificates, after those
    std::function<void(std::string &pem)> edit_bundle;

    Object private_object;                // or the secret object
    std::optional<Object> public_object;  // none for symmetric keys
    SignedBlob private_blob, public_blob;

    Shape shape = Shape::answer;
    std::function<void(Answer &)> edit_answer;
    std::function<void(std::string &json)> edit_text;

    Options options;        // rendering fills in an empty hsm_root from the PKI,
    bool pin_owner = true;  // and empty owner_pins if this is set

    bool symmetric() const { return kind.family == Family::aes; }
    std::string kid() const;
    // Applies `edit` to both objects of the key.
    void edit_objects(const std::function<void(Object &)> &edit);
    // Another pool, or another key of the same kind: made again as a real HSM makes them.
    void set_pool(const std::string &name);
    void set_key(const std::string &name, const std::string &version);
    // Changes the key that both partition certificates carry and that signs both blobs.
    void set_partition_key(const std::string &key);
};

// What is signed, and what the service hands out.
Bytes blob_data(const Scene &scene, const SignedBlob &blob);
Bytes blob_bytes(const Scene &scene, const SignedBlob &blob);
std::string bundle_pem(const Scene &scene);
// The evidence; completes scene.options.
std::string render(Scene &scene);

// Replaces the only occurrence of `from`; throws std::logic_error if there is none or more than one.
void replace_once(std::string &text, std::string_view from, std::string_view to);

}  // namespace forge
