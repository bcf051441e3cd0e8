#!/bin/sh
# What the active provider costs whoever loads an ordinary PEM key, as ratios of medians of alternating runs: inside
# one process (load_key.c), and for the whole command `openssl pkey -in key.pem -noout`, which also loads the module.
#
# usage: tests/bench/load_key.sh [folder of mhsmattest.so] [rounds]
#
# Not a pass/fail test. For each key it loads, OpenSSL 3.0 compares every decoder of every provider with every name of
# every key type to set up a chain. That grows with the decoders and key managers that are registered, whatever these
# do, and is all that is measured here: in instructions, 5 % for the key managers RSA and EC alone, 6 % for the decoder
# of JSON, 16 % together. The decoder itself leaves after one byte. OpenSSL 3.5 keeps the chains it set up: 0 to 2 %,
# and 10 % through OSSL_STORE.
set -eu
cd "$(dirname "$0")/../.."
modules=${1:-build/release/provider}
rounds=${2:-101}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

${CC:-cc} -O2 tests/bench/load_key.c -lcrypto -o "$folder/load_key"
cat >"$folder/without.cnf" <<END
openssl_conf = init
[init]
providers = providers
[providers]
default = default_section
[default_section]
activate = 1
END
cp "$folder/without.cnf" "$folder/with.cnf"
sed -i "s|^\[providers\]|&\nmhsmattest = ours|" "$folder/with.cnf"
printf '[ours]\nmodule = %s/mhsmattest.so\nactivate = 1\n' "$(realpath "$modules")" >>"$folder/with.cnf"

OPENSSL_CONF=$folder/without.cnf openssl version
for algorithm in 'RSA -pkeyopt rsa_keygen_bits:2048' 'EC -pkeyopt ec_paramgen_curve:P-256'; do
    # shellcheck disable=SC2086 # the options are words
    OPENSSL_CONF=$folder/without.cnf openssl genpkey -algorithm $algorithm -out "$folder/key.pem" 2>/dev/null
    echo "${algorithm%% *}:"
    "$folder/load_key" "$(realpath "$modules")/mhsmattest.so" "$folder/key.pem" "$rounds"
    python3 - "$folder" "$rounds" <<'END'
import os, statistics, subprocess, sys, time

folder, rounds = sys.argv[1], int(sys.argv[2])
times = {"without": [], "with": []}
for number in range(rounds):
    for name in sorted(times, reverse=number % 2 == 0):
        environment = dict(os.environ, OPENSSL_CONF=f"{folder}/{name}.cnf")
        start = time.perf_counter()
        subprocess.run(["openssl", "pkey", "-in", f"{folder}/key.pem", "-noout"], env=environment, check=True)
        times[name].append(time.perf_counter() - start)
ratio = statistics.median(b / a for a, b in zip(times["without"], times["with"]))
medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
print(f"{'openssl pkey -in':28} default {medians['without']:8.2f} ms, with mhsmattest {medians['with']:8.2f} ms, "
      f"ratio {ratio:.4f}")
END
done
