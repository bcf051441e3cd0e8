#!/bin/sh
# Whether a certificate request is signed by, and about, the attested key. Exit code 0: it is.
#
#     check-csr.sh attestation.json request.pem
set -eu
[ $# -eq 2 ] || { echo "Usage: $0 evidence request" >&2; exit 2; }

evidence=mhsm://$(realpath -- "$1" | sed 's/%/%25/g; s/?/%3f/g; s/#/%23/g')

attested=$(openssl pkey -pubin -in "$evidence" -pubout)
# Some releases of OpenSSL say that the signature is wrong and exit with 0 all the same.
openssl req -in "$2" -noout -verify 2>&1 | grep -q '^Certificate request self-signature verify OK$' ||
    { echo "$2: not signed by its own key" >&2; exit 1; }
requested=$(openssl req -in "$2" -noout -pubkey)
[ "$attested" = "$requested" ] || { echo "$2: holds another key than the attested one" >&2; exit 1; }
echo "$2: holds the attested key"
