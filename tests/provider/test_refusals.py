"""Unverified evidence yields no key: every stock command fails, says why in our words, and writes nothing."""

import json
import shutil
import unittest

from support import POOL_PIN, RECORDED, RESTORED, Case, configuration, uri

NAME_REASON = r"mhsmattest:\w+:the HSM attested a key of another name:.*:bind\.kid: .*; the evidence is about the key"


class Refusals(Case):
    @property
    def output(self):
        return self.folder / "output"

    def commands(self, source):
        """The commands of the table; those that write a key or a certificate write it to `self.output`."""
        key = ["-pubin", "-in", source]
        output = self.output
        return (["pkey", *key, "-text", "-out", output], ["pkey", *key, "-pubcheck", "-noout"],
                ["pkey", *key, "-pubout", "-out", output], ["rsa", *key, "-out", output],
                ["dgst", "-sha256", "-verify", source, "-signature", "document", "document"],
                ["pkeyutl", "-encrypt", "-pubin", "-inkey", source, "-in", "secret", "-out", output],
                ["pkeyutl", "-verify", "-pubin", "-inkey", source, "-in", "secret", "-sigfile", "secret"],
                ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-force_pubkey", source,
                 "-out", output],
                ["storeutl", "-out", output, source], ["storeutl", "-certs", "-out", output, source],
                ["storeutl", "-noout", source], ["x509", "-in", source, "-out", output])

    def check(self, source, reason, config=None):
        for command in self.commands(source):
            with self.subTest(command=" ".join(map(str, command))):
                self.output.unlink(missing_ok=True)
                result = self.openssl(*command, config=config)
                # storeutl exits with 0 whatever became of a file.
                if command[0] != "storeutl" or str(source).startswith("mhsm:"):
                    self.assertNotEqual(result.code, 0)
                self.assertNotIn("BEGIN", result.text)
                self.assertFalse(self.output.exists() and "BEGIN" in self.output.read_text())
                self.assertEqual(len(result.own_errors()), 1, result.errors)
                self.assertRegex(result.own_errors()[0], reason)
        self.assertIsNone(self.params(source, config))

    def test_wrong_name(self):
        self.check(RECORDED, NAME_REASON)
        self.check(uri(RECORDED), NAME_REASON)

    def test_unauthenticated_owner(self):
        config = self.write_config("nobody.cnf", configuration({}))
        reason = (r"nothing vouches for the pool root:.*:owner\.authenticated: clitesthsmkeyatsbvzpfrzm: .*"
                  rf"{POOL_PIN}; .*owner-pins in the mhsmattest section of openssl\.cnf")
        self.check(RESTORED, reason, config)
        self.check(uri(RESTORED), reason, config)

    def test_policy(self):
        config = self.write_config("demanding.cnf",
                                   configuration({"owner-pins": POOL_PIN, "policy": "cabf-code-signing"}))
        self.check(uri(RESTORED), r":policy\.[a-z-]+: ", config)

    def test_altered_blob(self):
        answer = json.loads(RESTORED.read_text())
        attestation = answer["attributes"]["attestation"]
        text = attestation["privateKeyAttestation"]
        middle = len(text) // 2
        attestation["privateKeyAttestation"] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:]
        path = self.folder / "altered.json"
        path.write_text(json.dumps(answer))
        self.check(path, r":(signature|blob)\.private: ")
        self.check(uri(path), r":(signature|blob)\.private: ")

    def test_truncated(self):
        path = self.folder / "truncated.json"
        path.write_bytes(RESTORED.read_bytes()[:5000])
        self.check(path, r"the JSON ends too early")
        self.check(uri(path), r"the JSON ends too early")

    def test_unreadable(self):
        result = self.openssl("pkey", "-pubin", "-in", "mhsm:///nowhere/a.json", "-noout")
        self.assertEqual(result.code, 1)
        self.assertRegex(result.own_errors()[0], "could not be read:.*:/nowhere/a.json: No such file or directory")
        result = self.openssl("pkey", "-pubin", "-in", uri(self.folder), "-noout")
        self.assertRegex(result.own_errors()[0], "could not be read:.*: Is a directory")

    def test_host_without_the_fetch_library(self):
        config = self.write_config("nofetch.cnf", configuration({"owner-pins": POOL_PIN,
                                                                 "fetch-library": "/nowhere/fetch.so"}))
        name = "mhsm://pool.managedhsm.azure.net/keys/signer"
        result = self.openssl("pkey", "-pubin", "-in", name, "-noout", config=config)
        self.assertEqual(result.code, 1)
        self.assertEqual(len(result.own_errors()), 1)
        self.assertRegex(result.own_errors()[0],
                         "the fetch library is not installed:.*/nowhere/fetch.so.*; install it, .*save the attestation")

    def test_malformed_uris(self):
        for name in ("mhsm:/etc/a.json", "mhsm:pool/key", "mhsm:///", "mhsm://host", "mhsm:///a#b", "mhsm:///a?b",
                     "mhsm:///%zz"):
            with self.subTest(name):
                result = self.openssl("storeutl", "-noout", name)
                self.assertNotEqual(result.code, 0)
                self.assertRegex(result.own_errors()[0], "not a URI of this provider:.*; give mhsm:///")

    def test_private_key_wanted(self):
        result = self.openssl("pkey", "-in", uri(RESTORED), "-noout")
        self.assertEqual(result.code, 1)
        self.assertRegex(result.own_errors()[0], "no private half outside its HSM:.*-pubin")
        self.assertNotEqual(self.openssl("pkey", "-in", RESTORED, "-noout").code, 0)
        self.assertNotEqual(self.openssl("dgst", "-sha256", "-sign", uri(RESTORED), "document").code, 0)

    def test_required_property_query(self):
        """The documented pitfall: no key rather than an unattested one."""
        result = self.openssl("pkey", "-pubin", "-in", uri(RESTORED), "-propquery", "provider=default", "-noout")
        self.assertEqual(result.code, 1)
        self.assertIsNone(self.params(uri(RESTORED), properties="provider=default"))

    def test_terminal_escapes(self):
        answer = json.loads(RESTORED.read_text())
        answer["key"]["kid"] = "https://\x1b[31mpool\n.managedhsm.azure.net/keys/a/b"
        path = self.folder / "escapes.json"
        path.write_text(json.dumps(answer))
        result = self.openssl("pkey", "-pubin", "-in", path, "-noout")
        self.assertEqual(len(result.own_errors()), 1)
        self.assertNotIn("\x1b", result.errors)

    def test_foreign_json(self):
        """JSON that has nothing to do with us is left to others."""
        path = self.folder / "foreign.json"
        path.write_text('{"kty":"RSA","d":"secret"}')
        result = self.openssl("pkey", "-pubin", "-in", path, "-noout")
        self.assertEqual((result.code, result.own_errors()), (1, []))

    def test_key_show_instead_of_attestation(self):
        answer = json.loads(RESTORED.read_text())
        del answer["attributes"]["attestation"]
        path = self.folder / "show.json"
        path.write_text(json.dumps(answer))
        for source in (path, uri(path)):
            result = self.openssl("pkey", "-pubin", "-in", source, "-noout")
            self.assertEqual(len(result.own_errors()), 1, result.errors)
            self.assertIn("az keyvault key get-attestation", result.own_errors()[0])

    def test_replaced_file(self):
        """What verified a moment ago does not vouch for what is in the file now."""
        path = self.folder / "replaced.json"
        shutil.copy(RESTORED, path)
        self.assertIsNotNone(self.params(uri(path)))
        shutil.copy(RECORDED, path)
        self.assertIsNone(self.params(uri(path)))


if __name__ == "__main__":
    unittest.main()
