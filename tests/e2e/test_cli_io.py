"""Inputs, outputs and colour of openssl-attest."""

import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import stat
import subprocess
import threading
import unittest

from cli_case import COMMAND, NOT_VERIFIED, SAMPLE, TROUBLE, VERIFIED, WHEN, Case, attest, jsonschema


class Inputs(Case):
    def test_stdin(self):
        evidence = self.good.read_bytes()
        for arguments in ([], ["-in", "-"]):
            result = attest("-brief", "-owner_pin", self.pin, *WHEN, *arguments, input=evidence)
            self.assert_exit(result, VERIFIED)
            self.assertTrue(result.stdout.startswith(b"<stdin>: VERIFIED"))

    def test_stdin_in_pieces(self):
        evidence = self.good.read_bytes()
        with subprocess.Popen([COMMAND, "-quiet", "-owner_pin", self.pin, *WHEN], stdin=subprocess.PIPE) as process:
            for start in range(0, len(evidence), 1000):
                process.stdin.write(evidence[start:start + 1000])
                process.stdin.flush()
            process.stdin.close()
            self.assertEqual(process.wait(timeout=60), VERIFIED)

    def test_fifo(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        writer = threading.Thread(target=lambda: fifo.write_bytes(self.good.read_bytes()))
        writer.start()
        result = attest("-in", fifo, "-quiet", "-owner_pin", self.pin, *WHEN)
        writer.join()
        self.assert_exit(result, VERIFIED)

    def test_unreadable(self):
        self.assert_complaint(attest("-in", self.folder / "none.json"), TROUBLE, "none.json: No such file or directory")
        self.assert_complaint(attest("-in", self.folder), TROUBLE, "Is a directory")
        self.assert_complaint(attest("-in", ""), TROUBLE, "No such file or directory")

    def test_closed_stdin(self):
        result = subprocess.run(["sh", "-c", 'exec "$0" -quiet <&-', COMMAND], capture_output=True, check=False)
        self.assert_complaint(result, TROUBLE, "Bad file descriptor")

    def test_huge_file_costs_little(self):
        if b"__asan_init" in pathlib.Path(shutil.which(COMMAND) or COMMAND).read_bytes():
            self.skipTest("sanitizers need more memory")
        huge = self.folder / "huge"
        with open(huge, "wb") as file:
            file.truncate(1 << 30)
        process = subprocess.Popen([COMMAND, "-in", huge, "-brief"], stdout=subprocess.PIPE)
        output = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, NOT_VERIFIED)
        self.assertIn(b"NOT VERIFIED evidence.json", output)
        self.assertLess(usage.ru_maxrss, 64 << 10)

    def test_endless_input(self):
        with open("/dev/zero", "rb") as zero:
            self.assert_exit(attest("-quiet", stdin=zero), NOT_VERIFIED)

    def test_terminal_is_told(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([COMMAND, "-quiet"], stdin=slave, stderr=subprocess.PIPE)
        os.close(slave)
        try:
            self.assertIn(b"stdin", process.stderr.readline())
            os.write(master, b"\x04")
            self.assertEqual(process.wait(timeout=60), NOT_VERIFIED)
        finally:
            process.kill()
            process.stderr.close()
            os.close(master)


class Outputs(Case):
    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_out(self):
        out = self.folder / "report"
        result = self.pinned("-out", out)
        self.assert_exit(result, VERIFIED)
        self.assertEqual(result.stdout, b"")
        self.assertTrue(out.read_text().startswith("VERIFIED: "))
        self.assertEqual(self.names(), ["good.json", "report"])

    def test_out_keeps_mode_and_link(self):
        out, link = self.folder / "report", self.folder / "link"
        out.write_text("old")
        out.chmod(0o640)
        link.symlink_to(out)
        self.assert_exit(self.pinned("-out", link), VERIFIED)
        self.assertTrue(link.is_symlink())
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o640)
        self.assertTrue(out.read_text().startswith("VERIFIED"))

    def test_out_obeys_umask(self):
        out = self.folder / "report"
        self.assert_exit(self.pinned("-out", out, preexec_fn=lambda: os.umask(0o027)), VERIFIED)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o640)

    def test_failed_write_leaves_old_content(self):
        out = self.folder / "report"
        out.write_text("old")

        def tiny_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        # A coverage profile would not fit either, and would be complained about.
        result = self.pinned("-out", out, preexec_fn=tiny_files, env={"LLVM_PROFILE_FILE": "/dev/null"})
        self.assert_complaint(result, TROUBLE, "report: File too large")
        self.assertEqual(out.read_text(), "old")
        self.assertEqual(self.names(), ["good.json", "report"])

    def test_out_to_missing_folder_or_folder(self):
        self.assert_complaint(self.pinned("-out", self.folder / "none" / "x"), TROUBLE, "No such file or directory")
        self.assert_complaint(self.pinned("-out", self.folder), TROUBLE, "Is a directory")

    def test_devices_are_not_replaced(self):
        self.assert_exit(self.pinned("-out", "/dev/null"), VERIFIED)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assert_complaint(self.pinned("-out", "/dev/full"), TROUBLE, "No space left on device")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_full_stdout(self):
        for arguments in (["-in", self.good], ["-help"], ["-list_hsm_roots"]):
            with open("/dev/full", "wb") as full:
                result = attest(*arguments, stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(result.returncode, TROUBLE)
            self.assertIn(b"<stdout>: No space left on device", result.stderr)

    def test_closed_stdout(self):
        for arguments in (["-help"], ["-in", str(self.good)]):
            result = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', COMMAND, *arguments], stderr=subprocess.PIPE,
                                    check=False)
            self.assertEqual(result.returncode, TROUBLE)
            self.assertIn(b"Bad file descriptor", result.stderr)

    def test_closed_stdout_is_not_mistaken_for_a_file(self):
        out = self.folder / "key.pem"
        script = 'exec "$0" "$@" >&- 2>&-'
        result = subprocess.run(["sh", "-c", script, COMMAND, "-in", str(self.good), "-owner_pin", self.pin, *WHEN,
                                 "-pubout", str(out)], check=False)
        self.assertEqual(result.returncode, TROUBLE)
        self.assertTrue(out.read_text().startswith("-----BEGIN PUBLIC KEY-----\n"))
        self.assertTrue(out.read_text().endswith("-----END PUBLIC KEY-----\n"))

    def test_broken_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        result = attest("-help", stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        self.assertEqual(result.returncode, TROUBLE)
        self.assertIn(b"Broken pipe", result.stderr)

    def test_pubout(self):
        result = self.pinned("-noout", "-pubout", "-")
        self.assert_exit(result, VERIFIED)
        shown = subprocess.run(["openssl", "pkey", "-pubin", "-noout", "-text"], input=result.stdout,
                               capture_output=True, check=True)
        self.assertIn(b"Public-Key: (2048 bit)", shown.stdout)

    def test_pubout_only_if_verified(self):
        out = self.folder / "key.pem"
        out.write_text("old")
        result = attest("-in", self.good, *WHEN, "-quiet", "-pubout", out)
        self.assert_complaint(result, NOT_VERIFIED, "key.pem", "not verified; what the file holds is older")
        self.assertEqual(out.read_text(), "old")

    def test_certs_out(self):
        result = attest("-in", SAMPLE, "-noout", "-certs_out", "-")
        self.assert_exit(result, NOT_VERIFIED)
        roles = re.findall(r"^# (\S+): ", result.stdout.decode(), re.M)
        self.assertEqual(roles, ["hsm-root", "adapter", "partition", "pool-root", "owner-partition"])
        for role, block in zip(roles, result.stdout.decode().split("# ")[1:]):
            subprocess.run(["openssl", "x509", "-noout"], input=block.encode(), check=True)

    def test_certs_out_without_certificates(self):
        out = self.folder / "certs.pem"
        result = attest("-noout", "-certs_out", out, input=b"{}")
        self.assert_complaint(result, NOT_VERIFIED, "certs.pem")
        self.assertFalse(out.exists())


class Colour(Case):
    def on_terminal(self, *arguments, **env):
        master, slave = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        environment.update({"TERM": "xterm", **env})
        process = subprocess.Popen([COMMAND, "-in", self.good, *WHEN, *map(str, arguments)], stdout=slave,
                                   env=environment)
        os.close(slave)
        output = b""
        while True:
            select.select([master], [], [], 60)
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux reports the end of a terminal this way
                break
            if not piece:
                break
            output += piece
        os.close(master)
        process.wait()
        return output

    def test_terminal(self):
        output = self.on_terminal()
        self.assertTrue(output.startswith(b"\x1b[1;31mNOT VERIFIED\x1b[0m: "), output)
        self.assertIn(b"\x1b[32mok\x1b[0m", output)
        self.assertIn(b"\x1b[32mVERIFIED\x1b[0m", self.on_terminal("-brief", "-owner_pin", self.pin))

    def test_never(self):
        for arguments, env in (([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), ([], {"TERM": ""}), (["-nocolor"], {}),
                               (["-outform", "json"], {})):
            with self.subTest((arguments, env)):
                self.assertNotIn(b"\x1b", self.on_terminal(*arguments, **env))

    def test_empty_no_color_means_unset(self):
        self.assertIn(b"\x1b[", self.on_terminal(NO_COLOR=""))

    def test_file(self):
        self.on_terminal("-out", self.folder / "report")
        self.assertNotIn(b"\x1b", (self.folder / "report").read_bytes())

    def test_pipe(self):
        self.assertNotIn(b"\x1b", self.pinned(env={"TERM": "xterm"}).stdout)



if __name__ == "__main__":
    unittest.main()
