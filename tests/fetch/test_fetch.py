#!/usr/bin/env python3
"""The fetch library against servers on loopback: credentials, hostile services, faults, whole pools."""
import json
import os
import socket
import subprocess
import time
import unittest
import urllib.parse

from service import AUDIENCE, GOOD_TOKEN, POOL, SIGN_IN, TENANT, Service, jwt

KEY = f"https://{POOL}/keys/signing"
PATH = "/keys/signing/attestation"
(BAD_PARAMETER, HOST_REFUSED, NO_CREDENTIAL, CREDENTIAL_FAILED, CHALLENGE_REFUSED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, THROTTLED,
 SERVICE, RESOLVE, CONNECT, TLS, TIMEOUT, TOO_LARGE, PROTOCOL, STOPPED) = range(1, 18)


def drop(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def status(code, error=None, headers=()):
    return lambda handler: handler.answer(code, {"error": error or {"code": "Injected", "message": "as asked"}}, headers)


class FetchCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)

    def setUp(self):
        self.service.reset()

    def probe(self, command, url, *options, env=None, token=GOOD_TOKEN, ca=True, connect=True):
        arguments = [os.environ["FETCH_PROBE"], os.environ["MHSM_FETCH_LIBRARY"], command, url]
        if ca:
            arguments += ["-CAfile", str(self.service.path / "ca.pem")]
        for entry in self.service.connections() if connect else []:
            arguments += ["-connect_to", entry]
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS") if name in os.environ}
        if token:
            environment["MHSM_ACCESS_TOKEN"] = token
        result = subprocess.run(arguments + list(options), env=environment | (env or {}), capture_output=True, text=True, timeout=120)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        for secret in filter(None, (token, GOOD_TOKEN, (env or {}).get("AZURE_CLIENT_SECRET"))):
            self.assertNotIn(secret, result.stderr)
            self.assertNotIn(secret, result.stdout)
        self.log = result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def get(self, *options, url=KEY, **more):
        (answer,) = self.probe("get", url, *options, **more)
        return answer

    def assert_fetched(self, answer):
        self.assertIn("bytes", answer, answer)
        self.assertEqual(json.loads(answer["bytes"])["key"]["kid"], KEY)
        self.assertEqual(answer["tls_pool"], "contoso")

    def assert_failed(self, answer, code, *words):
        self.assertEqual(answer.get("status"), code, answer)
        for word in words:
            self.assertIn(word, answer["error"])
        self.assertNotIn("\n", answer["error"])

    def tokens_sent_to(self):
        return {host for host, _, headers, _ in self.service.requests if "Authorization" in headers}


class Credentials(FetchCase):
    def test_token_of_the_environment(self):
        self.assert_fetched(self.get())
        self.assertEqual([("Authorization" in headers) for _, _, headers, _ in self.service.requests], [False, True])
        self.assertEqual(self.service.requests[1][2]["Authorization"], "Bearer " + GOOD_TOKEN)

    def test_token_file(self):
        file = self.service.path / "token"
        file.write_text(GOOD_TOKEN + "\n")
        self.assert_fetched(self.get("-token_file", str(file), token="elsewhere"))

    def test_token_that_would_break_the_header(self):
        file = self.service.path / "token"
        file.write_text("one\r\nX-Evil: two")
        self.assert_failed(self.get("-token_file", str(file)), CREDENTIAL_FAILED, "bearer token")

    def test_client_secret(self):
        secret = "p~s+/ &=%"
        self.assert_fetched(self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": secret}))
        host, path, _, form = self.service.requests[1]
        self.assertEqual((host, path), (SIGN_IN, f"/{TENANT}/oauth2/v2.0/token"))
        self.assertEqual(urllib.parse.parse_qs(form), {"grant_type": ["client_credentials"], "client_id": ["app"],
                                                       "scope": [AUDIENCE + "/.default"], "client_secret": [secret]})

    def test_wrong_client_secret(self):
        answer = self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": "wrong"})
        self.assert_failed(answer, CREDENTIAL_FAILED, "AADSTS7000215", SIGN_IN)

    def make_identity(self):
        folder = self.service.path
        pem, key, pfx = folder / "app.pem", folder / "app.key", folder / "app.pfx"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=app", "-keyout", key, "-out", pem],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "pkcs12", "-export", "-in", pem, "-inkey", key, "-out", pfx, "-passout", "pass:open"], check=True)
        pem.write_text(pem.read_text() + key.read_text())
        return pem, pfx

    def test_client_certificate(self):
        for file in self.make_identity():
            with self.subTest(file=file.name):
                self.service.requests.clear()
                self.assert_fetched(self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_CERTIFICATE_PATH": str(file),
                                                              "AZURE_CLIENT_CERTIFICATE_PASSWORD": "open"}))
                form = urllib.parse.parse_qs(self.service.requests[1][3])
                self.assertEqual(form["client_assertion"][0].count("."), 2)
                self.assertEqual(form["client_assertion_type"], ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])

    def test_client_certificate_with_wrong_password(self):
        answer = self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_CERTIFICATE_PATH": str(self.make_identity()[1]),
                                           "AZURE_CLIENT_CERTIFICATE_PASSWORD": "no"})
        self.assert_failed(answer, CREDENTIAL_FAILED, "AZURE_CLIENT_CERTIFICATE_PASSWORD")

    def test_workload_identity(self):
        file = self.service.path / "federated"
        file.write_text("fed.era.ted")
        self.assert_fetched(self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_FEDERATED_TOKEN_FILE": str(file)}))
        self.assertEqual(urllib.parse.parse_qs(self.service.requests[1][3])["client_assertion"], ["fed.era.ted"])

    def test_managed_identity_by_imds_without_proxy(self):
        self.assert_fetched(self.get("-auth", "managed-identity", env={"http_proxy": "http://127.0.0.1:1", "AZURE_CLIENT_ID": "user"}))
        host, path, headers, _ = self.service.requests[1]
        self.assertEqual((host, headers["Metadata"]), ("169.254.169.254", "true"))
        self.assertEqual(urllib.parse.parse_qs(path.partition("?")[2])["client_id"], ["user"])

    def test_managed_identity_of_app_service(self):
        endpoint = f"http://127.0.0.1:{self.service.plain.server_address[1]}/msi/token"
        # Only the pool leads to the TLS server here; the endpoint is reached as it stands.
        self.assert_fetched(self.get("-auth", "managed-identity", "-connect_to",
                                     f"{POOL}:443:127.0.0.1:{self.service.tls.server_address[1]}", connect=False,
                                     env={"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": "proof"}))
        self.assertEqual(self.service.requests[1][2]["X-IDENTITY-HEADER"], "proof")

    def test_app_service_endpoint_elsewhere_gets_nothing(self):
        answer = self.get("-auth", "managed-identity", env={"IDENTITY_ENDPOINT": "http://192.0.2.1/", "IDENTITY_HEADER": "proof"})
        self.assert_failed(answer, CREDENTIAL_FAILED, "IDENTITY_ENDPOINT")
        self.assertNotIn("proof", str(self.service.requests))

    def with_az(self, script):
        folder = self.service.path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "az").write_text("#!/bin/sh\n" + script)
        (folder / "az").chmod(0o755)
        return self.get("-auth", "azure-cli", token=None, env={"PATH": f"{folder}:/usr/bin:/bin"})

    def test_azure_cli(self):
        seen = self.service.path / "arguments"
        answer = {"accessToken": GOOD_TOKEN, "expiresOn": "2099-01-01 00:00:00", "expires_on": 4102444800}
        self.assert_fetched(self.with_az(f"printf '%s ' \"$@\" >{seen}; echo '{json.dumps(answer)}'\n"))
        self.assertEqual(seen.read_text(), f"account get-access-token --resource {AUDIENCE} --output json --tenant {TENANT} ")

    def test_azure_cli_that_fails(self):
        self.assert_failed(self.with_az("echo trace >&2; printf 'ERROR: \\033[31mlog in\\n' >&2; exit 1\n"), CREDENTIAL_FAILED,
                           "ERROR: \\x1b[31mlog in", "az login")

    def test_azure_cli_that_never_stops_printing(self):
        self.assert_failed(self.with_az("yes\n"), CREDENTIAL_FAILED, "more than any token")

    def test_nothing_found(self):
        self.assert_failed(self.get("-auth", "azure-cli", token=None, env={"PATH": "/nowhere"}), NO_CREDENTIAL, "az")


class Refusals(FetchCase):
    def test_hosts_that_get_nothing(self):
        for url in ("https://contoso.vault.azure.net/keys/k", "https://managedhsm.azure.net.example.org/keys/k",
                    "https://a.b.managedhsm.azure.net/keys/k", f"https://{POOL}:8443/keys/k"):
            with self.subTest(url=url):
                self.assert_failed(self.get(url=url), HOST_REFUSED, "-allow_host")
        self.assertEqual(self.service.requests, [])

    def test_wrong_tenant(self):
        token = jwt(tid="99999999-0000-0000-0000-000000000000", aud="https://vault.azure.net", exp=4102444800)
        self.assert_failed(self.get(token=token), UNAUTHORIZED, TENANT, "99999999-0000", "https://vault.azure.net", "AKV10000")

    def test_expired_token(self):
        self.assert_failed(self.get(token=jwt(tid=TENANT, aud=AUDIENCE, exp=1700000000)), UNAUTHORIZED, "expired at 2023-11-14")

    def test_evil_challenges(self):
        good, resource = f"https://{SIGN_IN}/{TENANT}", AUDIENCE
        for authority, wanted in (("https://login.evil.example/" + TENANT, resource), (f"http://{SIGN_IN}/{TENANT}", resource),
                                  (f"https://{SIGN_IN}@evil.example/{TENANT}", resource), (f"https://{SIGN_IN}.evil.example/t", resource),
                                  (f"https://{SIGN_IN}/", resource), (good, "https://vault.azure.net"), (good, "https://azure.net"),
                                  (good, "https://net"), (good, "https://management.azure.com"), (good, "http://managedhsm.azure.net"),
                                  (good, "https://hsm.azure.net")):
            with self.subTest(authority=authority, resource=wanted):
                self.service.challenge = f'Bearer authorization="{authority}", resource="{wanted}"'
                answer = self.get(token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": "s3cret"})
                self.assert_failed(answer, CHALLENGE_REFUSED, "no token was sent")
        self.assertEqual(self.tokens_sent_to(), set())
        self.assertTrue(all(form is None for _, _, _, form in self.service.requests))

    def test_redirects_are_not_followed(self):
        for target in (f"http://{POOL}{PATH}", "https://hsm.example.org/keys", f"https://{POOL}/elsewhere"):
            with self.subTest(target=target):
                redirect = status(302, headers=[("Location", target)])
                first = status(401, headers=[("WWW-Authenticate", self.service.challenge)])
                self.service.requests.clear()
                self.service.faults[PATH] = [first, redirect]
                self.assert_failed(self.get(), PROTOCOL, "redirected to " + target)
                self.assertEqual({path.partition("?")[0] for _, path, _, _ in self.service.requests}, {PATH})
        self.assertEqual(self.tokens_sent_to(), {POOL})

    def test_http_is_no_url(self):
        self.assert_failed(self.get(url=KEY.replace("https", "http")), BAD_PARAMETER, "expected https://")

    def test_oversized_answer(self):
        def oversized(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
            for _ in range(40):
                handler.wfile.write(b" " * 65536)
        self.service.faults[PATH] = [oversized]
        self.assert_failed(self.get(), TOO_LARGE, "1 MiB")

    def test_slow_loris(self):
        def drip(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b" ")
                time.sleep(0.1)
        self.service.faults[PATH] = [drip]
        self.assert_failed(self.get("-timeout", "2", "-retries", "0"), TIMEOUT, "-timeout")

    def test_untrusted_certificate(self):
        self.assert_failed(self.get(ca=False), TLS, "certificate")
        self.assertEqual(self.service.requests, [])

    def test_certificate_of_another_host(self):
        self.assert_failed(self.get(url="https://other.managedhsm.azure.net/keys/signing"), TLS)

    def test_allowed_host_proves_no_pool(self):
        self.service.challenge = f'Bearer authorization="https://{SIGN_IN}/{TENANT}", resource="https://example.org"'
        answer = self.get("-allow_host", "hsm.example.org", url="https://hsm.example.org/keys/signing")
        self.assertIn("bytes", answer)
        self.assertNotIn("tls_pool", answer)

    def test_wrong_content_type(self):
        self.service.faults[PATH] = [lambda handler: handler.answer(200, b"<html>", content_type="text/html")]
        self.assert_failed(self.get(), PROTOCOL, "text/html")

    def test_refusals_of_the_service(self):
        for code, expected, words in ((403, FORBIDDEN, "Managed HSM Crypto User"), (404, NOT_FOUND, "name and version"),
                                      (429, THROTTLED, "busy"), (418, SERVICE, "418"), (400, SERVICE, "api-version")):
            with self.subTest(status=code):
                error = {"code": "Code", "message": "evil \u001b[2J\nline", "innererror": {"code": "Inner"}}
                self.service.faults[PATH] = [status(code, error)]
                answer = self.get("-retries", "0")
                self.assert_failed(answer, expected, words, f"{code} Code (Inner): evil \\x1b[2J line")
                self.assertEqual(answer["http_status"], code)


class Faults(FetchCase):
    def test_retries(self):
        for fault in (drop, status(500), status(503), status(429, headers=[("Retry-After", "1")])):
            self.service.faults[PATH] = [fault]
            self.assert_fetched(self.get("-retries", "1"))

    def test_no_more_retries_than_asked(self):
        self.service.faults[PATH] = [drop] * 10
        self.assert_failed(self.get("-retries", "1"), CONNECT)
        self.assertEqual(len(self.service.faults[PATH]), 8)

    def test_truncated_answer(self):
        def cut(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"{")
            handler.close_connection = True
        self.service.faults[PATH] = [cut]
        self.assert_failed(self.get("-retries", "0"), PROTOCOL, "cut off")

    def test_token_revoked_meanwhile(self):
        self.service.faults[PATH] = [status(401, headers=[("WWW-Authenticate", self.service.challenge)])] * 2
        self.assert_fetched(self.get())


class Pools(FetchCase):
    def test_every_key_exactly_once_in_spite_of_faults(self):
        self.service.keys = 203
        for i in range(0, 203, 10):
            self.service.faults[f"/keys/key-{i}/attestation"] = [(drop, status(500), status(503))[i // 10 % 3]]
        self.service.faults["/keys"] = [drop, status(500)]
        lines = self.probe("pool", "contoso")
        self.assertEqual(sorted(line["url"] for line in lines), sorted(f"https://{POOL}/keys/key-{i}" for i in range(203)))
        self.assertTrue(all("bytes" in line for line in lines))

    def test_all_versions(self):
        self.service.keys = 30
        lines = self.probe("pool", f"https://{POOL}", "-versions", "all")
        self.assertEqual(sorted(line["url"] for line in lines),
                         sorted(f"https://{POOL}/keys/key-{i}/v{v}" for i in range(30) for v in range(3)))

    def test_one_key_that_cannot_be_fetched(self):
        self.service.keys = 30
        self.service.faults["/keys/key-7/attestation"] = [status(403)]
        failed = [line for line in self.probe("pool", "contoso") if "status" in line]
        self.assertEqual([(line["url"], line["status"]) for line in failed], [(f"https://{POOL}/keys/key-7", FORBIDDEN)])

    def test_evil_next_links(self):
        self.service.keys = 30
        for link in ("https://hsm.example.org/keys?x=1", f"http://{POOL}/keys?x=1", f"https://{POOL}:8443/keys?x=1",
                     f"https://{POOL}@hsm.example.org/keys?x=1", f"https://{POOL}.evil.example/keys?x=1", f"https://{POOL}/secrets?x=1",
                     f"https://{POOL}/keys/../secrets?x=1", "//hsm.example.org/keys?x=1", f"https://{POOL}/keys?x=1\r\nX-Evil: 1"):
            with self.subTest(link=link):
                self.service.next_link = link
                # Nothing of a page that carries such a link is believed.
                (error,) = self.probe("pool", "contoso")
                self.assert_failed(error, PROTOCOL, "nextLink")
                self.assertEqual(error["url"], "contoso")
        self.assertEqual(self.tokens_sent_to(), {POOL})

    def test_list_that_turns_in_circles(self):
        self.service.keys = 100
        self.service.next_link = f"https://{POOL}/keys?api-version=7.6&$skiptoken=25"
        *keys, error = self.probe("pool", "contoso")
        self.assert_failed(error, PROTOCOL, "in circles")
        self.assertEqual(sorted(key["url"] for key in keys), sorted(f"https://{POOL}/keys/key-{i}" for i in range(25)))

    def test_stop(self):
        self.service.keys = 100
        lines = self.probe("pool", "contoso", "-stop_after", "5")
        self.assertEqual(len(lines), 6)
        self.assert_failed(lines[-1], STOPPED, "stopped after 5 keys")

    def test_new_token_in_the_middle(self):
        self.service.keys = 60
        first, second = jwt(tid=TENANT, n=1), jwt(tid=TENANT, n=2)
        self.service.tokens, self.service.granted = {first, second}, first

        def revoke(handler):
            self.service.tokens, self.service.granted = {second}, second
            handler.answer(401, {}, [("WWW-Authenticate", self.service.challenge)])
        self.service.faults["/keys/key-20/attestation"] = [revoke]
        lines = self.probe("pool", "contoso", token=None, env={"AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": "s3cret"})
        self.assertEqual(len([line for line in lines if "bytes" in line]), 60)


class Exports(unittest.TestCase):
    def test_one_symbol(self):
        listing = subprocess.run(["nm", "-D", "--defined-only", os.environ["MHSM_FETCH_LIBRARY"]], check=True, capture_output=True, text=True)
        self.assertEqual([line.split()[-1] for line in listing.stdout.splitlines()], ["mhsm_fetch_get_api"])

    def test_library_that_is_not_there(self):
        result = subprocess.run([os.environ["FETCH_PROBE"], "/nowhere/lib.so", "get", KEY], capture_output=True, text=True)
        self.assertIn("/nowhere/lib.so", result.stderr)


if __name__ == "__main__":
    unittest.main()
