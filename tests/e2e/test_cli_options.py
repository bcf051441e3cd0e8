"""The command line of openssl-attest: options, exit status and verdicts."""

import json
import re
import subprocess
import unittest

from cli_case import COMMAND, NOT_VERIFIED, SAMPLE, TROUBLE, USAGE, VERIFIED, WHEN, Case, attest


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

    def test_evidence_is_not_overwritten(self):
        link, hard = self.folder / "link.json", self.folder / "hard.json"
        link.symlink_to(self.good)
        hard.hardlink_to(self.good)
        for name in (self.good, link, hard, f"{self.folder}/./good.json"):
            self.assert_usage(["-in", self.good, "-out", name], "which is taken by -in")

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
                          ["-require", "min-bits=many"]):
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
        result = attest("-owner_trust", "any", "-in", self.good, *WHEN, "--")
        self.assert_exit(result, VERIFIED)
        # What it proposes instead no longer trusts any.
        self.assertIn(f"   openssl-attest -in {self.good} {' '.join(WHEN)} -owner_pin {self.pin}\n",
                      result.stdout.decode())
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
        # No line of a certificate can be taken for one of the report.
        certificates = text[text.index("\nCertificate hsm-root, "):].splitlines()[1:]
        self.assertEqual([line for line in certificates if not re.match(r"    |Certificate [a-z-]+, SHA-256 ", line)], [])

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
        policy.write_text('{"version": 1, "name": "non-exportable", "require": []}')
        self.assert_complaint(self.pinned("-policy", policy), USAGE, "it is the name of a built-in policy")

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

    def test_given_garbage(self):
        garbage = self.folder / "garbage"
        garbage.write_text("garbage\n")
        for option in ("csr", "cert", "pubkey"):
            with self.subTest(option):
                result = self.pinned("-" + option, garbage)
                self.assert_exit(result, NOT_VERIFIED)
                self.assertTrue(result.stdout.startswith(b"NOT VERIFIED: bind." + option.encode()), result.stdout)

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


if __name__ == "__main__":
    unittest.main()
