"""The command and the provider against the emulator: credentials, refusals, whole pools.

Environment: MHSM_EMULATOR, OPENSSL_ATTEST; MHSMATTEST_MODULE, MHSM_FETCH_LIBRARY (for the provider), OPENSSL.
"""

import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from emulator import Emulator

ATTEST = os.environ.get("OPENSSL_ATTEST", "openssl-attest")
OPENSSL = os.environ.get("OPENSSL", "openssl")
MODULE = os.environ.get("MHSMATTEST_MODULE")
LIBRARY = os.environ.get("MHSM_FETCH_LIBRARY")
VERIFIED, NOT_VERIFIED, USAGE, TROUBLE = 0, 1, 2, 3
KEYS = 120


class Case(unittest.TestCase):
    keys = KEYS

    @classmethod
    def setUpClass(cls):
        manager = Emulator("-keys", cls.keys)
        cls.emulator = manager.__enter__()
        cls.addClassCleanup(manager.__exit__, None, None, None)

    def setUp(self):
        self.emulator.clear()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fetching-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.secrets = [self.emulator.token, self.emulator.info["client_secret"]]

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("AZURE_", "IDENTITY_", "MHSM_ACCESS")) and not k.lower().endswith("_proxy")}
        return {**clean, "XDG_CONFIG_HOME": str(self.folder), "AZURE_AUTHORITY_HOST": self.authority(), **more}

    def authority(self):
        return f"https://localhost:{self.emulator.port}"

    def trusted(self):
        info = self.emulator.info
        return ["-CAfile", self.emulator.ca_file, "-allow_host", self.emulator.host, "-hsm_root",
                info["paths"]["hsm_root"], "-owner_pin", info["pin"]]

    def command(self, *arguments):
        return [ATTEST, *map(str, arguments), *self.trusted()]

    def attest(self, *arguments, retries=0, timeout=10, **environment):
        result = subprocess.run(self.command(*arguments, "-retries", retries, "-timeout", timeout),
                                env=self.environment(**environment), capture_output=True, text=True, timeout=120,
                                check=False, stdin=subprocess.DEVNULL)
        for secret in self.secrets:
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result

    def fetch(self, key="rsa-2048", **kwargs):
        arguments = kwargs.pop("arguments", ["-brief"])
        return self.attest("-uri", self.emulator.url(f"/keys/{key}"), *arguments, **kwargs)

    def with_token(self, **more):
        return {"MHSM_ACCESS_TOKEN": self.emulator.token, **more}

    def assert_exit(self, result, code):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)

    def assert_refused(self, result, *words):
        self.assert_exit(result, TROUBLE)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in words:
            self.assertRegex(result.stderr, word)

    def tokens_seen_by(self, *listeners):
        return [request for request in self.emulator.requests()
                if request["listener"] in listeners and any(name == "authorization" for name, _ in request["headers"])]


class Credentials(Case):
    def test_token(self):
        self.assert_exit(self.fetch(**self.with_token()), VERIFIED)
        file = self.folder / "token"
        file.write_text(f"  {self.emulator.token}\n")
        self.assert_exit(self.fetch(arguments=["-brief", "-token_file", file]), VERIFIED)
        self.assert_refused(self.fetch(arguments=["-brief", "-token_file", self.folder / "missing"]), "missing")

    def client(self, **more):
        return {"AZURE_CLIENT_ID": self.emulator.info["client_id"], **more}

    def test_client_secret(self):
        secret = self.emulator.info["client_secret"]
        self.assert_exit(self.fetch(**self.client(AZURE_CLIENT_SECRET=secret)), VERIFIED)
        self.secrets.append("a-wrong-secret")
        self.assert_refused(self.fetch(**self.client(AZURE_CLIENT_SECRET="a-wrong-secret")), "AZURE|secret|client")

    def test_client_certificate(self):
        path = self.emulator.info["paths"]["client"]
        self.assert_exit(self.fetch(**self.client(AZURE_CLIENT_CERTIFICATE_PATH=path)), VERIFIED)

    def test_workload_identity(self):
        path = self.emulator.info["paths"]["federated_token"]
        self.assert_exit(self.fetch(**self.client(AZURE_FEDERATED_TOKEN_FILE=path)), VERIFIED)

    def test_managed_identity_of_an_app_service(self):
        info = self.emulator.info
        self.assert_exit(self.fetch(IDENTITY_ENDPOINT=info["urls"]["msi"], IDENTITY_HEADER=info["identity_header"]),
                         VERIFIED)

    def test_azure_cli(self):
        tools = self.folder / "bin"
        tools.mkdir()
        script = tools / "az"
        script.write_text(f"#!/bin/sh\necho \"$@\" >{self.folder}/arguments\n"
                          f"echo '{{\"accessToken\": \"'$(cat {self.emulator.token_file})'\", \"expires_on\": 99999999999}}'\n")
        script.chmod(0o755)
        path = f"{tools}:{os.environ['PATH']}"
        self.assert_exit(self.fetch(arguments=["-brief", "-auth", "azure-cli"], PATH=path), VERIFIED)
        self.assertIn("account get-access-token", (self.folder / "arguments").read_text())
        script.write_text("#!/bin/sh\necho 'ERROR: Please run az login' >&2; exit 1\n")
        self.assert_refused(self.fetch(arguments=["-brief", "-auth", "azure-cli"], PATH=path), "az login")

    def test_what_is_not_set_up_is_named(self):
        for mode, word in (("token", "MHSM_ACCESS_TOKEN"), ("client-secret", "AZURE_CLIENT_SECRET"),
                           ("client-certificate", "AZURE_CLIENT_CERTIFICATE_PATH"),
                           ("workload-identity", "AZURE_FEDERATED_TOKEN_FILE")):
            with self.subTest(mode):
                self.assert_refused(self.fetch(arguments=["-brief", "-auth", mode]), word)


class Refusals(Case):
    def test_bad_tokens_are_explained(self):
        for how, words in (("tenant", "tenant"), ("audience", "audience|for https"), ("expired", "expired")):
            with self.subTest(how):
                self.emulator.clear()
                self.emulator.fault("token", how=how)
                result = self.fetch(AZURE_CLIENT_ID=self.emulator.info["client_id"],
                                    AZURE_CLIENT_SECRET=self.emulator.info["client_secret"])
                self.assert_refused(result, words)

    def test_evil_challenges(self):
        for how in ("resource", "authority", "http"):
            with self.subTest(how):
                self.emulator.clear()
                self.emulator.fault("challenge", how=how)
                result = self.fetch(AZURE_CLIENT_ID=self.emulator.info["client_id"],
                                    AZURE_CLIENT_SECRET=self.emulator.info["client_secret"])
                self.assert_exit(result, TROUBLE)
                self.assertEqual(self.tokens_seen_by("stranger", "plain"), [])
                self.assertFalse([request for request in self.emulator.requests() if request["method"] == "POST"])

    def test_redirects_are_not_followed(self):
        for to in ("path", "host", "http"):
            with self.subTest(to):
                self.emulator.clear()
                self.emulator.fault("redirect", to=to, path="/attestation")
                self.assert_refused(self.fetch(**self.with_token()), "redirect")
                self.assertFalse([r for r in self.emulator.requests() if r["listener"] in ("stranger", "plain")])

    def test_lists_do_not_lead_elsewhere(self):
        for to in ("host", "http", "same"):
            with self.subTest(to):
                self.emulator.clear()
                self.emulator.fault("next-link", to=to)
                result = self.attest("-pool", self.emulator.url(), "-quiet", **self.with_token())
                self.assert_exit(result, TROUBLE)
                self.assertFalse([r for r in self.emulator.requests() if r["listener"] in ("stranger", "plain")])

    def test_bad_answers(self):
        for kind, settings, words in (("oversized", {"length": "yes"}, "1 MiB"), ("oversized", {"length": "no"}, "1 MiB"),
                                      ("content-type", {}, "text/html"), ("half", {}, "cut off|transfer closed"),
                                      ("drop", {}, "check the network|empty reply|connection"), ("drip", {"seconds": 0.2}, "time"),
                                      ("stall", {"seconds": 5}, "time"), ("status", {"status": 500}, "500"),
                                      ("status", {"status": 429, "retry_after": 1}, "429")):
            with self.subTest(kind, **settings):
                self.emulator.clear()
                self.emulator.fault(kind, path="/attestation", **settings)
                self.assert_refused(self.fetch(timeout=2, **self.with_token()), "(?i)" + words)

    def test_not_evidence_is_a_report(self):
        for kind in ("not-json", "empty"):
            self.emulator.clear()
            self.emulator.fault(kind, path="/attestation")
            self.assertIn(self.fetch(**self.with_token()).returncode, (NOT_VERIFIED, TROUBLE))

    def test_what_passes_is_tried_again(self):
        for settings in ({"status": 503, "retry_after": 1}, {"status": 408}, {"status": 500}):
            self.emulator.clear()
            self.emulator.fault("status", count=1, path="/attestation", **settings)
            self.assert_exit(self.fetch(retries=2, **self.with_token()), VERIFIED)

    def test_forbidden_and_missing(self):
        self.assert_refused(self.fetch("forbidden", **self.with_token()), "Managed HSM Crypto User", "403|Forbidden")
        self.assert_refused(self.fetch("no-such-key", **self.with_token()), "no-such-key", "404|KeyNotFound")


class Pools(Case):
    def pool(self, *arguments, **kwargs):
        return self.attest("-pool", self.emulator.url(), *arguments, **self.with_token(), **kwargs)

    def entries(self, text):
        return [json.loads(line) for line in text.splitlines()]

    def test_every_key_once(self):
        result = self.pool("-outform", "json", "-totals", self.folder / "totals.json")
        entries = self.entries(result.stdout)
        names = [entry["id"] for entry in entries]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(sum("/keys/key-" in name for name in names), KEYS)
        verdicts = {entry["id"].split("/keys/")[1]: entry["verdict"] for entry in entries}
        self.assertEqual(verdicts.pop("forbidden"), "error")
        self.assertEqual(set(verdicts.values()), {"verified"}, result.stderr)
        self.assert_exit(result, TROUBLE)  # one key could not be fetched
        totals = json.loads((self.folder / "totals.json").read_text())
        self.assertEqual((totals["verified"], totals["errors"], totals["interrupted"]), (len(verdicts), 1, False))
        self.assertIn(f"{len(verdicts)} verified, 0 not verified, 1 could not be", result.stderr)

    def test_policies_count(self):
        result = self.pool("-policy", "non-exportable", "-outform", "csv")
        self.assert_exit(result, NOT_VERIFIED)
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        refused = [row["id"].rsplit("/", 1)[1] for row in rows if row["verdict"] == "not verified"]
        self.assertEqual(refused, ["exportable"])

    def test_versions(self):
        entries = self.entries(self.pool("-all_versions", "-outform", "json").stdout)
        versions = [entry["id"] for entry in entries if "/keys/two-versions" in entry["id"]]
        self.assertEqual(len(set(versions)), 2)
        self.assertTrue(all(re.search("/keys/[^/]+/[^/]+$", name) for name in versions))

    def test_nothing_is_lost_under_faults(self):
        self.emulator.fault("status", status=503, probability=0.04, path="/attestation")
        self.emulator.fault("drop", probability=0.03)
        self.emulator.fault("half", probability=0.03, path="/attestation")
        result = self.pool("-outform", "json", "-jobs", "16", retries=8)
        names = [entry["id"] for entry in self.entries(result.stdout)]
        self.assertEqual(len(names), len(set(names)))
        failed = [entry["id"] for entry in self.entries(result.stdout) if entry["verdict"] != "verified"]
        self.assertEqual([name.rsplit("/", 1)[1] for name in failed], ["forbidden"], result.stderr)
        self.assertEqual(sum("/keys/key-" in name for name in names), KEYS)

    def test_interrupted_and_resumed(self):
        out, state = self.folder / "out.jsonl", self.folder / "state"
        arguments = ["-pool", self.emulator.url(), "-outform", "json", "-out", out, "-resume", state, "-jobs", "2"]
        self.emulator.fault("stall", seconds=0.2, path="/attestation")
        process = subprocess.Popen(self.command(*arguments), env=self.environment(**self.with_token()),
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (out.exists() and out.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, TROUBLE, errors)
        self.assertIn("Interrupted", errors)
        first = self.entries(out.read_text())
        self.assertTrue(0 < len(first) < KEYS)
        self.emulator.clear()
        result = self.attest(*arguments, **self.with_token())
        self.assert_exit(result, TROUBLE)  # the forbidden key
        entries = self.entries(out.read_text())
        verified = [entry["id"] for entry in entries if entry["verdict"] == "verified"]
        self.assertEqual(len(verified), len(set(verified)))
        self.assertEqual(sum("/keys/key-" in name for name in verified), KEYS)
        self.assertIn(f"{len(verified)} verified", result.stderr)
        # Outcomes of other settings are not mixed in.
        other = self.attest(*arguments, "-policy", "non-exportable", **self.with_token())
        self.assert_exit(other, USAGE)
        self.assertIn("other policy or trust settings", other.stderr)

    def test_saved_files_verify(self):
        folder = self.folder / "saved"
        self.pool("-save", folder, "-quiet")
        files = sorted(folder.iterdir())
        self.assertEqual(sum(file.name.startswith("key-") for file in files), KEYS)
        info = self.emulator.info
        result = subprocess.run([ATTEST, "-in", files[0], "-brief", "-hsm_root", info["paths"]["hsm_root"], "-owner_pin",
                                 info["pin"]], env=self.environment(), capture_output=True, text=True, check=False)
        self.assert_exit(result, VERIFIED)

    def test_nothing_to_list_is_no_success(self):
        self.emulator.fault("status", status=403, path="/keys$")
        self.assert_exit(self.pool("-quiet"), TROUBLE)


@unittest.skipUnless(MODULE, "a module with sanitizers cannot be loaded by the stock command")
class Provider(Case):
    def openssl(self, *arguments, **environment):
        info = self.emulator.info
        config = self.folder / "openssl.cnf"
        config.write_text(f"""openssl_conf = openssl_init
[openssl_init]
providers = provider_section
[provider_section]
default = default_section
mhsmattest = mhsmattest_section
[default_section]
activate = 1
[mhsmattest_section]
module = {MODULE}
fetch-library = {LIBRARY}
ca-file = {self.emulator.ca_file}
allow-hosts = {self.emulator.host}
hsm-roots = {info["paths"]["hsm_root"]}
owner-pins = {info["pin"]}
retries = 0
activate = 1
[req]
distinguished_name = dn
[dn]
""")
        return subprocess.run([OPENSSL, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, check=False,
                              env=self.environment(OPENSSL_CONF=str(config), **{**self.with_token(), **environment}))

    def uri(self, key):
        return f"mhsm://{self.emulator.host}/keys/{key}"

    def test_keys_of_every_kind(self):
        for key, words in (("rsa-2048", "Public-Key: (2048 bit)"), ("ec-p256", "prime256v1"), ("aes-256", "Attestation:")):
            result = self.openssl("pkey", "-pubin", "-in", self.uri(key), "-text", "-noout")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(words, result.stdout)
            self.assertIn(f"/keys/{key}/", result.stdout)

    def test_certificate_for_exactly_the_attested_key(self):
        for command in (["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=CA", "-out",
                         "ca.pem"],
                        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj", "/CN=x", "-out",
                         "request.pem"],
                        ["x509", "-req", "-in", "request.pem", "-force_pubkey", self.uri("rsa-3072"), "-CA", "ca.pem",
                         "-CAkey", "ca.key", "-out", "cert.pem"]):
            result = self.openssl(*command)
            self.assertEqual(result.returncode, 0, result.stderr)
        issued = self.openssl("x509", "-in", "cert.pem", "-noout", "-pubkey").stdout
        self.assertEqual(issued, self.openssl("pkey", "-pubin", "-in", self.uri("rsa-3072"), "-pubout").stdout)

    def test_refusals_are_the_error(self):
        result = self.openssl("pkey", "-pubin", "-in", self.uri("forbidden"), "-noout")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the evidence could not be fetched", result.stderr)
        self.assertIn("Managed HSM Crypto User", result.stderr)
        stranger = self.openssl("pkey", "-pubin", "-in", "mhsm://elsewhere.example/keys/a", "-noout")
        self.assertIn("elsewhere.example", stranger.stderr)
        self.assertNotIn(self.emulator.token, result.stderr + stranger.stderr)


if __name__ == "__main__":
    unittest.main()
