# What netc export writes is accepted by ONNX Runtime, which computes from it what netc's own code computes. ONNXRUNTIME names
# its library; without one these checks are not run.
. "$ROOT/tests/export/lib/agree.sh"
build_oracle || echo "not ok build: tests/export/lib/oracle.c"
for net in "$ROOT"/tests/print/*.net "$ROOT/tests/language/layers.net"; do
    agree "$(basename "$net" .net)" "$net" "$T/work" --init 1
done
for name in lenet5 mlp edges normalisation text_cnn lstm losses; do
    [ -f "$ROOT/examples/$name.net" ] && agree "$name" "$ROOT/examples/$name.net" "$T/work" --init 1 --dim-default 1
done
EXPORT=--external agree external "$ROOT/examples/lenet5.net" "$T/work" --init 1
EXPORT=--optimised agree optimised "$ROOT/tests/print/googlenet.net" "$T/work" --init 1
EXPORT="--optimised --external" agree both "$ROOT/tests/print/encoder.net" "$T/work" --init 1
