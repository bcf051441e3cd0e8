"""The threat model names checks and tests that exist.

Environment: MHSM_FORGE.
"""

import os
import pathlib
import re
import subprocess
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODEL = (REPOSITORY / "docs" / "threat-model.md").read_text()
WORDS = re.findall(r"`([^`]+)`", MODEL)


def core(name):
    return (REPOSITORY / "provider" / "core" / name).read_text()


class ThreatModel(unittest.TestCase):
    def test_checks_exist_and_all_are_named(self):
        table = re.search(r"mandatory = std::to_array.*?\}\);", core("report.cpp"), re.S)[0]
        mandatory = set(re.findall(r'"([a-z]+\.[a-z]+)"', table))
        given = set(re.findall(r'"(bind\.[a-z]+)"', core("verify.cpp")))
        demands = {"policy." + name for name in re.findall(r'\{\{"([a-z-]+)", "', core("policy.cpp"))}
        self.assertGreater(len(mandatory), 20)
        named = {word for word in WORDS if re.fullmatch(r"(evidence|certs|hw|owner|partition|blob|signature|object|bind|policy)"
                                                        r"\.(?!cpp|h$)[a-z-]+", word)}
        self.assertEqual(named - mandatory - given - demands, set())
        self.assertEqual(mandatory - named, set(), "every mandatory check stops something")

    def test_forged_cases_exist(self):
        listed = subprocess.run([os.environ["MHSM_FORGE"], "-list"], capture_output=True, text=True, check=True).stdout
        cases = {line.split()[0] for line in listed.splitlines()}
        named = {word.removeprefix("forge:") for word in WORDS if re.fullmatch(r"forge:[a-z0-9-]+", word)}
        self.assertGreater(len(named), 30)
        self.assertEqual(named - cases, set())

    def test_fuzz_targets_exist(self):
        named = {word.removeprefix("fuzz:") for word in WORDS if re.fullmatch(r"fuzz:[a-z0-9_]+", word)}
        targets = {path.stem for path in (REPOSITORY / "tests" / "fuzz" / "targets").glob("*.cpp")}
        self.assertGreater(len(named), 8)
        self.assertEqual(named - targets, set())

    def test_tests_exist(self):
        named = [word.split("::") for word in WORDS if re.fullmatch(r"tests/\S+::\w+", word)]
        self.assertGreater(len(named), 30)
        for file, name in named:
            with self.subTest(f"{file}::{name}"):
                text = (REPOSITORY / file).read_text()
                self.assertTrue(re.search(rf"(?m)^\s*def {name}\(|^TEST\({name}\)", text), "no such test")


if __name__ == "__main__":
    unittest.main()
