"""The module itself: what it exports and links, how it describes itself, and how it fails to load."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support import MODULE, OPENSSL, POOL_PIN, REPOSITORY, RECORDED, RESTORED, Case, configuration, uri

COMMAND = pathlib.Path(os.environ["OPENSSL_ATTEST"])


def tool(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


class Module(Case):
    def test_exports(self):
        symbols = [line.split()[-1] for line in tool("nm", "-D", "--defined-only", MODULE).splitlines()]
        self.assertEqual(symbols, ["OSSL_provider_init"])

    def test_libraries(self):
        needed = re.findall(r"NEEDED\s+(\S+)", tool("objdump", "-p", MODULE))
        self.assertTrue(any(name.startswith("libcrypto.so") for name in needed), needed)
        for name in needed:
            self.assertRegex(name, r"^(libcrypto|libcjson|libstdc\+\+|libgcc_s|libc|libm|ld-linux.*)\.so", needed)

    def test_no_path_of_the_build_machine(self):
        """In what is loaded; debug information is for those who build it."""
        for artefact in (MODULE, COMMAND):
            loaded = tool("strings", "--data", artefact).splitlines()
            self.assertEqual([line for line in loaded if str(REPOSITORY) in line], [], artefact)

    def test_description(self):
        text = self.succeed("list", "-providers", "-verbose").text
        ours = text[text.index("  mhsmattest\n"):]
        self.assertIn("name: Azure Managed HSM key attestation provider\n", ours)
        self.assertIn("status: active\n", ours)
        version = re.search(r"project\(mhsm-attest VERSION (\S+)", (REPOSITORY / "CMakeLists.txt").read_text())[1]
        self.assertIn(f"version: {version}\n", ours)
        self.assertRegex(ours, rf"build info: {re.escape(version)} for OpenSSL 3\.")

    def test_algorithms(self):
        for option, name in (("-key-managers", "MHSM-ATTESTATION @ mhsmattest"),
                             ("-signature-algorithms", "MRVL-1 @ mhsmattest"), ("-store-loaders", "mhsm @ mhsmattest"),
                             ("-decoders", "DER @ mhsmattest (provider=mhsmattest,input=JSON)"),
                             ("-encoders", "@ mhsmattest (provider=mhsmattest,output=text)")):
            self.assertIn(name, self.succeed("list", option).text)

    def test_bad_parameter(self):
        """Loaded by name it says why; activated by the configuration it is just not there."""
        by_name = self.write_config("by_name.cnf", configuration({"policy": "none"}, activate=False))
        result = self.openssl("list", "-provider", "default", "-provider", "mhsmattest", "-providers", config=by_name)
        self.assertNotEqual(result.code, 0)
        self.assertIn("no such policy: module parameter policy = none: ", result.errors)
        activated = self.write_config("activated.cnf", configuration({"policy": "none", "owner-pins": POOL_PIN}))
        self.assertNotIn("mhsmattest", self.openssl("list", "-providers", config=activated).text)
        self.assertIsNone(self.params(uri(RESTORED), activated))
        self.assertIsNone(self.params(RESTORED, activated))

    def test_search_path(self):
        result = self.openssl("pkey", "-provider-path", MODULE.parent, "-provider", "default", "-provider",
                              "mhsmattest", "-pubin", "-in", RESTORED, "-noout", config=self.folder / "plain.cnf")
        self.assertIn("nothing vouches for the pool root", result.errors)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind(self):
        valgrind = ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"]
        for command, code in ((["pkey", "-pubin", "-in", RESTORED, "-text", "-noout"], 0),
                              (["pkey", "-pubin", "-in", uri(RESTORED), "-pubcheck", "-noout"], 0),
                              (["storeutl", "-noout", uri(RESTORED)], 0),
                              (["pkey", "-pubin", "-in", RECORDED, "-noout"], 1)):
            with self.subTest(command=" ".join(map(str, command))):
                result = self.run_program([*valgrind, OPENSSL, *command], self.real_config)
                self.assertEqual(result.code, code, result.errors)


if __name__ == "__main__":
    unittest.main()
