#!/bin/sh
# clang-tidy and cppcheck over the product's sources, their warnings as errors.
set -eu
cd "$(dirname "$0")/.."
cmake --preset clang >/dev/null
find provider cli shim -name '*.cpp' -print0 |
    xargs -0 -P "$(nproc)" -n 4 clang-tidy -p build/clang --quiet 2>/dev/null
echo 'clang-tidy: no warning'

folders='provider cli'
[ ! -d shim ] || folders="$folders shim"
# shellcheck disable=SC2086  # a list of folders
cppcheck --enable=warning,performance,portability --std=c++20 --library=posix --quiet --error-exitcode=1 \
    --inline-suppr --suppressions-list=tests/cppcheck.suppressions -j "$(nproc)" -D'MHSMATTEST_VERSION="0"' \
    -I provider -I provider/include -I cli $folders
echo 'cppcheck: no warning'
