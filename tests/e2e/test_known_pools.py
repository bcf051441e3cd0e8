"""The file of known pools: where it is looked for, who may write to it, and what it decides."""

import os
import unittest

from cli_case import NOT_VERIFIED, USAGE, VERIFIED, WHEN, Case, attest

POOL = "clitesthsmkeyatsbvzpfrzm"


class KnownPools(Case):
    def setUp(self):
        super().setUp()
        self.config = self.folder / "config"
        self.file = self.config / "mhsm-attest" / "known_pools"
        self.file.parent.mkdir(parents=True)

    def attest(self, *arguments, **environment):
        environment = {"XDG_CONFIG_HOME": str(self.config), **environment}
        return attest("-in", self.good, *WHEN, *arguments, env=environment)

    def know(self, text, path=None):
        path = path or self.file
        path.write_text(text)
        return path

    def test_default_file_authenticates(self):
        self.assert_exit(self.attest(), NOT_VERIFIED)
        self.know(f"# ours\n{POOL.upper()} {self.pin}  # seen in May\n")
        result = self.attest()
        self.assert_exit(result, VERIFIED)
        self.assertIn(b"pinned", result.stdout)

    def test_default_file_below_home(self):
        home = self.folder / "home"
        folder = home / ".config" / "mhsm-attest"
        folder.mkdir(parents=True)
        self.know(f"{POOL} {self.pin}\n", folder / "known_pools")
        for config in ("", "relative"):
            with self.subTest(config):
                self.assert_exit(self.attest(XDG_CONFIG_HOME=config, HOME=str(home)), VERIFIED)
        self.assert_exit(self.attest(XDG_CONFIG_HOME="", HOME=""), NOT_VERIFIED)

    def test_named_file_replaces_the_default_one(self):
        self.know(f"{POOL} {self.pin}\n")
        self.assert_exit(self.attest("-known_pools", "/dev/null"), NOT_VERIFIED)

    def test_changed_root_is_a_failure_even_for_any(self):
        self.know(f"{POOL} sha256:{'0' * 64}\n")
        result = self.attest("-owner_trust", "any", "-outform", "json")
        self.assert_exit(result, NOT_VERIFIED)
        self.assertIn(b'"owner-pool-changed"', result.stdout)

    def test_writable_by_anybody(self):
        self.know(f"{POOL} {self.pin}\n").chmod(0o646)
        result = self.attest()
        self.assert_complaint(result, USAGE, str(self.file), "anybody can write to it", "chmod o-w")
        self.assertEqual(result.stdout, b"")

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
    def test_of_another_user(self):
        os.chown(self.know(f"{POOL} {self.pin}\n"), 12345, -1)
        self.assert_complaint(self.attest(), USAGE, "belongs to another user")

    def test_malformed_default_file(self):
        self.know("nonsense\n")
        self.assert_complaint(self.attest(), USAGE, f"{self.file}: line 1")

    def test_trust_pool_needs_the_network(self):
        self.assert_complaint(self.attest("-trust_pool"), USAGE, "-trust_pool needs -uri")


if __name__ == "__main__":
    unittest.main()
