#!/bin/sh
# A mapper for Hadoop streaming, and the command of a Spark pipe: JSON Lines of evidence in, a result for each line out.
#   hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=0 -input evidence -output results \
#       -files batch-mapper.sh,known-pools -mapper 'sh batch-mapper.sh'
#   rdd.pipe("sh batch-mapper.sh")
# The options that say what is trusted come in ATTEST_OPTIONS; one thread, because the cluster runs many mappers.
set -eu

totals=$(mktemp)
trap 'rm -f "$totals"' EXIT
status=0
# shellcheck disable=SC2086 # the options are words
"${OPENSSL_ATTEST:-openssl-attest}" -batch -inform JSONL -outform json -jobs 1 -totals "$totals" ${ATTEST_OPTIONS-} ||
    status=$?

# That entries are not verified (1) is a result, which their lines tell, and no reason to run the task again. Neither is
# a share of the input that holds no entry (3).
[ "$status" -ne 1 ] || status=0
[ "$status" -ne 3 ] || ! grep -q '"entries":0,.*"interrupted":false' "$totals" || status=0
exit "$status"
