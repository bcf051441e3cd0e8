"""The documents are true: their commands run, their names exist."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from support import COMMAND, POOL_PIN, REPOSITORY, RESTORED, VERIFIED, attest

README = (REPOSITORY / "README.md").read_text()
# Commands that build or test everything; CI and the quick start run them for real. Those of the provider are run by
# tests/provider/test_documents.py, those of the PKCS#11 module by tests/pkcs11/test_documents.py.
RUN_ELSEWHERE = ("sh examples/quickstart.sh", "sh tests/run.sh", "cmake ", "openssl pkey ", "openssl dgst ",
                 "openssl x509 ", "module=", "pkcs11-tool ", "p11tool ", "openssl-attest -uri ", "openssl-attest -pool ",
                 "build/release/tests/emulator/")


def readme_commands():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class Readme(unittest.TestCase):
    def setUp(self):
        keeper = tempfile.TemporaryDirectory(prefix="readme-")
        self.addCleanup(keeper.cleanup)
        self.folder = pathlib.Path(keeper.name)
        shutil.copy(RESTORED, self.folder / "attestation.json")
        self.environment = dict(os.environ, PATH=f"{pathlib.Path(COMMAND).parent}:{os.environ['PATH']}")
        # What the README presumes to be there: the pool's root, and a request for somebody's key.
        attest("-in", RESTORED, "-quiet", "-certs_out", self.folder / "certs.pem")
        blocks = re.findall(r"# pool-root.*?(-----BEGIN.*?-----END CERTIFICATE-----)",
                            (self.folder / "certs.pem").read_text(), re.S)
        (self.folder / "pool-root.pem").write_text(blocks[0] + "\n")
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key.pem", "-subj", "/CN=test", "-out", "request.pem"],
                       cwd=self.folder, check=True, capture_output=True)

    def run_line(self, line):
        return subprocess.run(line, shell=True, cwd=self.folder, env=self.environment, capture_output=True, check=False)

    def test_commands(self):
        expected = {
            "openssl-attest -in attestation.json": (1, b"-owner_pin " + POOL_PIN.encode()),
            f"openssl-attest -in attestation.json -owner_pin {POOL_PIN}": (VERIFIED, b"VERIFIED: "),
            "openssl-attest -in attestation.json -owner_root pool-root.pem -csr request.pem -policy cabf-code-signing":
                (1, b"bind.csr"),
        }
        seen = []
        for line in readme_commands():
            if line.startswith(RUN_ELSEWHERE):
                continue
            with self.subTest(line):
                code, words = expected[line]
                result = self.run_line(line)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(words, result.stdout)
                seen.append(line)
        self.assertEqual(sorted(seen), sorted(expected))

    def test_scripts_exist(self):
        for line in readme_commands():
            if line.startswith("sh "):
                self.assertTrue((REPOSITORY / shlex.split(line)[1]).is_file(), line)

    def test_ci_calls_the_test_command(self):
        self.assertIn("sh tests/run.sh", (REPOSITORY / ".ci" / "run").read_text())
        self.assertIn("```sh\nsh tests/run.sh\n```", README)

    def test_links(self):
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((REPOSITORY / target).exists(), target)

    def test_check_ids_are_the_command_s(self):
        report = attest("-in", RESTORED, "-outform", "json").stdout.decode()
        for name in re.findall(r"`((?:hw|owner|bind|partition)\.[a-z]+)`", README):
            if name not in ("bind.csr", "bind.cert", "bind.pubkey"):
                self.assertIn(f'"{name}"', report)


if __name__ == "__main__":
    unittest.main()
