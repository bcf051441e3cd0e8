"""All ratios of docs/performance.md in one run on one machine.

usage: macro.py [--build DIR] [--stream DIR] [--entries N] [--rounds N] [--million] [--write]

--stream DIR   where the stream of evidence is, or is made (100,000 entries of 100 pools take 1.2 GB and some minutes)
--million      also verify a million entries, for the peak of memory
--write        write the table and the plot of docs/performance.md anew
Ratios are of medians of runs that take turns; CPU time is used where other programs would disturb.
"""

import argparse
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests" / "vectors" / "azure" / "rsa-2048-fw2-names-restored.json"
PIN = "sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b"
POOLS = 100


class Machine:
    def __init__(self, options):
        build = pathlib.Path(options.build)
        self.attest = build / "cli" / "openssl-attest"
        self.forge = build / "tests" / "forge" / "mhsm-forge"
        self.count = build / "tests" / "bench" / "bench_count"
        self.stream = pathlib.Path(options.stream)
        self.entries = options.entries
        self.lines = self.stream / "entries.jsonl"

    def prepare(self):
        if not self.lines.exists():
            subprocess.run([self.forge, "-out", self.stream, "-jsonl", str(self.entries), "-pools", str(POOLS)], check=True)

    def trust(self):
        return ["-hsm_root", self.stream / "hsm-root.pem", "-known_pools", self.stream / "known-pools",
                "-attime", "1767225600"]

    def batch(self, cores, jobs, repeats=1, outform="text"):
        """Wall seconds, CPU seconds and peak KiB of one run over `repeats` times the stream."""
        command = ["taskset", "-c", ",".join(map(str, range(cores))), self.attest, "-batch", "-inform", "JSONL",
                   "-outform", outform, "-jobs", str(jobs), "-quiet", "-out", "/dev/null", *self.trust()]
        if repeats == 1:
            command += ["-in", self.lines]
        begin = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdin=None if repeats == 1 else subprocess.PIPE)
        if repeats > 1:
            subprocess.run(["cat", *[self.lines] * repeats], stdout=process.stdin, check=True)
            process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError("the stream does not verify")
        return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def in_process(machine, rounds=41):
    text = subprocess.run([machine.count, "ratio", str(rounds)], check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def startup(machine, runs=101):
    with tempfile.TemporaryDirectory() as folder:
        certs = pathlib.Path(folder) / "certs.pem"
        subprocess.run([machine.attest, "-in", SAMPLE, "-noout", "-certs_out", certs], check=False)
        blocks = re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", certs.read_text(), re.S)
        root, leaf = pathlib.Path(folder) / "root.pem", pathlib.Path(folder) / "leaf.pem"
        root.write_text(blocks[3])
        leaf.write_text(blocks[4])
        commands = {
            "openssl version": ["openssl", "version"],
            "openssl verify": ["openssl", "verify", "-partial_chain", "-no_check_time", "-CAfile", root, leaf],
            "openssl-attest -in": [machine.attest, "-in", SAMPLE, "-owner_pin", PIN],
        }
        times = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                times[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {name: 1e6 * statistics.median(values) for name, values in times.items()}


def throughput(machine, rounds):
    """Medians of wall and CPU seconds for one core and two, and for one that writes JSON."""
    runs = {1: [], 2: [], "json": []}
    for _ in range(rounds):
        for cores in (1, 2):
            runs[cores].append(machine.batch(cores, cores))
        runs["json"].append(machine.batch(1, 1, outform="json"))
    return {cores: tuple(statistics.median(column) for column in zip(*values)) for cores, values in runs.items()}


def memory(machine, million):
    with tempfile.TemporaryDirectory() as folder:
        small = Machine(argparse.Namespace(build=machine.attest.parents[1], stream=folder, entries=1000))
        small.prepare()
        peaks = {1000: small.batch(2, 2)[2]}
    peaks[machine.entries] = machine.batch(2, 2)[2]
    if million:
        peaks[10 * machine.entries] = machine.batch(2, 2, repeats=10)[2]
    return peaks


def rows(measured, entries):
    limit, cpu = measured["in process"]["limit"], measured["batch"][1][1] / entries * 1e6
    one, two = measured["batch"][1], measured["batch"][2]
    start, peaks = measured["startup"], measured["memory"]
    sizes = sorted(peaks)
    yield "limit: 2 x RSA-2048 verify + 2 x SHA-256", f"{limit:.1f} us", "", ""
    for name, words, wanted in (("warm", "verification, warm", "at least 60 %"), ("report", "the same, all of it rendered as JSON", ""),
                                ("cold", "verification, cold", "")):
        taken = measured["in process"][name]
        yield words, f"{taken:.1f} us", f"{100 * limit / taken:.0f} % of the limit", wanted
    yield f"batch, {entries:,} entries, per core (CPU time)", f"{cpu:.1f} us each", f"{100 * limit / cpu:.0f} % of the limit", "at least 50 %"
    json_cpu = measured["batch"]["json"][1] / entries * 1e6
    yield "the same with -outform json, which digests the evidence", f"{json_cpu:.1f} us each", f"{100 * limit / json_cpu:.0f} % of the limit", ""
    yield "batch, one core (wall)", f"{entries / one[0]:,.0f}/s", f"{100 * limit * 1e-6 * entries / one[0]:.0f} % of the limit", ""
    yield "batch, two cores (wall)", f"{entries / two[0]:,.0f}/s", f"{one[0] / two[0]:.2f} x one core", "at least 1.8"
    yield "batch, two threads, CPU time each entry costs", f"{two[1] / entries * 1e6:.1f} us", f"{two[1] / one[1]:.2f} x one thread", ""
    for size in sizes:
        base = peaks[sizes[1]] if len(sizes) > 1 else peaks[size]
        yield f"peak memory, {size:,} entries", f"{peaks[size] / 1024:.1f} MiB", f"{peaks[size] / base:.2f} x {sizes[1]:,}", \
            "at most 1.10" if size > sizes[1] else ""
    yield "`openssl version`", f"{start['openssl version'] / 1000:.1f} ms CPU", "", ""
    yield "`openssl verify`, one certificate", f"{start['openssl verify'] / 1000:.1f} ms CPU", \
        f"{start['openssl verify'] / start['openssl version']:.2f} x version", ""
    yield "`openssl-attest -in`", f"{start['openssl-attest -in'] / 1000:.1f} ms CPU", \
        f"{start['openssl-attest -in'] / start['openssl version']:.2f} x version", "at most 3"


def table(lines):
    head = [("what", "measured", "ratio", "wanted"), ("---",) * 4]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [*head, *lines]) + "\n"


def machine_words():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, OpenSSL {openssl}"


def plot(measured, entries, path):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "mhsm-attest"
    from matplotlib import pyplot
    bars = [("limit", measured["in process"]["limit"]), ("warm", measured["in process"]["warm"]),
            ("batch, per core", measured["batch"][1][1] / entries * 1e6), ("warm, rendered", measured["in process"]["report"])]
    figure, axes = pyplot.subplots(figsize=(7, 2.4))
    axes.barh([name for name, _ in bars], [value for _, value in bars], color=["#888888", "#2a6f97", "#2a6f97", "#a9c6d9"])
    axes.axvline(measured["in process"]["limit"], color="#888888", linestyle=":")
    axes.invert_yaxis()
    axes.set_xlabel("microseconds of CPU time for one RSA-2048 attestation")
    for index, (_, value) in enumerate(bars):
        axes.text(value, index, f" {value:.0f}", va="center")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def write(measured, entries, text):
    document = REPOSITORY / "docs" / "performance.md"
    begin, end = "<!-- measured -->\n", "<!-- /measured -->"
    before, rest = document.read_text().split(begin, 1)
    after = rest.split(end, 1)[1]
    document.write_text(before + begin + f"{machine_words()}.\n\n" + text + end + after)
    plot(measured, entries, REPOSITORY / "docs" / "performance.svg")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=REPOSITORY / "build" / "release")
    parser.add_argument("--stream", default="/tmp/mhsm-stream")
    parser.add_argument("--entries", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    machine = Machine(options)
    machine.prepare()
    measured = {"in process": in_process(machine), "startup": startup(machine), "batch": throughput(machine, options.rounds),
                "memory": memory(machine, options.million)}
    text = table(rows(measured, options.entries))
    print(text)
    if options.write:
        write(measured, options.entries, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
