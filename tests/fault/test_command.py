"""The command and the provider in bad circumstances: no memory, system calls that fail or do less, signals, a full disk.

Environment: OPENSSL_ATTEST, MHSM_FORGE, FAILING_MALLOC and FAILING_IO (modules to preload), MHSMATTEST_MODULE, OPENSSL.
What happens to closed descriptors and to /dev/full is in tests/e2e/test_cli_io.py.
"""

import errno
import functools
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from support import COMMAND, NOT_VERIFIED, POOL_PIN, RECORDED, RESTORED, TROUBLE, VERIFIED  # noqa: E402
from sweep import sweep  # noqa: E402

WHEN = ["-attime", "1767225600"]
GOOD = ["-in", str(RESTORED), "-owner_pin", POOL_PIN, *WHEN]
BAD = ["-in", str(RECORDED), "-owner_pin", POOL_PIN, *WHEN]  # names masked by the recorder: not verified


class Case(unittest.TestCase):
    def setUp(self):
        keeper = tempfile.TemporaryDirectory()
        self.addCleanup(keeper.cleanup)
        self.folder = pathlib.Path(keeper.name)

    def run_with(self, arguments, preload, program=COMMAND, cpu_seconds=60, **environment):
        limit = functools.partial(resource.setrlimit, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        return subprocess.run([program, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, check=False,
                              preexec_fn=limit, env={**os.environ, "LD_PRELOAD": preload, **environment})


class Memory(Case):
    PRELOAD = os.environ["FAILING_MALLOC"]
    RUNS = 80  # allocations that are made to fail, spread over all of a run; one after another in the core's own test

    def sweep(self, arguments, check, runs=RUNS, **kwargs):
        sweep(self, lambda **environment: self.run_with(arguments, self.PRELOAD, **environment, **kwargs), check,
              least=1000, runs=runs)

    def test_verified_is_complete_or_not_at_all(self):
        for form in (["-text"], ["-outform", "json"]):
            whole = self.run_with([*GOOD, *form], "")
            self.assertEqual(whole.returncode, VERIFIED)
            # How certificates look in words is libcrypto's; it leaves lines out when memory is short.
            printed = whole.stdout.find(b"\nCertificate hsm-root")
            size = printed if printed > 0 else None

            def check(result, whole=whole, size=size):
                self.assertIn(result.returncode, (VERIFIED, NOT_VERIFIED, TROUBLE), result.stderr)
                if result.returncode == VERIFIED:
                    self.assertEqual(result.stdout[:size], whole.stdout[:size])
                else:
                    self.assertNotIn(b"\nVERIFIED", b"\n" + result.stdout)
                    self.assertTrue(result.stdout or result.stderr, "something is said")
                if result.returncode == TROUBLE:
                    self.assertIn(b"openssl-attest: ", result.stderr)
            self.sweep([*GOOD, *form], check)

    def test_not_verified_stays_so(self):
        def check(result):
            self.assertIn(result.returncode, (NOT_VERIFIED, TROUBLE), result.stderr)
            self.assertNotIn(b"\nVERIFIED", b"\n" + result.stdout)
        self.sweep([*BAD, "-brief"], check)

    def test_files_are_written_whole_or_not(self):
        key, certificates = self.folder / "key.pem", self.folder / "certificates.pem"
        arguments = [*GOOD, "-noout", "-pubout", key, "-certs_out", certificates]
        self.assertEqual(self.run_with(arguments, "").returncode, VERIFIED)
        whole = {path: path.read_bytes() for path in (key, certificates)}
        for path in whole:
            path.write_bytes(b"old")

        def check(result):
            for path, content in whole.items():
                now = path.read_bytes()
                self.assertTrue(now == b"old" or now.endswith(b"-----\n"), "whole or not at all")
                self.assertEqual(now.count(b"-----BEGIN"), now.count(b"-----END"))
                if result.returncode == VERIFIED:
                    self.assertEqual(now, content)
                # The certificates of what is not verified may be found to play other parts; a key has no such excuse.
                if path == key:
                    self.assertIn(now, (content, b"old"))
                path.write_bytes(b"old")
            names = {path.name for path in self.folder.iterdir()}
            self.assertEqual(names, {"key.pem", "certificates.pem", "report"}, "nothing is left behind")
        self.sweep(arguments, check)

    def test_stock_openssl_with_the_provider(self):
        """The stock command may fail as it likes, even crash or loop where libcrypto does; it never succeeds with less.
        (OpenSSL 3.0 asks for the end of a store that failed until the end of time, with its own file loader too.)"""
        def lasting(output):
            return re.sub(rb"Verified For: .*", b"", output)

        config = self.folder / "openssl.cnf"
        config.write_text("openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = theirs\n"
                          "mhsmattest = ours\n[theirs]\nactivate = 1\n[ours]\nactivate = 1\n"
                          f"module = {os.environ['MHSMATTEST_MODULE']}\nowner-pins = {POOL_PIN}\n")
        openssl = os.environ.get("OPENSSL", "openssl")
        for evidence, works in ((RESTORED, True), (RECORDED, False)):
            arguments = ["pkey", "-pubin", "-in", evidence, "-text", "-noout"]
            environment = {"program": openssl, "cpu_seconds": 1, "OPENSSL_CONF": str(config)}
            whole = self.run_with(arguments, "", **environment)
            self.assertEqual(whole.returncode == 0, works)

            def check(result, whole=whole, works=works):
                # Without memory for its encoder libcrypto prints that the key is unsupported, and all is well.
                if result.returncode == 0 and b"Attestation:" in result.stdout:
                    self.assertEqual(lasting(result.stdout), lasting(whole.stdout))
                if not works:
                    self.assertNotIn(b"Attestation:", result.stdout)
            self.sweep(arguments, check, runs=12, **environment)


class SystemCalls(Case):
    PRELOAD = os.environ["FAILING_IO"]

    def faulty(self, arguments, fault):
        return self.run_with(arguments, self.PRELOAD, FAIL_IO=fault)

    def test_short_and_interrupted(self):
        """Reads of 7 bytes, writes of 11, and an EINTR before each change nothing."""
        key = self.folder / "key.pem"
        arguments = [*GOOD, "-text", "-pubout", key]
        whole = self.run_with(arguments, "")
        content = key.read_bytes()
        key.unlink()
        result = self.faulty(arguments, "short")
        self.assertEqual((result.returncode, result.stdout, key.read_bytes()), (VERIFIED, whole.stdout, content))

    def test_reading_fails(self):
        for code in (errno.EIO, errno.EISDIR, errno.EAGAIN):
            result = self.faulty([*GOOD, "-brief"], f"read:1:{code}")
            self.assertEqual((result.returncode, result.stdout), (TROUBLE, b""))
            self.assertIn(os.strerror(code).encode(), result.stderr)
        result = self.faulty([*GOOD, "-brief"], f"open:1:{errno.EMFILE}")
        self.assertEqual((result.returncode, result.stdout), (TROUBLE, b""))

    def test_writing_fails_and_old_content_stays(self):
        for option in ("-out", "-pubout", "-certs_out"):
            for call in ("write", "fsync", "close", "rename"):
                path = self.folder / "file"
                path.write_bytes(b"old")
                arguments = [*GOOD, option, path, *(["-noout"] if option != "-out" else [])]
                # The first close is of the evidence, the next of the file.
                for number in (1, 2, 3) if call == "close" else (1,):
                    with self.subTest(option=option, call=call, number=number):
                        result = self.faulty(arguments, f"{call}:{number}:{errno.ENOSPC}")
                        written = path.read_bytes() != b"old"
                        self.assertEqual(result.returncode, VERIFIED if written else TROUBLE)
                        if not written:
                            self.assertIn(b"No space left on device", result.stderr)
                        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["file"], "nothing is left")
                        path.write_bytes(b"old")

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount a file system")
    def test_disk_that_is_really_full(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting is not allowed here")
        try:
            path = disk / "report"
            path.write_bytes(b"old")
            with open(disk / "filler", "wb") as filler:
                try:
                    while True:
                        os.write(filler.fileno(), b"x" * 1024)
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
            result = self.run_with([*GOOD, "-text", "-out", path], "")
            self.assertEqual(result.returncode, TROUBLE)
            self.assertIn(b"No space left on device", result.stderr)
            self.assertEqual(path.read_bytes(), b"old")
            self.assertEqual({entry.name for entry in disk.iterdir()}, {"report", "filler"})
        finally:
            subprocess.run(["umount", disk], check=True)


class Signals(Case):
    def waiting(self, *arguments):
        """The command while it waits for its evidence."""
        process = subprocess.Popen([COMMAND, *WHEN, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        for _ in range(1000):
            state = pathlib.Path(f"/proc/{process.pid}/wchan").read_text() if process.poll() is None else ""
            if "pipe" in state:
                break
            time.sleep(0.01)
        return process

    def test_interrupt_and_termination(self):
        """Dies of the signal, as a shell expects, with nothing written and nothing left behind."""
        path = self.folder / "report"
        path.write_bytes(b"old")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.waiting("-out", path)
            process.send_signal(number)
            out, _ = process.communicate(timeout=60)
            self.assertEqual((process.returncode, out, path.read_bytes()), (-number, b"", b"old"))
            self.assertEqual([entry.name for entry in self.folder.iterdir()], ["report"])

    def test_stop_and_continue(self):
        process = self.waiting("-brief", "-owner_pin", POOL_PIN)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(RESTORED.read_bytes(), timeout=60)
        self.assertEqual(process.returncode, VERIFIED)
        self.assertTrue(out.startswith(b"<stdin>: VERIFIED"))

    def test_reader_that_goes_away(self):
        """Whoever pipes the report into something that stops reading learns it from the status."""
        reader, writer = os.pipe()
        process = subprocess.Popen([COMMAND, *GOOD, "-text"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        os.close(reader)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, TROUBLE)
        self.assertIn(b"Broken pipe", errors)


if __name__ == "__main__":
    unittest.main()
