#!/bin/sh
# Verifies the signature (SHA-256) of a document with an attested key, and with no other. Exit code 0: it is good.
#
#     verify-document.sh attestation.json document document.sig
set -eu
[ $# -eq 3 ] || { echo "Usage: $0 evidence document signature" >&2; exit 2; }

evidence=mhsm://$(realpath -- "$1" | sed 's/%/%25/g; s/?/%3f/g; s/#/%23/g')

exec openssl dgst -sha256 -verify "$evidence" -signature "$3" -- "$2"
