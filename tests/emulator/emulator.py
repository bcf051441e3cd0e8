"""The emulator for tests: started, asked and stopped. Environment: MHSM_EMULATOR (the program).

    with Emulator("-keys", "100") as emulator:
        emulator.fault(kind="status", status=503, probability=0.1)
        openssl_attest("-uri", emulator.url("/keys/rsa-2048"), "-CAfile", emulator.ca_file, ...)
"""

import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.parse

PROGRAM = os.environ.get("MHSM_EMULATOR", "mhsm-emulator")
START_SECONDS = 300  # 10,000 keys in a sanitizer build


class Emulator:
    def __init__(self, *arguments):
        self.arguments = [str(argument) for argument in arguments]

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mhsm-emulator-"))
        self.log = (self.folder / "log").open("w+")
        self.process = subprocess.Popen([PROGRAM, "-dir", str(self.folder), "-until_eof", *self.arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.log)
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait(self):
        summary = self.folder / "emulator.json"
        deadline = time.monotonic() + START_SECONDS
        while not summary.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError("the emulator did not start: " + self.log.read())
            time.sleep(0.02)
        self.info = json.loads(summary.read_text())
        self.pool = self.info["pool"]
        self.port = self.info["port"]
        self.ca_file = self.info["paths"]["ca"]
        self.token_file = self.info["paths"]["token"]
        self.token = pathlib.Path(self.token_file).read_text().strip()
        self.context = ssl.create_default_context(cafile=self.ca_file)

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.exit_code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.log.close()
            shutil.rmtree(self.folder)

    @property
    def host(self):
        return f"{self.pool}.localhost:{self.port}"

    def url(self, path="", suffix="localhost"):
        """The pool's URL under `localhost` (with the port), or under an Azure suffix such as managedhsm.azure.net."""
        return f"https://{self.host}{path}" if suffix == "localhost" else f"https://{self.pool}.{suffix}{path}"

    def connection(self, port=None):
        return http.client.HTTPSConnection("localhost", port or self.port, context=self.context, timeout=60)

    def ask(self, path, method="GET", host=None, token=None, body=None, headers=(), port=None):
        """One request: status, headers and body. `token` "" sends none; by default the static one is sent."""
        connection = self.connection(port)
        sent = {"Host": host or self.host, **dict(headers)}
        token = self.token if token is None else token
        if token:
            sent["Authorization"] = "Bearer " + token
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _control(self, method, path, body=None):
        status, _, answer = self.ask("/_emulator/" + path, method, token="", body=body)
        if status != 200:
            raise RuntimeError(answer.decode())
        return json.loads(answer)

    def fault(self, kind, **settings):
        """Adds a fault; see the README for kinds and settings."""
        spec = ",".join(f"{name}={value}" for name, value in {"kind": kind.replace("_", "-"), **settings}.items())
        self._control("PUT", "faults", spec + "\n")

    def clear_faults(self):
        self._control("DELETE", "faults")

    def requests(self):
        return self._control("GET", "requests")

    def clear(self):
        """Forgets requests and faults."""
        self._control("DELETE", "requests")
        self.clear_faults()

    def post_form(self, path, form):
        return self.ask(path, "POST", host=f"localhost:{self.port}", token="", body=urllib.parse.urlencode(form),
                        headers={"Content-Type": "application/x-www-form-urlencoded"})
