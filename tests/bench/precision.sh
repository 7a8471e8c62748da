# tests/bench/precision on a small network: a row with times, half the bytes, and errors of the size that the types have.
. "$ROOT/tests/driver/lib/checks.sh"
mkdir -p "$T/models"
"$NETC" export "$ROOT/tests/core/lib/threads.net" --init 1 -o "$T/models/small.onnx"
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/models/small.in.npy" 1 16 40 40
export BENCH="$T/bench" MODELS="$T/models" BENCH_SECONDS=0.01
expect table 0 "$ROOT/tests/bench/precision" small
expect_text table-row "$T/stdout" '^small .*e-0[0-9] .*e-0[0-9]$'
expect_true fields awk -F '\t' '{ for (i = 4; i < 10; i++) good += $i > 0 } NF != 11 || $2 < 1.8 * $3 || good != 6 || $10 < 1e-5 || $10 > 5e-3 || $11 < $10 { bad = 1 } END { exit bad || NR != 1 }' "$BENCH/precision.tsv"
expect unknown 3 "$ROOT/tests/bench/precision" no-such-network
