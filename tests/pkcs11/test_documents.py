"""The documents of the PKCS#11 module are true: their commands run, their names and numbers exist."""

import re
import unittest

from support import MODULE, POOL_PIN, REAL_POOL, REPOSITORY, RESTORED, Case

MANUAL = (REPOSITORY / "docs" / "mhsmattest-pkcs11.7").read_text()
HEADER = (REPOSITORY / "shim" / "pkcs11" / "include" / "mhsmattest-pkcs11.h").read_text()
SETTINGS = (REPOSITORY / "shim" / "pkcs11" / "settings.cpp").read_text()
README = (REPOSITORY / "README.md").read_text()
EXAMPLE = (REPOSITORY / "examples" / "mhsmattest-pkcs11.conf").read_text()
OWN_POOL = "contoso"  # as the manual page calls it


def plain(text):
    """Manual page text without its font changes and escapes."""
    return re.sub(r"\\f[BIRP]", "", text).replace(r"\-", "-")


def section(title):
    return re.search(rf'^\.S[HS] "?{title}"?\n(.*?)(?=^\.S[HS]|\Z)', MANUAL, re.M | re.S)[1]


def manual_commands():
    blocks = re.findall(r"^\.EX\n(.*?)^\.EE", section("EXAMPLES"), re.M | re.S)
    return [plain(line) for block in blocks for line in block.splitlines()]


class Documents(Case):
    """A home as the documents presume it: a signed document, and the forge's RSA key as the only evidence."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for path in cls.keys.iterdir():
            if path.name != "rsa-2048.json":
                path.unlink()
        cls.real = cls.folder / "real.conf"
        cls.real.write_text(f"owner-pins = {POOL_PIN}\n[real]\nsource = {RESTORED}\n")

    def setUp(self):
        self.sign_document("rsa-2048")

    def shell(self, line, **kwargs):
        return self.run_program("sh", "-c", line, **kwargs)


class ManualPage(Documents):
    # What each command prints, by a part of the command.
    PRINTS = {
        "--list-slots": "token label",
        "--list-objects": "Private Key Object; RSA",
        "--list-all": "Type: Private key (RSA-2048)",
        "--export": "-----BEGIN CERTIFICATE-----",
        "--verify": "Signature is valid",
        "--read-object": "",
    }

    def test_commands(self):
        commands = manual_commands()
        self.assertEqual(len(commands), len(self.PRINTS))
        for command, (part, printed) in zip(commands, self.PRINTS.items()):
            with self.subTest(command):
                self.assertIn(part, command)
                line = command.replace("mhsmattest-pkcs11.so", str(MODULE)).replace(OWN_POOL, self.pool)
                self.assertIn(printed, self.shell(line))
        self.assertTrue((self.folder / "key.der").is_file())

    def test_settings(self):
        """Every setting of the module is explained, and no other."""
        known = set(re.findall(r'^ *\{"([a-z-]+)",', SETTINGS, re.M))
        self.assertGreater(len(known), 10)
        tags = re.findall(r"^\.TP\n(.*)$", section("Settings"), re.M)
        self.assertEqual({name for tag in tags for name in plain(tag).split(", ")}, known)

    def test_vendor_attributes(self):
        base = int(re.search(r"_BASE (0x[0-9a-f]+)UL", HEADER)[1], 16)
        numbers = {name: base | int(number, 16)
                   for name, number in re.findall(r"#define (\w+) \(CKA_MHSMATTEST_BASE \| (0x[0-9a-f]+)UL\)", HEADER)}
        self.assertGreater(len(numbers), 10)
        tags = re.findall(r"^\.TP\n(.*)$", section("Vendor attributes"), re.M)
        documented = dict(re.fullmatch(r"(\w+) \((0x[0-9a-f]+)\)", plain(tag)).groups() for tag in tags)
        self.assertEqual({name: int(number, 16) for name, number in documented.items()}, numbers)

    def test_environment(self):
        for name in re.findall(r'_VARIABLE "(\w+)"', HEADER):
            self.assertIn(name, section("ENVIRONMENT"))

    def test_page_is_well_formed(self):
        self.run_program("man", "--warnings", "-l", REPOSITORY / "docs" / "mhsmattest-pkcs11.7")
        self.assertEqual(self.errors, "")


class Readme(Documents):
    def test_commands(self):
        block = re.search(r"## In PKCS#11 applications.*?```sh\n(.*?)```", README, re.S)[1]
        lines = block.splitlines()
        self.assertEqual(lines[0], "module=$HOME/.local/lib/pkcs11/mhsmattest-pkcs11.so")
        real = {"MHSMATTEST_PKCS11_CONF": str(self.real)}
        for line, environment, printed in ((lines[1], real, "Access:     sensitive, always sensitive, never extractable"),
                                           (lines[2], real, "Flags: CKA_WRAP/UNWRAP; CKA_PRIVATE; CKA_NEVER_EXTRACT"),
                                           (lines[3], {}, "Signature is valid")):
            with self.subTest(line):
                self.assertIn(printed, self.shell(f"module={MODULE}\n{line}", environment=environment))
        self.assertEqual(len(lines), 4)

    def test_debugging(self):
        self.assertIn("`MHSMATTEST_PKCS11_DEBUG=1`", README)
        nothing_pinned = self.folder / "nothing.conf"
        nothing_pinned.write_text(f"[real]\nsource = {RESTORED}\n")
        self.pkcs11_tool("--list-objects", environment={"MHSMATTEST_PKCS11_CONF": str(nothing_pinned),
                                                        "MHSMATTEST_PKCS11_DEBUG": "1"})
        self.assertRegex(self.errors, r"mhsmattest-pkcs11: real: .*: no objects: owner.authenticated: .*"
                                      r"then add it to owner-pins in mhsmattest-pkcs11.conf\n")


class ExampleConfiguration(Documents):
    def configure(self, text):
        path = self.folder / "example.conf"
        path.write_text(text)
        return {"MHSMATTEST_PKCS11_CONF": str(path)}

    def test_as_it_is(self):
        """Before anything is filled in there is a token without objects."""
        environment = self.configure(EXAMPLE.replace("/etc/mhsm-attest/evidence", str(RESTORED)))
        self.assertIn("token label        : saved", self.pkcs11_tool("--list-slots", environment=environment))
        self.assertNotIn("Object", self.pkcs11_tool("--list-objects", environment=environment))

    def test_filled_in(self):
        text = EXAMPLE.replace("# owner-pins = sha256:<64 hexadecimal digits>", f"owner-pins = {POOL_PIN}")
        for line in ("# policy = ", "# log = ", "# [contoso]", "# source = "):
            self.assertIn(line, text)
            text = text.replace(line, line[2:])
        text = text.replace("/etc/mhsm-attest/evidence", str(RESTORED)) + "\n[x]\nsource = /nonexistent\n"
        text = text.replace("mhsm://contoso.managedhsm.azure.net", "/nonexistent")
        environment = self.configure(text)
        self.assertIn(REAL_POOL, self.pkcs11_tool("--list-slots", environment=environment))
        self.assertIn("mhsmattest-pkcs11: saved: ", self.errors)
        self.assertIn("Private Key Object", self.pkcs11_tool("--token-label", REAL_POOL, "--list-objects",
                                                             environment=environment))


if __name__ == "__main__":
    unittest.main()
