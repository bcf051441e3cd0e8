#!/bin/sh
# clang-tidy and cppcheck over the product's sources, their warnings as errors.
set -eu
cd "$(dirname "$0")/.."
cmake --preset clang >/dev/null
# The path-sensitive analyzer takes as long as all the rest, and reserved names another eighth: MHSM_LINT_DEEP=1 asks
# for both.
checks='-clang-analyzer-*,-bugprone-reserved-identifier'
[ -z "${MHSM_LINT_DEEP:-}" ] || checks=''
find provider cli shim -name '*.cpp' -print0 |
    xargs -0 -P "$(nproc)" -n 2 clang-tidy -p build/clang --quiet --checks="$checks" 2>/dev/null
echo 'clang-tidy: no warning'

folders='provider cli'
[ ! -d shim ] || folders="$folders shim"
# shellcheck disable=SC2086  # a list of folders
cppcheck --enable=warning,performance,portability --std=c++20 --library=posix --quiet --error-exitcode=1 \
    --inline-suppr --suppressions-list=tests/cppcheck.suppressions -j "$(nproc)" -D'MHSMATTEST_VERSION="0"' \
    -I provider -I provider/include -I cli $folders
echo 'cppcheck: no warning'
