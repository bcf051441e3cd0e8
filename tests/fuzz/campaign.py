"""Runs libFuzzer programs for a while and tells what came of it. See run.sh."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Bounds of time and memory that every input must stay within.
LIMITS = ["-timeout=60", "-rss_limit_mb=2048", "-malloc_limit_mb=64", "-max_len=65536"]
# Targets that read the same kind of input as another have its dictionary.
DICTIONARY_OF = {"verify": "evidence", "signed_blobs": "evidence", "provider_decoder": "evidence", "anchors": "bundle"}


def command(program, folder, seconds):
    target = program.name.removeprefix("fuzz_")
    corpus, findings = folder / "corpora" / target, folder / "findings"
    for path in (corpus, findings):
        path.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / "dictionaries" / f"{DICTIONARY_OF.get(target, target)}.dict"
    inputs = [corpus, folder / "tests" / "fuzz" / "seeds" / target, HERE / "corpus" / target]
    return [program, *LIMITS, f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={findings}/{target}-",
            *([f"-dict={dictionary}"] if dictionary.exists() else []), *[path for path in inputs if path.is_dir()]]


def run(program, folder, seconds):
    """One row of the table, and the end of the log if something was found."""
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    process = subprocess.run([*map(str, command(program, folder, seconds))], capture_output=True, check=False,
                             errors="replace", text=True, env=environment)
    log = process.stderr
    (folder / "findings" / f"{program.name}.log").write_text(log)

    def number(pattern):
        found = re.findall(pattern, log)
        return int(found[-1]) if found else 0

    row = {"target": program.name.removeprefix("fuzz_"), "executions": number(r"stat::number_of_executed_units:\s*(\d+)"),
           "per second": number(r"stat::average_exec_per_sec:\s*(\d+)"), "edges": number(r"cov: (\d+)"),
           "features": number(r"ft: (\d+)"), "corpus": number(r"corp: (\d+)"),
           "peak MiB": number(r"stat::peak_rss_mb:\s*(\d+)"), "findings": int(process.returncode != 0)}
    return row, log[-6000:] if process.returncode != 0 else ""


def table(rows):
    names = list(rows[0])
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in names}
    lines = ["| " + " | ".join(name.ljust(widths[name]) for name in names) + " |",
             "|" + "|".join("-" * (widths[name] + 2) for name in names) + "|"]
    for row in rows:
        cells = (str(row[name]).ljust(widths[name]) if name == "target" else str(row[name]).rjust(widths[name])
                 for name in names)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("-s", dest="seconds", type=int)
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    parser.add_argument("words", nargs="*", help="[MINUTES] [TARGET...]")
    given = parser.parse_intermixed_args()
    minutes = [word for word in given.words if word.isdigit()]
    targets = [word for word in given.words if not word.isdigit()]
    seconds = given.seconds or 60 * int(minutes[0] if minutes else 1)
    folder = given.folder.resolve()
    programs = sorted(path for path in (folder / "tests").rglob("fuzz_*")
                      if path.is_file() and os.access(path, os.X_OK) and not path.name.startswith("fuzz_replay_"))
    if targets:
        programs = [path for path in programs if path.name.removeprefix("fuzz_") in targets]
    if not programs:
        sys.exit("campaign: no fuzz target; build the preset fuzz")
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda program: run(program, folder, seconds), programs))
    for row, log in results:
        if log:
            print(f"--- {row['target']}\n{log}", file=sys.stderr)
    rows = [row for row, _ in results]
    print(f"{seconds} seconds for each target, {given.jobs} at a time, AddressSanitizer and UBSan:\n")
    print(table(rows))
    idle = [row["target"] for row in rows if row["executions"] == 0]
    if idle:
        print(f"campaign: nothing was executed by {', '.join(idle)}", file=sys.stderr)
    sys.exit(1 if idle or any(row["findings"] for row in rows) else 0)


if __name__ == "__main__":
    main()
