"""What `cmake --install` installs is all there, in its place, and works from there."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from support import OPENSSL, POOL_PIN, RESTORED

BUILD = os.environ["MHSM_BUILD"]
CMAKE = os.environ["CMAKE"]


def pkg_config(variable):
    command = ["pkg-config", f"--variable={variable}", "libcrypto"]
    return pathlib.Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


class Install(unittest.TestCase):
    def setUp(self):
        keeper = tempfile.TemporaryDirectory(prefix="install-")
        self.addCleanup(keeper.cleanup)
        self.folder = pathlib.Path(keeper.name)

    def install(self, prefix, **environment):
        subprocess.run([CMAKE, "--install", BUILD, "--prefix", prefix], check=True, capture_output=True,
                       env={**os.environ, **environment})

    def test_staged_for_openssl_s_own_prefix(self):
        """Packagers: below DESTDIR everything is where OpenSSL and man look for it."""
        prefix = pkg_config("prefix")
        self.install(prefix, DESTDIR=str(self.folder))
        root = pathlib.Path(f"{self.folder}{prefix}")
        self.assertTrue(pathlib.Path(f"{self.folder}{pkg_config('modulesdir')}/mhsmattest.so").is_file())
        for name in ("bin/openssl-attest", "include/mhsmattest.h", "share/man/man1/openssl-attest.1",
                     "share/man/man7/mhsmattest.7", "share/man/man7/mhsmattest-fetch.7", "include/mhsmattest-fetch.h",
                     "share/doc/mhsm-attest/examples/openssl.cnf",
                     "share/doc/mhsm-attest/examples/attested-verify.c", "share/doc/mhsm-attest/report.schema.json"):
            self.assertTrue((root / name).is_file(), name)

    def test_installed_module_works(self):
        self.install(self.folder)
        modules = self.folder / pkg_config("modulesdir").relative_to(pkg_config("prefix"))
        config = self.folder / "openssl.cnf"
        example = self.folder / "share" / "doc" / "mhsm-attest" / "examples" / "openssl.cnf"
        config.write_text(example.read_text().replace("# owner-pins = sha256:<64 hexadecimal digits>",
                                                      f"owner-pins = {POOL_PIN}"))
        environment = dict(os.environ, OPENSSL_CONF=str(config), OPENSSL_MODULES=str(modules))
        for command, words in ((["list", "-providers"], "  mhsmattest\n"),
                               (["pkey", "-pubin", "-in", RESTORED, "-text", "-noout"], "Attestation:\n")):
            result = subprocess.run([OPENSSL, *command], env=environment, capture_output=True, text=True, check=True)
            self.assertIn(words, result.stdout)
        result = subprocess.run([self.folder / "bin" / "openssl-attest", "-in", RESTORED, "-owner_pin", POOL_PIN,
                                 "-brief"], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

        # Both find the fetch library where it was installed: they get as far as a port that nobody listens on.
        nobody = "nobody.managedhsm.azure.net"
        result = subprocess.run([self.folder / "bin" / "openssl-attest", "-uri", f"https://{nobody}/keys/a", "-retries", "0",
                                 "-connect_to", f"{nobody}:443:127.0.0.1:1"], capture_output=True, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"Failed to connect to 127.0.0.1", result.stderr)
        config.write_text(config.read_text().replace("[mhsmattest_section]", f"""[mhsmattest_section]
connect-to = {nobody}:443:127.0.0.1:1
retries = 0"""))
        result = subprocess.run([OPENSSL, "pkey", "-pubin", "-in", f"mhsm://{nobody}/keys/a"], env=environment,
                                capture_output=True, text=True, check=False)
        self.assertIn("the evidence could not be fetched", result.stderr)
        self.assertIn("Failed to connect to 127.0.0.1", result.stderr)


if __name__ == "__main__":
    unittest.main()
