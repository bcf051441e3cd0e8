"""Fetching in bad circumstances: no memory in the command, the fetch library, libcurl and TLS; disks that fill up and
system calls that fail while a pool is saved, remembered and resumed.

Environment: that of tests/emulator/test_fetching.py, FAILING_MALLOC and FAILING_IO (modules to preload).
"""

import errno
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "emulator"))
import test_fetching  # noqa: E402
from sweep import sweep  # noqa: E402
from test_fetching import NOT_VERIFIED, TROUBLE, VERIFIED  # noqa: E402

OLD = "# mine\nother-pool sha256:" + "0" * 64 + "\n"


class Case(test_fetching.Case):
    keys = 8

    def preloaded(self, module, *arguments, **environment):
        return self.attest(*arguments, **self.with_token(LD_PRELOAD=os.environ[module], **environment))

    def url(self, key="rsa-2048"):
        return self.emulator.url(f"/keys/{key}")

    def assert_explained(self, result):
        """Something went wrong, and whoever reads only standard error knows what."""
        self.assertIn(result.returncode, (NOT_VERIFIED, TROUBLE), result.stderr)
        self.assertIn("openssl-attest: ", result.stderr)


class Memory(Case):
    RUNS = 50  # allocations that are made to fail, spread over all of a run

    def sweep(self, arguments, check):
        sweep(self, lambda **environment: self.preloaded("FAILING_MALLOC", *arguments, **environment), check, least=5000,
              runs=self.RUNS)

    def test_one_key(self):
        whole = self.fetch(**self.with_token())
        self.assert_exit(whole, VERIFIED)

        def check(result):
            if result.returncode == VERIFIED:
                self.assertEqual(result.stdout, whole.stdout)
            elif "internal error" in result.stdout:
                # libcrypto keeps it that it had no memory for an algorithm, and then cannot verify anything.
                self.assertEqual(result.returncode, NOT_VERIFIED)
            else:
                self.assert_explained(result)
                self.assertEqual((result.returncode, result.stdout), (TROUBLE, ""))
        self.sweep(["-uri", self.url(), "-brief"], check)

    def test_a_pool(self):
        arguments = ["-pool", self.emulator.url(), "-jobs", 2]
        plain = self.preloaded("FAILING_MALLOC", *arguments, FAIL_ALLOCATION="0")
        whole = set(plain.stdout.splitlines())
        self.assertGreater(len(whole), 10)
        self.assertIn("1 could not be read or fetched", plain.stderr)  # it is forbidden
        reached_the_end = []

        def check(result):
            self.assert_explained(result)
            lines = result.stdout.splitlines()
            urls = {line.split(": ")[0] for line in lines}
            self.assertEqual(len(lines), len(urls), "no key twice")
            self.assertLessEqual(urls, {line.split(": ")[0] for line in whole}, "no other keys")
            for line in set(lines) - whole:
                self.assertRegex(line, ": ERROR |: NOT VERIFIED .*internal error", "no key is refused for lack of memory")
            stopped = re.search("Out of memory|Could not|cannot|libcrypto", result.stderr) is not None
            if not stopped:
                self.assertEqual(len(lines), len(whole), "every key is accounted for")
                reached_the_end.append(result)
        self.sweep(arguments, check)
        self.assertGreater(len(reached_the_end), self.RUNS // 4)


class Disks(Case):
    """A run over a pool that saves, remembers and can be resumed."""

    def setUp(self):
        super().setUp()
        self.saved = self.folder / "saved"
        self.known, self.state = self.folder / "known-pools", self.folder / "state"
        self.known.write_text(OLD)
        self.results = self.folder / "results"

    def arguments(self):
        # Under its own name, for TLS to show whose pool it is.
        host = f"{self.emulator.pool}.managedhsm.azure.net"
        return ["-pool", f"https://{host}", "-connect_to", f"{host}:443:127.0.0.1:{self.emulator.port}", "-save", self.saved, "-trust_pool", "-known_pools", self.known, "-resume",
                self.state, "-out", self.results, "-jobs", 2]

    def run_once(self, **environment):
        return self.attest(*self.arguments(), **self.with_token(**environment))

    def answers(self):
        return {path.name: path.read_bytes() for path in self.saved.glob("*")} if self.saved.exists() else {}

    def start_again(self):
        for path in (*self.saved.glob("*"), self.state, self.results):
            path.unlink(missing_ok=True)
        self.known.write_text(OLD)

    def verified(self):
        return {line for line in self.results.read_text().splitlines() if ": VERIFIED" in line}

    def whole(self):
        self.assert_exit(self.run_once(), TROUBLE)  # one key of the emulator is forbidden
        whole = self.answers(), self.known.read_text(), self.verified()
        self.assertGreater(len(whole[0]), 10)
        self.assertTrue(whole[1].startswith(OLD) and whole[1] != OLD)
        self.start_again()
        return whole

    def assert_nothing_torn(self, answers, known):
        for name, content in self.answers().items():
            self.assertEqual(content, answers.get(name), f"{name} is whole, and nothing else is there")
        self.assertIn(self.known.read_text(), (OLD, known))
        names = {path.name for path in self.folder.iterdir()}
        self.assertLessEqual(names, {"saved", "known-pools", "state", "results"}, "nothing is left behind")

    def assert_resumed(self, answers, known, results):
        """What a run without faults makes of what is there."""
        self.assertIn("1 could not be read or fetched", self.run_once().stderr)
        self.assertEqual((self.answers(), self.known.read_text(), self.verified()), (answers, known, results))

    def test_short_and_interrupted(self):
        """Reads of 7 bytes, writes of 11, and an EINTR before each change nothing."""
        answers, known, results = self.whole()
        result = self.run_once(LD_PRELOAD=os.environ["FAILING_IO"], FAIL_IO="short")
        self.assertIn("1 could not be read or fetched", result.stderr)
        self.assertEqual((self.answers(), self.known.read_text(), self.verified()), (answers, known, results))

    def test_calls_that_fail(self):
        answers, known, results = self.whole()
        for call, numbers in (("write", range(1, 40, 3)), ("fsync", range(1, 12, 2)), ("rename", range(1, 12, 2)),
                              ("close", range(1, 60, 7)), ("open", range(1, 60, 7))):
            for number in numbers:
                with self.subTest(call=call, number=number):
                    self.start_again()
                    result = self.run_once(LD_PRELOAD=os.environ["FAILING_IO"],
                                           FAIL_IO=f"{call}:{number}:{errno.ENOSPC}")
                    self.assert_nothing_torn(answers, known)
                    complete = (self.answers(), self.known.read_text()) == (answers, known)
                    if not complete:
                        told = result.stderr + (self.results.read_text() if self.results.exists() else "")
                        self.assertRegex(told, "No space left on device|errno|Could not")
                    self.assert_resumed(answers, known, results)

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount a file system")
    def test_disk_that_is_really_full(self):
        answers, known, results = self.whole()
        disk = self.saved
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting is not allowed here")
        try:
            result = self.run_once()
            self.assertEqual(result.returncode, TROUBLE)
            self.assertIn("No space left on device", self.results.read_text() + result.stderr)
            self.assertTrue(0 < len(self.answers()) < len(answers))
            self.assert_nothing_torn(answers, known)
        finally:
            subprocess.run(["umount", disk], check=True)
        self.start_again()
        self.assert_resumed(answers, known, results)


if __name__ == "__main__":
    unittest.main()
