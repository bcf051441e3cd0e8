#!/bin/sh
# Runs every fuzz target and prints what each executed, covered and found.
#
# usage: tests/fuzz/run.sh [-s SECONDS | MINUTES] [-j AT_ONCE] [TARGET...]      (default: 1 minute each, two at once)
#
# Seeds are made by tests/forge; what a run adds to them stays in build/fuzz/corpora, what it finds in
# build/fuzz/findings. Exit status 1 if anything was found.
set -eu
cd "$(dirname "$0")/../.."
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers
exec python3 tests/fuzz/campaign.py build/fuzz "$@"
