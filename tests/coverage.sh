#!/bin/sh
# Measures how much of provider/core the unit tests execute; fails below the thresholds.
#
# usage: tests/coverage.sh [lines-percent [branches-percent]]
#
# The sweep takes large strides here (tests/unit/test_sweep.cpp): it repeats the same code with other bits.
set -eu
cd "$(dirname "$0")/.."
min_lines=${1:-95}
min_branches=${2:-85}
build=build/coverage
profiles=$build/profiles

# The tools must be of the version of the compiler; distributions install them with the version in their name.
version=$(clang++ -dumpversion | cut -d. -f1)
tool() {
    command -v "$1-$version" || command -v "$1" || { echo "coverage.sh: $1 is missing" >&2; exit 2; }
}
profdata=$(tool llvm-profdata)
cov=$(tool llvm-cov)

cmake --preset coverage >/dev/null
cmake --build --preset coverage
rm -rf "$profiles"
mkdir -p "$profiles"
LLVM_PROFILE_FILE="$PWD/$profiles/%p.profraw" ctest --preset coverage -L unit
"$profdata" merge -sparse -o "$build/core.profdata" "$profiles"/*.profraw

# The core is linked statically into every test program; together they hold all of it.
set --
for program in "$build"/tests/unit/test_*; do
    [ -f "$program" ] && [ -x "$program" ] && set -- "$@" -object "$program"
done
shift  # llvm-cov takes the first program without its option
"$cov" report -instr-profile "$build/core.profdata" -show-region-summary=false "$@" provider/core
"$cov" export -summary-only -instr-profile "$build/core.profdata" "$@" provider/core >"$build/coverage.json"

python3 - "$build/coverage.json" "$min_lines" "$min_branches" <<'EOF'
import json
import sys

totals = json.load(open(sys.argv[1]))["data"][0]["totals"]
failed = False
for kind, minimum in (("lines", float(sys.argv[2])), ("branches", float(sys.argv[3]))):
    percent = totals[kind]["percent"]
    if totals[kind]["count"] == 0 or percent < minimum:
        failed = True
    print(f"{kind}: {percent:.2f} % (at least {minimum:g} %)")
sys.exit(1 if failed else 0)
EOF
