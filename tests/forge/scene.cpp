#include "scene.h"

#include <algorithm>
#include <stdexcept>

namespace forge {
namespace {

Identity identity_of(const Scene &scene) {
    Identity identity;
    identity.handle = scene.layout == Layout::firmware2 ? 13 : 2588;
    identity.id = "/keys/" + scene.key_name + "/" + scene.key_version;
    identity.check_value = derived(scene.seed, "check value", 3);
    identity.extended_check_value = derived(scene.seed, "extended check value", 32);
    return identity;
}

std::vector<Object> objects_of(const Scene &scene, const SignedBlob &blob) {
    if (blob.objects) return *blob.objects;
    if (scene.both_objects && scene.public_object) return {*scene.public_object, scene.private_object};
    if (&blob == &scene.public_blob) return {scene.public_object.value()};
    return {scene.private_object};
}

std::size_t signature_size(const SignedBlob &blob) {
    return static_cast<std::size_t>(EVP_PKEY_get_size(test_key(blob.signer)));
}

Bytes field_element(const Bytes &point, std::size_t index) {
    const std::size_t size = (point.size() - 1) / 2;
    const auto begin = point.begin() + static_cast<std::ptrdiff_t>(1 + index * size);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Members jwk(const Scene &scene) {
    Members key;
    if (scene.kind.family == Family::rsa) key.set("e", quoted(base64url(rsa_exponent(scene.kind.key))));
    if (scene.kind.family == Family::ec) key.set("crv", quoted(scene.kind.curve));
    switch (scene.kind.family) {
        case Family::rsa: key.set("key_ops", R"(["verify","sign","unwrapKey","decrypt","encrypt","wrapKey"])"); break;
        case Family::ec: key.set("key_ops", R"(["sign","verify"])"); break;
        case Family::aes: key.set("key_ops", R"(["wrapKey","unwrapKey","encrypt","decrypt"])"); break;
    }
    key.set("kid", quoted(scene.kid()));
    switch (scene.kind.family) {
        case Family::rsa:
            key.set("kty", quoted("RSA-HSM"));
            key.set("n", quoted(base64url(rsa_modulus(scene.kind.key))));
            break;
        case Family::ec:
            key.set("kty", quoted("EC-HSM"));
            key.set("x", quoted(base64url(field_element(ec_point(scene.kind.key), 0))));
            key.set("y", quoted(base64url(field_element(ec_point(scene.kind.key), 1))));
            break;
        case Family::aes: key.set("kty", quoted("oct-HSM")); break;
    }
    return key;
}

Answer make_answer(const Scene &scene) {
    Answer answer;
    answer.attestation.set("certificatePemFile", quoted(base64url(to_bytes(bundle_pem(scene)))));
    answer.attestation.set("privateKeyAttestation", quoted(base64url(blob_bytes(scene, scene.private_blob))));
    if (scene.public_object)
        answer.attestation.set("publicKeyAttestation", quoted(base64url(blob_bytes(scene, scene.public_blob))));
    answer.attestation.set("version", quoted("MRVL-1"));
    answer.attributes.set("created", std::to_string(pools_begin));
    answer.attributes.set("enabled", "true");
    answer.attributes.set("exportable", "false");
    answer.attributes.set("recoverableDays", "7");
    answer.attributes.set("recoveryLevel", quoted("CustomizedRecoverable+Purgeable"));
    answer.attributes.set("updated", std::to_string(pools_begin));
    answer.key = jwk(scene);
    return answer;
}

std::string answer_text(const Answer &answer, Shape shape) {
    if (shape == Shape::bare) return answer.attestation.text();
    Members whole;
    if (shape == Shape::wrapped) {
        whole.set("attestation", answer.attestation.text());
        return whole.text();
    }
    const std::string rest = answer.attributes.text().substr(1);
    const std::string attestation = answer.attestation.text();
    const bool has_attestation = attestation != "{}";
    whole.set("attributes",
              has_attestation ? "{\"attestation\":" + attestation + (rest == "}" ? "" : ",") + rest : "{" + rest);
    whole.set("key", answer.key.text());
    const std::string outer = answer.outer.text();
    std::string text = whole.text();
    if (outer != "{}") text = text.substr(0, text.size() - 1) + "," + outer.substr(1);
    return text;
}

void complete_options(Scene &scene) {
    if (scene.options.hsm_root.empty()) scene.options.hsm_root = pem("CERTIFICATE", issue(scene.pki.root));
    if (scene.pin_owner && scene.options.owner_pins.empty())
        scene.options.owner_pins = {hex(sha256(issue(scene.pki.pool_root)))};
}

}  // namespace

void Members::set(std::string_view name, std::string raw_json) {
    for (auto &[key, value] : entries_) {
        if (key == name) {
            value = std::move(raw_json);
            return;
        }
    }
    add(name, std::move(raw_json));
}

void Members::add(std::string_view name, std::string raw_json) { entries_.emplace_back(name, std::move(raw_json)); }

void Members::erase(std::string_view name) {
    if (std::erase_if(entries_, [name](const auto &entry) { return entry.first == name; }) == 0)
        throw std::out_of_range("no such member");
}

std::string &Members::at(std::string_view name) {
    for (auto &[key, value] : entries_)
        if (key == name) return value;
    throw std::out_of_range("no such member");
}

std::string Members::text() const {
    std::string result = "{";
    for (const auto &[name, value] : entries_) {
        if (result.size() > 1) result += ",";
        result.append("\"").append(name).append("\":").append(value);
    }
    return result + "}";
}

std::string quoted(std::string_view plain) { return "\"" + std::string(plain) + "\""; }

Scene::Scene(std::uint64_t scene_seed, const KeyKind &key_kind, Layout blob_layout)
    : seed(scene_seed),
      kind(key_kind),
      layout(blob_layout),
      pool(pool_name(scene_seed)),
      key_name("forge-" + std::string(key_kind.name) + "-" + hex(derived(scene_seed, "key name", 4))),
      key_version(hex(derived(scene_seed, "key version/" + std::string(key_kind.name), 16))),
      pki(make_pki(scene_seed)) {
    // As measured on real answers.
    constexpr std::size_t private_slack = 16, public_slack = 25, padding = 264;
    const Identity identity = identity_of(*this);
    private_object = forge::private_object(kind, layout, identity);
    if (!symmetric()) public_object = forge::public_object(kind, layout, identity);
    private_blob.slack = private_slack;
    public_blob.slack = public_slack;
    private_blob.padding = public_blob.padding = padding;
}

std::string Scene::kid() const {
    return "https://" + pool + ".managedhsm.azure.net/keys/" + key_name + "/" + key_version;
}

void Scene::edit_objects(const std::function<void(Object &)> &edit) {
    edit(private_object);
    if (public_object) edit(*public_object);
}

void Scene::set_pool(const std::string &name) {
    pool = name;
    rename_common_name(pki.pool_root.subject, name);
    rename_common_name(pki.pool_root.issuer, name);
    rename_common_name(pki.owner_partition.issuer, name);
}

void Scene::set_key(const std::string &name, const std::string &version) {
    key_name = name;
    key_version = version;
    const Identity identity = identity_of(*this);
    private_object = forge::private_object(kind, layout, identity);
    if (!symmetric()) public_object = forge::public_object(kind, layout, identity);
}

void Scene::set_partition_key(const std::string &key) {
    pki.partition.key = pki.owner_partition.key = key;
    private_blob.signer = public_blob.signer = key;
}

Bytes blob_data(const Scene &scene, const SignedBlob &blob) {
    const auto objects = objects_of(scene, blob);
    Bytes data = scene.layout == Layout::firmware2 ? firmware2_data(objects.at(0), blob.slack, blob.padding)
                                                   : firmware3_data(objects, signature_size(blob));
    if (blob.edit_data) blob.edit_data(data);
    return data;
}

Bytes blob_bytes(const Scene &scene, const SignedBlob &blob) {
    Bytes result = blob_data(scene, blob);
    const auto usual = scene.layout == Layout::firmware2 ? SignatureForm::bare_hash : SignatureForm::digest_info;
    Bytes signature = sign(blob.signer, result, blob.form.value_or(usual));
    if (blob.edit_signature) blob.edit_signature(signature, result);
    append(result, signature);
    return result;
}

std::string bundle_pem(const Scene &scene) {
    const Certificate *const usual[] = {&scene.pki.adapter, &scene.pki.partition, &scene.pki.pool_root,
                                        &scene.pki.owner_partition};
    std::string bundle;
    for (const auto index : scene.order) bundle += pem("CERTIFICATE", issue(*usual[index]));
    for (const auto &certificate : scene.more) bundle += pem("CERTIFICATE", issue(certificate));
    if (scene.edit_bundle) scene.edit_bundle(bundle);
    return bundle;
}

std::string render(Scene &scene) {
    Answer answer = make_answer(scene);
    if (scene.edit_answer) scene.edit_answer(answer);
    std::string text = answer_text(answer, scene.shape);
    if (scene.edit_text) scene.edit_text(text);
    complete_options(scene);
    return text;
}

void replace_once(std::string &text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
        throw std::logic_error("a mutation does not apply: " + std::string(from));
    text.replace(at, from.size(), to);
}

}  // namespace forge
