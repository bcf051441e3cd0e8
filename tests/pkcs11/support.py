"""What the tests of the PKCS#11 module share: configurations, evidence and clients.

Environment: MHSMATTEST_PKCS11 (the built module), MHSM_FORGE (program), WRITABLE (test module).
"""

import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODULE = pathlib.Path(os.environ["MHSMATTEST_PKCS11"])
FORGE = os.environ["MHSM_FORGE"]
AZURE = REPOSITORY / "tests" / "vectors" / "azure"
RESTORED = AZURE / "rsa-2048-fw2-names-restored.json"
TEST_KEYS = REPOSITORY / "tests" / "forge" / "keys"
POOL_PIN = "sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b"
REAL_POOL = "clitesthsmkeyatsbvzpfrzm"
REAL_ID = "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456"
KINDS = ("rsa-2048", "rsa-3072", "p-256", "p-384", "p-521", "aes-256")


def percent(text):
    """Every byte of `text` as RFC 7512 writes it in an id."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def uri(**attributes):
    """A PKCS#11 URI; `id` is encoded byte for byte."""
    return "pkcs11:" + ";".join(f"{name}={percent(value) if name == 'id' else urllib.parse.quote(value, safe='')}"
                                for name, value in attributes.items())


class Case(unittest.TestCase):
    """A folder with two sources: the real evidence, and genuine evidence of the forge of every kind of key."""

    @classmethod
    def setUpClass(cls):
        keeper = tempfile.TemporaryDirectory(prefix="mhsmattest-pkcs11-")
        cls.addClassCleanup(keeper.cleanup)
        cls.folder = pathlib.Path(keeper.name)
        cls.keys = cls.folder / "keys"
        cls.keys.mkdir()
        forged = cls.folder / "forged"
        for kind in KINDS:
            subprocess.run([FORGE, "-out", forged, "-kind", f"genuine-{kind}-fw2"], check=True,
                           stdout=subprocess.DEVNULL)
            (forged / f"genuine-{kind}-fw2.json").rename(cls.keys / f"{kind}.json")
        manifest = (forged / "manifest.json").read_text()
        cls.pool = manifest.split('"pool":')[1].split('"')[1]
        pool_root = manifest.split('"pool_root_sha256":')[1].split('"')[1]
        cls.config = cls.folder / "mhsmattest-pkcs11.conf"
        cls.config.write_text(f"owner-pins = {POOL_PIN}, sha256:{pool_root}\nhsm-roots = {forged}/hsm-root.pem\n"
                              f"[forged]\nsource = {cls.keys}\n[real]\nsource = {RESTORED}\n")
        cls.environment = {**os.environ, "MHSMATTEST_PKCS11_CONF": str(cls.config), "HOME": str(cls.folder),
                           "XDG_CONFIG_HOME": str(cls.folder / ".config"), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                           "MHSM_PKCS11_MODULE": str(MODULE)}
        (cls.folder / "document").write_text("a document\n")

    def run_program(self, *command, environment=None, code=0):
        """Its output; what it says on standard error is told if it does not exit with `code`."""
        done = subprocess.run([*map(str, command)], cwd=self.folder, env={**self.environment, **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout.decode(errors='replace')}\n"
                                                f"{done.stderr.decode(errors='replace')}")
        self.errors = done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace")

    def pkcs11_tool(self, *arguments, **kwargs):
        return self.run_program("pkcs11-tool", "--module", MODULE, *arguments, **kwargs)

    def sign_document(self, kind):
        """document.sig over document, with one of the forge's private keys, by OpenSSL alone."""
        self.run_program("openssl", "dgst", "-sha256", "-sign", TEST_KEYS / f"TEST-ONLY-{kind}.pem", "-out",
                         "document.sig", "document", environment={"OPENSSL_CONF": "/dev/null"})

    def public_key(self, kind):
        """The forge's public key as PEM, by OpenSSL alone."""
        return self.run_program("openssl", "pkey", "-in", TEST_KEYS / f"TEST-ONLY-{kind}.pem", "-pubout",
                                environment={"OPENSSL_CONF": "/dev/null"})

    def key_id(self, kind):
        """CKA_ID of a key of the forge."""
        text = (self.keys / f"{kind}.json").read_text()
        return text[text.index("/keys/"):].split('"')[0]
