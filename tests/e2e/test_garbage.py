"""Garbage of every kind: a clean answer, bounded memory, never a verdict of verified and never a crash."""

import base64
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from support import COMMAND, NOT_VERIFIED, POOL_PIN, RESTORED, TROUBLE, attest

MEMORY_LIMIT_KIB = 64 * 1024
GOOD = RESTORED.read_bytes()


def sanitized():
    """Whether the command is instrumented, which costs memory of its own."""
    symbols = subprocess.run(["nm", "-D", COMMAND], capture_output=True, check=False).stdout
    return b"__asan_init" in symbols or b"__tsan_init" in symbols


def with_blob(change):
    """The good evidence with its private attestation changed."""
    answer = json.loads(GOOD)
    attestation = answer["attributes"]["attestation"]
    text = attestation["privateKeyAttestation"]
    blob = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    blob = change(blob)
    attestation["privateKeyAttestation"] = base64.urlsafe_b64encode(bytes(blob)).rstrip(b"=").decode()
    return json.dumps(answer).encode()


def put(offset, value):
    def change(blob):
        blob[offset:offset + 4] = value.to_bytes(4, "big")
        return blob
    return with_blob(change)


GARBAGE = {
    "empty": b"",
    "white space": b" \n\t\r ",
    "not JSON": b"-----BEGIN CERTIFICATE-----\n",
    "binary": bytes(range(256)) * 64,
    "truncated": GOOD[: len(GOOD) // 2],
    "NUL bytes": b"\0" * 4096,
    "NUL in JSON": GOOD.replace(b'"key"', b'"k\0ey"'),
    "escaped NUL": GOOD.replace(b"managedhsm", b"managed\\u0000hsm"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "many values": b'{"a":[' + b"0," * 400_000 + b"0]}",
    "an array": b"[" + GOOD + b"]",
    "two objects": GOOD + GOOD,
    "just null": b"null",
    "attestation is null": b'{"attributes":{"attestation":null},"key":{}}',
    "members are numbers": b'{"privateKeyAttestation":1,"certificatePemFile":2,"version":3}',
    "huge object size": put(28, 0xFFFFFFF0),
    "huge count": put(24, 0xFFFFFFFF),
    "huge attribute": put(36, 0x7FFFFFFF),
    "blob of one byte": with_blob(lambda blob: blob[:1]),
    "blob of a signature": with_blob(lambda blob: blob[-256:]),
    "blob of a mebibyte": with_blob(lambda blob: blob + b"\0" * 500_000),
}


class Garbage(unittest.TestCase):
    def run_measured(self, *arguments, data=None):
        """Exit status, stdout, stderr and peak resident memory in KiB."""
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            source.write(data or b"")
            source.seek(0)
            process = subprocess.Popen([COMMAND, *map(str, arguments)], stdin=source, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return process.returncode, out.read(), err.read(), usage.ru_maxrss

    def assert_clean(self, code, out, err, peak):
        self.assertIn(code, (NOT_VERIFIED, TROUBLE), err)
        self.assertNotIn(b"\nVERIFIED", b"\n" + out)
        self.assertNotIn(b"\0", out)
        if not sanitized():
            self.assertLess(peak, MEMORY_LIMIT_KIB)

    def test_every_kind(self):
        for name, data in GARBAGE.items():
            with self.subTest(name):
                self.assert_clean(*self.run_measured("-owner_pin", POOL_PIN, data=data))

    def test_a_gibibyte(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "huge.json"
            with open(path, "wb") as file:
                file.write(b'{"attributes": "')
                file.truncate(1 << 30)
            self.assert_clean(*self.run_measured("-in", path))

    def test_random_changes(self):
        chance = random.Random(20260101)
        for _ in range(150):
            data = bytearray(GOOD)
            # Inside the signed members, where every character matters.
            start = GOOD.index(b"certificatePemFile") + 24
            for _ in range(chance.randint(1, 4)):
                data[start + chance.randrange(10_000)] = chance.randrange(256)
            if data == GOOD:
                continue
            result = attest("-owner_pin", POOL_PIN, "-brief", input=bytes(data))
            self.assertEqual(result.returncode, NOT_VERIFIED, bytes(data))

    def test_utf16_names_the_cause(self):
        result = attest(input=GARBAGE["UTF-16"])
        self.assertIn(b"PowerShell", result.stdout)


if __name__ == "__main__":
    unittest.main()
