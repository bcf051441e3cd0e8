"""The clients that people use: pkcs11-tool, p11tool, p11-kit, PyKCS11, and OpenSSL through its pkcs11 engine."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import PyKCS11

from support import MODULE, REAL_ID, REAL_POOL, RESTORED, TEST_KEYS, Case, uri

ENGINES = [*pathlib.Path("/usr/lib").glob("*/engines-3/pkcs11.so")]
VENDOR_TRUST = 0xCD480004


def blocks(text, beginning):
    """The parts of pkcs11-tool's output that begin with this line."""
    return [part for part in re.split(r"(?m)^(?=\S)", text) if part.startswith(beginning)]


class Pkcs11Tool(Case):
    def test_slots(self):
        text = self.pkcs11_tool("--list-slots")
        self.assertEqual(text.count("token label"), 2)
        self.assertRegex(text, rf"token label +: {self.pool}\n")
        self.assertRegex(text, rf"token label +: {REAL_POOL}\n +token manufacturer +: Cavium, Inc.\n"
                               r" +token model +: firmware 2.x\n +token flags +: token initialized, readonly\n")
        self.assertRegex(text, r"serial num +: 3G2142-ICM003565\n")

    def test_real_objects(self):
        text = self.pkcs11_tool("--list-objects", "--slot", "1")
        public, = blocks(text, "Public Key Object; RSA 2048 bits")
        private, = blocks(text, "Private Key Object; RSA")
        for block in (public, private):
            self.assertIn("label:      customer_key\n", block)
            self.assertIn(f"ID:         {REAL_ID.encode().hex()}\n", block)
        self.assertIn("Usage:      encrypt, verify, wrap\n", public)
        self.assertIn("Access:     sensitive, always sensitive, never extractable, local\n", private)
        self.assertIn("Usage:      decrypt, sign, unwrap\n", private)
        self.assertEqual(len(blocks(text, "Certificate Object; type = X.509 cert")), 5)
        self.assertIn("CN=clitesthsmkeyatsbvzpfrzm", text)

    def test_objects_of_every_kind(self):
        text = self.pkcs11_tool("--list-objects", "--slot", "0")
        for line, number in (("Public Key Object; RSA 2048 bits", 1), ("Public Key Object; RSA 3072 bits", 1),
                             ("Public Key Object; EC  EC_POINT", 3), ("Secret Key Object; AES length 32", 1),
                             ("Private Key Object; RSA", 2), ("Private Key Object; EC", 3),
                             ("Certificate Object; type = X.509 cert", 5)):
            self.assertEqual(len(blocks(text, line)), number, f"{line}\n{text}")
        self.assertIn("EC_POINT 384 bits", text)
        self.assertIn("EC_PARAMS:  06052b81040022", text)

    def test_read_public_keys(self):
        # OpenSC 0.23 reads no P-384 key, of whatever module.
        for kind in ("rsa-2048", "rsa-3072", "p-256", "p-521"):
            with self.subTest(kind):
                self.pkcs11_tool("--slot", "0", "--read-object", "--type", "pubkey", "--id",
                                 self.key_id(kind).encode().hex(), "--output-file", "public.der")
                text = self.run_program("openssl", "pkey", "-pubin", "-inform", "DER", "-in", "public.der")
                self.assertEqual(text, self.public_key(kind))

    def test_read_certificate(self):
        label = f"pool-root: {REAL_POOL}"
        self.pkcs11_tool("--slot", "1", "--read-object", "--type", "cert", "--label", label, "--output-file", "root.der")
        text = self.run_program("openssl", "x509", "-inform", "DER", "-in", "root.der", "-noout", "-fingerprint",
                                "-sha256")
        self.assertIn("E1:81:48:5B:C3:0A", text)

    def verify(self, kind, mechanism):
        return self.pkcs11_tool("--slot", "0", "--verify", "--mechanism", mechanism, "--id",
                                self.key_id(kind).encode().hex(), "--input-file", "document", "--signature-file",
                                "document.sig", "--signature-format", "openssl")

    def test_verify(self):
        for kind, mechanism in (("rsa-2048", "SHA256-RSA-PKCS"), ("rsa-3072", "SHA256-RSA-PKCS"),
                                ("p-256", "ECDSA-SHA256"), ("p-384", "ECDSA-SHA256"), ("p-521", "ECDSA-SHA256")):
            with self.subTest(kind):
                self.sign_document(kind)
                self.assertIn("Signature is valid", self.verify(kind, mechanism))
        self.sign_document("rsa-2048-2")
        self.assertIn("Invalid signature", self.verify("rsa-2048", "SHA256-RSA-PKCS"))

    def test_mechanisms(self):
        text = self.pkcs11_tool("--slot", "0", "--list-mechanisms")
        self.assertEqual(len(re.findall(r"(?m)^  \S+, keySize=", text)), 13)
        self.assertNotRegex(text, r"\b(sign|decrypt|unwrap|generate|derive|hw)\b")

    def test_read_only(self):
        """What a token like this refuses, it refuses with an error."""
        for arguments in (("--delete-object", "--type", "pubkey", "--id", "00"),
                          ("--keypairgen", "--key-type", "rsa:2048"),
                          ("--sign", "--mechanism", "RSA-PKCS", "--input-file", "document", "--id",
                           self.key_id("rsa-2048").encode().hex())):
            done = subprocess.run(["pkcs11-tool", "--module", MODULE, "--slot", "0", *arguments], cwd=self.folder,
                                  env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  timeout=60)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertRegex(done.stderr.decode(), r"CKR_(TOKEN_WRITE_PROTECTED|FUNCTION_NOT_SUPPORTED|MECHANISM_INVALID)|"
                                                   r"No appropriate key|mechanism not supported|not supported|not found")


class Conformance(Case):
    """pkcs11-tool's own test suite."""

    def test_fork(self):
        self.pkcs11_tool("--test-fork")

    def test_suite(self):
        """It opens every session for writing, so it runs behind a module that asks for reading only."""
        for slot in ("0", "1"):
            with self.subTest(slot=slot):
                text = self.run_program("pkcs11-tool", "--module", os.environ["WRITABLE"], "--slot", slot, "--test")
                self.assertIn("No errors", text)
                self.assertNotRegex(text, r"(?i)\bERR:")

    def test_a_session_for_writing_is_refused(self):
        self.pkcs11_tool("--test", code=1)
        self.assertIn("CKR_TOKEN_WRITE_PROTECTED", self.errors)


class P11Tool(Case):
    def p11tool(self, *arguments, **kwargs):
        return self.run_program("p11tool", "--batch", f"--provider={MODULE}", *arguments, **kwargs)

    def test_tokens(self):
        text = self.p11tool("--list-tokens")
        self.assertIn(f"token={self.pool}\n", text)
        self.assertIn(f"URL: pkcs11:model=firmware%202.x;manufacturer=Cavium%2C%20Inc.;serial=3G2142-ICM003565;"
                      f"token={REAL_POOL}\n", text)

    def test_list_all(self):
        text = self.p11tool("--list-all", uri(token=REAL_POOL, manufacturer="Cavium, Inc."))
        self.assertIn("Type: Public key (RSA-2048)\n", text)
        self.assertIn("Type: Private key (RSA-2048)\n", text)
        self.assertIn("Flags: CKA_WRAP/UNWRAP; CKA_PRIVATE; CKA_NEVER_EXTRACTABLE; CKA_SENSITIVE;", text)
        self.assertEqual(text.count("Type: X.509 Certificate (RSA-2048)\n"), 5)
        self.assertNotIn("CKA_TRUSTED", text)
        text = self.p11tool("--list-all", uri(token=self.pool))
        for line, number in (("Public key (RSA-2048)", 1), ("Public key (RSA-3072)", 1), ("Public key (EC/ECDSA", 3),
                             ("Private key (EC/ECDSA", 3), ("Secret key", 1)):
            self.assertEqual(text.count(f"Type: {line}"), number, text)

    def test_export(self):
        text = self.p11tool("--export", uri(token=REAL_POOL, object=f"pool-root: {REAL_POOL}", type="cert"))
        self.assertTrue(text.startswith("-----BEGIN CERTIFICATE-----\n"), text)
        for kind in ("rsa-2048", "p-384"):
            text = self.p11tool("--export", uri(token=self.pool, id=self.key_id(kind), type="public"))
            self.assertEqual(text[text.index("-----BEGIN"):].split(), self.public_key(kind).split())

    def test_info(self):
        text = self.p11tool("--info", uri(token=REAL_POOL, id=REAL_ID, type="private"))
        self.assertIn("Type: Private key (RSA-2048)\n", text)
        self.assertIn("Label: customer_key\n", text)


class P11Kit(Case):
    """Through module files as they are installed, in the user's own folder of p11-kit, which root has none of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(MODULE, cls.folder / "module.so")
        shutil.copy(RESTORED, cls.folder / "real.json")
        cls.config.write_text(cls.config.read_text().replace(str(RESTORED), f"{cls.folder}/real.json"))
        cls.modules = cls.folder / ".config" / "pkcs11" / "modules"
        cls.modules.mkdir(parents=True)
        for path in [cls.folder, *cls.folder.rglob("*")]:
            path.chmod(0o755)

    def run_as_user(self, *command):
        user = {"user": "nobody"} if os.geteuid() == 0 else {}
        done = subprocess.run(command, cwd="/", env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False, **user)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def configure(self, *lines):
        text = "\n".join([f"module: {self.folder}/module.so", "trust-policy: no", *lines, ""])
        (self.modules / "mhsmattest.module").write_text(text)

    def test_list_modules(self):
        self.configure()
        text = self.run_as_user("p11-kit", "list-modules")
        ours = text[text.index("mhsmattest: "):]
        self.assertIn("library-description: Attested Azure Managed HSM keys", ours)
        self.assertIn(f"token: {self.pool}", ours)
        self.assertIn("write-protected", ours)
        text = self.run_as_user("p11tool", "--batch", "--list-all", uri(token=REAL_POOL))
        self.assertIn("Type: Private key (RSA-2048)\n", text)

    def test_configured_by_p11_kit(self):
        """What x-init-reserved says reaches the module."""
        self.configure(f"x-init-reserved: source={self.folder}/nowhere.json config=/dev/null")
        text = self.run_as_user("p11-kit", "list-modules")
        self.assertNotIn(f"token: {self.pool}", text)
        self.assertIn("token: nowhere.json", text)


class Python(Case):
    def test_pykcs11(self):
        os.environ["MHSMATTEST_PKCS11_CONF"] = str(self.config)
        library = PyKCS11.PyKCS11Lib()
        library.load(str(MODULE))
        self.assertEqual([library.getTokenInfo(slot).label.strip() for slot in library.getSlotList()],
                         [self.pool, REAL_POOL])
        session = library.openSession(library.getSlotList()[1])
        key, = session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY), (PyKCS11.CKA_NEVER_EXTRACTABLE, True)])
        extractable, identifier, trust = session.getAttributeValue(
            key, [PyKCS11.CKA_EXTRACTABLE, PyKCS11.CKA_ID, VENDOR_TRUST])
        self.assertEqual((extractable, bytes(identifier), bytes(trust)), (False, REAL_ID.encode(), b"pinned"))
        session.closeSession()

    def test_verify_and_encrypt(self):
        os.environ["MHSMATTEST_PKCS11_CONF"] = str(self.config)
        library = PyKCS11.PyKCS11Lib()
        library.load(str(MODULE))
        session = library.openSession(library.getSlotList()[0])
        key, = session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_PUBLIC_KEY),
                                    (PyKCS11.CKA_ID, tuple(self.key_id("rsa-2048").encode()))])
        self.sign_document("rsa-2048")
        mechanism = PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS, None)
        document = (self.folder / "document").read_bytes()
        signature = (self.folder / "document.sig").read_bytes()
        self.assertTrue(session.verify(key, document, signature, mechanism))
        self.assertFalse(session.verify(key, document + b"!", signature, mechanism))
        encrypted = session.encrypt(key, b"a secret", PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS, None))
        (self.folder / "secret.enc").write_bytes(bytes(encrypted))
        text = self.run_program("openssl", "pkeyutl", "-decrypt", "-inkey", TEST_KEYS / "TEST-ONLY-rsa-2048.pem",
                                "-in", "secret.enc", environment={"OPENSSL_CONF": "/dev/null"})
        self.assertEqual(text, "a secret")
        session.closeSession()


@unittest.skipUnless(ENGINES, "OpenSSL's pkcs11 engine is not installed")
class OpensslEngine(Case):
    def setUp(self):
        (self.folder / "engine.cnf").write_text(
            "openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n"
            f"engine_id = pkcs11\ndynamic_path = {ENGINES[0]}\nMODULE_PATH = {MODULE}\ninit = 0\n")

    def openssl(self, *arguments, **kwargs):
        return self.run_program("openssl", *arguments, environment={"OPENSSL_CONF": self.folder / "engine.cnf"}, **kwargs)

    def test_public_key(self):
        for kind in ("rsa-2048", "p-256"):
            text = self.openssl("pkey", "-engine", "pkcs11", "-inform", "engine", "-pubin", "-in",
                                uri(token=self.pool, id=self.key_id(kind), type="public"))
            self.assertEqual(text, self.public_key(kind))

    def test_verify(self):
        self.sign_document("rsa-2048")
        text = self.openssl("dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256", "-verify",
                            uri(token=self.pool, id=self.key_id("rsa-2048"), type="public"), "-signature",
                            "document.sig", "document")
        self.assertIn("Verified OK", text)


if __name__ == "__main__":
    unittest.main()
