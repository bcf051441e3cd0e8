"""-batch: streams, folders, archives and lists of names; broken entries; order, totals, interruption and memory."""

import csv
import io
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tarfile
import tempfile
import unittest

from support import COMMAND, FORGE, NOT_VERIFIED, REPOSITORY, TROUBLE, USAGE, VERIFIED, attest

try:
    import jsonschema
except ImportError:
    jsonschema = None

KEYS, POOLS = 60, 3


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="attest-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        forged = cls.root / "forged"
        subprocess.run([FORGE, "-out", forged, "-jsonl", str(KEYS), "-pools", str(POOLS)], check=True)
        cls.lines = (forged / "entries.jsonl").read_bytes().splitlines()
        cls.trust = ["-hsm_root", forged / "hsm-root.pem", "-known_pools", forged / "known-pools", "-attime", "1767225600"]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.root))

    def batch(self, *arguments, **kwargs):
        return attest("-batch", *self.trust, *arguments, **kwargs)

    def results(self, *arguments, code=VERIFIED, **kwargs):
        result = self.batch("-outform", "json", *arguments, **kwargs)
        self.assertEqual(result.returncode, code, (result.stdout[-500:], result.stderr))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def verdicts(self, *arguments, **kwargs):
        return [(entry["id"], entry["verdict"]) for entry in self.results(*arguments, **kwargs)]

    def kid(self, line):
        return json.loads(line)["key"]["kid"]


class Streams(Batch):
    def test_json_lines(self):
        found = self.results(input=b"\n".join(self.lines))
        self.assertEqual([entry["id"] for entry in found], [str(i + 1) for i in range(KEYS)])
        self.assertEqual([entry["kid"] for entry in found], [self.kid(line) for line in self.lines])
        self.assertEqual({entry["verdict"] for entry in found}, {"verified"})
        self.assertEqual(len({entry["pool"] for entry in found}), POOLS)

    def test_any_number_of_threads_says_the_same(self):
        text = b"\n".join(self.lines[:20] + [b"{broken"] + self.lines[20:])
        outputs = {self.batch("-outform", "json", "-jobs", jobs, input=text).stdout for jobs in (1, 2, 7)}
        self.assertEqual(len(outputs), 1)

    def test_entries_say_what_single_runs_say(self):
        entry = self.results(input=self.lines[0])[0]
        report = json.loads(attest(*self.trust, "-outform", "json", input=self.lines[0]).stdout)
        self.assertEqual(entry["evidence_sha256"], report["evidence_sha256"])
        self.assertEqual(entry["key_id"], report["key"]["id"])
        self.assertEqual(entry["hsm_serial"], report["hsm"]["serial"])

    def test_a_broken_line_leaves_the_others_alone(self):
        good = self.lines[0]
        for broken in (b"{", b"{\"attributes\":", good[:5000], good[:-1], b"\x00\xff", b"]", b"null", good + good, b'"'):
            with self.subTest(broken[:20]):
                text = b"\r\n".join([broken, good, b"", broken, self.lines[1]]) + b"\r\n"
                for inform in ([], ["-inform", "JSONL"]):
                    self.assertEqual(self.verdicts(*inform, input=text, code=NOT_VERIFIED),
                                     [("1", "not verified"), ("2", "verified"), ("4", "not verified"), ("5", "verified")])

    def test_concatenated_objects(self):
        pretty = [json.dumps(json.loads(line), indent=2).encode() for line in self.lines[:3]]
        for separator in (b"", b"\n", b"\n\n\x1e"):
            self.assertEqual(self.verdicts(input=separator.join(pretty)), [(str(i + 1), "verified") for i in range(3)])
        self.assertEqual(self.verdicts(input=b"".join(self.lines[:3])), [(str(i + 1), "verified") for i in range(3)])

    def test_a_broken_object_leaves_the_others_alone(self):
        pretty = json.dumps(json.loads(self.lines[0]), indent=2).encode()
        for broken in (b"{", b"{\n  \"a\":", b"{\n \"a\": \"", pretty[:3000], pretty[:-2], b"null", b"words"):
            with self.subTest(broken[-20:]):
                self.assertEqual(self.verdicts(input=b"\n".join([pretty, broken, pretty, pretty]), code=NOT_VERIFIED),
                                 [("1", "verified"), ("2", "not verified"), ("3", "verified"), ("4", "verified")])

    def test_too_large(self):
        large = b'{"a":"' + b"x" * (5 << 20) + b'"}'
        for separator, inform in ((b"\n", "JSONL"), (b"\n", "JSON"), (b"", "JSON")):
            found = self.results("-inform", inform, input=separator.join([large, self.lines[0], large, self.lines[1]]),
                                 code=NOT_VERIFIED)
            self.assertEqual([entry["reason"] for entry in found], ["json-too-large", None] * 2)
            self.assertIsNone(found[0]["evidence_sha256"])

    def test_results_come_while_the_input_is_open(self):
        with subprocess.Popen([COMMAND, "-batch", *map(str, self.trust)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            for number, line in enumerate(self.lines[:3]):
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                self.assertTrue(process.stdout.readline().startswith(b"%d: VERIFIED" % (number + 1)))
            process.stdin.close()
            self.assertEqual(process.wait(timeout=60), VERIFIED)

    def test_interrupt_reports_what_was_done(self):
        totals = self.folder / "totals"
        with subprocess.Popen([COMMAND, "-batch", "-totals", totals, *map(str, self.trust)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(self.lines[0] + b"\n" + self.lines[1][:100])
            process.stdin.flush()
            self.assertIn(b"1: VERIFIED", process.stdout.readline())
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), NOT_VERIFIED if process.stdout.read() else TROUBLE)
            self.assertIn(b"Incomplete", process.stderr.read())
        self.assertTrue(json.loads(totals.read_text())["interrupted"])

    def test_a_reader_that_goes_away_ends_it(self):
        with subprocess.Popen([COMMAND, "-batch", *map(str, self.trust)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            try:
                for _ in range(10000):
                    process.stdin.write(self.lines[0] + b"\n")
            except BrokenPipeError:
                pass
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass
            self.assertEqual(process.wait(timeout=60), TROUBLE)
            self.assertIn(b"Broken pipe", process.stderr.read())

    def test_memory_is_bounded(self):
        if b"__asan_init" in pathlib.Path(shutil.which(COMMAND) or COMMAND).read_bytes():
            self.skipTest("sanitizers need more memory")

        def peak(repeats):
            process = subprocess.Popen([COMMAND, "-batch", "-jobs", "2", "-noout", "-quiet", *map(str, self.trust)],
                                       stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(repeats):
                process.stdin.write(b"\n".join(self.lines) + b"\n" + b'{"a":"' + b"x" * (3 << 20) + b'"}\n')
            process.stdin.close()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            return usage.ru_maxrss

        self.assertLess(peak(40), 1.25 * peak(4) + 8192)


class Files(Batch):
    def setUp(self):
        super().setUp()
        (self.folder / "sub").mkdir()
        self.names = [self.folder / name for name in ("=1+1.json", "b\n.json", "sub/a.json")]
        for name, line in zip(self.names, self.lines):
            name.write_bytes(line)

    def ids(self, prefix=""):
        return [prefix + str(name).replace("\n", "\\x0a") for name in self.names]

    def test_folder(self):
        os.mkfifo(self.folder / "fifo")
        (self.folder / "gone").symlink_to("nowhere")
        (self.folder / "loop").symlink_to(".")
        found = self.results("-in", self.folder, code=TROUBLE)
        self.assertEqual([entry["id"] for entry in found if entry["verdict"] == "verified"], self.ids())
        self.assertEqual({pathlib.Path(entry["id"]).name: entry["error"] for entry in found if entry["error"]},
                         {"fifo": "not a regular file", "gone": "No such file or directory",
                          "loop": "a link to a folder is not followed"})

    def test_names(self):
        listed = [*map(str, self.names), str(self.folder / "none")]
        expected = [(name, "verified") for name in self.ids()] + [(listed[-1], "error")]
        self.assertEqual(self.verdicts("-files", input="\0".join(listed).encode(), code=TROUBLE), expected)
        del listed[1], expected[1]
        self.assertEqual(self.verdicts("-files", input="\n".join(listed).encode() + b"\n", code=TROUBLE), expected)
        file = self.folder / "list"
        file.write_text("\n".join(listed))
        self.assertEqual(self.verdicts("-files", "-in", file, code=TROUBLE), expected)

    def archive(self, form):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            archive.add(self.folder / "sub", "sub")
            for name, line in zip(("short", "x" * 90 + "/" + "y" * 150), self.lines):
                info = tarfile.TarInfo(name)
                info.size = len(line)
                archive.addfile(info, io.BytesIO(line))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "short"
            archive.addfile(link)
        return buffer.getvalue()

    def test_tar(self):
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            with self.subTest(form):
                if form == tarfile.USTAR_FORMAT:
                    continue  # cannot hold the long name; its headers are those of the others
                self.assertEqual(self.verdicts(input=self.archive(form), code=TROUBLE),
                                 [("sub/a.json", "verified"), ("short", "verified"),
                                  ("x" * 90 + "/" + "y" * 150, "verified"), ("link", "error")])

    @unittest.skipUnless(shutil.which("tar"), "no tar program")
    def test_incremental_tar(self):
        """GNU tar's own form, with times where ustar has the first part of long names."""
        folder = self.folder / "evidence"
        folder.mkdir()
        (folder / "a.json").write_bytes(self.lines[0])
        archive = subprocess.run(["tar", "--format=gnu", f"--listed-incremental={self.folder / 'snapshot'}", "-C",
                                  self.folder, "-cf", "-", "evidence"], capture_output=True, check=True).stdout
        self.assertIn(b"ustar  ", archive)
        self.assertEqual(self.verdicts(input=archive), [("evidence/a.json", "verified")])

    def test_damaged_tar(self):
        text = self.archive(tarfile.GNU_FORMAT)
        for damaged in (text[:700], text[:5000], text[:1024 + 12 * 1024 + 512 + 200]):
            result = self.batch("-inform", "TAR", input=damaged)
            self.assertEqual(result.returncode, TROUBLE)
            self.assertIn(b"archive is damaged", result.stderr)
        broken = bytearray(text)
        broken[600] ^= 1  # in the second header
        result = self.batch(input=bytes(broken))
        self.assertEqual(result.returncode, TROUBLE)
        self.assertIn(b"a header is malformed", result.stderr)

    def test_csv(self):
        result = self.batch("-in", self.folder, "-outform", "csv")
        rows = list(csv.DictReader(io.StringIO(result.stdout.decode(), newline="")))
        self.assertEqual([row["verdict"] for row in rows], ["verified"] * 3)
        self.assertEqual([row["id"] for row in rows], self.ids())
        relative = attest("-batch", *self.trust, "-files", "-outform", "csv", input=b"=1+1.json", cwd=self.folder)
        self.assertTrue(relative.stdout.splitlines()[1].startswith(b"\"'=1+1.json\",\"verified\""))


class Endings(Batch):
    def test_exit_status_and_totals(self):
        good, bad, gone = self.lines[0], b"{}", self.folder / "totals.json"
        for text, code, counts in ((good, VERIFIED, (1, 0, 0)), (good + b"\n" + bad, NOT_VERIFIED, (1, 1, 0)),
                                   (b"", TROUBLE, (0, 0, 0)), (b"\n \n", TROUBLE, (0, 0, 0))):
            result = self.batch("-totals", gone, "-inform", "JSONL", input=text)
            self.assertEqual(result.returncode, code)
            totals = json.loads(gone.read_text())
            self.assertEqual((totals["verified"], totals["not_verified"], totals["errors"]), counts)
            self.assertIn(b"nothing was verified" if code == TROUBLE else b"verified", result.stderr)

    def test_schema(self):
        if jsonschema is None:
            self.skipTest("no python3-jsonschema")
        schema = json.loads((REPOSITORY / "docs" / "entries.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        text = b"\n".join([self.lines[0], b"{}", b"junk"])
        for entry in self.results(input=text, code=NOT_VERIFIED) + self.results("-files", input=b"none", code=TROUBLE):
            validator.validate(entry)
        totals = self.folder / "totals"
        self.batch("-totals", totals, input=text)
        jsonschema.Draft202012Validator(schema["$defs"]["totals"]).validate(json.loads(totals.read_text()))

    def test_out_is_written_whole(self):
        out = self.folder / "results"
        result = self.batch("-out", out, "-quiet", input=b"\n".join(self.lines))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (VERIFIED, b"", b""))
        self.assertEqual(len(out.read_text().splitlines()), KEYS)

    def test_noout(self):
        result = self.batch("-noout", input=self.lines[0])
        self.assertEqual((result.returncode, result.stdout), (VERIFIED, b""))
        self.assertIn(b"1 entry: 1 verified", result.stderr)

    def test_policy_is_for_every_entry(self):
        result = self.batch("-require", "min-bits=4096", "-outform", "json", input=b"\n".join(self.lines[:2]))
        self.assertEqual(result.returncode, NOT_VERIFIED)
        self.assertEqual([json.loads(line)["check"] for line in result.stdout.splitlines()], ["policy.min-bits"] * 2)

    def test_usage(self):
        for arguments in (["-batch", "-text"], ["-batch", "-brief"], ["-batch", "-pubout", "x"], ["-batch", "-csr", "x"],
                          ["-batch", "-outform", "ear"], ["-batch", "-uri", "https://x/keys/y"], ["-files"],
                          ["-inform", "TAR"], ["-inform", "JSONL"], ["-outform", "csv"], ["-totals", "x"],
                          ["-batch", "-files", "-inform", "JSON"], ["-batch", "-jobs", "0"]):
            with self.subTest(arguments):
                self.assertEqual(attest(*arguments).returncode, USAGE)

    def test_progress_is_for_terminals(self):
        self.assertNotIn(b"\r", self.batch(input=b"\n".join(self.lines)).stderr)
        master, slave = pty.openpty()
        file = self.folder / "lines"
        file.write_bytes(b"\n".join(self.lines * 20))
        with subprocess.Popen([COMMAND, "-batch", "-in", file, *map(str, self.trust)], stdout=subprocess.DEVNULL,
                              stderr=slave, env={**os.environ, "TERM": "xterm"}) as process:
            os.close(slave)
            shown = b""
            while True:
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
            process.wait()
        os.close(master)
        self.assertIn(b"%", shown)
        self.assertTrue(shown.splitlines()[-1].endswith(b"0 could not be read or fetched"))


class Pipes(Batch):
    def test_hadoop_streaming_example(self):
        environment = {**os.environ, "OPENSSL_ATTEST": COMMAND, "ATTEST_OPTIONS": " ".join(map(str, self.trust))}
        script = REPOSITORY / "examples" / "batch-mapper.sh"
        for text, expected in ((b"\n".join(self.lines), KEYS), (b"{}\n" + self.lines[0], 2), (b"", 0)):
            result = subprocess.run(["sh", script], input=text, capture_output=True, env=environment, check=True)
            self.assertEqual(len([json.loads(line) for line in result.stdout.splitlines()]), expected)
        result = subprocess.run(["sh", script], input=self.lines[0], capture_output=True, check=False,
                                env={**environment, "ATTEST_OPTIONS": "-hsm_root /none"})
        self.assertEqual(result.returncode, USAGE)

    def test_gnu_parallel(self):
        if shutil.which("parallel") is None:
            self.skipTest("no GNU parallel")
        arguments = " ".join(map(str, self.trust))
        result = subprocess.run(["parallel", "--pipe", "--keep-order", "-N", "7",
                                 f"{COMMAND} -batch -quiet -outform json {arguments} -out -"],
                                input=b"\n".join(self.lines) + b"\n", capture_output=True, check=True)
        self.assertEqual([json.loads(line)["kid"] for line in result.stdout.splitlines()],
                         [self.kid(line) for line in self.lines])


if __name__ == "__main__":
    unittest.main()
