"""What was built is hardened: checked on the artefacts themselves, with readelf, nm and strings.

Environment: MHSM_ARTEFACTS ("kind:path" separated by ";": program, or a module by the one symbol it exports),
MHSM_FORTIFIED (1 if the build type fortifies), MHSM_CET (1 if the compiler knows -fcf-protection for this machine).
"""

import os
import pathlib
import re
import subprocess
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ARTEFACTS = [entry.split(":", 1) for entry in os.environ["MHSM_ARTEFACTS"].split(";")]
FORTIFIED = os.environ.get("MHSM_FORTIFIED") == "1"
CET = os.environ.get("MHSM_CET") == "1"


def tool(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


class Hardening(unittest.TestCase):
    def each(self):
        for kind, path in ARTEFACTS:
            with self.subTest(pathlib.Path(path).name):
                yield kind, path

    def imported(self, path):
        return set(re.findall(r"\sU (\w+)", tool("nm", "-D", path)))

    def test_there_is_something_to_check(self):
        self.assertGreaterEqual(len(ARTEFACTS), 2)
        for _, path in self.each():
            self.assertTrue(pathlib.Path(path).is_file(), path)

    def test_relocations_are_read_only_and_bound_at_start(self):
        for _, path in self.each():
            self.assertIn("GNU_RELRO", tool("readelf", "-lW", path))
            self.assertRegex(tool("readelf", "-dW", path), r"BIND_NOW|FLAGS.*NOW")

    def test_stack_is_not_executable_and_nothing_is_both_writable_and_executable(self):
        for _, path in self.each():
            segments = tool("readelf", "-lW", path)
            self.assertRegex(segments, r"GNU_STACK\s.*\sRW\s")
            for line in re.findall(r"^\s+LOAD.*$", segments, re.M):
                self.assertNotRegex(line, r"\sRWE\s")

    def test_position_independent(self):
        for kind, path in self.each():
            self.assertRegex(tool("readelf", "-hW", path), r"Type:\s+DYN")
            self.assertNotIn("TEXTREL", tool("readelf", "-dW", path))
            if kind == "program":
                self.assertIn("PIE", tool("readelf", "-dW", path))

    def test_stack_protector(self):
        for _, path in self.each():
            self.assertIn("__stack_chk_fail", self.imported(path))

    @unittest.skipUnless(FORTIFIED, "this build type does not optimise, so it does not fortify")
    def test_fortified(self):
        for _, path in self.each():
            self.assertTrue([name for name in self.imported(path) if name.endswith("_chk") and name != "__stack_chk_fail"])

    @unittest.skipUnless(CET, "the compiler has no control-flow protection for this machine")
    def test_control_flow_protection(self):
        """The code has landing pads. (The mark in the notes is dropped by the linker if one library lacks it.)"""
        for _, path in self.each():
            self.assertIn("endbr64", tool("objdump", "-d", "--no-show-raw-insn", path))

    def test_exports(self):
        for kind, path in self.each():
            defined = {line.split()[-1].split("@")[0] for line in tool("nm", "-D", "--defined-only", path).splitlines()}
            ours = {name for name in defined if "mhsm" in name}
            if kind == "program":
                self.assertEqual(ours, set(), "a program exports nothing of ours")
            else:
                self.assertEqual(defined, set(kind.split("+")))

    def test_no_search_path(self):
        for _, path in self.each():
            self.assertNotRegex(tool("readelf", "-dW", path), r"RPATH|RUNPATH")

    def test_no_path_of_the_build_machine(self):
        for _, path in self.each():
            loaded = tool("strings", "--data", path)
            self.assertNotIn(str(REPOSITORY), loaded)
            self.assertNotIn(str(pathlib.Path.home()) + "/", loaded)

    def test_no_network_where_none_belongs(self):
        """What judges evidence does not link what fetches it."""
        for kind, path in self.each():
            needed = re.findall(r"NEEDED\)\s+Shared library: \[([^\]]+)\]", tool("readelf", "-dW", path))
            self.assertTrue(any(name.startswith("libcrypto.so.3") for name in needed), needed)
            if "fetch" in pathlib.Path(path).name:
                continue
            self.assertEqual([name for name in needed if re.match(r"lib(curl|ssl|nghttp|gnutls)", name)], [])

    def test_no_dangerous_functions(self):
        for _, path in self.each():
            self.assertEqual(self.imported(path) & {"gets", "strcpy", "strcat", "sprintf", "vsprintf", "system", "popen",
                                                    "tmpnam", "mktemp", "alloca"}, set())


if __name__ == "__main__":
    unittest.main()
