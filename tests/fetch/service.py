"""A Managed HSM, its sign-in host and IMDS on loopback, as scripted as a test wants them."""
import base64
import http.server
import json
import os
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

POOL = "contoso.managedhsm.azure.net"
SIGN_IN = "login.microsoftonline.com"
TENANT = "11111111-2222-3333-4444-555555555555"
AUDIENCE = "https://managedhsm.azure.net"


def jwt(**claims) -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return ".".join([part({"alg": "none"}), part(claims), "c2lnbmF0dXJl"])


GOOD_TOKEN = jwt(tid=TENANT, aud=AUDIENCE, exp=4102444800)


def make_certificates(folder: Path):
    hosts = ",".join(f"DNS:{name}" for name in (POOL, SIGN_IN, "hsm.example.org", "login.microsoftonline.us"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=test", "-addext", f"subjectAltName={hosts}", "-keyout", str(folder / "key.pem"),
                    "-out", str(folder / "ca.pem")], check=True, capture_output=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), content_type="application/json; charset=utf-8"):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.serve(None)

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def serve(self, form):
        service = self.server.service
        host = self.headers["Host"].split(":")[0]
        with service.lock:
            service.requests.append((host, self.path, dict(self.headers), form))
        url = urllib.parse.urlsplit(self.path)
        if host == "169.254.169.254" or url.path == "/msi/token":
            service.managed_identity(self, url)
        elif host == SIGN_IN:
            service.sign_in(self, url, urllib.parse.parse_qs(form or ""))
        else:
            service.hsm(self, url)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):  # clients that hang up are part of the tests
        pass


class Service:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        make_certificates(self.path)
        self.lock = threading.Lock()
        self.reset()
        self.tls = self.listen(True)
        self.plain = self.listen(False)

    def reset(self):
        self.requests = []
        self.keys = 0
        self.tokens = {GOOD_TOKEN}
        self.granted = GOOD_TOKEN
        self.challenge = f'Bearer authorization="https://{SIGN_IN}/{TENANT}", resource="{AUDIENCE}"'
        self.faults = {}  # path of a request -> list of functions of a handler, each used once
        self.next_link = None

    def listen(self, tls):
        server = Server(("127.0.0.1", 0), Handler)
        server.service = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.path / "ca.pem", self.path / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def close(self):
        for server in (self.tls, self.plain):
            server.shutdown()
            server.server_close()
        self.folder.cleanup()

    def connections(self):
        """As curl --connect-to: every name leads here."""
        tls, plain = self.tls.server_address[1], self.plain.server_address[1]
        return [f"169.254.169.254:80:127.0.0.1:{plain}", f"::127.0.0.1:{tls}"]

    def sign_in(self, handler, url, form):
        if form.get("client_secret") == ["wrong"]:
            handler.answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret.\r\nTrace"})
        else:
            handler.answer(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": self.granted})

    def managed_identity(self, handler, url):
        if handler.headers.get("Metadata") == "true" or handler.headers.get("X-IDENTITY-HEADER") == "proof":
            handler.answer(200, {"access_token": self.granted, "expires_on": str(int(time.time()) + 3600)})
        else:
            handler.answer(400, {"error": "invalid_request", "error_description": "no header"})

    def hsm(self, handler, url):
        with self.lock:
            faults = self.faults.get(url.path)
            fault = faults.pop(0) if faults else None
        if fault:
            fault(handler)
        elif handler.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            handler.answer(401, {"error": {"code": "Unauthorized", "message": "AKV10000: no valid token"}},
                           [("WWW-Authenticate", self.challenge)])
        elif url.path.endswith("/attestation"):
            handler.answer(200, {"key": {"kid": f"https://{POOL}{url.path.removesuffix('/attestation')}"}, "attestation": {}})
        elif url.path == "/keys" or url.path.endswith("/versions"):
            self.list(handler, url)
        else:
            handler.answer(404, {"error": {"code": "KeyNotFound", "message": "there is no such key"}})

    def list(self, handler, url):
        query = urllib.parse.parse_qs(url.query)
        start = int(query.get("$skiptoken", ["0"])[0])
        names = [f"key-{i}" for i in range(self.keys)] if url.path == "/keys" else [f"v{i}" for i in range(3)]
        base = f"https://{POOL}{url.path.removesuffix('/versions')}"
        page = {"value": [{"kid": f"{base}/{name}", "attributes": {"enabled": True}} for name in names[start:start + 25]]}
        if start + 25 < len(names):
            page["nextLink"] = self.next_link or f"https://{POOL}:443{url.path}?api-version=7.6&$skiptoken={start + 25}"
        handler.answer(200, page)
