"""Formats, lists, documentation and shell integration of openssl-attest."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from cli_case import (COMMAND, NOT_VERIFIED, REPOSITORY, SAMPLE, VERIFIED, WHEN, Case, attest, help_options, jsonschema)


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
        self.assertEqual(claims["submods"]["managed-hsm-key"]["ear.status"], "affirming")

    def test_ear_warns_of_an_unknown_owner(self):
        for arguments, status in ((["-owner_trust", "any"], "warning"), ([], "contraindicated")):
            result = attest("-in", self.good, *WHEN, *arguments, "-outform", "ear")
            appraisal = json.loads(result.stdout)["submods"]["managed-hsm-key"]
            self.assertEqual(appraisal["ear.status"], status)
            self.assertEqual(appraisal["mhsm-attest.owner-trust"], "unauthenticated")
            self.assertNotEqual(appraisal["ear.trustworthiness-vector"]["instance-identity"], 2)


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
    unittest.main()
