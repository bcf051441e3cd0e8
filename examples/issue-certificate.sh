#!/bin/sh
# Issues a certificate for exactly the attested key, with the subject that a request names. The key of the request
# itself is not used: whoever made it, the certificate certifies the key that is shown to live in the HSM.
#
#     issue-certificate.sh attestation.json request.pem ca.pem ca.key certificate.pem
set -eu
[ $# -eq 5 ] || { echo "Usage: $0 evidence request ca-certificate ca-key certificate" >&2; exit 2; }

# A mhsm URI never gives anything but an attested key; a plain file name could hold an ordinary one.
evidence=mhsm://$(realpath -- "$1" | sed 's/%/%25/g; s/?/%3f/g; s/#/%23/g')

openssl x509 -req -in "$2" -force_pubkey "$evidence" -CA "$3" -CAkey "$4" -days 365 -out "$5"
