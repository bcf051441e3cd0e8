#!/bin/sh
# How long one verification takes as a command, against `openssl version` on the same machine: medians and ratio.
# usage: tests/bench/startup.sh [path of openssl-attest] [runs]
set -eu
cd "$(dirname "$0")/../.."
attest=${1:-build/release/cli/openssl-attest}
runs=${2:-101}
evidence=tests/vectors/azure/rsa-2048-fw2-names-restored.json
pin=sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b

exec python3 - "$attest" "$runs" "$evidence" "$pin" <<'EOF'
import statistics, subprocess, sys, time

attest, runs, evidence, pin = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
commands = {
    "openssl version": ["openssl", "version"],
    "openssl-attest -in": [attest, "-in", evidence, "-owner_pin", pin],
}
times = {name: [] for name in commands}
for _ in range(runs):  # interleaved, so that both see the same load
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times[name].append(time.perf_counter() - start)
median = {name: statistics.median(values) for name, values in times.items()}
for name, value in median.items():
    print(f"{name:20} {value * 1000:8.2f} ms (median of {runs})")
print(f"ratio                {median['openssl-attest -in'] / median['openssl version']:8.2f}")
EOF
