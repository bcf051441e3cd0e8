"""An audit of a large pool on the emulator, against one process for each key; then the same under faults.

usage: python3 tests/bench/pool.py [BUILD] [KEYS]      (default build/release 10000)
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / "build" / "release")
KEYS = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
ATTEST = BUILD / "cli" / "openssl-attest"
SINGLE_RUNS = 50
os.environ["MHSM_EMULATOR"] = str(BUILD / "tests" / "emulator" / "mhsm-emulator")
sys.path.insert(0, str(REPOSITORY / "tests" / "emulator"))

from emulator import Emulator  # noqa: E402  (found by the line before)


def audit(emulator, trusted, environment, *more):
    """Seconds, peak memory in MB, and how many entries of each verdict there are; each key must be there once."""
    with tempfile.NamedTemporaryFile("r+") as out:
        start = time.perf_counter()
        result = subprocess.run(["/usr/bin/env", "python3", "-c", "import resource,subprocess,sys;"
                                 "code=subprocess.run(sys.argv[1:]).returncode;"
                                 "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)",
                                 ATTEST, "-pool", emulator.url(), "-outform", "json", "-out", out.name, *trusted, *more],
                                env=environment, stderr=subprocess.PIPE, text=True, check=False)
        seconds = time.perf_counter() - start
        entries = [json.loads(line) for line in pathlib.Path(out.name).read_text().splitlines()]
    assert len({entry["id"] for entry in entries}) == len(entries), "a key is there twice"
    verdicts = {}
    for entry in entries:
        verdicts[entry["verdict"]] = verdicts.get(entry["verdict"], 0) + 1
    return seconds, int(re.search(r"peak (\d+)", result.stderr)[1]) / 1024, verdicts


with Emulator("-keys", KEYS) as running:
    info = running.info
    trust = ["-CAfile", running.ca_file, "-allow_host", running.host, "-hsm_root", info["paths"]["hsm_root"],
             "-owner_pin", info["pin"]]
    variables = {**os.environ, "MHSM_ACCESS_TOKEN": running.token, "XDG_CONFIG_HOME": "/nonexistent",
                 "AZURE_AUTHORITY_HOST": f"https://localhost:{running.port}"}
    whole, peak, found = audit(running, trust, variables)
    print(f"whole pool           {whole:8.1f} s   {peak:.0f} MB   {found}")
    begin = time.perf_counter()
    for number in range(SINGLE_RUNS):
        subprocess.run([ATTEST, "-uri", running.url(f"/keys/key-{number + 1:05d}"), "-quiet", *trust], env=variables,
                       check=True)
    single = (time.perf_counter() - begin) / SINGLE_RUNS
    print(f"one process per key  {single * KEYS:8.1f} s   {single * KEYS / whole:.1f} times as long")
    running.fault("status", status=503, probability=0.04, path="/attestation")
    running.fault("drop", probability=0.03, path="/attestation")
    running.fault("half", probability=0.03, path="/attestation")
    whole, peak, found = audit(running, trust, variables, "-jobs", "16", "-retries", "8")
    print(f"under 10 % faults    {whole:8.1f} s   {peak:.0f} MB   {found}")
