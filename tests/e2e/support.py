"""What the end-to-end tests share: the built commands, the vectors and how to run them."""

import os
import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("OPENSSL_ATTEST", "openssl-attest")
FORGE = os.environ.get("MHSM_FORGE", "mhsm-forge")
RECORDED = REPOSITORY / "tests" / "vectors" / "azure" / "rsa-2048-fw2.json"
RESTORED = REPOSITORY / "tests" / "vectors" / "azure" / "rsa-2048-fw2-names-restored.json"
POOL_PIN = "sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b"

VERIFIED, NOT_VERIFIED, USAGE, TROUBLE = 0, 1, 2, 3


def attest(*arguments, **kwargs):
    """Runs the command; its output is captured as bytes."""
    if "input" not in kwargs:
        kwargs.setdefault("stdin", subprocess.DEVNULL)
    # Not the pools that the person who runs the tests knows.
    kwargs.setdefault("env", {**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, timeout=120, check=False, **kwargs)
