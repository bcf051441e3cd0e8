"""Thousands of mutated inputs judged by us and by somebody else: the verdicts agree, but for differences that are
named here, each with its reason.

Environment: MHSM_JUDGE (our side, judge.cpp), MHSM_FORGE, OPENSSL (the command).
"""

import base64
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import tempfile
import unittest

JUDGE = os.environ["MHSM_JUDGE"]
FORGE = os.environ["MHSM_FORGE"]
OPENSSL = os.environ.get("OPENSSL", "openssl")
TIME = "1767225600"  # of the forge's evidence


def judge(kind, inputs):
    """Our answer to each input, from one process."""
    request = b"".join(b"%s %d\n%s" % (kind.encode(), len(data), data) for data in inputs)
    process = subprocess.run([JUDGE], input=request, capture_output=True, check=True, timeout=300)
    answers = process.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(inputs), (len(answers), len(inputs))
    return answers


def mutate(chance, data, alphabet=None):
    """One to three small changes."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        byte = chance.choice(alphabet) if alphabet else chance.randrange(256)
        kind = chance.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = byte
        elif kind == 1:
            data.insert(at, byte)
        elif kind == 2:
            del data[at:at + chance.randint(1, 4)]
        else:
            data[at:at] = data[at:at + chance.randint(1, 8)]
    return bytes(data)


class Refused(Exception):
    pass


class Json(unittest.TestCase):
    TEXT = (b'{"attributes":{"attestation":{"version":"MRVL-1","a":[1,-0.5,1e5,true,false,null]},"created":1746685312},'
            b'"key":{"kid":"https://p/\\u00e9\\ud83d\\ude00\xc3\xa9","kty":"RSA","key_ops":["sign","verify"]},"x":{}}')
    ALPHABET = b'{}[]:,"\\ \t\n\r0123456789+-.eEutrfalsn\x00\x1f\x7f\x80\xc3\xe2\xf4/bD8d'

    @staticmethod
    def python(data, unique):
        """The object that Python's reader makes of it; Refused if it makes none."""
        def members(pairs):
            names = [name.translate({ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}) for name, _ in pairs]
            if unique and len(set(names)) != len(names):
                raise Refused("duplicate")
            return dict(pairs)

        def constant(name):
            raise Refused(name)

        text = data.decode("utf-8")  # strict: no overlong forms, no surrogates
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=members, parse_constant=constant)
        if not isinstance(value, dict):
            raise Refused("not an object")
        return value

    @staticmethod
    def depth(value):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return (1 if isinstance(value, (dict, list)) else 0) + max(map(Json.depth, children), default=0)

    @classmethod
    def explain(cls, data, value, ours):
        """Why we refuse what Python accepts; "" if there is no reason that is known and meant."""
        if ours == "json-too-deep" and cls.depth(value) > 16:
            return "more than 16 levels"
        if ours in ("json-syntax", "json-truncated") and "\\u0000" in json.dumps(value):
            return "NUL, at which C strings end"
        if ours in ("json-syntax", "json-truncated") and re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
            return "half a surrogate pair, which UTF-8 cannot write"
        if ours == "json-syntax" and re.search(rb"[-+.eE\d]{64}", data):
            return "a number of more than 63 characters"
        return ""

    def compare(self, kind, inputs, unique):
        differences = collections.Counter()
        verdicts = collections.Counter()
        for data, ours in zip(inputs, judge(kind, inputs)):
            try:
                value = self.python(data, unique)
                accepted = True
            except (Refused, ValueError, RecursionError):
                accepted = False
            verdicts[accepted, ours == "ok"] += 1
            if accepted and ours != "ok":
                reason = self.explain(data, value, ours)
                self.assertTrue(reason, (data, ours))
                differences[reason] += 1
            elif not accepted:
                self.assertNotEqual(ours, "ok", data)
        self.assertGreater(verdicts[True, True], len(inputs) // 50, "the mutations leave something to accept")
        self.assertGreater(verdicts[False, False], len(inputs) // 50)
        return differences

    def test_syntax(self):
        chance = random.Random(1)
        inputs = [mutate(chance, self.TEXT, self.ALPHABET) for _ in range(6000)]
        small = (b'{"a":1}', b'{"a":"\\u0041","b":[{}]}', b' {"n":-1.5E+10} ', b'{"a":{"b":[[["c"]]]}}')
        inputs += [mutate(chance, chance.choice(small), self.ALPHABET) for _ in range(6000)]
        inputs += [b'{"a":' + b"[" * n + b"]" * n + b"}" for n in range(1, 24)]
        inputs += [b'{"a":' + b"9" * n + b"}" for n in range(50, 80)]
        inputs += [b'{"a":"\\ud800"}', b'{"a":"\\u0000"}', b'{"a":NaN}', b'{"a":-Infinity}', b"\xef\xbb\xbf{}", b"{}\0"]
        differences = self.compare("json", inputs, unique=False)
        self.assertIn("more than 16 levels", differences)

    def test_duplicate_members(self):
        """Python reads every object; we refuse duplicates in the objects that we read, which these all are."""
        chance = random.Random(2)
        names = ["a", "A", "b", "kid", "KID", "\\u0061", "version"]
        inputs = []
        for _ in range(2000):
            members = ",".join(f'"{chance.choice(names)}":{n}' for n in range(chance.randint(0, 3)))
            inputs.append(('{"attestation":{%s},"key":{"kty":""}}' % members).encode())
            inputs.append(('{"key":{%s}}' % members).encode())
        self.compare("members", inputs, unique=True)


class Base64(unittest.TestCase):
    @staticmethod
    def python(data):
        """What Python decodes, held to the one canonical spelling; None if there is none."""
        text = data.decode("ascii", errors="replace")
        unpadded = text.rstrip("=")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", unpadded) or len(unpadded) % 4 == 1:
            return None
        padding = "=" * (-len(unpadded) % 4)
        if text not in (unpadded, unpadded + padding):
            return None
        decoded = base64.b64decode(unpadded + padding, altchars=b"-_", validate=True)
        canonical = base64.urlsafe_b64encode(decoded).decode().rstrip("=")
        return decoded if canonical == unpadded else None

    def test_agreement(self):
        chance = random.Random(3)
        inputs = []
        for _ in range(8000):
            data = base64.urlsafe_b64encode(chance.randbytes(chance.randrange(20)))
            data = data if chance.randrange(2) else data.rstrip(b"=")
            inputs.append(mutate(chance, data, b"AZaz09-_+/= \n\r\x00\xff") if chance.randrange(3) else data)
        for data, ours in zip(inputs, judge("base64url", inputs)):
            expected = self.python(data)
            self.assertEqual(ours if ours.startswith("ok") else None,
                             None if expected is None else "ok " + expected.hex(), data)


class KeyUrls(unittest.TestCase):
    PATTERN = re.compile(r"(?i:https)://([A-Za-z0-9.:-]{1,260})/keys/([A-Za-z0-9-]{1,127})/([A-Za-z0-9-]{1,127})", re.ASCII)
    HOST = re.compile(r"(?!\.)(?:[A-Za-z0-9-]|\.(?!\.))+(?<!\.)(?::[0-9]{1,5})?", re.ASCII)

    def test_agreement(self):
        chance = random.Random(4)
        good = b"https://pool-1.managedhsm.azure.net:443/keys/name-1/0123456789abcdef"
        inputs = [mutate(chance, good, b"/:.%?#@aZ0-_ \xc3\x00") for _ in range(8000)] + [good]
        accepted = 0
        for data, ours in zip(inputs, judge("key_url", inputs)):
            match = self.PATTERN.fullmatch(data.decode("latin-1"))
            if match and not self.HOST.fullmatch(match[1]):
                match = None
            expected = f"ok {match[1].lower()} {match[2]} {match[3]}" if match else None
            self.assertEqual(ours if ours.startswith("ok") else None, expected, data)
            accepted += ours.startswith("ok")
        self.assertGreater(accepted, 500)


class ShellWords(unittest.TestCase):
    def test_bash_reads_back_what_was_meant(self):
        chance = random.Random(5)
        inputs = [bytes(chance.choice(b"aZ0-_./'\"\\$`!*? \t\n\x1b\x7f\x80\xff") for _ in range(chance.randint(0, 12)))
                  for _ in range(3000)]
        script = "\n".join("printf '%s\\0' " + word for word in judge("shell_word", inputs))
        result = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C"})
        self.assertEqual(result.stdout.split(b"\0")[:-1], inputs)
        plain = [data for data in inputs if data.isascii() and data.decode().isprintable()]
        for data, word in zip(plain, judge("shell_word", plain)):
            self.assertEqual(shlex.split(word), [data.decode()])


class Forged(unittest.TestCase):
    """What needs the forge's evidence and the openssl command."""

    @classmethod
    def setUpClass(cls):
        keeper = tempfile.TemporaryDirectory()
        cls.addClassCleanup(keeper.cleanup)
        cls.folder = pathlib.Path(keeper.name)
        subprocess.run([FORGE, "-out", cls.folder, "-all"], check=True)
        cls.manifest = json.loads((cls.folder / "manifest.json").read_text())

    def attestation(self, name):
        answer = json.loads((self.folder / f"{name}.json").read_text())
        attestation = answer["attributes"]["attestation"]
        return {key: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for key, text in attestation.items()
                if key != "version"}

    def openssl(self, *arguments, **kwargs):
        return subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, cwd=self.folder, check=False,
                              env={**os.environ, "OPENSSL_CONF": "/dev/null"}, **kwargs)

    def bundle(self, name):
        return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
                          self.attestation(name)["certificatePemFile"].decode(), re.S)


def pem(der):
    return ("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n")


class Signatures(Forged):
    def setUp(self):
        partition = self.bundle("genuine-rsa-2048-fw2")[1]
        (self.folder / "partition.pem").write_text(partition)
        key = self.openssl("x509", "-in", "partition.pem", "-pubkey", "-noout").stdout
        (self.folder / "partition.pub").write_bytes(key)
        text = self.openssl("rsa", "-pubin", "-in", "partition.pub", "-modulus", "-noout").stdout
        self.modulus, self.exponent = int(text.split(b"=")[1], 16), 65537

    def python(self, signature, data):
        """RSA by arithmetic: which of the two forms the number decrypts to."""
        number = int.from_bytes(signature, "big")
        if len(signature) != 256 or number >= self.modulus:
            return "no"
        digest = hashlib.sha256(data).digest()
        info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
        block = pow(number, self.exponent, self.modulus).to_bytes(256, "big")
        for form, content in (("bare", digest), ("info", info)):
            if block == b"\0\1" + b"\xff" * (253 - len(content)) + b"\0" + content:
                return form
        return "no"

    def blobs(self):
        for name in ("genuine-rsa-2048-fw2", "genuine-p-256-fw3", "genuine-aes-256-fw2", "genuine-p-384-fw3-both-objects"):
            for member, blob in self.attestation(name).items():
                if member != "certificatePemFile":
                    yield blob[-256:], blob[:-256]

    def variants(self, chance):
        for signature, data in self.blobs():
            number = int.from_bytes(signature, "big")
            yield signature, data
            for other in (number + self.modulus, self.modulus - number, number >> 1, 0, 1, self.modulus):
                yield other.to_bytes(257, "big").lstrip(b"\0").rjust(256, b"\0"), data
            yield b"\0" + signature, data
            yield signature[1:], data
            yield signature, data + b"\0"
            for _ in range(400):
                yield (mutate(chance, signature), data) if chance.randrange(2) else (signature, mutate(chance, data))

    def test_arithmetic(self):
        pairs = list(self.variants(random.Random(6)))
        inputs = [len(signature).to_bytes(4, "big") + signature + data for signature, data in pairs]
        found = collections.Counter()
        for (signature, data), ours in zip(pairs, judge("signature", inputs)):
            self.assertEqual(ours, self.python(signature, data))
            found[ours] += 1
        self.assertGreater(min(found["bare"], found["info"]), 2)
        self.assertGreater(found["no"], 2000)

    def test_openssl(self):
        """pkeyutl for the bare hash of firmware 2.x, dgst for the DigestInfo of 3.x."""
        pairs = list(self.variants(random.Random(7)))
        pairs = pairs[::31] + list(self.blobs())
        inputs = [len(signature).to_bytes(4, "big") + signature + data for signature, data in pairs]
        for (signature, data), ours in zip(pairs, judge("signature", inputs)):
            (self.folder / "sig").write_bytes(signature)
            (self.folder / "data").write_bytes(data)
            (self.folder / "hash").write_bytes(hashlib.sha256(data).digest())
            bare = self.openssl("pkeyutl", "-verify", "-pubin", "-inkey", "partition.pub", "-in", "hash", "-sigfile", "sig")
            info = self.openssl("dgst", "-sha256", "-verify", "partition.pub", "-signature", "sig", "data")
            expected = "bare" if bare.returncode == 0 else "info" if info.returncode == 0 else "no"
            self.assertEqual(ours, expected)


class Chains(Forged):
    ROLES = ("adapter", "partition", "pool-root", "owner-partition")

    def errors(self, *arguments):
        """Errors of openssl verify as (number, depth); none if all is well."""
        result = self.openssl("verify", "-attime", TIME, "-no-CApath", "-no-CAstore", *arguments)
        found = {(int(n), int(d)) for n, d in re.findall(r"error (\d+) at (\d+) depth", (result.stdout + result.stderr).decode())}
        if result.returncode != 0 and not found:
            found = {(-1, -1)}  # a certificate that could not be read
        return found

    def judge_by_openssl(self, blocks):
        for role, block in zip(self.ROLES, blocks):
            (self.folder / f"{role}.pem").write_text(block)
        # The documented exception: a version 1 certificate cannot say that it is a CA (error 79), at depth 1 only.
        hardware = self.errors("-CAfile", "hsm-root.pem", "-untrusted", "adapter.pem", "partition.pem") - {(79, 1)}
        owner = self.errors("-check_ss_sig", "-CAfile", "pool-root.pem", "owner-partition.pem")
        return hardware, owner

    # Why we refuse what openssl verify accepts, by our reason.
    STRICTER = {
        "weak-digest": "openssl verify has no minimum above its security level",
        "not-a-ca": "openssl verify lets a trusted root without keyCertSign or keyUsage pass",
        "no-pool-root": "openssl verify asks for no organization in the root's name",
        "no-owner-partition": "as no-pool-root: another certificate was meant",
        "leaf-is-ca": "openssl verify has no purpose to check unless asked",
        "no-adapter": "the order that openssl verify was told is not the one that was found",
        "no-partition": "as no-adapter",
        "wrong-depth": "as no-adapter",
        "weak-issuer-key": "openssl verify has no minimum above its security level",
    }

    def variants(self, chance):
        blocks = self.bundle("genuine-rsa-2048-fw2")
        yield blocks
        for entry in self.manifest["cases"]:
            if entry["name"].startswith(("hw-", "owner-")) and "check" in entry and entry["check"].startswith(("hw.", "owner.chain")):
                try:
                    made = self.bundle(entry["name"])
                except (KeyError, ValueError):
                    continue
                if len(made) == 4:
                    yield made
        for _ in range(220):
            changed = list(blocks)
            at = chance.randrange(4)
            der = bytearray(base64.b64decode("".join(changed[at].split("\n")[1:-2])))
            der[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
            changed[at] = pem(bytes(der))
            yield changed

    def test_agreement(self):
        variants = list(self.variants(random.Random(8)))
        answers = judge("chain", ["".join(blocks).encode() for blocks in variants])
        verdicts = collections.Counter()
        for blocks, ours in zip(variants, answers):
            hardware, owner = self.judge_by_openssl(blocks)
            words = ours.split(" ")
            if len(words) == 1:  # the bundle did not parse: then openssl could not read one of its blocks either
                self.assertTrue((-1, -1) in hardware | owner, ours)
                continue
            for (chain, dates), theirs in ((words[:2], hardware), (words[2:], owner)):
                accepted = chain == "ok" and dates == "ok"
                verdicts[accepted, not theirs] += 1
                if accepted:
                    self.assertEqual(theirs, set(), ours)
                elif not theirs:
                    self.assertIn(chain, self.STRICTER, ours)
        self.assertGreater(verdicts[True, True], 100)
        self.assertGreater(verdicts[False, False], 100)


if __name__ == "__main__":
    unittest.main()
