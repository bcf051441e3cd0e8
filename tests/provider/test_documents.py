"""The documents of the provider are true: their commands run, the examples do what they say, the names exist."""

import os
import re
import shutil
import subprocess
import unittest

from support import MODULE, OPENSSL, POOL_PIN, REPOSITORY, RESTORED, TEST_KEYS, Case, configuration, split_blob, uri

EXAMPLES = REPOSITORY / "examples"
ATTESTED_VERIFY = os.environ["ATTESTED_VERIFY"]
MANUAL = (REPOSITORY / "docs" / "mhsmattest.7").read_text()
HEADER = (REPOSITORY / "provider" / "include" / "mhsmattest.h").read_text()
CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def plain(text):
    """Manual page text without its font changes and escapes."""
    return re.sub(r"\\f[BIRP]", "", text).replace(r"\-", "-")


def section(title):
    """The source of a section of the manual page, .SH or .SS."""
    return re.search(rf'^\.S[HS] "?{title}"?\n(.*?)(?=^\.S[HS]|\Z)', MANUAL, re.M | re.S)[1]


def commands_of(title):
    blocks = re.findall(r"^\.EX\n(.*?)^\.EE", section(title), re.M | re.S)
    return [plain(line) for block in blocks for line in block.splitlines()]


def tagged_names(title):
    """The names that the tags of a section's list explain, without their types in parentheses."""
    tags = re.findall(r"^\.TP\n(.*)$", section(title), re.M)
    return [name for tag in tags for name in re.sub(r" \(.*\)", "", plain(tag)).split(", ")]


def macros(kind):
    return re.findall(rf'^#define MHSMATTEST_{kind}_\w+ "([^"]+)"', HEADER, re.M)


class Documents(Case):
    """A folder as the documents presume it: evidence, a request for the attested key, a CA, a signed document."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        genuine = cls.forged / "genuine-rsa-2048-fw2.json"
        shutil.copy(genuine, cls.folder / "attestation.json")
        shutil.copytree(EXAMPLES, cls.folder / "examples")
        (cls.folder / "provider").symlink_to(REPOSITORY / "provider")
        keys = cls.folder / "keys"
        keys.mkdir()
        shutil.copy(genuine, keys / "signer.json")
        wrapping = cls.forged / "genuine-aes-256-fw3.json"
        shutil.copy(wrapping, keys / "wrapping.json")
        data, signature = split_blob(wrapping)
        (cls.folder / "blob.bin").write_bytes(data)
        (cls.folder / "blob.sig").write_bytes(signature)
        cls.key = TEST_KEYS / "TEST-ONLY-rsa-2048.pem"
        for command in (["dgst", "-sha256", "-sign", cls.key, "-out", "document.sig", "document"],
                        ["req", "-new", "-key", cls.key, "-subj", "/CN=signer", "-out", "attested-request.pem"]):
            subprocess.run([OPENSSL, *map(str, command)], cwd=cls.folder, check=True, capture_output=True,
                           env=dict(os.environ, OPENSSL_CONF=str(cls.folder / "plain.cnf")))

    def shell(self, line, **environment):
        return self.run_program(["sh", "-c", line], self.forged_config, env=environment)


class ManualPage(Documents):
    # What each command prints, or the file it makes and how that begins.
    COMMANDS = {
        "openssl pkey -pubin -in attestation.json -text -noout": "Attestation:\n",
        "openssl pkey -pubin -in attestation.json -pubout -out key.pem": ("key.pem", b"-----BEGIN PUBLIC KEY-----"),
        "openssl pkey -pubin -in attestation.json -pubcheck -noout": "Key is valid\n",
        "openssl dgst -sha256 -verify mhsm:///etc/keys/signer.json -signature document.sig document": "Verified OK\n",
        "openssl pkeyutl -encrypt -pubin -inkey mhsm:///etc/keys/signer.json -in secret -out secret.enc":
            ("secret.enc", b""),
        "openssl x509 -req -in request.pem -force_pubkey mhsm:///etc/keys/signer.json -CA ca.pem -CAkey ca.key"
        " -out certificate.pem": ("certificate.pem", CERTIFICATE.encode()),
        "openssl storeutl -noout mhsm:///etc/keys/signer.json": "Total found: 11\n",
        "openssl storeutl -certs mhsm:///etc/keys/signer.json": "Total found: 5\n",
        'openssl x509 -in "mhsm:///etc/keys/signer.json?certificate=partition" -noout -subject': "subject=",
        "openssl pkeyutl -verify -rawin -pubin -inkey mhsm:///etc/keys/wrapping.json -in blob.bin -sigfile blob.sig":
            "Signature Verified Successfully\n",
    }

    def test_examples(self):
        self.assertEqual(sorted(commands_of("EXAMPLES")), sorted(self.COMMANDS))
        for line, expected in self.COMMANDS.items():
            with self.subTest(line):
                result = self.shell(line.replace("/etc/keys", str(self.folder / "keys")))
                self.assertEqual(result.code, 0, result.errors)
                if isinstance(expected, str):
                    self.assertIn(expected, result.text)
                else:
                    name, beginning = expected
                    content = (self.folder / name).read_bytes()
                    self.assertTrue(content.startswith(beginning) and content, content[:80])

    def test_other_commands(self):
        """Those of the sections on activation and on a provider that is not there."""
        (activated, listed), (by_name,) = commands_of("Activation"), commands_of("A provider that is not there")
        by_default = {"OPENSSL_MODULES": str(MODULE.parent), "OPENSSL_CONF": str(self.folder / "plain.cnf")}
        result = self.shell(activated.replace("attestation.json", str(RESTORED)), **by_default)
        self.assertIn("nothing vouches for the pool root", result.errors)
        self.assertIn("name: Azure Managed HSM key attestation provider", self.shell(listed).text)
        self.assertIn("  mhsmattest\n", self.shell(by_name, **by_default).text)

    def test_format(self):
        for command in (["man", "--warnings", "-l"], ["groff", "-man", "-ww", "-Tutf8"]):
            with self.subTest(command[0]):
                result = subprocess.run([*command, REPOSITORY / "docs" / "mhsmattest.7"], capture_output=True,
                                        check=True, env=dict(os.environ, MANPAGER="cat", LC_ALL="C.UTF-8"))
                self.assertEqual(result.stderr, b"")
                self.assertIn(b"Print a key and what is attested about it", result.stdout)

    def test_config_example(self):
        """The configuration it shows is the one of examples/openssl.cnf."""
        shown = plain(re.search(r"\.nf\n(openssl_conf.*?)\.fi", section("Activation"), re.S)[1])
        lines = [line for line in shown.splitlines() if line]
        pasted = [line for line in (EXAMPLES / "openssl.cnf").read_text().splitlines()
                  if line and (not line.startswith("#") or line.startswith("# owner-pins"))]
        self.assertEqual(lines, [line.removeprefix("# ") for line in pasted[:len(lines)]])


class Readme(Documents):
    """The commands of the README's section on OpenSSL; the others are run by tests/e2e/test_docs.py."""

    COMMANDS = {
        "openssl pkey -pubin -in attestation.json -text -noout": "Attestation:\n",
        'openssl dgst -sha256 -verify "mhsm://$PWD/attestation.json" -signature document.sig document': "Verified OK\n",
        'openssl x509 -req -in request.pem -force_pubkey "mhsm://$PWD/attestation.json" -CA ca.pem -CAkey ca.key'
        " -out cert.pem": "",
    }

    def test_commands(self):
        text = (REPOSITORY / "README.md").read_text()
        lines = "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines()
        self.assertEqual([line for line in lines if line.startswith("openssl ")], list(self.COMMANDS))
        for line, words in self.COMMANDS.items():
            with self.subTest(line):
                result = self.shell(line)
                self.assertEqual(result.code, 0, result.errors)
                self.assertIn(words, result.text)
        certified = self.succeed("x509", "-in", "cert.pem", "-noout", "-pubkey").text
        self.assertEqual(certified, self.succeed("pkey", "-in", self.key, "-pubout").text)


class Names(Documents):
    """The manual page, the header and the module speak of the same parameters."""

    OPENSSL_OWN = {"bits", "security-bits", "max-size", "mandatory-digest"}

    def key_managers(self):
        text = self.succeed("list", "-key-managers", "-verbose").text
        for name in ("RSA keys attested", "EC keys attested", "Key attestations"):
            block = re.search(rf"  Name: {name}.*?(?=\n  Name:|\Z)", text, re.S)[0]
            yield name, re.findall(r"^      ([\w-]+): ", block, re.M)

    def test_key_parameters(self):
        names = macros("PARAM")
        self.assertEqual(sorted(tagged_names("Key parameters")), sorted(names))
        retrievable = dict(self.key_managers())
        self.assertEqual(set(retrievable["Key attestations"]) - self.OPENSSL_OWN, set(names))
        for kind in ("RSA keys attested", "EC keys attested"):
            self.assertLessEqual(set(names) - {"public-key"}, set(retrievable[kind]))
            self.assertNotIn("public-key", retrievable[kind])
        answered = self.params(RESTORED)
        self.assertEqual(set(answered) - {"type", "provider"}, set(names) - {"public-key"})

    def test_fromdata_parameters(self):
        names = macros("FROMDATA")
        self.assertEqual(tagged_names("Verification by a program"), names)
        text = self.succeed("list", "-key-managers", "-verbose").text
        self.assertIn("IDs: MHSM-ATTESTATION @ mhsmattest", text)

    def test_module_parameters(self):
        names = macros("CONFIG")
        self.assertEqual(sorted(tagged_names("MODULE PARAMETERS")), sorted(names))
        # Each is read by the module: nonsense in it keeps the module from loading.
        for name in names:
            with self.subTest(name):
                config = self.write_config("nonsense.cnf", configuration({name: "nonsense?"}, activate=False))
                result = self.openssl("list", "-provider", "default", "-provider", "mhsmattest", "-providers",
                                      config=config)
                self.assertNotEqual(result.code, 0)
                self.assertIn(f"module parameter {name} = nonsense?", result.errors)

    def test_other_names(self):
        for macro, where in (("PROVIDER_NAME", "-providers"), ("KEY_TYPE", "-key-managers"),
                             ("SIGNATURE_MRVL1", "-signature-algorithms"), ("URI_SCHEME", "-store-loaders")):
            name = re.search(rf'#define MHSMATTEST_{macro} "([^"]+)"', HEADER)[1]
            self.assertIn(name, plain(MANUAL))
            self.assertIn(name, self.succeed("list", where).text)

    def test_header_alone(self):
        """It needs no other header, and any C or C++."""
        for language in (["-x", "c", "-std=c90"], ["-x", "c", "-std=c17"], ["-x", "c++", "-std=c++98"],
                         ["-x", "c++", "-std=c++20"]):
            subprocess.run(["cc", *language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                            f"-I{REPOSITORY}/provider/include", "-"], check=True,
                           input=b"#include <mhsmattest.h>\nconst char *name = MHSMATTEST_PROVIDER_NAME;\n")

    def test_worked_example_of_the_header(self):
        comment = re.search(r"Worked example.*?\n \*\n(.*?)\n \*\n \* Always", HEADER, re.S)[1]
        code = "\n".join(line.removeprefix(" *").removeprefix("     ") for line in comment.splitlines())
        source = self.folder / "worked.c"
        source.write_text(code + """
int main(int argc, char *argv[]) { return argc == 2 && load_attested_key(NULL, argv[1]) != NULL ? 0 : 1; }
""")
        subprocess.run(["cc", "-Wall", "-Werror", source, f"-I{REPOSITORY}/provider/include", "-lcrypto", "-o",
                        self.folder / "worked"], check=True)
        for source, code in ((uri(RESTORED), 0), (self.folder / "plain.pem", 1), (uri("/nowhere"), 1)):
            self.assertEqual(self.run_program([self.folder / "worked", source], self.real_config).code, code)
        extractable = uri(self.forged / "policy-never-extractable-rsa-2048-false.json")
        self.assertEqual(self.run_program([self.folder / "worked", extractable], self.forged_config).code, 1)


class Configuration(Documents):
    """examples/openssl.cnf as it is, and with its commented lines taken into use."""

    def run_with(self, text, *arguments):
        config = self.write_config("pasted.cnf", text)
        return self.openssl(*arguments, config=config, env={"OPENSSL_MODULES": str(MODULE.parent)})

    def test_as_pasted(self):
        text = (EXAMPLES / "openssl.cnf").read_text()
        listed = self.run_with(text, "list", "-providers").text
        self.assertRegex(listed, r"(?s)  default\n.*status: active.*  mhsmattest\n.*status: active")
        for command in (["genpkey", "-algorithm", "RSA", "-out", "g.pem"], ["genrsa", "-out", "g.pem", "2048"],
                        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "g.key", "-subj", "/CN=g", "-out",
                         "g.csr"]):
            self.assertEqual(self.run_with(text, *command).code, 0, command)
        result = self.run_with(text, "pkey", "-pubin", "-in", RESTORED, "-noout")
        self.assertEqual(result.code, 1)
        self.assertIn("nothing vouches for the pool root", result.errors)

    def test_uncommented(self):
        pools = self.folder / "known-pools"
        pools.write_text(f"clitesthsmkeyatsbvzpfrzm {POOL_PIN}\n")
        original = (EXAMPLES / "openssl.cnf").read_text()
        for commented, used in (("# owner-pins = sha256:<64 hexadecimal digits>", f"owner-pins = {POOL_PIN}"),
                                ("# known-pools = /etc/ssl/known-pools", f"known-pools = {pools}"),
                                ("# module = /usr/local/lib/ossl-modules/mhsmattest.so", f"module = {MODULE}"),
                                ("# policy = non-exportable", "policy = non-exportable")):
            with self.subTest(commented):
                self.assertIn(commented + "\n", original)
                text = original.replace(commented, used)
                if not used.startswith(("owner-pins", "known-pools")):
                    text = text.replace("activate = 1\n\n# Commands", f"owner-pins = {POOL_PIN}\nactivate = 1\n\n#")
                result = self.run_with(text, "pkey", "-pubin", "-in", RESTORED, "-text", "-noout")
                self.assertEqual(result.code, 0, result.errors)
                self.assertIn("Owner Trust: pinned", result.text)


class Examples(Documents):
    AWKWARD = "a b%41?c#d.json"  # %41 must stay %41

    def script(self, name, *arguments):
        return self.run_program(["sh", EXAMPLES / name, *arguments], self.forged_config)

    def evidence(self, case):
        """A copy of forged evidence under a name that needs care."""
        path = self.folder / self.AWKWARD
        shutil.copy(self.forged / f"{case}.json", path)
        return path

    def test_readme(self):
        text = (EXAMPLES / "README.md").read_text()
        lines = "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines()
        cnf = self.folder / "examples" / "openssl.cnf"
        parameters = "\n".join(f"{name} = {value}" for name, value in self.forged_parameters.items())
        cnf.write_text(cnf.read_text().replace("# owner-pins = sha256:<64 hexadecimal digits>", parameters))
        shutil.copy(self.folder / "attested-request.pem", self.folder / "request.pem")
        result = self.shell("set -eux\n" + "\n".join(lines), OPENSSL_MODULES=str(MODULE.parent))
        self.assertEqual(result.code, 0, result.errors)
        for words in ("mhsmattest\n", "Attestation:\n", "request.pem: holds the attested key", "Verified OK",
                      "document: signed with the attested key /keys/"):
            self.assertIn(words, result.text)
        self.assertEqual(result.errors.count("\n+ "), len(lines) - 1, "a line did not run")

    def test_readme_names_every_example(self):
        named = re.findall(r"^\| `([^`]+)`", (EXAMPLES / "README.md").read_text(), re.M)
        self.assertEqual(sorted(named), sorted(p.name for p in EXAMPLES.iterdir() if p.name != "README.md"))

    def test_issue_certificate(self):
        certificate = self.folder / "issued certificate.pem"
        for evidence in (self.evidence("genuine-rsa-2048-fw3"), self.AWKWARD):
            result = self.script("issue-certificate.sh", evidence, "request.pem", "ca.pem", "ca.key", certificate)
            self.assertEqual(result.code, 0, result.errors)
            certified = self.succeed("x509", "-in", certificate, "-noout", "-pubkey").text
            self.assertEqual(certified, self.succeed("pkey", "-in", self.key, "-pubout").text)
            certificate.unlink()

    def test_issue_certificate_refuses(self):
        certificate = self.folder / "refused.pem"
        for evidence in (RESTORED, self.folder / "plain.pem", self.folder / "absent.json"):
            with self.subTest(str(evidence)):
                result = self.script("issue-certificate.sh", evidence, "request.pem", "ca.pem", "ca.key", certificate)
                self.assertNotEqual(result.code, 0)
                self.assertFalse(certificate.exists() and CERTIFICATE in certificate.read_text())
        self.assertEqual(self.script("issue-certificate.sh", RESTORED).code, 2)

    def test_check_csr(self):
        evidence = self.evidence("genuine-rsa-2048-fw2")
        result = self.script("check-csr.sh", evidence, "attested-request.pem")
        self.assertEqual((result.code, result.text), (0, "attested-request.pem: holds the attested key\n"))
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "stranger.key", "-subj", "/CN=signer",
                     "-out", "stranger.pem")
        result = self.script("check-csr.sh", evidence, "stranger.pem")
        self.assertEqual((result.code, result.text), (1, ""))
        self.assertIn("holds another key", result.errors)

    def test_check_csr_refuses(self):
        evidence = self.evidence("genuine-rsa-2048-fw2")
        der = self.succeed("req", "-in", "attested-request.pem", "-outform", "DER").out
        (self.folder / "altered.der").write_bytes(der[:-1] + bytes([der[-1] ^ 1]))
        self.succeed("req", "-inform", "DER", "-in", "altered.der", "-out", "altered.pem")
        result = self.script("check-csr.sh", evidence, "altered.pem")
        self.assertEqual((result.code, result.text), (1, ""))
        self.assertIn("not signed by its own key", result.errors)
        for bad_evidence in (RESTORED, self.folder / "plain.pem", self.folder / "absent.json"):
            result = self.script("check-csr.sh", bad_evidence, "attested-request.pem")
            self.assertEqual((result.code == 0, result.text), (False, ""))
        self.assertEqual(self.script("check-csr.sh").code, 2)

    def test_verify_document(self):
        evidence = self.evidence("genuine-rsa-2048-fw2")
        shutil.copy(self.folder / "document", self.folder / "-a document")
        result = self.script("verify-document.sh", evidence, "-a document", "document.sig")
        self.assertEqual((result.code, result.text), (0, "Verified OK\n"))
        (self.folder / "other").write_text("another document\n")
        for document, key in (("other", evidence), ("document", RESTORED), ("document", self.folder / "plain.pem"),
                              ("absent", evidence)):
            result = self.script("verify-document.sh", key, document, "document.sig")
            self.assertNotEqual(result.code, 0, document)
            self.assertNotIn("Verified OK", result.text)
        self.assertEqual(self.script("verify-document.sh", evidence).code, 2)


class Program(Documents):
    """examples/attested-verify.c"""

    def run_it(self, *arguments, config=None):
        return self.run_program([ATTESTED_VERIFY, *arguments], config or self.forged_config)

    def test_good_signature(self):
        for source in (self.folder / "attestation.json", uri(self.folder / "attestation.json")):
            result = self.run_it(source, "document", "document.sig")
            self.assertEqual(result.code, 0, result.errors)
            self.assertRegex(result.text, r"\Adocument: signed with the attested key /keys/\S+\n\Z")

    def test_refusals(self):
        evidence = uri(self.folder / "attestation.json")
        (self.folder / "wrong.sig").write_bytes(bytes(256))
        extractable = uri(self.forged / "policy-never-extractable-rsa-2048-false.json")
        silent = uri(self.forged / "policy-never-extractable-rsa-2048-absent.json")
        public = self.succeed("pkey", "-in", self.key, "-pubout").text
        (self.folder / "ordinary.pem").write_text(public)
        never = "not attested to have never been extractable"
        for source, signature, words in ((evidence, "wrong.sig", "the signature does not verify"),
                                         (evidence, "absent.sig", "the signature does not verify"),
                                         ("ordinary.pem", "document.sig", "an ordinary key, not an attested one"),
                                         (extractable, "document.sig", never), (silent, "document.sig", never),
                                         (uri(RESTORED), "document.sig", "no key"),
                                         (uri("/nowhere"), "document.sig", "no key")):
            with self.subTest(words):
                result = self.run_it(source, "document", signature)
                self.assertEqual((result.code, result.text), (1, ""))
                self.assertIn(words, result.errors)

    def test_key_is_the_document_s(self):
        """The refused keys would verify the signature; only the attestation is missing."""
        self.succeed("dgst", "-sha256", "-prverify", self.key, "-signature", "document.sig", "document")

    def test_usage(self):
        self.assertEqual(self.run_it().code, 2)


if __name__ == "__main__":
    unittest.main()
