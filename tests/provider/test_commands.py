"""The stock commands on evidence that verifies: they work, and the key is still the attested one afterwards."""

import contextlib
import re
import unittest

from support import RESTORED, Case, configuration, split_blob, uri

KEY_ID = "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456"
ATTESTED = {"provider": "mhsmattest", "attested": "1", "extractable": "0", "never-extractable": "1", "local": "1",
            "sensitive": "1", "always-sensitive": "1"}
# Public-Key as OpenSSL 3.0 prints it; later releases may name the type before it.
TEXT = re.compile(r"""\A(RSA )?Public-Key: \(2048 bit\)
Modulus:
(    (?:[0-9a-f]{2}:)*(?:[0-9a-f]{2})?:?\n)+Exponent: 65537 \(0x10001\)
Attestation:
    Key ID: /keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456
    Key URL: https://clitesthsmkeyatsbvzpfrzm\.managedhsm\.azure\.net/keys/key1-hnhgsllilfcl3pdtpld/7071fabc.*
    Extractable: FALSE
    Never Extractable: TRUE
    Sensitive: TRUE
    Always Sensitive: TRUE
    Local: TRUE
    Generation Mechanism: CKM_RSA_X9_31_KEY_PAIR_GEN
    HSM Serial: 5\.3G2142-ICM003565
    HSM Partition: B68F19F78741F50C323F94BF246751:PARTN:1
    HSM Mode: non-FIPS
    HSM Firmware: 2\.x
    HSM Root SHA256 Fingerprint: 230143df[0-9a-f]{56}
    Owner: clitesthsmkeyatsbvzpfrzm
    Owner Root SHA256 Fingerprint: e181485b[0-9a-f]{56}
    Owner Trust: pinned
    Policy: authentic
    Verified For: [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4} GMT
\Z""")


class RealEvidence(Case):
    SOURCES = (RESTORED, uri(RESTORED))

    @contextlib.contextmanager
    def loading(self, source):
        with self.subTest(source=str(source)):
            yield
            # Whatever was done with it: the next one to load it still gets the attested key.
            found = self.params(source)
            self.assertEqual({**found, **ATTESTED}, found)
            self.assertEqual((found["type"], found["key-id"]), ("RSA", KEY_ID))

    def test_text(self):
        for source in self.SOURCES:
            with self.loading(source):
                self.assertRegex(self.succeed("pkey", "-pubin", "-in", source, "-text", "-noout").text, TEXT)
                self.assertRegex(self.succeed("rsa", "-pubin", "-in", source, "-text", "-noout").text, TEXT)

    def test_standard_input(self):
        result = self.succeed("pkey", "-pubin", "-text", "-noout", input=RESTORED.read_bytes())
        self.assertRegex(result.text, TEXT)

    def test_pubout_is_the_key(self):
        keys = set()
        for source in self.SOURCES:
            with self.loading(source):
                keys.add(self.succeed("pkey", "-pubin", "-in", source, "-pubout").text)
        self.assertEqual(len(keys), 1)
        (self.folder / "key.pem").write_text(keys.pop())
        plain = self.succeed("pkey", "-pubin", "-in", "key.pem", "-text", "-noout").text
        self.assertNotIn("Attestation", plain)
        self.assertTrue(self.succeed("pkey", "-pubin", "-in", RESTORED, "-text", "-noout").text.startswith(plain))
        # An exported key is an ordinary one.
        self.assertEqual(set(self.params("key.pem")), {"type", "provider"})

    def test_der(self):
        for source in self.SOURCES:
            with self.loading(source):
                der = self.succeed("pkey", "-pubin", "-in", source, "-pubout", "-outform", "DER").out
                self.assertEqual(len(der), 294)

    def test_pubcheck(self):
        for source in self.SOURCES:
            with self.loading(source):
                self.assertIn("Key is valid", self.succeed("pkey", "-pubin", "-in", source, "-pubcheck", "-noout").text)

    def test_encrypt(self):
        for source in self.SOURCES:
            with self.loading(source):
                self.succeed("pkeyutl", "-encrypt", "-pubin", "-inkey", source, "-in", "secret", "-out", "secret.enc")
                self.assertEqual((self.folder / "secret.enc").stat().st_size, 256)

    def test_force_pubkey(self):
        for source in self.SOURCES:
            with self.loading(source):
                self.succeed("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-force_pubkey",
                             source, "-out", "certificate.pem")
                certified = self.succeed("x509", "-in", "certificate.pem", "-noout", "-pubkey").text
                self.assertEqual(certified, self.succeed("pkey", "-pubin", "-in", source, "-pubout").text)
                self.succeed("verify", "-CAfile", "ca.pem", "certificate.pem")

    def test_storeutl(self):
        result = self.succeed("storeutl", "-noout", uri(RESTORED))
        self.assertIn("Total found: 11", result.text)
        self.assertRegex(result.text, r"\A0: Public key\n1: Certificate\n")
        for role in ("hsm-root", "adapter", "partition", "pool-root", "owner-partition"):
            self.assertIn(f"Name: {uri(RESTORED)}?certificate={role}\n", result.text)
        text = self.succeed("storeutl", "-text", uri(RESTORED)).text
        self.assertIn("Attestation:\n", text)

    def test_storeutl_certificates(self):
        text = self.succeed("storeutl", "-certs", uri(RESTORED)).text
        self.assertEqual(text.count("-----BEGIN CERTIFICATE-----"), 5)
        self.assertIn("Total found: 5", text)
        for role, subject in (("hsm-root", "localca.liquidsecurity.cavium.com"), ("adapter", "ICM003565"),
                              ("partition", "PARTN:1"), ("pool-root", "Microsoft Corporation"),
                              ("owner-partition", "PARTN:1")):
            one = self.succeed("x509", "-in", f"{uri(RESTORED)}?certificate={role}", "-noout", "-subject")
            self.assertIn(subject, one.text)

    def test_only_the_exact_document(self):
        (self.folder / "wrong.sig").write_bytes(bytes(256))
        for source in self.SOURCES:
            with self.loading(source):
                result = self.openssl("dgst", "-sha256", "-verify", source, "-signature", "wrong.sig", "document")
                self.assertEqual(result.code, 1)
                self.assertIn("Verification failure", result.text + result.errors)

    def test_optional_property_query(self):
        for source in self.SOURCES:
            with self.loading(source):
                result = self.succeed("pkey", "-pubin", "-in", source, "-text", "-noout", "-propquery", "?provider=default")
                self.assertRegex(result.text, TEXT)
                found = self.params(source, properties="?provider=default")
                self.assertEqual({**found, **ATTESTED}, found)


class ForgedEvidence(Case):
    """Keys whose private halves are known, so that signatures can be made."""

    KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521", "p-256k")

    def test_signatures(self):
        for kind in self.KINDS:
            self.sign_document(kind)
            for layout in ("fw2", "fw3"):
                evidence = self.forged / f"genuine-{kind}-{layout}.json"
                for source in (evidence, uri(evidence)):
                    with self.subTest(source=str(source)):
                        result = self.succeed("dgst", "-sha256", "-verify", source, "-signature", "document.sig",
                                              "document", config=self.forged_config)
                        self.assertIn("Verified OK", result.text)
                        result = self.succeed("pkeyutl", "-verify", "-rawin", "-digest", "sha256", "-pubin", "-inkey",
                                              source, "-sigfile", "document.sig", "-in", "document",
                                              config=self.forged_config)
                        self.assertIn("Signature Verified Successfully", result.text)
                        self.assertEqual(self.params(source, self.forged_config)["attested"], "1")

    def test_another_key_s_signature(self):
        self.sign_document("rsa-2048-2")
        evidence = self.forged / "genuine-rsa-2048-fw2.json"
        result = self.openssl("dgst", "-sha256", "-verify", uri(evidence), "-signature", "document.sig", "document",
                              config=self.forged_config)
        self.assertEqual(result.code, 1)

    def test_ec_text(self):
        evidence = self.forged / "genuine-p-256-fw3.json"
        for source in (evidence, uri(evidence)):
            text = self.succeed("pkey", "-pubin", "-in", source, "-text", "-noout", config=self.forged_config).text
            self.assertRegex(text, r"(?s)\A(?:\w+ )?Public-Key: \(256 bit\)\n.*NIST CURVE: P-256\nAttestation:\n")
            self.succeed("ec", "-pubin", "-in", source, "-noout", "-text", config=self.forged_config)
            self.succeed("pkey", "-pubin", "-in", source, "-pubcheck", "-noout", config=self.forged_config)

    def test_every_verifying_case_loads(self):
        """All that the forge says verifies, under its own options, becomes a key."""
        for number, entry in enumerate(self.manifest["cases"]):
            if entry["verifies"] and usable(entry):
                with self.subTest(entry["name"]):
                    config = self.config_of(entry, number)
                    found = self.params(uri(self.forged / entry["file"]), config)
                    self.assertIsNotNone(found)
                    self.assertEqual(found["attested"], "1")

    def test_every_other_case_does_not(self):
        """And all that does not verify gives no key and exactly one error, which names the check and the reason."""
        for number, entry in enumerate(self.manifest["cases"]):
            if entry["verifies"] or not usable(entry):
                continue
            with self.subTest(entry["name"]):
                result = self.openssl("pkey", "-pubin", "-in", uri(self.forged / entry["file"]), "-noout",
                                      config=self.config_of(entry, number))
                self.assertEqual(result.code, 1)
                errors = result.own_errors()
                self.assertEqual(len(errors), 1, result.errors)
                checks = "|".join(map(re.escape, [entry["check"], *entry["also"]]))
                self.assertRegex(errors[0], rf":(?:{checks})\b")

    def config_of(self, entry, number):
        options = entry["options"]
        parameters = {"owner-trust": options["owner_trust"], "hsm-roots": self.forged / options["hsm_root"],
                      "no-default-hsm-roots": "yes", "policy": options["policy"]}
        if options["owner_pins"]:
            parameters["owner-pins"] = ",".join(options["owner_pins"])
        if "known_pools" in options:
            parameters["known-pools"] = self.forged / options["known_pools"]
        if "require" in options:
            demands = ", ".join(f'"{demand}"' for demand in options["require"].split(","))
            parameters["policy"] = self.write_config(
                f"policy{number}.json",
                f'{{"version":1,"name":"test","base":"{options["policy"]}","require":[{demands}]}}')
        return self.write_config(f"case{number}.cnf", configuration(parameters))


class SymmetricKeys(Case):
    def test_text_and_check(self):
        evidence = self.forged / "genuine-aes-256-fw3.json"
        for source in (evidence, uri(evidence)):
            text = self.succeed("pkey", "-pubin", "-in", source, "-text", "-noout", config=self.forged_config).text
            self.assertTrue(text.startswith("AES Secret-Key: (256 bit)\nAttestation:\n"), text)
            self.succeed("pkey", "-pubin", "-in", source, "-pubcheck", "-noout", config=self.forged_config)
            found = self.params(source, self.forged_config)
            self.assertEqual((found["type"], found["never-extractable"]), ("MHSM-ATTESTATION", "1"))

    def test_has_no_public_key(self):
        evidence = uri(self.forged / "genuine-aes-256-fw3.json")
        result = self.openssl("pkey", "-pubin", "-in", evidence, "-pubout", config=self.forged_config)
        self.assertNotEqual(result.code, 0)
        self.assertNotIn("BEGIN", result.text)

    def test_mrvl1(self):
        for layout in ("fw2", "fw3"):
            evidence = self.forged / f"genuine-aes-256-{layout}.json"
            data, signature = split_blob(evidence)
            (self.folder / "blob.sig").write_bytes(signature)
            for source in (evidence, uri(evidence)):
                for altered in (False, True):
                    (self.folder / "blob.bin").write_bytes(data[:-1] + bytes([data[-1] ^ altered]))
                    result = self.openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", source, "-in",
                                          "blob.bin", "-sigfile", "blob.sig", config=self.forged_config)
                    self.assertEqual(result.code, int(altered), result.errors)
                    result = self.openssl("dgst", "-sha256", "-verify", source, "-signature", "blob.sig", "blob.bin",
                                          config=self.forged_config)
                    self.assertEqual(result.code, int(altered), result.errors)


def usable(entry):
    """Whether the provider can be put into the situation of the case: it verifies a file, for now."""
    only_the_command = {"tls_pool", "request", "csr", "cert", "pubkey", "no_check_time"}
    return (not only_the_command & set(entry["options"]) and entry["options"]["attime"] == 1767225600
            and entry.get("check") not in ("hw.time", "owner.time") and not entry["name"].startswith("time-"))


if __name__ == "__main__":
    unittest.main()
