"""With the documented configurations OpenSSL works as without us, whichever provider is listed first."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import unittest

from support import OPENSSL, POOL_PIN, RESTORED, Case, configuration, uri

PARAMETERS = {"owner-pins": POOL_PIN}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class DocumentedConfigurations(Case):
    CONFIGURATIONS = {
        "default first": configuration(PARAMETERS),
        "mhsmattest first, with default_properties":
            configuration(PARAMETERS, ("mhsmattest", "default"), "?provider=default"),
        "default first, with default_properties": configuration(PARAMETERS, default_properties="?provider=default"),
    }

    @contextlib.contextmanager
    def configured(self, name):
        with self.subTest(name):
            yield self.write_config("order.cnf", self.CONFIGURATIONS[name])

    def test_key_generation(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                self.succeed("genrsa", "-out", "g.pem", "2048", config=config)
                for options in (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                ["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], ["ED25519"]):
                    self.succeed("genpkey", "-algorithm", *options, "-out", "g.pem", config=config)
                    self.succeed("pkey", "-in", "g.pem", "-check", "-noout", config=config)
                self.succeed("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "g.pem", config=config)

    def test_requests_and_certificates(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                for new in (["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]):
                    self.succeed("req", "-new", "-newkey", *new, "-nodes", "-keyout", "r.key", "-subj", "/CN=r", "-out",
                                 "r.pem", config=config)
                    self.succeed("req", "-in", "r.pem", "-verify", "-noout", config=config)
                    self.succeed("x509", "-req", "-in", "r.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "c.pem",
                                 config=config)
                    self.succeed("verify", "-CAfile", "ca.pem", "c.pem", config=config)

    def test_ordinary_keys(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                for command in (["pkey", "-in", "other.key", "-text", "-noout"],
                                ["pkey", "-pubin", "-in", "plain.pem", "-text", "-noout"], ["rsa", "-in", "ca.key", "-check"],
                                ["x509", "-in", "ca.pem", "-noout", "-text"], ["storeutl", "-noout", "other.key"],
                                ["pkcs8", "-topk8", "-nocrypt", "-in", "other.key"]):
                    with_us = self.succeed(*command, config=config)
                    without = self.succeed(*command, config=self.folder / "plain.cnf")
                    self.assertEqual(with_us.text, without.text)
                self.assertEqual(self.params("plain.pem", config), {"type": "RSA", "provider": "default"})

    def test_signing(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                self.succeed("dgst", "-sha256", "-sign", "other.key", "-out", "s.sig", "document", config=config)
                self.succeed("dgst", "-sha256", "-verify", "plain.pem", "-signature", "s.sig", "document", config=config)
                self.succeed("cms", "-sign", "-in", "document", "-signer", "ca.pem", "-inkey", "ca.key", "-out", "s.cms",
                             config=config)
                self.succeed("cms", "-verify", "-in", "s.cms", "-CAfile", "ca.pem", "-purpose", "any", "-out", "s.out",
                             config=config)

    def test_messages(self):
        """Commands that use keys and certificates for something else: S/MIME, CMS, PKCS#12, time stamps."""
        (self.folder / "tsa.cnf").write_text("[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_digest = sha256\n"
                                             "default_policy = 1.2.3.4.1\ndigests = sha256\n")
        (self.folder / "tsa.ext").write_text("extendedKeyUsage = critical,timeStamping\nkeyUsage = digitalSignature\n")
        ca, to_ca = ["-signer", "ca.pem", "-inkey", "ca.key"], ["-inkey", "ca.key", "-recip", "ca.pem"]
        commands = (["smime", "-sign", "-in", "document", *ca, "-out", "m.msg"],
                    ["smime", "-verify", "-in", "m.msg", "-CAfile", "ca.pem", "-purpose", "any", "-out", "m.out"],
                    ["smime", "-encrypt", "-in", "document", "-out", "m.msg", "ca.pem"],
                    ["smime", "-decrypt", "-in", "m.msg", *to_ca, "-out", "m.out"],
                    ["cms", "-encrypt", "-in", "document", "-out", "m.cms", "ca.pem"],
                    ["cms", "-decrypt", "-in", "m.cms", *to_ca, "-out", "m.out"],
                    ["pkcs12", "-export", "-in", "ca.pem", "-inkey", "ca.key", "-passout", "pass:x", "-out", "m.p12"],
                    ["pkcs12", "-in", "m.p12", "-passin", "pass:x", "-noenc", "-out", "m.out"],
                    ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "tsa.ext",
                     "-out", "tsa.pem"],
                    ["ts", "-query", "-data", "document", "-sha256", "-out", "m.tsq"],
                    ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "m.tsq", "-signer", "tsa.pem", "-inkey",
                     "other.key", "-out", "m.tsr"],
                    ["ts", "-verify", "-queryfile", "m.tsq", "-in", "m.tsr", "-CAfile", "ca.pem", "-untrusted", "tsa.pem"])
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                for command in commands:
                    self.succeed(*command, config=config)

    def test_attested_keys(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                for source in (RESTORED, uri(RESTORED)):
                    found = self.params(source, config)
                    self.assertEqual((found["provider"], found["attested"], found["never-extractable"]),
                                     ("mhsmattest", "1", "1"))
                    self.succeed("pkeyutl", "-encrypt", "-pubin", "-inkey", source, "-in", "secret", "-out", "s.enc",
                                 config=config)

    def test_tls(self):
        for name in self.CONFIGURATIONS:
            with self.configured(name) as config:
                for new in (["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]):
                    self.succeed("req", "-x509", "-newkey", *new, "-nodes", "-keyout", "t.key", "-subj", "/CN=localhost",
                                 "-out", "t.pem", config=config)
                    self.exchange(config)

    def exchange(self, config):
        port = str(free_port())
        environment = dict(os.environ, OPENSSL_CONF=str(config))
        server = subprocess.Popen([OPENSSL, "s_server", "-accept", port, "-cert", "t.pem", "-key", "t.key", "-www"],
                                  cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            for _ in range(50):
                result = self.openssl("s_client", "-connect", f"localhost:{port}", "-CAfile", "t.pem",
                                      "-verify_return_error", config=config, input=b"Q\n")
                if result.code == 0:
                    break
                time.sleep(0.1)
            self.assertEqual(result.code, 0, result.errors)
            self.assertIn("Verify return code: 0 (ok)", result.text)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()


class OtherConfigurations(Case):
    """What goes wrong otherwise, as the manual page says."""

    def test_mhsmattest_first(self):
        config = self.write_config("first.cnf", configuration(PARAMETERS, ("mhsmattest", "default")))
        result = self.openssl("genrsa", "2048", config=config)
        self.assertNotEqual(result.code, 0)
        self.assertIn("operation not supported for this keytype", result.errors)
        # Even so, the attested key does not degrade, and ordinary keys can be read.
        for source in (RESTORED, uri(RESTORED)):
            self.assertEqual(self.params(source, config)["attested"], "1")
        self.succeed("pkey", "-in", "other.key", "-check", "-noout", config=config)

    def test_without_default(self):
        """No attested key is mistaken for something else if nothing but this provider is there."""
        config = self.write_config("alone.cnf", configuration(PARAMETERS, ("mhsmattest",)))
        self.assertEqual(self.params(uri(RESTORED), config)["attested"], "1")
        self.assertNotEqual(self.openssl("genrsa", "2048", config=config).code, 0)

    def test_not_active(self):
        config = self.folder / "plain.cnf"
        for source in (RESTORED, uri(RESTORED)):
            self.assertIsNone(self.params(source, config))

    def test_file_before_uri(self):
        """mhsm:name without slashes is a file of that name for OpenSSL, and holds whatever it holds."""
        (self.folder / "mhsm:plain").write_bytes((self.folder / "plain.pem").read_bytes())
        self.assertEqual(self.params("mhsm:plain")["provider"], "default")
        self.assertIsNone(self.params("mhsm://plain"))


if __name__ == "__main__":
    unittest.main()
