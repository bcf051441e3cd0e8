"""What the tests of the command line share.

Environment: OPENSSL_ATTEST (the command), VECTORS (a folder with azure/rsa-2048-fw2.json).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("OPENSSL_ATTEST", "openssl-attest")
VECTORS = pathlib.Path(os.environ.get("VECTORS", REPOSITORY / "tests" / "vectors"))
SAMPLE = VECTORS / "azure" / "rsa-2048-fw2.json"

KID = ("https://clitesthsmkeyatsbvzpfrzm.managedhsm.azure.net"
       "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456")
WHEN = ["-attime", "1746705600"]  # 8 May 2025, when the sample was recorded

VERIFIED, NOT_VERIFIED, USAGE, TROUBLE = 0, 1, 2, 3


def attest(*arguments, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    if "input" in kwargs:
        kwargs.pop("stdin")
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LANG", "LC_ALL")}
    environment["XDG_CONFIG_HOME"] = "/nonexistent"  # whatever pools the person who runs the tests knows
    environment.update(kwargs.pop("env", {}))
    return subprocess.run([COMMAND, *map(str, arguments)], env=environment, capture_output="stdout" not in kwargs,
                          timeout=60, check=False, **kwargs)


def help_options():
    text = attest("-help").stdout.decode()
    return re.findall(r"^ -(\S+)", text, re.M)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="attest-"))
        self.addCleanup(shutil.rmtree, self.folder)
        answer = json.loads(SAMPLE.read_text())
        answer["key"]["kid"] = KID
        self.good = self.folder / "good.json"
        self.good.write_text(json.dumps(answer))
        self.pin = self.pool_root_pin()

    def pool_root_pin(self):
        report = json.loads(attest("-in", self.good, "-outform", "json", *WHEN).stdout)
        return "sha256:" + report["owner"]["root_sha256"]

    def pinned(self, *arguments, **kwargs):
        return attest("-in", self.good, "-owner_pin", self.pin, *WHEN, *arguments, **kwargs)

    def assert_exit(self, result, code):
        self.assertEqual(result.returncode, code, (result.stdout, result.stderr))

    def assert_complaint(self, result, code, *words):
        self.assert_exit(result, code)
        lines = result.stderr.decode().splitlines()
        self.assertTrue(lines, "nothing on stderr")
        self.assertTrue(all(line.startswith("openssl-attest: ") for line in lines), lines)
        for word in words:
            self.assertIn(word, result.stderr.decode())
        if code == USAGE:
            self.assertEqual(result.stdout, b"")
