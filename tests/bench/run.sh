# make bench on a network of three nodes: without ONNX Runtime it measures netc alone and says what is missing; with the library in
# $ORT it compares. The reference in double precision is made here.
. "$ROOT/tests/driver/lib/checks.sh"
command -v python3 >/dev/null || { echo "skipped bench: no python3 for the reference"; exit 0; }
mkdir -p "$T/models"
protoc-c --encode=onnx.ModelProto --proto_path="$ROOT/grammar" onnx.proto <tiny.model >"$T/models/tiny.onnx"
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/models/tiny.in.npy" 1 64
cat >"$T/reference.py" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
values = struct.unpack("<64f", data[-256:])
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 64), }".ljust(117) + "\n"
out = [2 * max(v, 0.0) for v in values]
if sys.argv[3] == "wrong": out[0] += 1
open(sys.argv[2], "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.encode() + struct.pack("<64d", *out))
END
runtime=${ORT:-${ONNXRUNTIME:-}}
unset ONNXRUNTIME
export BENCH="$T/bench" MODELS="$T/models" BENCH_SECONDS=0.05 ORT=

python3 "$T/reference.py" "$T/models/tiny.in.npy" "$T/models/tiny.ref.npy" right
expect alone 0 "$ROOT/tests/bench/run" tiny
expect_text alone-machine "$T/stdout" 'GFLOP/s a core at most'
expect_text alone-row "$T/stdout" '^tiny .* - .* 0.0e+00 .*-$'
expect_text alone-missing "$T/stdout" 'ONNX Runtime: npm install'
expect_true alone-fields sh -c 'awk -F "\t" "NF != 15 { bad = 1 } END { exit bad || NR != 1 }" "$1"' - "$BENCH/results.tsv"

ORT=$runtime
if [ -f "${ORT:-}" ]; then
    expect both 0 "$ROOT/tests/bench/run" tiny
    expect_true both-fields awk -F '\t' '$5 > 0 && $11 > 1 && $15 == 0 { good = 1 } END { exit !good }' "$BENCH/results.tsv"
else
    echo "skipped both: no ONNX Runtime in ORT"
fi

ORT=
python3 "$T/reference.py" "$T/models/tiny.in.npy" "$T/models/tiny.ref.npy" wrong
expect wrong 1 "$ROOT/tests/bench/run" tiny
expect unknown 3 "$ROOT/tests/bench/run" no-such-network
