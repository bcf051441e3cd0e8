#!/usr/bin/env python3
"""Enforces the layers: of the verification library who includes whom, what it links, what it calls, and above it who
includes whom.

usage: test_layers.py SOURCE_DIR ARCHIVE LINK_LIBRARIES [--instrumented]

ARCHIVE is the built library and LINK_LIBRARIES what CMake links to it, separated by commas. Sanitizers and coverage
add writable data and calls of their own, so an instrumented archive is judged by its sources only.
"""
import re
import subprocess
import sys
import unittest
from pathlib import Path

# Headers without a .cpp of their own, and the file of the order before which each stands.
HEADERS_ONLY = {"reason": ["reason.h", "reasons.def", "result.h", "reader.h", "text.h"], "attributes": ["attributes.def"],
                "anchors": ["embedded_roots.h"]}
ALLOWED_LIBRARIES = {"OpenSSL::Crypto", "cjson"}
STANDARD = re.compile(r"^[a-z_]+$")
THIRD_PARTY = re.compile(r"^(openssl/(?!ssl)[a-z0-9_]+\.h|cjson/cJSON\.h)$")
# The world outside: files, clock, environment, network, logging, process state.
FORBIDDEN_CALLS = set("""
    time clock clock_gettime gettimeofday localtime localtime_r gmtime gmtime_r mktime ctime getenv secure_getenv setenv
    fopen fopen64 freopen fdopen open open64 openat creat read write pread pwrite close stat fstat lstat opendir readdir
    printf vprintf fprintf vfprintf puts putchar putc fputs fputc fwrite perror syslog vsyslog openlog socket connect bind
    send recv getaddrinfo system popen fork execve posix_spawn dlopen dlsym atexit signal sigaction setlocale abort exit
    _exit rand srand random strtok strerror strcasecmp strncasecmp tolower toupper isalpha isdigit isspace
    __printf_chk __fprintf_chk __vfprintf_chk BIO_new_file BIO_new_fp BIO_new_connect X509_LOOKUP_file ERR_print_errors
    ERR_print_errors_fp ERR_clear_error RAND_bytes
    OPENSSL_init_crypto OSSL_PROVIDER_load OSSL_LIB_CTX_set0_default EVP_set_default_properties CONF_modules_load
""".split())
FORBIDDEN_CXX = re.compile(r"std::(cout|cerr|clog|cin|random_device|locale|this_thread|basic_[io]?fstream|"
                           r"chrono::_V2::\w+_clock|filesystem)")


def source_order(core: Path) -> list:
    text = (core / "CMakeLists.txt").read_text()
    listed = re.search(r"add_library\(mhsmattest_core STATIC(.*?)\)", text, re.DOTALL).group(1)
    return [name.removesuffix(".cpp") for name in listed.split()]


def without_comments_and_strings(text: str) -> str:
    text = re.sub(r'R"(\w*)\(.*?\)\1"', '""', text, flags=re.DOTALL)
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


class Layers(unittest.TestCase):
    core: Path
    archive: Path
    libraries: list
    instrumented: bool

    def setUp(self):
        self.order = source_order(self.core)
        self.sources = sorted(p for p in self.core.iterdir() if p.suffix in (".h", ".cpp"))

    def rank(self, header: str) -> int:
        for stem, headers in HEADERS_ONLY.items():
            if header in headers:
                return self.order.index(stem)
        return self.order.index(Path(header).stem)

    def test_every_source_is_listed(self):
        self.assertEqual(sorted(self.order), sorted(p.stem for p in self.sources if p.suffix == ".cpp"))

    def test_includes_only_look_back(self):
        for path in self.sources:
            for line in path.read_text().splitlines():
                quoted = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not quoted:
                    continue
                header = quoted.group(1)
                with self.subTest(file=path.name, header=header):
                    self.assertNotIn("/", header, "core includes core only")
                    self.assertLessEqual(self.rank(header), self.rank(path.name))

    def test_other_includes_are_standard_libcrypto_or_cjson(self):
        for path in self.sources:
            for name in re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.MULTILINE):
                with self.subTest(file=path.name, header=name):
                    self.assertTrue(STANDARD.match(name) or THIRD_PARTY.match(name), name)

    def test_no_streams_threads_or_files_of_the_standard_library(self):
        forbidden = {"iostream", "fstream", "filesystem", "thread", "mutex", "random", "ctime", "locale", "clocale",
                     "csignal", "regex", "syncstream"}
        for path in self.sources:
            included = set(re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.MULTILINE))
            if path.stem == "bundle_cache":  # the one object that threads share
                included.discard("mutex")
            with self.subTest(file=path.name):
                self.assertEqual(included & forbidden, set())

    def test_no_forbidden_words_in_the_sources(self):
        words = re.compile(r"(?<![\w.>:])(?:std::|::)?(time|getenv|fopen|printf|puts|system|clock|rand|abort|exit|"
                           r"setlocale|strcasecmp|strncasecmp)\s*\(|system_clock|steady_clock|\bstd::(cout|cerr|clog)\b|"
                           r"\bthread_local\b|\bmutable\b|\bnew\s+\w|\bdelete\s+\w|\bgoto\b")
        for path in self.sources:
            found = words.search(without_comments_and_strings(path.read_text()))
            with self.subTest(file=path.name):
                self.assertIsNone(found, found and found.group(0))

    def test_no_static_state_in_the_sources(self):
        state = re.compile(r"^\s*(static|extern)\s+(?!const\b|constexpr\b|\w[\w:<>&* ]*\()", re.MULTILINE)
        for path in self.sources:
            text = without_comments_and_strings(path.read_text())
            with self.subTest(file=path.name):
                self.assertIsNone(state.search(text.replace("static_cast", "")))

    def test_links_libcrypto_and_cjson_only(self):
        self.assertEqual(set(self.libraries), ALLOWED_LIBRARIES)

    def undefined_symbols(self) -> set:
        listing = subprocess.run(["nm", "-u", "--format=posix", self.archive], check=True, capture_output=True, text=True)
        return {line.split()[0].split("@")[0] for line in listing.stdout.splitlines() if " U" in line}

    def test_calls_nothing_of_the_outside_world(self):
        if self.instrumented:
            self.skipTest("instrumented")
        symbols = self.undefined_symbols()
        self.assertIn("EVP_PKEY_verify", symbols, "the list of symbols is not what it seems")
        self.assertEqual(symbols & FORBIDDEN_CALLS, set())
        demangled = subprocess.run(["c++filt"], input="\n".join(sorted(symbols)), check=True, capture_output=True, text=True)
        found = [line for line in demangled.stdout.splitlines() if FORBIDDEN_CXX.search(line)]
        self.assertEqual(found, [])

    def test_holds_no_writable_data(self):
        if self.instrumented:
            self.skipTest("instrumented")
        listing = subprocess.run(["objdump", "-t", self.archive], check=True, capture_output=True, text=True)
        self.assertIn(".text", listing.stdout)
        # .data.rel.ro is read-only once the loader has filled in addresses; personality references are the compiler's.
        writable = [line for line in listing.stdout.splitlines()
                    if re.search(r" O \.t?(data|bss)(?!\.rel\.ro)", line) and "DW.ref.__gxx_personality" not in line]
        self.assertEqual(writable, [])


class ShimLayers(unittest.TestCase):
    """shim/fetch uses the core's results, reasons and small tools (strict JSON among them), never the verifier; curl stays
    in it; and its client wrapper uses nothing but the C interface."""
    source: Path
    CORE = {"core/result.h", "core/reason.h", "core/ossl.h", "core/reader.h", "core/base64url.h", "core/json.h",
            "core/json_writer.h", "core/text.h", "core/attributes.h"}  # of the last: printable()

    def includes(self, path: Path):
        return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)

    def sources(self, folder: str):
        return sorted(p for p in (self.source / folder).rglob("*") if p.suffix in (".h", ".cpp"))

    def test_fetch_uses_little_of_the_core(self):
        paths = self.sources("shim/fetch")
        self.assertGreater(len(paths), 20)
        for path in paths:
            used = {name for name in self.includes(path) if name.startswith("core/")}
            with self.subTest(file=path.name):
                self.assertLessEqual(used, self.CORE)
                self.assertFalse({"verify.h", "evidence.h", "chain.h", "blob.h", "policy.h"} & set(self.includes(path)))

    def test_nobody_else_uses_curl(self):
        for folder in ("provider", "cli", "shim"):
            for path in self.sources(folder):
                if (self.source / "shim" / "fetch") in path.parents:
                    continue
                with self.subTest(file=str(path)):
                    self.assertFalse([name for name in self.includes(path) if name.startswith("curl/")])

    def test_the_client_uses_the_c_interface_only(self):
        for name in ("client.h", "client.cpp"):
            quoted = re.findall(r'#include "([^"]+)"', (self.source / "shim" / "fetch" / name).read_text())
            self.assertLessEqual(set(quoted), {"client.h", "include/mhsmattest-fetch.h"})


class UpperLayers(unittest.TestCase):
    """Who may include whom above the core: a quoted name is in the file's own folder or begins as listed."""
    ALLOWED = {"provider/support": ("core/", "support/"), "shim/pkcs11": ("core/", "support/", "shim/fetch/client.h")}
    SYSTEM = re.compile(r"^([a-z_0-9]+(\.h)?|sys/[a-z]+\.h|openssl/(?!ssl)[a-z0-9_]+\.h|p11-kit/pkcs11\.h)$")
    root: Path

    def test_includes(self):
        for folder, allowed in self.ALLOWED.items():
            sources = [p for p in (self.root / folder).iterdir() if p.suffix in (".h", ".cpp")]
            self.assertTrue(sources, folder)
            own = {p.name for p in [*sources, *(self.root / folder / "include").glob("*.h")]}
            for path in sources:
                for quoted, system in re.findall(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', path.read_text(), re.MULTILINE):
                    with self.subTest(file=f"{folder}/{path.name}", header=quoted or system):
                        if quoted:
                            self.assertTrue(quoted in own or quoted.startswith(allowed), quoted)
                        else:
                            self.assertRegex(system, self.SYSTEM)


if __name__ == "__main__":
    ShimLayers.source = Path(sys.argv[1])
    UpperLayers.root = Path(sys.argv[1])
    Layers.core = Path(sys.argv[1]) / "provider" / "core"
    Layers.archive = Path(sys.argv[2])
    Layers.libraries = [name for name in sys.argv[3].split(",") if name]
    Layers.instrumented = "--instrumented" in sys.argv[4:]
    unittest.main(argv=sys.argv[:1])
