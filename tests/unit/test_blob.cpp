// The two layouts, written by hand: what is accepted and each reason for refusal.
#include "core/blob.h"

#include "blob_builder.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

ObjectSpec key_object(std::uint32_t handle = 14) {
    return {handle,
            {{0x0000, Bytes{3}}, {0x0121, Bytes{0, 0, 8, 0}}, {0x0301, std::nullopt}, {0x0120, Bytes(20, 0x55)}}};
}

Firmware3 one_object() { return {.objects = {key_object()}, .handles = {14}}; }
Firmware3 two_objects() { return {.objects = {key_object(14), key_object(15)}, .handles = {14, 15}}; }

Outcome outcome_of(const Bytes &bytes) { return to_outcome(parse_blob(bytes, signature_size, "blob")); }

void check_blob_fails(const Bytes &bytes, Reason reason, std::string_view detail) {
    CHECK_FAILS(outcome_of(bytes), reason, "blob", detail);
}

void check_key_object(const BlobObject &object, std::uint32_t handle) {
    CHECK_EQ(object.handle, handle);
    CHECK_EQ(object.attributes.size(), 4U);
    CHECK_EQ(object.attributes[1].type, 0x0121U);
    CHECK_EQ(hex(*object.attributes[1].value), "00000800");
    CHECK(!object.attributes[2].value.has_value());
    CHECK_EQ(object.attributes[3].value->size(), 20U);
}

Bytes changed_u32(Bytes bytes, std::size_t offset, std::uint32_t value) {
    overwrite_u32(bytes, offset, value);
    return bytes;
}

}  // namespace

TEST(firmware_2_is_taken_apart) {
    for (const std::size_t padding : {0U, 1U, 264U}) {
        const auto bytes = firmware2(key_object(), padding);
        const auto blob = parse_blob(bytes, signature_size, "blob");
        CHECK_PASSES(blob);
        CHECK_EQ(blob->layout, Layout::firmware2);
        CHECK_EQ(blob->data.size() + signature_size, bytes.size());
        CHECK_EQ(blob->signature.size(), signature_size);
        CHECK(blob->signature.data() == bytes.data() + bytes.size() - signature_size);
        CHECK_EQ(blob->objects.size(), 1U);
        check_key_object(blob->objects[0], 14);
    }
}

TEST(firmware_3_is_taken_apart) {
    const auto one = one_object().bytes();
    const auto blob = parse_blob(one, signature_size, "blob");
    CHECK_PASSES(blob);
    CHECK_EQ(blob->layout, Layout::firmware3);
    CHECK_EQ(blob->objects.size(), 1U);
    check_key_object(blob->objects[0], 14);
    const auto two = two_objects().bytes();
    const auto both = parse_blob(two, signature_size, "blob");
    CHECK_PASSES(both);
    CHECK_EQ(both->objects.size(), 2U);
    check_key_object(both->objects[0], 14);
    check_key_object(both->objects[1], 15);
}

TEST(names_of_layouts) {
    CHECK_EQ(layout_name(Layout::firmware2), "2.x");
    CHECK_EQ(layout_name(Layout::firmware3), "3.x");
}

TEST(an_object_without_attributes_is_a_structure_too) {
    const auto bytes = firmware2({7, {}});
    const auto blob = parse_blob(bytes, signature_size, "blob");
    CHECK_PASSES(blob);
    CHECK(blob->objects[0].attributes.empty());
}

TEST(zero_slack_inside_the_object_is_accepted) {
    auto object = key_object();
    object.slack = 27;
    CHECK_PASSES(outcome_of(firmware2(object, 9)));
    Firmware3 spec{.objects = {object}, .handles = {14}};
    CHECK_PASSES(outcome_of(spec.bytes()));
}

TEST(slack_that_is_not_zero_belongs_to_nothing) {
    auto object = key_object();
    object.slack = 27;
    auto bytes = firmware2(object);
    bytes[bytes.size() - signature_size - 1] = 1;
    check_blob_fails(bytes, Reason::blob_trailing_data, "after the last counted attribute");
}

TEST(a_count_that_stops_early_leaves_bytes_over) {
    check_blob_fails(changed_u32(firmware2(key_object()), fw2_count, 3), Reason::blob_trailing_data,
                     "after the last counted attribute");
    check_blob_fails(changed_u32(firmware2(key_object()), fw2_count, 0), Reason::blob_trailing_data,
                     "after the last counted attribute");
}

TEST(a_count_that_reads_on_into_zeros_duplicates_attribute_0) {
    auto object = key_object();
    object.slack = 8;
    object.count = 5;  // 00000000 00000000 parses as an empty CKA_CLASS
    check_blob_fails(firmware2(object), Reason::blob_duplicate_attribute, "attribute number 0");
}

TEST(a_count_past_the_end_is_truncated) {
    auto object = key_object();
    object.count = 5;
    check_blob_fails(firmware2(object), Reason::blob_truncated, "an attribute begins past the end of its object");
    object.count = 7;  // 57 bytes hold at most seven attributes
    check_blob_fails(firmware2(object), Reason::blob_truncated, "an attribute begins past the end of its object");
    object.count = 8;
    check_blob_fails(firmware2(object), Reason::blob_size_mismatch, "no room for 8 attributes");
    object.count = 0xffffffff;
    check_blob_fails(firmware2(object), Reason::blob_size_mismatch, "no room for 4294967295 attributes");
}

TEST(an_attribute_longer_than_its_object_is_truncated) {
    // The length of the first attribute, CKA_CLASS.
    const auto bytes = changed_u32(firmware2(key_object(), 264), fw2_attributes + 4, 1000);
    check_blob_fails(bytes, Reason::blob_truncated, "attribute 0 states 1000 bytes, ");
    check_blob_fails(changed_u32(bytes, fw2_attributes + 4, 0xfffffffe), Reason::blob_truncated, "4294967294 bytes");
}

TEST(sizes_of_firmware_2_must_agree) {
    const auto bytes = firmware2(key_object(), 264);
    const auto object_size = static_cast<std::uint32_t>(key_object().bytes().size());
    check_blob_fails(changed_u32(bytes, fw2_size, object_size + 1), Reason::blob_size_mismatch,
                     "expected " + std::to_string(object_size) + ", found " + std::to_string(object_size + 1));
    check_blob_fails(changed_u32(bytes, fw2_size, 0), Reason::blob_size_mismatch, "found 0");
    check_blob_fails(changed_u32(bytes, fw2_inner_size, object_size), Reason::blob_size_mismatch, "expected ");
    check_blob_fails(changed_u32(bytes, fw2_inner_size, 100000), Reason::blob_truncated,
                     "the object states 100000 bytes");
    check_blob_fails(changed_u32(bytes, fw2_inner_size, 0xffffffff), Reason::blob_truncated, "4294967295");
}

TEST(padding_of_firmware_2_is_zero) {
    for (const std::size_t at : {1U, 264U}) {
        auto bytes = firmware2(key_object(), 264);
        bytes[bytes.size() - signature_size - at] = 0x80;
        check_blob_fails(bytes, Reason::blob_trailing_data, "in the padding after the object");
    }
}

TEST(an_attribute_given_twice_is_refused) {
    auto object = key_object();
    object.attributes.push_back({0x0121, Bytes{0, 0, 8, 0}});
    check_blob_fails(firmware2(object), Reason::blob_duplicate_attribute, "attribute number 289");
    object.attributes.back() = {0x0301, std::nullopt};
    check_blob_fails(firmware2(object), Reason::blob_duplicate_attribute, "attribute number 769");
}

TEST(blobs_shorter_than_their_signature_are_truncated) {
    for (const std::size_t size : {0U, 1U, 255U, 256U})
        check_blob_fails(Bytes(size), Reason::blob_truncated, "shorter than its signature");
}

TEST(short_headers) {
    for (const std::size_t size : {1U, 15U})
        check_blob_fails(Bytes(signature_size + size), Reason::blob_unrecognised, "");
    for (const std::size_t size : {16U, 19U})
        check_blob_fails(Bytes(signature_size + size), Reason::blob_truncated, "no room for the header");
    for (const std::size_t size : {20U, 31U})
        check_blob_fails(Bytes(signature_size + size), Reason::blob_truncated, "no room for an object header");
}

TEST(other_layouts_are_not_recognised) {
    auto bytes = firmware2(key_object());
    overwrite_u32(bytes, 0, 1);
    check_blob_fails(bytes, Reason::blob_unrecognised, "");
    check_blob_fails(Bytes(1000, 0xff), Reason::blob_unrecognised, "");
    // An implausible 3.x header whose length does not fit either.
    check_blob_fails(changed_u32(one_object().bytes(), 8, 5), Reason::blob_unrecognised, "");
    auto flags = changed_u32(one_object().bytes(), 4, 0x10000);
    check_blob_fails(changed_u32(flags, 8, 9999), Reason::blob_unrecognised, "");
    auto no_buffer = changed_u32(one_object().bytes(), 12, 0);
    check_blob_fails(changed_u32(no_buffer, 8, 9999), Reason::blob_unrecognised, "");
}

TEST(object_version_of_firmware_3_is_1) {
    auto spec = one_object();
    spec.version = 2;
    check_blob_fails(spec.bytes(), Reason::blob_unrecognised, "object version expected 1, found 2");
}

TEST(response_code_of_firmware_3_is_success) {
    auto spec = one_object();
    spec.response = 0x1c;
    check_blob_fails(spec.bytes(), Reason::blob_response_code, "response code 28");
}

TEST(total_size_of_firmware_3_is_the_length_of_the_blob) {
    auto spec = one_object();
    const auto size = static_cast<std::uint32_t>(spec.bytes().size());
    spec.total = size + 1;
    check_blob_fails(spec.bytes(), Reason::blob_size_mismatch,
                     "expected " + std::to_string(size) + ", found " + std::to_string(size + 1));
    auto longer = one_object().bytes();
    longer.push_back(0);
    check_blob_fails(longer, Reason::blob_size_mismatch, "found " + std::to_string(size));
}

TEST(buffer_of_firmware_3_fits_into_the_blob) {
    auto spec = one_object();
    spec.buffer = 5000;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "the object buffer states 5000 bytes");
    spec.buffer = 0xffffffff;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "4294967295");
    spec.buffer = 7;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "no room for the object header");
}

TEST(objects_of_firmware_3_lie_inside_the_buffer) {
    auto spec = one_object();
    spec.first = 60000;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "an object begins past the end");
    spec.first = 70;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "no room for an object header");
    spec = two_objects();
    spec.second = 60000;
    check_blob_fails(spec.bytes(), Reason::blob_truncated, "an object begins past the end");
}

TEST(objects_of_firmware_3_do_not_overlap) {
    auto spec = two_objects();
    spec.second = 8;  // the same object twice
    spec.tail = 0;
    check_blob_fails(spec.bytes(), Reason::blob_overlap, "");
    // The second object inside the slack of the first.
    auto inner = key_object(15);
    auto outer = key_object(14);
    const auto inner_bytes = inner.bytes();
    outer.attributes = {{0x0120, inner_bytes}};
    Firmware3 nested{.objects = {outer}, .handles = {14, 15}, .second = 8 + 12 + 8};
    check_blob_fails(nested.bytes(), Reason::blob_overlap, "");
}

TEST(an_object_over_the_buffer_header_overlaps) {
    // first = 0: the header itself is read as an object, with impossible sizes.
    auto spec = one_object();
    spec.first = 0;
    CHECK(!parse_blob(spec.bytes(), signature_size, "blob").ok());
    // first = 4: its handle lies in the header; the words are made to fit.
    Firmware3 crafted{.objects = {{0, {}, 64}}, .handles = {0}, .first = 4};
    auto bytes = crafted.bytes();
    const auto object = crafted.buffer_offset() + 4;
    overwrite_u32(bytes, object + 4, 0);
    overwrite_u32(bytes, object + 8, 8);
    overwrite_u32(bytes, object + 12, 0);
    check_blob_fails(bytes, Reason::blob_overlap, "");
}

TEST(objects_of_firmware_3_may_lie_apart_if_zeros_are_between) {
    auto spec = two_objects();
    spec.gap = 5;
    spec.tail = 6;
    CHECK_PASSES(outcome_of(spec.bytes()));
    auto bytes = spec.bytes();
    const auto gap = spec.buffer_offset() + 8 + key_object().bytes().size();
    bytes[gap + 4] = 1;
    check_blob_fails(bytes, Reason::blob_trailing_data, "between objects");
    bytes = spec.bytes();
    bytes[bytes.size() - signature_size - 1] = 1;
    check_blob_fails(bytes, Reason::blob_trailing_data, "after the last object");
}

TEST(the_second_object_may_come_first) {
    auto spec = two_objects();
    spec.first = static_cast<std::uint32_t>(8 + key_object().bytes().size());
    spec.second = 8;
    const auto bytes = spec.bytes();
    const auto blob = parse_blob(bytes, signature_size, "blob");
    CHECK_PASSES(blob);
    CHECK_EQ(blob->objects[0].handle, 15U);
}

TEST(an_object_that_no_offset_names_belongs_to_nothing) {
    auto spec = two_objects();
    spec.second = 0;
    check_blob_fails(spec.bytes(), Reason::blob_trailing_data, "after the last object");
}

TEST(words_before_the_buffer_are_handles) {
    auto spec = two_objects();
    spec.handles = {14, 15, 14};
    CHECK_PASSES(outcome_of(spec.bytes()));
    spec.handles = {};
    CHECK_PASSES(outcome_of(spec.bytes()));
    spec.handles = {14, 16};
    check_blob_fails(spec.bytes(), Reason::blob_trailing_data, "between the header and the object buffer");
    // A rest that is no whole word: the buffer begins one byte later than it should.
    auto bytes = one_object().bytes();
    const auto buffer_size = bytes.size() - signature_size - one_object().buffer_offset();
    bytes.insert(bytes.begin() + 24, 0);
    overwrite_u32(bytes, 8, static_cast<std::uint32_t>(bytes.size()));
    overwrite_u32(bytes, 12, static_cast<std::uint32_t>(buffer_size));
    check_blob_fails(bytes, Reason::blob_trailing_data, "between the header and the object buffer");
}

TEST(real_signature_verifies_in_its_own_form_only) {
    const auto certificate = parse_certificate(nullptr, sample_parts().ders.at(1));
    EVP_PKEY *key = X509_get0_pubkey(certificate.get());
    const auto &bytes = sample_parts().private_attestation;
    auto blob = parse_blob(bytes, signature_size, "blob").value();
    CHECK_PASSES(verify_blob_signature(nullptr, blob, key, "blob"));
    CHECK_EQ(verify_blob_signature(nullptr, blob, key, "blob").detail, "firmware 2.x form");
    CHECK(signed_by(nullptr, bytes, key));
    blob.layout = Layout::firmware3;
    CHECK_FAILS(verify_blob_signature(nullptr, blob, key, "blob"), Reason::signature_wrong_form, "blob",
                "firmware 3.x signs a DigestInfo, found the bare hash");
}

TEST(signatures_of_others_do_not_verify) {
    const ErrorScope errors;
    const auto adapter = parse_certificate(nullptr, sample_parts().ders.at(0));
    EVP_PKEY *key = X509_get0_pubkey(adapter.get());
    const auto &bytes = sample_parts().private_attestation;
    const auto blob = parse_blob(bytes, signature_size, "blob").value();
    CHECK_FAILS(verify_blob_signature(nullptr, blob, key, "blob"), Reason::signature_mismatch, "blob", "");
    CHECK(!signed_by(nullptr, bytes, key));
    CHECK(!signed_by(nullptr, Bytes(256), key));
    CHECK(!signed_by(nullptr, bytes, nullptr));
    const EvpPkeyPtr ec(EVP_EC_gen("P-256"));
    CHECK(!signed_by(nullptr, bytes, ec.get()));
}
