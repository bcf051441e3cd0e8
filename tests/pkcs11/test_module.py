"""The module itself: what it exports and links, what is installed, and that nothing leaks."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support import MODULE, POOL_PIN, REPOSITORY, RESTORED, Case

BUILD = os.environ["MHSM_BUILD"]
CMAKE = os.environ["CMAKE"]


def tool(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


class Module(Case):
    def test_exports(self):
        symbols = [line.split()[-1] for line in tool("nm", "-D", "--defined-only", MODULE).splitlines()]
        self.assertEqual(sorted(symbols), ["C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"])

    def test_libraries(self):
        """No network, no p11-kit: only what verification needs."""
        needed = re.findall(r"NEEDED\s+(\S+)", tool("objdump", "-p", MODULE))
        self.assertTrue(any(name.startswith("libcrypto.so") for name in needed), needed)
        for name in needed:
            self.assertRegex(name, r"^(libcrypto|libcjson|libstdc\+\+|libgcc_s|libc|libm|ld-linux.*)\.so", needed)

    def test_no_path_of_the_build_machine(self):
        """In what is loaded; debug information is for those who build it."""
        self.assertEqual([line for line in tool("strings", "--data", MODULE).splitlines() if str(REPOSITORY) in line], [])

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind(self):
        """Of a program of ours: pkcs11-tool leaks certificates that it parses."""
        self.run_program("valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite",
                         "--error-exitcode=99", os.environ["QUERIES"])


class Install(Case):
    def test_installed_module_works(self):
        prefix = self.folder / "installed"
        subprocess.run([CMAKE, "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        for name in ("include/mhsmattest-pkcs11.h", "share/man/man7/mhsmattest-pkcs11.7",
                     "share/doc/mhsm-attest/examples/mhsmattest-pkcs11.conf"):
            self.assertTrue((prefix / name).is_file(), name)
        described = (prefix / "share" / "p11-kit" / "modules" / "mhsmattest.module").read_text()
        module = pathlib.Path(re.search(r"^module: (.*)$", described, re.M)[1])
        self.assertEqual(module.parent.name, "pkcs11")
        self.assertTrue(module.is_relative_to(prefix), module)
        self.assertIn("trust-policy: no\n", described)
        config = self.folder / "installed.conf"
        config.write_text(f"owner-pins = {POOL_PIN}\n[real]\nsource = {RESTORED}\n")
        text = self.run_program("pkcs11-tool", "--module", module, "--list-objects",
                                environment={"MHSMATTEST_PKCS11_CONF": str(config)})
        self.assertIn("Private Key Object; RSA", text)

    def test_header_in_c(self):
        (self.folder / "header.c").write_text(
            "#include <mhsmattest-pkcs11.h>\nunsigned long number = CKA_MHSMATTEST_REPORT;\n")
        self.run_program("cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", "header.c", "-I",
                         REPOSITORY / "shim" / "pkcs11" / "include")


if __name__ == "__main__":
    unittest.main()
