"""Instructions of one verification, counted by callgrind: the same on a busy machine as on an idle one.

usage: instructions.py [--check|--write] BENCH_COUNT BASELINE.json

libcrypto picks its code by processor, so what it spends on RSA and SHA-256 is not compared: only the rest is. --check
fails if that grew by more than a quarter over the baseline; --write writes the baseline anew.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ALLOWED = 1.25
RUNS = 20


def counted(program, what, count):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, what, str(count)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M).group(1))


def per_run(program, what, runs=RUNS):
    """What one further run costs, without what starting costs."""
    return (counted(program, what, 2 * runs) - counted(program, what, runs)) // runs


def measure(program):
    limit = per_run(program, "limit")
    return {"warm": per_run(program, "warm") - limit, "report": per_run(program, "report") - limit,
            "cold": per_run(program, "cold", 2) - limit}


def main(mode, program, baseline):
    found = measure(program)
    if mode == "--write":
        pathlib.Path(baseline).write_text(json.dumps(found, indent=2) + "\n")
        return 0
    expected = json.loads(pathlib.Path(baseline).read_text())
    worse = False
    for name, count in found.items():
        ratio = count / expected[name]
        worse = worse or ratio > ALLOWED
        print(f"{name:8} {count:10} instructions beyond RSA and SHA-256, baseline {expected[name]}, ratio {ratio:.2f}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
