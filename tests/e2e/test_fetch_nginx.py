"""Fetching from a web server that knows nothing of us: nginx serves a recorded answer over HTTP/2, with a private CA."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from cli_case import COMMAND, KID, NOT_VERIFIED, TROUBLE, VERIFIED, WHEN, Case

HOST = KID.split("/")[2]
POOL = HOST.split(".")[0]
PATH = KID.split(HOST)[1]
TOKEN = "a-token-that-only-nginx-may-see"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format seen '$request $server_protocol $http_authorization';
    access_log {folder}/access.log seen;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
        default_type application/json;
        location = {path}/attestation {{
            if ($http_authorization = "") {{
                add_header WWW-Authenticate 'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://managedhsm.azure.net"' always;
                return 401 '{{}}';
            }}
            root {folder}; try_files /answer.json =500;
        }}
        location / {{ return 404 '{{"error":{{"code":"KeyNotFound","message":"no key of that name"}}}}'; }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder, host):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=Private CA",
            "-addext", "keyUsage=critical,keyCertSign", "-out", "ca.pem")
    openssl(folder, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-subj", "/CN=server",
            "-addext", f"subjectAltName=DNS:{host}", "-out", "server.csr")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copy",
            "-out", "server.pem")


@unittest.skipUnless(os.path.exists(NGINX), "nginx is not installed")
class Nginx(Case):
    @classmethod
    def setUpClass(cls):
        keeper = tempfile.TemporaryDirectory(prefix="nginx-")
        cls.addClassCleanup(keeper.cleanup)
        cls.server = pathlib.Path(keeper.name)
        make_certificates(cls.server, HOST)
        cls.port = free_port()
        (cls.server / "nginx.conf").write_text(CONFIG.format(folder=cls.server, port=cls.port, path=PATH))
        process = subprocess.Popen([NGINX, "-p", cls.server, "-c", cls.server / "nginx.conf"],
                                   stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", cls.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError((cls.server / "error.log").read_text())

    def setUp(self):
        super().setUp()
        shutil.copy(self.good, self.server / "answer.json")
        (self.server / "access.log").write_text("")
        self.config = self.folder / "config"

    def fetch(self, *arguments, url=KID, ca="ca.pem", **environment):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "IDENTITY_"))} | {
            "MHSM_ACCESS_TOKEN": TOKEN, "XDG_CONFIG_HOME": str(self.config), **environment}
        result = subprocess.run([COMMAND, "-uri", url, "-connect_to", f"{HOST}:443:127.0.0.1:{self.port}", "-CAfile",
                                 self.server / ca, "-retries", "0", "-timeout", "10", *WHEN, *arguments], env=environment,
                                capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        self.assertNotIn(TOKEN.encode(), result.stdout + result.stderr)
        return result

    def requests(self):
        return (self.server / "access.log").read_text().splitlines()

    def test_verified_by_the_pool_s_own_tls(self):
        result = self.fetch("-outform", "json")
        self.assert_exit(result, VERIFIED)
        report = json.loads(result.stdout)
        self.assertEqual(report["owner"]["trust"], "tls")
        self.assertEqual({check["status"] for check in report["checks"] if check["id"] == "bind.request"}, {"pass"})
        # First without a token, to see what is wanted.
        line = f"GET {PATH}/attestation?api-version=7.6 HTTP/2.0 HTTP/2.0"
        self.assertEqual(self.requests(), [f"{line} -", f"{line} Bearer {TOKEN}"])

    def test_owner_trust_pinned_refuses_tls(self):
        self.assert_exit(self.fetch("-owner_trust", "pinned"), NOT_VERIFIED)

    def test_saved_evidence_is_what_was_received(self):
        saved = self.folder / "saved.json"
        self.assert_exit(self.fetch("-save", saved, "-noout"), VERIFIED)
        self.assertEqual(saved.read_bytes(), self.good.read_bytes())
        # A file says nothing about where it came from.
        again = subprocess.run([COMMAND, "-in", saved, "-quiet", *WHEN], check=False, capture_output=True,
                               env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
        self.assert_exit(again, NOT_VERIFIED)

    def test_trust_pool_remembers_the_root(self):
        file = self.config / "mhsm-attest" / "known_pools"
        result = self.fetch("-trust_pool", "-quiet")
        self.assert_exit(result, VERIFIED)
        self.assertIn(f"{POOL} {self.pin}\n", file.read_text())
        self.assertEqual(file.parent.stat().st_mode & 0o777, 0o700)
        from_file = subprocess.run([COMMAND, "-in", self.good, "-quiet", *WHEN], check=False, capture_output=True,
                                   env={**os.environ, "XDG_CONFIG_HOME": str(self.config)})
        self.assert_exit(from_file, VERIFIED)
        before = file.read_text()
        self.assert_exit(self.fetch("-trust_pool", "-quiet"), VERIFIED)
        self.assertEqual(file.read_text(), before)
        # Known with another root: not even the pool's own TLS helps.
        file.write_text(f"{POOL} sha256:{'0' * 64}\n")
        changed = self.fetch("-trust_pool", "-outform", "json")
        self.assert_exit(changed, NOT_VERIFIED)
        self.assertIn(b"owner-pool-changed", changed.stdout)
        self.assertEqual(file.read_text(), f"{POOL} sha256:{'0' * 64}\n")

    def test_many_processes_record_at_once(self):
        file = self.folder / "pools"
        processes = [subprocess.Popen([COMMAND, "-uri", KID, "-connect_to", f"{HOST}:443:127.0.0.1:{self.port}", "-CAfile",
                                       self.server / "ca.pem", "-trust_pool", "-known_pools", file, "-quiet", *WHEN],
                                      env={**os.environ, "MHSM_ACCESS_TOKEN": TOKEN}) for _ in range(8)]
        self.assertEqual([process.wait(60) for process in processes], [VERIFIED] * 8)
        self.assertEqual(file.read_text().count(POOL), 1)

    def test_another_key_than_asked_for(self):
        answer = json.loads(self.good.read_text())
        answer["key"]["kid"] = KID.replace("key1-", "key2-")
        (self.server / "answer.json").write_text(json.dumps(answer))
        result = self.fetch("-outform", "json")
        self.assert_exit(result, NOT_VERIFIED)
        self.assertIn(b"request-differs", result.stdout)

    def test_no_such_key(self):
        result = self.fetch(url=f"https://{HOST}/keys/other")
        self.assert_complaint(result, TROUBLE, "check the name and version", "KeyNotFound: no key of that name", f"{HOST}/keys/other")

    def test_unknown_ca(self):
        openssl(self.server, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj", "/CN=x",
                "-out", "other.pem")
        result = self.fetch(ca="other.pem")
        self.assert_complaint(result, TROUBLE, "SSL certificate problem", "-CAfile")
        self.assertEqual(self.requests(), [])

    def test_certificate_of_another_host(self):
        result = self.fetch("-connect_to", f"other.managedhsm.azure.net:443:127.0.0.1:{self.port}",
                            url="https://other.managedhsm.azure.net/keys/a")
        self.assert_complaint(result, TROUBLE, "no alternative certificate subject name")
        self.assertEqual(self.requests(), [])

    def test_strangers_get_no_token(self):
        url = f"https://localhost:{self.port}{PATH}"
        self.assert_complaint(self.fetch(url=url), TROUBLE, "it gets no token", "-allow_host")
        self.assertEqual(self.requests(), [])

    def test_malformed_tokens_are_not_shown(self):
        result = self.fetch(MHSM_ACCESS_TOKEN="broken\ntoken")
        self.assert_complaint(result, TROUBLE, "MHSM_ACCESS_TOKEN does not hold a bearer token")
        self.assertNotIn(b"broken", result.stderr)


if __name__ == "__main__":
    unittest.main()
