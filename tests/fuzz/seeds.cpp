// Writes the inputs that fuzzing starts from: what the forge mints and what a real HSM signed, taken apart.
//
// usage: mhsm-fuzz-seeds FOLDER       writes FOLDER/<target>/<number>-<name>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "evidence_text.h"
#include "minted.h"
#include "samples.h"

namespace fs = std::filesystem;
using namespace mhsm;

namespace {

class Seeds {
public:
    explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

    // Once for each content.
    void add(const std::string &target, const std::string &name, std::string_view content) {
        if (!written_.insert(target + '\0' + std::string(content)).second) return;
        fs::create_directories(folder_ / target);
        std::ofstream file(folder_ / target / name, std::ios::binary);
        file << content;
        if (!file.flush()) throw std::runtime_error("cannot write " + name);
    }
    void add(const std::string &target, const std::string &name, const std::optional<Bytes> &content) {
        if (content) add(target, name, as_text(*content));
    }

private:
    fs::path folder_;
    std::set<std::string> written_;
};

// The attribute lists of a firmware 2.x blob, after the byte that chooses kty and class.
void add_attributes(Seeds &seeds, const std::string &name, const std::optional<Bytes> &blob) {
    constexpr std::size_t attributes = 32, size_at = 28;
    if (!blob || blob->size() < attributes || !all_zero(ByteView(*blob).first(16))) return;
    Reader reader(ByteView(*blob).subspan(size_at));
    const auto size = reader.u32();
    const auto body = size ? reader.take(*size) : std::nullopt;
    if (!body) return;
    for (const char choice : {'\0', '\1', '\2', '\3', '\4', '\5'})
        seeds.add("key_object", name + "-" + std::to_string(choice),
                  std::string(1, choice) + std::string(as_text(*body)));
}

void add_evidence(Seeds &seeds, const std::string &name, const std::string &json) {
    for (const auto *target : {"json", "evidence", "verify", "signed_blobs", "provider_decoder"})
        seeds.add(target, name, json);
    seeds.add("bundle", name, fuzz::decoded_member(json, "certificatePemFile"));
    for (const auto *member : {"privateKeyAttestation", "publicKeyAttestation"}) {
        const auto blob = fuzz::decoded_member(json, member);
        const auto seed = name + "-" + std::string(member).substr(0, 3);
        seeds.add("blob", seed, blob);
        add_attributes(seeds, seed, blob);
    }
    if (const auto span = fuzz::find_member(json, "kid"))
        seeds.add("key_url", name, json.substr(span->begin, span->size));
}

void add_options(Seeds &seeds, const forge::Case &minted) {
    const auto &options = minted.options;
    for (const auto &given : {options.csr, options.certificate, options.public_key})
        if (given) seeds.add("anchors", minted.name, *given);
    seeds.add("anchors", "root", options.hsm_root);
    if (!options.require.empty()) seeds.add("policy", minted.name, options.require);
    if (!options.request.empty()) seeds.add("key_url", minted.name + "-asked", options.request);
    std::string pools;
    for (const auto &[pool, pin] : options.known_pools) pools += pool + " sha256:" + pin + " # comment\n";
    if (!pools.empty()) seeds.add("known_pools", minted.name, pools);
    for (const auto &pin : options.owner_pins) seeds.add("known_pools", "pin", "sha256:" + pin);
}

// One file of a tar archive, as ustar has it.
std::string archived(const std::string &name, const std::string &content, char type = '0') {
    constexpr std::size_t block = 512, size_at = 124, sum_at = 148, type_at = 156, magic_at = 257;
    std::string header = name + std::string(block - name.size(), '\0');
    const auto put = [&header](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
    const auto octal = [](std::size_t number) {
        std::string digits(8, '0');
        for (auto digit = digits.rbegin(); number > 0; number /= 8) *digit++ = static_cast<char>('0' + number % 8);
        return digits;
    };
    put(size_at, octal(content.size()));
    put(sum_at, "        ");
    put(type_at, std::string(1, type));
    put(magic_at, "ustar");
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(sum_at, octal(sum));
    return header + content + std::string((block - content.size() % block) % block, '\0');
}

void add_streams(Seeds &seeds) {
    for (const char piece : {'\1', '\3', '\5'}) {
        const auto add = [&](const std::string &name, const std::string &text) {
            seeds.add("streams", name + std::to_string(piece), std::string(1, piece) + text);
        };
        add("lines", "{\"a\":1}\n\n{\"b\":\"}\"}\r\nno object\n{\"c\":[]}");
        add("objects", "{\n\"a\":{\"b\":[1,{}]}\n}\x1e{\"c\":\"\\\"{\"}garbage\n{\n\"d\":1\n}");
        add("broken", "\xef\xbb\xbf{\"a\":\n{\"b\":1}\n{\"c\":\"no end\n{\"d\":2}\n");
        add("tar", archived("a.json", "{}") + archived("folder/", "", '5') + archived("pax", "17 path=b.json\n\n", 'x') +
                       archived("long", "c.json", 'L') + archived("d", "{\"a\":1}\n") + std::string(1024, '\0'));
    }
}

void add_handwritten(Seeds &seeds) {
    seeds.add(
        "policy", "full",
        R"({"version":1,"name":"own","description":"d","base":"non-exportable","require":["min-bits=3072","curve=P-256|P-384"]})");
    seeds.add("policy", "list", "never-extractable,local,key-any-of=RSA-3072|P-256,key-type=RSA|EC|AES,sign-only");
    seeds.add("known_pools", "colons",
              "# "
              "pools\n\npool-1\tsha256:E1:81:48:5B:C3:0A:3A:BF:C3:EB:81:DE:D6:E1:07:0C:C1:AA:83:E7:12:D4:56:4D:5F:14:"
              "3C:D2:76:"
              "EF:CB:2B\r\n");
    seeds.add(
        "report", "names",
        "0HSM:5.3G0000-TEST, for FIPS mode\nHSM:AB:PARTN:1, x\nHSM:AB:PARTN:1, x\n/keys/a/b\nlabel\n\nPurgeable\n\n"
        "rest");
    seeds.add("report", "escapes",
              "1\x1b[2J\r\nVERIFIED: "
              "\xe2\x80\xae\nVERIFIED\n/keys/a\\x1b/b\n\x7f\xff\nhttps://p.managedhsm.azure.net/keys/a/b\n"
              "\x1b]0;t\x07\nRSA-HSM\n");
    seeds.add("options", "usual",
              "-in\na.json\n-owner_pin=sha256:00\n-policy\nnon-exportable\n-outform\nJSON\n-attime\n1\n");
    seeds.add("options", "conflicts", "--text\n-brief\n-out\n-\n-pubout\n-\n-require\nlocal\n-require\nfips\n");
    seeds.add("options", "help", "-help\n-nonsense");
    seeds.add("options", "end", "-quiet\n--\n-x\n-shell_init\nbash\n");
    seeds.add("provider_uri", "file", "mhsm:///dir/a%20b.json");
    seeds.add("provider_uri", "certificate", "MHSM:///a?certificate=pool-root");
    seeds.add("provider_uri", "host", "mhsm://pool.managedhsm.azure.net/keys/name/version");
    seeds.add("fetch_url", "key", "https://pool.managedhsm.azure.net/keys/name/version");
    seeds.add("fetch_url", "pool", "mhsm://pool.managedhsm.azure.cn:443/");
    seeds.add("fetch_url", "bare", "pool-1");
    seeds.add("fetch_url", "query", "https://pool.managedhsm.azure.net/keys?api-version=7.6&$skiptoken=abc");
    seeds.add("fetch_challenge", "usual",
              "Bearer authorization=\"https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47\", "
              "resource=\"https://managedhsm.azure.net\"");
    seeds.add("fetch_challenge", "two",
              "Basic realm=x\nBearer authorization_uri=\"https://login.chinacloudapi.cn/t\", "
              "resource=\"https://managedhsm.azure.cn\"");
    seeds.add("fetch_answers", "page",
              "0{\"value\":[{\"kid\":\"https://pool.managedhsm.azure.net/keys/a/b\",\"attributes\":{}}],"
              "\"nextLink\":\"https://pool.managedhsm.azure.net/keys?$skiptoken=1\"}");
    seeds.add("fetch_answers", "token",
              "1{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"eyJhbGciOiJub25lIn0."
              "eyJhdWQiOiJodHRwczovL21hbmFnZWRoc20uYXp1cmUubmV0IiwiZXhwIjoxNzY3MjI5MjAwLCJ0aWQiOiJ0In0.c2ln\"}");
    seeds.add("fetch_answers", "error",
              "2{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\\u001brole\",\"innererror\":{\"code\":\"x\"}}}");
    seeds.add("fetch_answers", "retry", "3Thu, 01 Jan 2026 00:00:10 GMT");
    seeds.add("fetch_answers", "retry-seconds", "3120");
    seeds.add("provider_decoder", "pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n");
    seeds.add("provider_decoder", "utf16", std::string("\xff\xfe{\0\"\0a\0ttestation", 18));
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: mhsm-fuzz-seeds FOLDER\n";
        return 2;
    }
    try {
        Seeds seeds(argv[1]);
        for (const auto &minted : fuzz::minted_cases()) {
            add_evidence(seeds, minted.name, minted.evidence);
            add_options(seeds, minted);
        }
        add_evidence(seeds, "azure", test::restored_evidence());
        add_handwritten(seeds);
        add_streams(seeds);
        return 0;
    } catch (const std::exception &error) {
        std::cerr << "mhsm-fuzz-seeds: " << error.what() << "\n";
        return 1;
    }
}
