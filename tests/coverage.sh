#!/bin/sh
# Builds with source-based coverage (clang), runs all tests, prints the coverage of provider/core and fails below
# 95% of lines or 85% of branches.
set -eu
cd "$(dirname "$0")/.."
min_lines=95
min_branches=85

# Distributions install LLVM's tools under names with and without a version; they must fit the compiler.
version=$(clang++ -dumpversion | cut -d. -f1)
tool() { command -v "$1-$version" || command -v "$1"; }
profdata=$(tool llvm-profdata)
cov=$(tool llvm-cov)

cmake --preset coverage >/dev/null
cmake --build --preset coverage
profiles=$PWD/build/coverage/profiles
rm -rf "$profiles"
LLVM_PROFILE_FILE="$profiles/%m-%p.profraw" ctest --preset coverage

find "$profiles" -name '*.profraw' >"$profiles.list"
"$profdata" merge -sparse -f "$profiles.list" -o "$profiles.profdata"
program=build/coverage/cli/openssl-attest
objects=$(find build/coverage/tests -type f -perm -u+x ! -name '*.py' ! -path '*CMakeFiles*' -printf ' -object %p')
# shellcheck disable=SC2086 # one word for each object
"$cov" report "$program" $objects -instr-profile="$profiles.profdata" -show-region-summary=false provider/core
# shellcheck disable=SC2086
"$cov" export "$program" $objects -instr-profile="$profiles.profdata" -summary-only provider/core >"$profiles.json"
exec python3 - "$profiles.json" "$min_lines" "$min_branches" <<'EOF'
import json, sys

totals = json.load(open(sys.argv[1]))["data"][0]["totals"]
failed = False
for what, minimum in (("lines", float(sys.argv[2])), ("branches", float(sys.argv[3]))):
    found = totals[what]["percent"]
    failed |= found < minimum
    print(f"provider/core: {found:.1f}% of {what} (at least {minimum:.0f}%)")
sys.exit(1 if failed else 0)
EOF
