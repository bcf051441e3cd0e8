"""The REST surface of the emulator, asked with the standard library.

Environment: MHSM_EMULATOR, OPENSSL_ATTEST.
"""

import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.parse

from emulator import PROGRAM, Emulator

ATTEST = os.environ.get("OPENSSL_ATTEST", "openssl-attest")
VERSION = "?api-version=7.6"
KINDS = ["rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384", "ec-p521", "ec-p256k", "aes-128", "aes-192",
         "aes-256", "two-versions", "exportable"]


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.emulator = cls.enterClassContext(Emulator("-keys", 30)) if hasattr(cls, "enterClassContext") else None
        if cls.emulator is None:
            manager = Emulator("-keys", 30)
            cls.emulator = manager.__enter__()
            cls.addClassCleanup(manager.__exit__, None, None, None)

    def setUp(self):
        self.emulator.clear()

    def json(self, path, **kwargs):
        status, _, body = self.emulator.ask(path, **kwargs)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def attest(self, answer, *options):
        info = self.emulator.info
        with tempfile.NamedTemporaryFile() as saved:
            saved.write(answer)
            saved.flush()
            return subprocess.run([ATTEST, "-in", saved.name, "-hsm_root", info["paths"]["hsm_root"], "-owner_pin",
                                   info["pin"], *options], capture_output=True, check=False, timeout=60)


class Keys(Running):
    def test_every_kind_verifies(self):
        for host in (self.emulator.host, "emulator.managedhsm.azure.net"):
            for name in KINDS:
                status, _, body = self.emulator.ask(f"/keys/{name}/attestation{VERSION}", host=host)
                self.assertEqual(status, 200, body)
                self.assertTrue(json.loads(body)["key"]["kid"].startswith(f"https://{host}/keys/{name}/"))
                result = self.attest(body)
                self.assertEqual(result.returncode, 0, (name, result.stdout, result.stderr))

    def test_exportable_key_is_not_called_non_exportable(self):
        for name, code in (("exportable", 1), ("rsa-2048", 0)):
            body = self.emulator.ask(f"/keys/{name}/attestation{VERSION}")[2]
            self.assertEqual(self.attest(body, "-policy", "non-exportable").returncode, code, name)

    def test_forms_of_the_attestation_url(self):
        latest = self.json(f"/keys/two-versions/attestation{VERSION}")
        self.assertEqual(self.json(f"/keys/two-versions//attestation{VERSION}"), latest)
        version = latest["key"]["kid"].rsplit("/", 1)[1]
        self.assertEqual(self.json(f"/keys/two-versions/{version}/attestation{VERSION}"), latest)
        plain = self.json(f"/keys/two-versions/{version}{VERSION}")
        self.assertEqual(plain["key"], latest["key"])
        self.assertNotIn("attestation", plain["attributes"])

    def test_versions(self):
        kids = [entry["kid"] for entry in self.json(f"/keys/two-versions/versions{VERSION}")["value"]]
        self.assertEqual(len(set(kids)), 2)
        first = self.json(f"/keys/two-versions/versions{VERSION}&maxresults=1")
        second = self.json(first["nextLink"].split(self.emulator.host, 1)[1])
        self.assertEqual([first["value"][0]["kid"], second["value"][0]["kid"]], kids)
        self.assertIsNone(second["nextLink"])

    def test_pages_hold_every_key_once(self):
        names, path = [], f"/keys{VERSION}&maxresults=7"
        while path:
            page = self.json(path)
            self.assertLessEqual(len(page["value"]), 7)
            names += [entry["kid"].rsplit("/", 1)[1] for entry in page["value"]]
            link = page["nextLink"]
            path = link and link.removeprefix("https://" + self.emulator.host)
        self.assertEqual(sorted(names), sorted(KINDS + ["forbidden"] + [f"key-{i:05}" for i in range(1, 31)]))

    def test_numbered_keys_have_ids_of_their_own(self):
        body = self.emulator.ask(f"/keys/key-00030/attestation{VERSION}")[2]
        self.assertEqual(self.attest(body).returncode, 0)

    def test_errors(self):
        for path, code, word in ((f"/keys/nothing{VERSION}", 404, "KeyNotFound"), ("/keys", 400, "BadParameter"),
                                 (f"/keys/rsa-2048/00{VERSION}", 404, "KeyNotFound"),
                                 (f"/keys/forbidden/attestation{VERSION}", 403, "Forbidden"),
                                 (f"/keys{VERSION}&maxresults=26", 400, "BadParameter")):
            status, _, body = self.emulator.ask(path)
            self.assertEqual((status, json.loads(body)["error"]["code"]), (code, word))
        forbidden = json.loads(self.emulator.ask(f"/keys/forbidden{VERSION}")[2])
        self.assertEqual(forbidden["error"]["innererror"]["code"], "ForbiddenByRbac")
        self.assertEqual(self.emulator.ask(f"/keys{VERSION}", host="another.managedhsm.azure.net")[0], 404)


class Authentication(Running):
    def challenge(self, host):
        status, headers, _ = self.emulator.ask(f"/keys{VERSION}", token="", host=host)
        self.assertEqual(status, 401)
        return headers["WWW-Authenticate"]

    def form(self, **changes):
        info = self.emulator.info
        return {"grant_type": "client_credentials", "client_id": info["client_id"],
                "client_secret": info["client_secret"], "scope": f"https://{info['pool']}.localhost/.default", **changes}

    def grant(self, **changes):
        return self.emulator.post_form(f"/{self.emulator.info['tenant']}/oauth2/v2.0/token", self.form(**changes))

    def assertion(self, **changes):
        """A client assertion signed by the command `openssl`."""
        info = self.emulator.info
        client = info["paths"]["client"]
        der = subprocess.run(["openssl", "x509", "-in", client, "-outform", "DER"], capture_output=True, check=True)
        digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der.stdout, capture_output=True,
                                check=True).stdout
        encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        claims = {"aud": f"https://localhost:{info['port']}/{info['tenant']}/oauth2/v2.0/token", "jti": "1",
                  "iss": info["client_id"], "sub": info["client_id"], "exp": 4102444800, **changes}
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": encode(digest)}
        text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", client, "-sigopt", "rsa_padding_mode:pss",
                                    "-sigopt", "rsa_pss_saltlen:digest"], input=text.encode(), capture_output=True,
                                   check=True).stdout
        return text + "." + encode(signature)

    def grant_by(self, assertion):
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return self.grant(client_secret="", client_assertion_type=kind, client_assertion=assertion)

    def assert_good(self, reply):
        self.assertEqual(reply[0], 200, reply[2])
        token = json.loads(reply[2])["access_token"]
        self.assertEqual(self.emulator.ask(f"/keys{VERSION}", token=token)[0], 200)

    def test_challenges(self):
        info = self.emulator.info
        self.assertEqual(self.challenge(self.emulator.host),
                         f'Bearer authorization="https://localhost:{info["port"]}/{info["tenant"]}", '
                         'resource="https://emulator.localhost"')
        self.assertEqual(self.challenge("emulator.managedhsm.azure.net"),
                         f'Bearer authorization="https://login.microsoftonline.com/{info["tenant"]}", '
                         'resource="https://managedhsm.azure.net"')

        for domain, sign_in in (("managedhsm.azure.cn", "login.partner.microsoftonline.cn"),
                                ("managedhsm.usgovcloudapi.net", "login.microsoftonline.us")):
            self.assertEqual(self.challenge("emulator." + domain),
                             f'Bearer authorization="https://{sign_in}/{info["tenant"]}", resource="https://{domain}"')

    def test_the_certificate_is_good_for_every_name(self):
        """Else what must not be followed would fail for another reason, and leave no trace at the stranger."""
        ports = self.emulator.info["ports"]
        for name, port in (("localhost", ports["tls"]), ("emulator.localhost", ports["tls"]),
                           ("stranger.localhost", ports["stranger"]), ("emulator.managedhsm.azure.cn", ports["tls"]),
                           ("login.microsoftonline.us", ports["tls"])):
            with socket.create_connection(("127.0.0.1", port), 60) as plain:
                with self.emulator.context.wrap_socket(plain, server_hostname=name) as connection:
                    self.assertIn(connection.version(), ("TLSv1.2", "TLSv1.3"))

    def test_each_credential(self):
        self.assert_good(self.grant())
        self.assert_good(self.grant_by(self.assertion()))
        self.assert_good(self.grant_by(pathlib.Path(self.emulator.info["paths"]["federated_token"]).read_text()))

    def test_refused_credentials(self):
        for reply in (self.grant(client_secret="wrong"), self.grant_by("x.y.z"), self.grant_by(self.assertion(exp=1)),
                      self.grant_by(self.assertion(aud="https://elsewhere")), self.grant_by(self.assertion(sub="x")),
                      self.grant_by(self.assertion()[:-8] + "AAAAAAAA")):
            self.assertEqual(reply[0], 401, reply[2])
            self.assertEqual(json.loads(reply[2])["error"], "invalid_client")
        wrong = self.emulator.post_form("/00000000-0000-4000-8000-000000000000/oauth2/v2.0/token", self.form())
        self.assertEqual(wrong[0], 400)
        self.assertIn("AADSTS90002", wrong[2].decode())

    def test_tokens_wrong_on_purpose_are_refused(self):
        for how in ("audience", "expired", "tenant"):
            self.emulator.clear()
            self.emulator.fault("token", how=how)
            token = json.loads(self.grant()[2])["access_token"]
            self.assertEqual(self.emulator.ask(f"/keys{VERSION}", token=token)[0], 401, how)
        self.assertEqual(self.emulator.ask(f"/keys{VERSION}", token=self.emulator.token[:-4] + "AAAA")[0], 401)

    def plain(self, path, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.info["ports"]["imds"], timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        reply = answer.status, answer.headers, answer.read()
        connection.close()
        return reply

    def test_managed_identity(self):
        imds = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Femulator.localhost"
        self.assert_good(self.plain(imds, {"Metadata": "true"}))
        self.assertEqual(self.plain(imds, {})[0], 400)
        self.assertEqual(self.plain(imds, {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"})[0], 400)
        msi = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Femulator.localhost"
        self.assert_good(self.plain(msi, {"X-IDENTITY-HEADER": self.emulator.info["identity_header"]}))
        self.assertEqual(self.plain(msi, {"X-IDENTITY-HEADER": "wrong"})[0], 401)


class FaultsAndRecords(Running):
    PATH = f"/keys/rsa-2048/attestation{VERSION}"

    def ask(self):
        return self.emulator.ask(self.PATH)

    def test_broken_connections(self):
        self.emulator.fault("drop", count=1)
        with self.assertRaises((http.client.BadStatusLine, OSError)):
            self.ask()
        self.emulator.fault("half", count=1)
        with self.assertRaises((http.client.IncompleteRead, OSError)):
            self.ask()
        self.assertEqual(self.ask()[0], 200)

    def test_slow_answers_arrive(self):
        good = self.ask()[2]
        self.emulator.fault("stall", seconds=0.1, count=1)
        self.assertEqual(self.ask()[2], good)
        self.emulator.fault("drip", seconds=0.00001, count=1)
        self.assertEqual(self.ask()[2], good)

    def test_statuses(self):
        self.emulator.fault("status", status=429, retry_after=3, count=1)
        status, headers, _ = self.ask()
        self.assertEqual((status, headers["Retry-After"]), (429, "3"))
        self.emulator.fault("content-type", count=1)
        self.assertEqual(self.ask()[1]["Content-Type"], "text/html")
        for kind, body in (("empty", b""), ("not-json", b"This is no JSON.")):
            self.emulator.fault(kind, count=1)
            self.assertEqual(self.ask()[2], body)

    def test_oversized(self):
        for length in ("yes", "no"):
            self.emulator.fault("oversized", size=3000000, length=length, count=1)
            _, headers, body = self.ask()
            self.assertEqual(len(body), 3000000)
            self.assertEqual("Content-Length" in headers, length == "yes")

    def test_redirects_next_links_and_challenges_that_lead_away(self):
        ports = self.emulator.info["ports"]
        leads = {"host": f"https://stranger.localhost:{ports['stranger']}/", "http": f"http://localhost:{ports['imds']}/",
                 "path": "/elsewhere/"}
        for to, start in leads.items():
            self.emulator.fault("redirect", to=to, count=1)
            status, headers, _ = self.ask()
            self.assertEqual(status, 307)
            self.assertTrue(headers["Location"].startswith(start), headers["Location"])
        same = f"/keys{VERSION}&maxresults=5"
        for to, start in {**leads, "same": self.emulator.url(same)}.items():
            if to != "path":
                self.emulator.fault("next-link", to=to, count=1)
                self.assertTrue(self.json(same)["nextLink"].startswith(start))
        for how, word in (("resource", "vault.azure.net"), ("authority", "stranger.localhost"), ("http", '"http://')):
            self.emulator.fault("challenge", how=how, count=1)
            self.assertIn(word, self.emulator.ask(self.PATH, token="")[1]["WWW-Authenticate"])
        self.emulator.fault("challenge", how="none", count=1)
        self.assertNotIn("WWW-Authenticate", self.emulator.ask(self.PATH, token="")[1])

    def test_chance_follows_the_seed(self):
        def statuses():
            with Emulator("-seed", 7, "-fault", "kind=status,status=503,probability=0.5") as emulator:
                return [emulator.ask(self.PATH)[0] for _ in range(24)]
        first = statuses()
        self.assertEqual(set(first), {200, 503})
        self.assertEqual(statuses(), first)

    def test_requests_are_recorded(self):
        self.ask()
        self.emulator.ask(self.PATH, port=self.emulator.info["ports"]["stranger"], token="secret")
        ours, strange = self.emulator.requests()
        self.assertEqual((ours["listener"], ours["method"], ours["path"], ours["query"]),
                         ("pool", "GET", self.PATH.split("?")[0], VERSION[1:]))
        self.assertEqual(strange["listener"], "stranger")
        self.assertIn(["authorization", "Bearer secret"], strange["headers"])
        self.emulator.clear()
        self.assertEqual(self.emulator.requests(), [])

    def test_token_requests_are_recorded_with_their_body(self):
        self.emulator.post_form("/t/oauth2/v2.0/token", {"client_id": "somebody"})
        self.assertEqual(urllib.parse.parse_qs(self.emulator.requests()[0]["body"]), {"client_id": ["somebody"]})


class Command(unittest.TestCase):
    def test_a_signal_ends_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            manager = Emulator()
            with manager as emulator:
                emulator.ask(f"/keys{VERSION}")
                emulator.process.send_signal(number)
                self.assertEqual(emulator.process.wait(30), 0)
            self.assertEqual(manager.exit_code, 0)

    def test_wrong_usage(self):
        for options in (["-wrong"], ["-port"], ["-port", "x"], ["-fault", "kind=wrong"], ["-pool", "UPPER"]):
            result = subprocess.run([PROGRAM, *options], capture_output=True, check=False, timeout=60)
            self.assertEqual(result.returncode, 2)
            self.assertEqual(len(result.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
