"""Every evidence that the forge mints, through the command: the verdict, the failing check and its reason."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from support import FORGE, NOT_VERIFIED, VERIFIED, attest

# Options of the manifest that the command cannot be given: it does not fetch evidence.
NEEDS_FETCHING = ("tls_pool", "request")
FILES = {"hsm_root": "-hsm_root", "known_pools": "-known_pools", "csr": "-csr", "cert": "-cert",
         "pubkey": "-pubkey"}


def command_line(entry, folder):
    options = entry["options"]
    line = ["-in", folder / entry["file"], "-no_default_hsm_roots", "-outform", "json",
            "-policy", options["policy"], "-owner_trust", options["owner_trust"]]
    if "require" in options:
        line += ["-require", options["require"]]
    for pin in options["owner_pins"]:
        line += ["-owner_pin", pin]
    unknown = set(options) - set(FILES) - {"policy", "require", "owner_trust", "owner_pins", "attime", "no_check_time"}
    assert not unknown, f"the manifest has options this test does not know: {unknown}"
    line += ["-no_check_time"] if options.get("no_check_time") else ["-attime", options["attime"]]
    for name, option in FILES.items():
        if name in options:
            line += [option, folder / options[name]]
    return line


class Forged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keeper = tempfile.TemporaryDirectory(prefix="forged-")
        cls.folder = pathlib.Path(cls.keeper.name)
        subprocess.run([FORGE, "-out", cls.folder, "-all"], check=True, stdout=subprocess.DEVNULL)
        manifest = json.loads((cls.folder / "manifest.json").read_text())
        cls.entries = [e for e in manifest["cases"] if not any(name in e["options"] for name in NEEDS_FETCHING)]

    @classmethod
    def tearDownClass(cls):
        cls.keeper.cleanup()

    def judge(self, entry):
        result = attest(*command_line(entry, self.folder))
        self.assertIn(result.returncode, (VERIFIED, NOT_VERIFIED), result.stderr)
        report = json.loads(result.stdout)
        failed = {c["id"]: c["reason"] for c in report["checks"] if c["status"] == "fail"}
        if entry["verifies"]:
            self.assertEqual((result.returncode, failed), (VERIFIED, {}))
            return
        self.assertEqual(result.returncode, NOT_VERIFIED)
        self.assertEqual(report["verdict"], "not verified")
        self.assertEqual(failed.get(entry["check"]), entry["reason"], failed)
        self.assertLessEqual(set(failed) - {entry["check"]}, set(entry["also"]))
        obstacle = next(c for c in report["checks"] if c["id"] == entry["check"])
        self.assertTrue(obstacle["message"] and obstacle["remedy"])

    def test_every_case(self):
        self.assertGreater(len(self.entries), 100)
        for entry in self.entries:
            with self.subTest(entry["name"]):
                self.judge(entry)


if __name__ == "__main__":
    unittest.main()
