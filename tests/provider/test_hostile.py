"""Input and circumstances that nobody wishes for: pipes, huge files, files that go, and names full of escapes."""

import os
import resource
import threading
import unittest

from support import MODULE, OPENSSL, POOL_PIN, PRINT_PARAMS, RECORDED, RESTORED, Case, configuration, uri

MEBIBYTE = 1 << 20


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (256 * MEBIBYTE, 256 * MEBIBYTE))


class Streams(Case):
    def test_standard_input(self):
        for source in ("/dev/stdin", uri("/dev/stdin")):
            with self.subTest(source):
                result = self.succeed("pkey", "-pubin", "-in", source, "-text", "-noout", input=RESTORED.read_bytes())
                self.assertIn("Attestation:\n", result.text)
                # OpenSSL 3.5's pkey, refused, opens what it was given a second time; storeutl does not.
                result = self.openssl("storeutl", "-noout", source, input=RECORDED.read_bytes())
                self.assertNotIn("Public key", result.text)
                self.assertEqual(len(result.own_errors()), 1, result.errors)

    def through_fifo(self, content, *command):
        fifo = self.folder / "fifo"
        if not fifo.exists():
            os.mkfifo(fifo)
        writer = threading.Thread(target=fifo.write_bytes, args=(content,))
        writer.start()
        result = self.openssl(*command)
        writer.join()
        return result

    def test_fifo(self):
        for source in (str, uri):
            with self.subTest(source.__name__):
                fifo = source(self.folder / "fifo")
                shown = self.through_fifo(RESTORED.read_bytes(), "pkey", "-pubin", "-in", fifo, "-text", "-noout")
                self.assertIn("Attestation:\n", shown.text)
                refused = self.through_fifo(RECORDED.read_bytes(), "storeutl", "-noout", fifo)
                self.assertNotIn("Public key", refused.text)
                self.assertEqual(len(refused.own_errors()), 1, refused.errors)

    def test_ordinary_key_through_fifo(self):
        result = self.through_fifo((self.folder / "plain.pem").read_bytes(), "pkey", "-pubin", "-in", "fifo", "-text",
                                   "-noout")
        self.assertEqual(result.code, 0)
        self.assertNotIn("Attestation", result.text)

    def test_endless_devices(self):
        result = self.openssl("pkey", "-pubin", "-in", uri("/dev/zero"), "-noout", preexec_fn=limit_memory)
        self.assertIn("larger than any attestation", result.own_errors()[0])
        result = self.openssl("pkey", "-pubin", "-in", uri("/dev/null"), "-noout")
        self.assertEqual((result.code, len(result.own_errors())), (1, 1))


class HugeFiles(Case):
    """A gibibyte, in a process that has a quarter of one. Only through our own store: the stock command takes minutes
    over a file of a megabyte that it does not recognise, with or without us, because it tries again at every byte."""

    def test_gibibyte(self):
        path = self.folder / "huge.json"
        for beginning in (b'{"attributes":{"attestation":"', RESTORED.read_bytes(), b"\0"):
            path.write_bytes(beginning)
            os.truncate(path, 1024 * MEBIBYTE)
            with self.subTest(beginning[:40]):
                result = self.openssl("pkey", "-pubin", "-in", uri(path), "-noout", preexec_fn=limit_memory)
                self.assertEqual(result.code, 1)
                self.assertEqual(len(result.own_errors()), 1, result.errors)
                self.assertIn("larger than any attestation", result.own_errors()[0])

    def test_foreign(self):
        path = self.folder / "foreign"
        path.write_bytes(bytes(2048))
        result = self.openssl("pkey", "-pubin", "-in", path, "-noout")
        without = self.openssl("pkey", "-pubin", "-in", path, "-noout", config=self.folder / "plain.cnf")
        self.assertEqual((result.code, result.own_errors()), (without.code, []))


class Circumstances(Case):
    def test_configured_files_go_after_loading(self):
        """All of them are read once, when the provider is loaded."""
        roots = self.folder / "roots.pem"
        roots.write_bytes((self.forged / "hsm-root.pem").read_bytes())
        crypto = self.write_config("crypto.cnf", "openssl_conf = i\n[i]\nproviders = p\n[p]\ndefault = d\n[d]\n"
                                                 "activate = 1\n")
        pools = self.folder / "pools"
        pools.write_text(f"{self.manifest['pool']} sha256:{self.manifest['pool_root_sha256']}\n")
        policy = self.folder / "policy.json"
        policy.write_text('{"version":1,"name":"own","require":["local"]}')
        config = self.write_config("vanishing.cnf", configuration(
            {"hsm-roots": roots, "crypto-config": crypto, "known-pools": pools, "policy": policy}))
        evidence = uri(self.forged / "genuine-rsa-2048-fw3.json")
        fifo = self.folder / "held"
        os.mkfifo(fifo)

        def remove_and_answer():
            # Opening succeeds only once the command reads, with the provider loaded.
            with open(fifo, "wb") as pipe:
                for path in (roots, crypto, pools, policy):
                    path.unlink()
                pipe.write((self.forged / "genuine-rsa-2048-fw3.json").read_bytes())

        thread = threading.Thread(target=remove_and_answer)
        thread.start()
        result = self.openssl("pkey", "-pubin", "-in", uri(fifo), "-pubcheck", "-text", "-noout", config=config)
        thread.join()
        self.assertEqual(result.code, 0, result.errors)
        self.assertIn("Policy: own", result.text)
        self.assertIsNone(self.params(evidence, config), "the provider loaded without its files")

    def test_escapes_in_names(self):
        """Whatever is in names that others chose: the text and the errors are printable lines."""
        for entry in self.manifest["cases"]:
            if entry["verifies"] and not entry["name"].startswith(("json-", "kid-", "owner-", "pool-")):
                continue
            source = uri(self.forged / entry["file"])
            result = self.openssl("pkey", "-pubin", "-in", source, "-text", "-noout", config=self.forged_config)
            for character in result.text + result.errors:
                self.assertTrue(character == "\n" or " " <= character <= "~", (entry["name"], character))

    def test_environment_is_not_trusted(self):
        """OPENSSL_CONF names the application's configuration; the provider's own context reads none of it."""
        config = self.write_config("odd.cnf", configuration({"owner-pins": POOL_PIN}, default_properties="fips=yes"))
        self.assertEqual(self.params(uri(RESTORED), config, properties="?fips=yes")["attested"], "1")

    def test_module_alone(self):
        """Without any other provider evidence is still judged, and what does not verify still refused."""
        config = self.write_config("alone.cnf", configuration({"owner-pins": POOL_PIN}, ("mhsmattest",)))
        for path, code in ((RESTORED, 0), (RECORDED, 1)):
            self.assertEqual(self.run_program([PRINT_PARAMS, uri(path)], config).code, code)

    def test_peer_of_a_key_agreement(self):
        """Other operations that take a public key get the attested one."""
        evidence = self.forged / "genuine-p-256-fw3.json"
        self.succeed("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "own.key")
        self.succeed("pkey", "-pubin", "-in", evidence, "-pubout", "-out", "peer.pem", config=self.forged_config)
        expected = self.succeed("pkeyutl", "-derive", "-inkey", "own.key", "-peerkey", "peer.pem").out
        for source in (evidence, uri(evidence)):
            derived = self.succeed("pkeyutl", "-derive", "-inkey", "own.key", "-peerkey", source,
                                   config=self.forged_config)
            self.assertEqual(derived.out, expected)
        refused = self.openssl("pkeyutl", "-derive", "-inkey", "own.key", "-peerkey", uri(evidence))
        self.assertEqual((refused.code == 0, refused.out), (False, b""))


if __name__ == "__main__":
    unittest.main()
