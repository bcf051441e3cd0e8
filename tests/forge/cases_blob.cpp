// blob.private and blob.public: structure. Every blob here is signed properly, as a dishonest host could not,
// so that nothing but the parser stands between the structure and a verdict.
#include "table.h"

namespace forge {
namespace {

using DataEdit = std::function<void(Bytes &)>;

constexpr std::size_t firmware3_one_object = firmware3_buffer(1) + 8;  // its header: handle, count, size'

std::size_t object_header(Layout layout) { return layout == Layout::firmware2 ? 20 : firmware3_one_object; }

void add_to_u32(Bytes &data, std::size_t offset, std::uint32_t more) {
    put_be32(data, offset, get_be32(data, offset) + more);
}

// Cases of one member in one layout.
class BlobCases {
public:
    BlobCases(Table &table, std::string member, Layout layout)
        : table_(table), member_(std::move(member)), layout_(layout) {}

    std::size_t header() const { return object_header(layout_); }
    bool firmware2() const { return layout_ == Layout::firmware2; }

    void fails(const char *reason, const std::string &name, const char *description,
               std::function<void(SignedBlob &, Object &)> edit) {
        table_
            .fails("blob." + member_, reason, name + "-" + member_ + (firmware2() ? "-fw2" : "-fw3"), description,
                   [member = member_, edit = std::move(edit)](Scene &scene) {
                       edit(blob_named(scene, member), object_named(scene, member));
                   })
            .on(layout_);
    }
    void data(const char *reason, const std::string &name, const char *description, DataEdit edit) {
        fails(reason, name, description,
              [edit = std::move(edit)](SignedBlob &blob, Object &) { blob.edit_data = edit; });
    }

private:
    Table &table_;
    std::string member_;
    Layout layout_;
};

void add_lengths(BlobCases cases) {
    const auto header = cases.header();
    cases.data("blob-truncated", "blob-nothing-but-signature", "no data before the signature",
               [](Bytes &data) { data.clear(); });
    for (const std::uint32_t length : {0x1000U, 0x7fffffffU, 0xfffffff0U, 0xfffffffeU})
        cases.data("blob-truncated", "blob-attribute-length-" + hex(be32(length)),
                   "an attribute reaches past its object",
                   [header, length](Bytes &data) { put_be32(data, header + 12 + 4, length); });
    cases.data("blob-truncated", "blob-object-too-long", "the object reaches past the blob", [header](Bytes &data) {
        if (header == object_header(Layout::firmware2)) add_to_u32(data, firmware2_size, 0x10000);
        add_to_u32(data, header + 8, 0x10000);
    });
    cases.data("blob-truncated", "blob-object-size-wraps", "12 plus the stated size wraps around",
               [header](Bytes &data) {
                   if (header == object_header(Layout::firmware2)) put_be32(data, firmware2_size, 11);
                   put_be32(data, header + 8, 0xffffffff);
               });
    cases.data("blob-size-mismatch", "blob-count-huge", "more attributes than the object has room for",
               [header](Bytes &data) { put_be32(data, header + 4, 0x7fffffff); });
}

// The count decides which attributes a careless reader sees.
void add_counts(BlobCases cases) {
    const auto header = cases.header();
    cases.fails("blob-trailing-data", "blob-count-before-never-extractable", "the count stops before NEVER_EXTRACTABLE",
                [header](SignedBlob &blob, Object &object) {
                    object.move_to_end(cka::never_extractable);
                    blob.edit_data = [header](Bytes &data) { add_to_u32(data, header + 4, 0xffffffff); };
                });
    cases.data("blob-trailing-data", "blob-count-zero", "the object counts no attribute",
               [header](Bytes &data) { put_be32(data, header + 4, 0); });
    cases.fails("blob-duplicate-attribute", "blob-never-extractable-twice", "NEVER_EXTRACTABLE twice, false then true",
                [](SignedBlob &, Object &object) {
                    object.set(cka::never_extractable, {0});
                    object.attributes.push_back({cka::never_extractable, Bytes{1}});
                });
    cases.fails("blob-duplicate-attribute", "blob-id-twice", "CKA_ID twice, equal", [](SignedBlob &, Object &object) {
        object.attributes.push_back({cka::id, object.value(cka::id)});
    });
    cases.fails("blob-duplicate-attribute", "blob-vendor-attribute-twice", "an attribute nobody interprets twice",
                [](SignedBlob &, Object &object) {
                    object.attributes.push_back({0x1000, std::nullopt});
                });
}

void add_firmware2(BlobCases cases) {
    cases.data("blob-size-mismatch", "blob-size-off", "the two sizes do not add up",
               [](Bytes &data) { add_to_u32(data, firmware2_size, 1); });
    cases.data("blob-duplicate-attribute", "blob-count-into-slack",
               "the count runs into the zeros after the attributes",
               [](Bytes &data) { add_to_u32(data, firmware2_count, 1); });
    cases.fails("blob-truncated", "blob-count-into-padding", "the count runs into the padding",
                [](SignedBlob &blob, Object &) {
                    blob.slack = 0;
                    blob.edit_data = [](Bytes &data) { add_to_u32(data, firmware2_count, 1); };
                });
    cases.fails("blob-trailing-data", "blob-attribute-in-padding", "NEVER_EXTRACTABLE hidden behind the stated size",
                [](SignedBlob &blob, Object &object) {
                    object.move_to_end(cka::never_extractable);
                    blob.slack = 0;
                    blob.edit_data = [](Bytes &data) {
                        constexpr std::uint32_t attribute_size = 9;
                        add_to_u32(data, firmware2_count, 0xffffffff);
                        add_to_u32(data, firmware2_size, 0 - attribute_size);
                        add_to_u32(data, firmware2_attributes_size, 0 - attribute_size);
                    };
                });
    cases.data("blob-trailing-data", "blob-padding-not-zero", "a byte of the padding is not zero",
               [](Bytes &data) { data.back() = 1; });
    cases.data("blob-trailing-data", "blob-slack-not-zero",
               "a byte between the attributes and the stated size is not zero",
               [](Bytes &data) { data.at(firmware2_attributes + get_be32(data, firmware2_attributes_size) - 1) = 1; });
    cases.fails("blob-trailing-data", "blob-appended", "bytes after the signature", [](SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) { append(signature, filled(16, 0)); };
    });
    cases.data("blob-unrecognised", "blob-first-word", "the first word is not zero",
               [](Bytes &data) { put_be32(data, 0, 1); });
    cases.data("blob-unrecognised", "blob-fourth-word", "the fourth word is not zero",
               [](Bytes &data) { put_be32(data, 12, 1); });
    cases.data("blob-unrecognised", "blob-text", "not a blob at all",
               [](Bytes &data) { data = to_bytes("-----BEGIN ATTESTATION-----"); });
    cases.data("blob-unrecognised", "blob-without-header", "the leading zeros are missing",
               [](Bytes &data) { data.erase(data.begin(), data.begin() + 16); });
    cases.data("blob-truncated", "blob-header-only", "nothing after the leading zeros",
               [](Bytes &data) { data.resize(16); });
}

// Appends `more` to the object buffer and corrects all sizes.
void grow_buffer(Bytes &data, const Bytes &more) {
    append(data, more);
    for (const std::size_t offset : {std::size_t{8}, std::size_t{12}})
        add_to_u32(data, offset, static_cast<std::uint32_t>(more.size()));
}

void put_second_offset(Bytes &data, std::size_t objects, std::size_t offset) {
    const Bytes value = be16(static_cast<std::uint16_t>(offset));
    for (std::size_t i = 0; i < 2; ++i) data.at(firmware3_buffer(objects) + 6 + i) = value[i];
}

void add_firmware3(BlobCases cases) {
    for (const std::uint32_t difference : {1U, 0xffffffffU})
        cases.data("blob-size-mismatch", difference == 1 ? "blob-total-more" : "blob-total-less",
                   "the total size is off by one", [difference](Bytes &data) { add_to_u32(data, 8, difference); });
    cases.fails("blob-size-mismatch", "blob-cut-off", "the last byte is missing", [](SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) { signature.pop_back(); };
    });
    cases.fails("blob-size-mismatch", "blob-appended", "bytes after the signature", [](SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) { append(signature, filled(16, 0)); };
    });
    cases.data("blob-response-code", "blob-response-code", "the HSM answered with an error code",
               [](Bytes &data) { put_be32(data, 0, 0xc1); });
    cases.data("blob-truncated", "blob-buffer-too-long", "the object buffer is larger than the blob",
               [](Bytes &data) { put_be32(data, 12, static_cast<std::uint32_t>(data.size())); });
    cases.data("blob-truncated", "blob-second-offset-outside", "the second object begins past the end",
               [](Bytes &data) { put_second_offset(data, 1, 0xfff0); });
    cases.data("blob-truncated", "blob-count-past-end", "the count runs past the last object",
               [](Bytes &data) { add_to_u32(data, firmware3_one_object + 4, 1); });
    cases.data("blob-unrecognised", "blob-object-version", "an unknown object version",
               [](Bytes &data) { data.at(firmware3_buffer(1) + 1) = 2; });
    cases.data("blob-trailing-data", "blob-after-object", "bytes after the last object", [](Bytes &data) {
        grow_buffer(data, {1, 2, 3, 4});
    });
    cases.data("blob-trailing-data", "blob-before-buffer", "bytes between the header and the object buffer",
               [](Bytes &data) {
                   const Bytes junk = to_bytes("hidden words");
                   data.insert(data.begin() + 16, junk.begin(), junk.end());
                   add_to_u32(data, 8, static_cast<std::uint32_t>(junk.size()));
               });
    cases.data("blob-overlap", "blob-same-object-twice", "both offsets lead to the same object",
               [](Bytes &data) { put_second_offset(data, 1, 8); });
    cases.fails("blob-overlap", "blob-object-in-label", "a second object lies inside the label of the first",
                [](SignedBlob &blob, Object &object) {
                    const std::vector<Attribute> inner{{cka::object_class, object.value(cka::object_class)},
                                                       {cka::never_extractable, Bytes{1}}};
                    Bytes label = be32(object.handle);
                    append(label, be32(2));
                    append(label, be32(static_cast<std::uint32_t>(encode_attributes(inner).size())));
                    append(label, encode_attributes(inner));
                    object.set(cka::label, padded(to_text(label), 128));
                    blob.edit_data = [](Bytes &data) {
                        constexpr std::size_t attributes_before_label = 13;
                        put_second_offset(data, 1, 8 + 12 + attributes_before_label * 9 + 8);
                    };
                });
}

}  // namespace

void add_blob_cases(Table &table) {
    for (const std::string member : {"private", "public"}) {
        for (const auto layout : {Layout::firmware2, Layout::firmware3}) {
            const BlobCases cases(table, member, layout);
            add_lengths(cases);
            add_counts(cases);
        }
        add_firmware2({table, member, Layout::firmware2});
        add_firmware3({table, member, Layout::firmware3});
    }
}

}  // namespace forge
