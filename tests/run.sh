#!/bin/sh
# Installs what is missing (Debian, Ubuntu), then builds and tests every preset given; without arguments, all
# that CI runs: gcc, clang, AddressSanitizer with UBSan, ThreadSanitizer, coverage of the core, every fuzz target for
# half a minute, and the linters.
set -eu
cd "$(dirname "$0")/.."

packages='g++ cppcheck clang clang-tidy libclang-rt-14-dev llvm cmake ninja-build pkg-config openssl libssl-dev libcjson-dev
libcpp-httplib-dev libcmocka-dev libcurl4-openssl-dev nginx-light python3 python3-jsonschema valgrind binutils procps man-db groff-base gzip
libp11-kit-dev p11-kit opensc gnutls-bin python3-pykcs11 libengine-pkcs11-openssl'
install_missing() {
    missing=''
    for package in $packages; do
        # Distributions number clang's run-time library differently; any will do.
        [ "$package" = libclang-rt-14-dev ] && ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a >/dev/null 2>&1 && continue
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing" >&2
    as_root=''
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

heading() { printf '\n== %s\n' "$*"; }

run_preset() {
    heading "$1"
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
    ctest --preset "$1"
}

install_missing
[ $# -gt 0 ] || set -- release asan tsan coverage fuzz lint
for step in "$@"; do
    case $step in
        coverage) heading coverage; tests/coverage.sh ;;
        fuzz) heading fuzz; tests/fuzz/run.sh -s 30 -j 3 ;;
        lint) heading lint; tests/lint.sh ;;
        *) run_preset "$step" ;;
    esac
done
