"""The command line of openssl-attest: options, exit status, inputs and outputs.

Environment: OPENSSL_ATTEST (the command), VECTORS (a folder with azure/rsa-2048-fw2.json).
"""

import json
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
import sys
import tempfile
import threading
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


class Usage(Case):
    def assert_usage(self, arguments, *words, summary=True):
        result = attest(*arguments)
        self.assert_complaint(result, USAGE, *words)
        lines = result.stderr.decode().splitlines()
        self.assertEqual(len(lines), 2 if summary else 1, lines)
        if summary:
            self.assertEqual(lines[1], "openssl-attest: Use -help for summary.")

    def test_unknown_option(self):
        result = attest("-foo")
        self.assertEqual(result.returncode, USAGE)
        self.assertEqual(result.stderr.decode(),
                         "openssl-attest: Unknown option: -foo\nopenssl-attest: Use -help for summary.\n")

    def test_missing_value(self):
        for name in ("in", "out", "attime", "outform", "require"):
            self.assert_usage(["-" + name], f"Option -{name} needs a value")

    def test_flag_with_value(self):
        self.assert_usage(["-text=1"], "Option -text does not take a value")

    def test_bad_choice(self):
        self.assert_usage(["-outform", "xml"], '"xml"', "-outform", "text|json|ear")
        self.assert_usage(["-owner_trust", "maybe"], '"maybe"')

    def test_bad_number(self):
        for value in ("abc", "", "12x", "-1", "99999999999999999999", "253402300800", "1.5", " 1"):
            with self.subTest(value):
                self.assert_usage(["-attime", value], f'Can\'t parse "{value}" as a number')

    def test_extra_argument(self):
        self.assert_usage([self.good], "Extra option", "-in")
        self.assert_usage(["--", "file.json"], 'Extra option: "file.json"')
        self.assert_usage(["-"], "Extra option")
        self.assert_usage([""], "Extra option")

    def test_twice(self):
        for arguments in (["-in", "a", "-in", "b"], ["-text", "-text"], ["-attime", "1", "-attime", "1"],
                          ["-outform", "text", "-outform", "text"]):
            self.assert_usage(arguments, "is given twice")

    def test_conflicts(self):
        for arguments in (["-text", "-brief"], ["-text", "-outform", "json"], ["-brief", "-outform", "ear"],
                          ["-noout", "-out", "x"], ["-attime", "1", "-no_check_time"], ["-no_default_hsm_roots"],
                          ["-list_policies", "-list_demands"], ["-out", "x", "-pubout", "x"], ["-pubout", "-"],
                          ["-in", "x", "-out", "x"], ["-noout", "-pubout", "-", "-certs_out", "-"]):
            with self.subTest(arguments):
                self.assert_usage(arguments)

    def test_escapes_what_it_repeats(self):
        result = attest("-\x1b[31mred\u00e9")
        self.assert_complaint(result, USAGE, "\\x1b[31mred\\xc3\\xa9")

    def test_spellings(self):
        base = attest("-in", self.good, "-brief", *WHEN)
        for arguments in (["--in", self.good, "--brief"], [f"-in={self.good}", "-brief"],
                          [f"--in={self.good}", "-brief"],
                          ["-in", self.good, "-brief", "-outform", "TEXT"], ["-in", self.good, "-brief", "--"],
                          ["-in", self.good, "-brief", "-inform", "json"]):
            # "--" must stay last.
            self.assertEqual(attest(*WHEN, *arguments).stdout, base.stdout)

    def test_value_may_start_with_a_dash(self):
        self.assert_complaint(attest("-in", "-noout"), TROUBLE, "-noout: No such file")

    def test_help_wins_over_what_follows(self):
        result = attest("-help", "-foo")
        self.assert_exit(result, 0)
        self.assertTrue(result.stdout.startswith(b"Usage: openssl-attest [options]\n\nGeneral options:\n -help "))
        self.assertEqual(result.stderr, b"")

    def test_help_fits_a_terminal(self):
        for line in attest("-help").stdout.decode().splitlines():
            self.assertLessEqual(len(line), 110, line)

    def test_version(self):
        result = attest("-version")
        self.assert_exit(result, 0)
        self.assertRegex(result.stdout.decode(), r"^openssl-attest \d+\.\d+\S* \(Library: OpenSSL 3\.")

    def test_malformed_trust(self):
        garbage = self.folder / "garbage"
        garbage.write_text("garbage\n")
        for arguments in (["-owner_pin", "sha256:00"], ["-owner_pin", "md5:" + "0" * 64],
                          ["-owner_root", garbage], ["-hsm_root", garbage], ["-known_pools", garbage],
                          ["-policy", garbage], ["-policy", "no-such-policy"], ["-require", "no-such-demand"],
                          ["-require", "min-bits=many"], ["-csr", garbage], ["-cert", garbage], ["-pubkey", garbage]):
            with self.subTest(arguments):
                result = attest("-in", self.good, *arguments)
                self.assert_complaint(result, USAGE, arguments[0])
                self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_unreadable_files_of_other_options(self):
        for option in ("owner_root", "hsm_root", "known_pools", "policy", "csr", "cert", "pubkey"):
            with self.subTest(option):
                missing = self.folder / "missing.pem"
                self.assert_complaint(attest("-in", self.good, "-" + option, missing), USAGE, option, "missing.pem",
                                      "No such file or directory")
                self.assert_complaint(attest("-in", self.good, "-" + option, self.folder), USAGE, "Is a directory")


class Verdicts(Case):
    def test_verified(self):
        result = self.pinned()
        self.assert_exit(result, VERIFIED)
        self.assertTrue(result.stdout.startswith(b'VERIFIED: RSA-2048 key "/keys/key1-'), result.stdout)
        self.assertIn(b'in pool "clitesthsmkeyatsbvzpfrzm"', result.stdout)
        self.assertIn(b"Freshness", result.stdout)
        self.assertNotIn(b"NOT VERIFIED", result.stdout)
        self.assertEqual(result.stderr, b"")

    def test_recorded_sample_is_about_another_name(self):
        result = attest("-in", SAMPLE, "-owner_pin", self.pin, *WHEN)
        self.assert_exit(result, NOT_VERIFIED)
        self.assertTrue(result.stdout.startswith(b"NOT VERIFIED: bind.kid: "), result.stdout)
        self.assertIn(b"The facts below are NOT VERIFIED.", result.stdout)

    def test_unauthenticated_names_the_command_that_pins(self):
        result = attest("-in", self.good, *WHEN)
        self.assert_exit(result, NOT_VERIFIED)
        command = re.search(r"^\s+(openssl-attest .* -owner_pin sha256:[0-9a-f]{64})$", result.stdout.decode(), re.M)
        self.assertTrue(command, result.stdout)
        again = subprocess.run(["sh", "-c", command[1].replace("openssl-attest", '"$0"', 1), COMMAND],
                               capture_output=True, check=False)
        self.assert_exit(again, VERIFIED)

    def test_any_says_so(self):
        result = attest("-in", self.good, "-owner_trust", "any", *WHEN)
        self.assert_exit(result, VERIFIED)
        self.assertTrue(result.stdout.startswith(b"VERIFIED, BUT THE POOL ROOT IS NOT AUTHENTICATED: "))

    def test_any_with_a_pin_is_plain(self):
        result = self.pinned("-owner_trust", "any")
        self.assertTrue(result.stdout.startswith(b"VERIFIED: "))

    def test_brief(self):
        result = self.pinned("-brief")
        self.assert_exit(result, VERIFIED)
        lines = result.stdout.decode().splitlines()
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"good\.json: VERIFIED RSA-2048 /keys/\S+ "
                                   r"pool=clitesthsmkeyatsbvzpfrzm owner=pinned$")

    def test_quiet(self):
        result = self.pinned("-quiet")
        self.assert_exit(result, VERIFIED)
        self.assertEqual((result.stdout, result.stderr), (b"", b""))
        self.assert_exit(attest("-in", SAMPLE, "-quiet"), NOT_VERIFIED)

    def test_quiet_still_writes_out(self):
        out = self.folder / "report.json"
        result = self.pinned("-quiet", "-outform", "json", "-out", out)
        self.assert_exit(result, VERIFIED)
        self.assertEqual(json.loads(out.read_text())["verdict"], "verified")

    def test_verbose_goes_to_stderr(self):
        result = self.pinned("-verbose")
        self.assert_exit(result, VERIFIED)
        self.assertIn(b"Verifying for 2025-05-08T12:00:00Z", result.stderr)
        self.assertEqual(result.stdout, self.pinned().stdout)

    def test_text_shows_everything(self):
        text = self.pinned("-text").stdout.decode()
        self.assertEqual(len(re.findall(r"^Attributes of the (?:private|public) key", text, re.M)), 2)
        self.assertIn("CKA_NEVER_EXTRACTABLE", text)
        self.assertEqual(text.count("Signature Algorithm: sha256WithRSAEncryption"), 2 * 5)
        self.assertTrue(text.isascii())

    def test_time(self):
        early = attest("-in", self.good, "-owner_pin", self.pin, "-attime", "0")
        self.assert_exit(early, NOT_VERIFIED)
        self.assertTrue(early.stdout.startswith(b"NOT VERIFIED: hw."), early.stdout)
        unchecked = attest("-in", self.good, "-owner_pin", self.pin, "-no_check_time", "-outform", "json")
        self.assert_exit(unchecked, VERIFIED)
        self.assertIsNone(json.loads(unchecked.stdout)["time"])

    def test_policies_and_demands(self):
        self.assert_exit(self.pinned("-policy", "authentic"), VERIFIED)
        failed = self.pinned("-policy", "cabf-code-signing")
        self.assert_exit(failed, NOT_VERIFIED)
        self.assertIn(b"policy.key-any-of", failed.stdout)
        self.assert_exit(self.pinned("-require", "min-bits=2048,key-type=RSA", "-require", "owner-pinned"), VERIFIED)
        self.assert_exit(self.pinned("-require", "min-bits=2049"), NOT_VERIFIED)

    def test_policy_file(self):
        policy = self.folder / "policy.json"
        policy.write_text('{"version": 1, "name": "mine", "require": ["min-bits=2048"]}')
        result = self.pinned("-policy", policy)
        self.assert_exit(result, VERIFIED)
        self.assertIn(b"policy mine", result.stdout)

    def test_garbage_is_a_report(self):
        for text in (b"", b"garbage", b"{", b"[]", b"\xff\xfe{\x00}\x00", b"\x00" * 100):
            with self.subTest(text):
                result = attest(input=text)
                self.assert_exit(result, NOT_VERIFIED)
                self.assertRegex(result.stdout.decode(), "^NOT VERIFIED: evidence.")

    def test_hostile_text_never_reaches_the_terminal(self):
        answer = json.loads(self.good.read_text())
        answer["key"]["kid"] = "https://x.example/keys/\x1b[2J\u202e/\n"
        answer["attributes"]["recoveryLevel"] = "\x1b]0;title\x07"
        result = attest("-text", input=json.dumps(answer, ensure_ascii=False).encode())
        self.assert_exit(result, NOT_VERIFIED)
        self.assertRegex(result.stdout, rb"\A[\n\x20-\x7e]*\Z")

    def test_given_keys(self):
        key = self.folder / "key.pem"
        self.assert_exit(self.pinned("-noout", "-pubout", key), VERIFIED)
        self.assert_exit(self.pinned("-pubkey", key), VERIFIED)
        other = self.folder / "other.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-out", self.folder / "private.pem"], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.folder / "private.pem", "-pubout", "-out", other], check=True)
        result = self.pinned("-pubkey", other)
        self.assert_exit(result, NOT_VERIFIED)
        self.assertTrue(result.stdout.startswith(b"NOT VERIFIED: bind.pubkey: "), result.stdout)


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

        result = self.pinned("-out", out, preexec_fn=tiny_files)
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
        self.assert_complaint(result, NOT_VERIFIED, "key.pem", "not verified")
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


@unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
class Schema(Case):
    def setUp(self):
        super().setUp()
        schema = json.loads((REPOSITORY / "docs" / "report.schema.json").read_text())
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        self.validator = validator(schema)

    def report(self, *arguments, **kwargs):
        result = attest("-outform", "json", *arguments, **kwargs)
        self.assertTrue(result.stdout.endswith(b"}\n"))
        report = json.loads(result.stdout)
        errors = [f"{error.json_path}: {error.message}" for error in self.validator.iter_errors(report)]
        self.assertEqual(errors, [])
        self.assertEqual(report["verdict"] == "verified", result.returncode == VERIFIED)
        return report

    def test_verified(self):
        report = self.report("-in", self.good, "-owner_pin", self.pin, *WHEN)
        self.assertIsNone(report["obstacle"])
        self.assertEqual(report["owner"]["trust"], "pinned")
        self.assertIs(report["service_claims"]["unsigned"], True)
        self.assertEqual({item["attestation"] for item in report["objects"]}, {"private", "public"})

    def test_not_verified(self):
        report = self.report("-in", SAMPLE, "-policy", "cabf-code-signing", *WHEN)
        self.assertEqual(report["obstacle"], {"check": "owner.authenticated", "reason": "owner-unauthenticated"})

    def test_any(self):
        report = self.report("-in", self.good, "-owner_trust", "any", *WHEN)
        self.assertEqual(report["owner"]["trust"], "unauthenticated")

    def test_reports_of_what_is_hardly_evidence(self):
        whole = json.loads(self.good.read_text())
        inner = whole["attributes"]["attestation"]
        without = {**inner}
        without.pop("publicKeyAttestation")
        swapped = {**inner, "privateKeyAttestation": inner["publicKeyAttestation"]}
        for evidence in ({}, {"attestation": inner}, inner, without, swapped, {**inner, "certificatePemFile": "AAAA"},
                         {**inner, "version": 1}):
            self.report(input=json.dumps(evidence).encode())
        for text in (b"", b"garbage", b"\xff", b" " * (2 << 20)):
            self.report(input=text)

    def test_schema_is_strict(self):
        report = self.report("-in", self.good, "-owner_pin", self.pin, *WHEN)
        for change in ({"more": 1}, {"version": 2}, {"verdict": "ok"}, {"key": None}, {"time": "today"}):
            self.assertFalse(self.validator.is_valid({**report, **change}), change)

    def test_ear_is_json(self):
        claims = json.loads(self.pinned("-outform", "ear").stdout)
        self.assertIsInstance(claims, dict)


class Lists(Case):
    def test_roots(self):
        result = attest("-list_hsm_roots")
        self.assert_exit(result, 0)
        listed = re.findall(r"^# sha256:\s+([0-9a-f]{64})$", result.stdout.decode(), re.M)
        self.assertEqual(listed, ["230143df00e0b452743e068a5b3fc08df8f06cefc4854ea627aeb7ebd70ee2f4",
                                  "17644de0d33bc73b2f4ef4c20a11f6c8cc1f723a4cd83ee600361cbb24d8d2e5"])
        for block, digest in zip(result.stdout.decode().split("# Marvell")[1:], listed):
            shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=block.encode(),
                                   capture_output=True, check=True).stdout.decode()
            self.assertEqual(shown.split("=")[1].strip().replace(":", "").lower(), digest)
            self.assertIn(shown.split("=")[1].strip(), block)

    def test_listed_roots_replace_the_embedded_ones(self):
        roots = self.folder / "roots.pem"
        self.assert_exit(attest("-list_hsm_roots", "-out", roots), 0)
        self.assert_exit(self.pinned("-no_default_hsm_roots", "-hsm_root", roots), VERIFIED)

    def test_policies_and_demands(self):
        policies = attest("-list_policies").stdout.decode()
        demands = [line.split()[0] for line in attest("-list_demands").stdout.decode().splitlines()]
        self.assertIn("never-extractable", demands)
        for line in policies.splitlines():
            if not line.startswith(" "):
                self.assert_exit(attest("-policy", line, input=b"{}"), NOT_VERIFIED)
            elif not line.strip().startswith("("):
                self.assertIn(line.strip().split("=")[0], [demand.split("=")[0] for demand in demands])

    def test_manual_page_has_every_demand(self):
        page = (REPOSITORY / "docs" / "openssl-attest.1").read_text().replace("\\-", "-").replace("\\fB", "")
        for line in attest("-list_demands").stdout.decode().splitlines():
            self.assertIn(line.split()[0].split("=")[0], page)


class Documentation(Case):
    def test_every_option_is_in_the_manual_page(self):
        page = (REPOSITORY / "docs" / "openssl-attest.1").read_text().replace("\\-", "-")
        described = re.findall(r"^\.TP\n\\fB-(\w+)\\fR", page, re.M)
        self.assertEqual(described, help_options())
        synopsis = page[page.index(".SH SYNOPSIS"):page.index(".SH DESCRIPTION")]
        self.assertEqual(re.findall(r"^\[\\fB-(\w+)", synopsis, re.M), help_options())

    def test_every_option_is_completed(self):
        folder = REPOSITORY / "cli" / "completion"
        options = sorted(help_options())
        bash = (folder / "openssl-attest.bash").read_text()
        listed = re.search(r'options="([^"]*)"', bash)[1].split()
        self.assertEqual(sorted(word.lstrip("-") for word in listed), options)
        zsh = (folder / "openssl-attest.zsh").read_text()
        self.assertEqual(sorted(re.findall(r"^        '(?:\([^)]*\)|\*)?-(\w+)\[", zsh, re.M)), options)
        fish = (folder / "openssl-attest.fish").read_text()
        self.assertEqual(sorted(re.findall(r"^complete -c openssl-attest -o (\w+)", fish, re.M)), options)

    def test_manual_page_is_clean(self):
        page = REPOSITORY / "docs" / "openssl-attest.1"
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        result = subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_exit_status_is_documented(self):
        page = (REPOSITORY / "docs" / "openssl-attest.1").read_text()
        section = page[page.index('.SH "EXIT STATUS"'):page.index(".SH ENVIRONMENT")]
        self.assertEqual(re.findall(r"^\\fB(\d)\\fR$", section, re.M), ["0", "1", "2", "3"])


class Shells(Case):
    def setUp(self):
        super().setUp()
        binaries = self.folder / "bin"
        binaries.mkdir()
        (binaries / "openssl-attest").symlink_to(pathlib.Path(shutil.which(COMMAND) or COMMAND).resolve())
        self.env = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(self.folder)}

    def shell(self, *command):
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        result = subprocess.run(command, env=self.env, capture_output=True, timeout=60, check=False,
                                stdin=subprocess.DEVNULL)
        self.assertEqual(result.stderr, b"")
        return result.stdout.decode()

    def assert_dispatch(self, output):
        self.assertRegex(output, r"\Aopenssl-attest \d.*\nOpenSSL 3")

    def test_bash(self):
        self.assert_dispatch(self.shell("bash", "--norc", "-c", 'eval "$(openssl-attest -shell_init bash)"\n'
                                        "openssl attest -version; openssl version"))

    def test_bash_completes(self):
        script = """
            [ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
            compopt() { :; }
            eval "$(openssl-attest -shell_init bash)"
            try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                    _openssl_or_attest openssl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
                    echo "${COMPREPLY[*]}"; }
            try openssl att; try openssl attest -no_; try openssl attest -outform j
            try openssl attest -require local,min
        """
        self.assertEqual(self.shell("bash", "--norc", "-c", script).splitlines(),
                         ["attest", "-no_check_time -no_default_hsm_roots", "json", "local,min-bits="])

    def test_zsh(self):
        self.assert_dispatch(self.shell("zsh", "-f", "-c", 'eval "$(openssl-attest -shell_init zsh)"\n'
                                        "openssl attest -version; openssl version"))

    def test_fish(self):
        output = self.shell("fish", "-N", "-c", "openssl-attest -shell_init fish | source; openssl attest -version;"
                            "openssl version; complete -C 'openssl attest -outform j'")
        self.assert_dispatch(output)
        self.assertTrue(output.splitlines()[-1].startswith("json"), output)


if __name__ == "__main__":
    if not SAMPLE.exists():
        sys.exit(f"no sample at {SAMPLE}")
    unittest.main()
