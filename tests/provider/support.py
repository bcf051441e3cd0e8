"""What the tests of the provider share: configurations, evidence, and the stock openssl command.

Environment: OPENSSL (the command), MHSMATTEST_MODULE (the built module), MHSM_FORGE, PRINT_PARAMS (programs).
"""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
OPENSSL = os.environ.get("OPENSSL", "openssl")
MODULE = pathlib.Path(os.environ["MHSMATTEST_MODULE"])
FORGE = os.environ["MHSM_FORGE"]
PRINT_PARAMS = os.environ["PRINT_PARAMS"]
AZURE = REPOSITORY / "tests" / "vectors" / "azure"
RECORDED = AZURE / "rsa-2048-fw2.json"
RESTORED = AZURE / "rsa-2048-fw2-names-restored.json"
TEST_KEYS = REPOSITORY / "tests" / "forge" / "keys"
POOL_PIN = "sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b"


def section(parameters, activate=True):
    lines = [f"module = {MODULE}", *(f"{name} = {value}" for name, value in parameters.items())]
    return "\n".join(lines + ["activate = 1"] * activate)


def configuration(parameters, order=("default", "mhsmattest"), default_properties=None, activate=True):
    """The text of an openssl.cnf."""
    algorithms = "alg_section = algorithm_section" if default_properties else ""
    listed = "\n".join(f"{name} = {name}_section" for name in order)
    return f"""openssl_conf = openssl_init
[openssl_init]
providers = provider_section
{algorithms}
[algorithm_section]
{"default_properties = " + default_properties if default_properties else ""}
[provider_section]
{listed}
[default_section]
activate = 1
[mhsmattest_section]
{section(parameters, activate)}
[req]
distinguished_name = distinguished_name
[distinguished_name]
"""


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.text = process.stdout.decode(errors="replace")
        self.errors = process.stderr.decode(errors="replace")

    def own_errors(self):
        return [line for line in self.errors.splitlines() if ":mhsmattest:" in line]


def uri(path):
    return f"mhsm://{path}"


class Case(unittest.TestCase):
    """A folder with certificates and documents, in which commands run under a configuration."""

    @classmethod
    def setUpClass(cls):
        keeper = tempfile.TemporaryDirectory(prefix="mhsmattest-")
        cls.addClassCleanup(keeper.cleanup)
        cls.folder = pathlib.Path(keeper.name)
        cls.forged = cls.folder / "forged"
        subprocess.run([FORGE, "-out", cls.forged, "-all"], check=True, stdout=subprocess.DEVNULL)
        cls.manifest = json.loads((cls.forged / "manifest.json").read_text())
        cls.real_config = cls.write_config("real.cnf", configuration({"owner-pins": POOL_PIN}))
        cls.forged_parameters = {"owner-pins": "sha256:" + cls.manifest["pool_root_sha256"],
                                 "hsm-roots": cls.forged / "hsm-root.pem"}
        cls.forged_config = cls.write_config("forged.cnf", configuration(cls.forged_parameters))
        plain = cls.write_config("plain.cnf", "[req]\ndistinguished_name = dn\n[dn]\n")
        for command in (["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=Test CA",
                         "-addext", "basicConstraints=critical,CA:TRUE", "-out", "ca.pem"],
                        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj",
                         "/CN=signer", "-out", "request.pem"],
                        ["pkey", "-in", "other.key", "-pubout", "-out", "plain.pem"]):
            subprocess.run([OPENSSL, *command], cwd=cls.folder, env=dict(os.environ, OPENSSL_CONF=str(plain)),
                           check=True, capture_output=True)
        (cls.folder / "document").write_text("a document\n")
        (cls.folder / "secret").write_text("a secret")

    @classmethod
    def write_config(cls, name, text):
        path = cls.folder / name
        path.write_text(text)
        return path

    def run_program(self, arguments, config, **kwargs):
        kwargs.setdefault("stdin", None if "input" in kwargs else subprocess.DEVNULL)
        if "input" in kwargs:
            kwargs.pop("stdin")
        environment = {**os.environ, "OPENSSL_CONF": str(config), **kwargs.pop("env", {})}
        return Result(subprocess.run([*map(str, arguments)], cwd=self.folder, env=environment, capture_output=True,
                                     timeout=120, check=False, **kwargs))

    def openssl(self, *arguments, config=None, **kwargs):
        return self.run_program([OPENSSL, *arguments], config or self.real_config, **kwargs)

    def succeed(self, *arguments, **kwargs):
        result = self.openssl(*arguments, **kwargs)
        self.assertEqual(result.code, 0, f"{arguments}: {result.errors}")
        return result

    def params(self, source, config=None, properties=None):
        """What an application learns about the key, or None if it gets no key."""
        result = self.run_program([PRINT_PARAMS, source, *([properties] if properties else [])],
                                  config or self.real_config)
        if result.code != 0:
            return None
        return dict(line.split("=", 1) for line in result.text.splitlines())

    def sign_document(self, key):
        """document.sig over document, with one of the forge's keys, by OpenSSL alone."""
        self.openssl("dgst", "-sha256", "-sign", TEST_KEYS / f"TEST-ONLY-{key}.pem", "-out", "document.sig", "document")


def split_blob(path):
    """The data and the signature of the private attestation in `path`."""
    text = json.loads(path.read_text())["attributes"]["attestation"]["privateKeyAttestation"]
    blob = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return blob[:-256], blob[-256:]
