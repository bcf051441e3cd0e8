#!/bin/sh
# Installs what is missing (Debian, Ubuntu), builds, and verifies a real attestation of a real Managed HSM.
set -eu
cd "$(dirname "$0")/.."

packages='g++ cmake ninja-build openssl libssl-dev libcjson-dev libcurl4-openssl-dev'
missing=''
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "Installing:$missing" >&2
    as_root=''
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

mkdir -p build
log=build/quickstart.log
{
    cmake --preset release -DBUILD_TESTING=OFF -DMHSM_PKCS11=OFF -DMHSM_WERROR=OFF -B build/quickstart && cmake --build build/quickstart
} >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    echo "quickstart: the build failed; the whole log is in $log" >&2
    exit 3
}

# The pool root's fingerprint comes from the owner of the pool; for this recording it is in tests/vectors/README.md.
exec build/quickstart/cli/openssl-attest -in tests/vectors/azure/rsa-2048-fw2-names-restored.json \
    -owner_pin sha256:e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b \
    -policy non-exportable
