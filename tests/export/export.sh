# netc export: the file is whole or not there; weights beside it; versions that do not go together are refused.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/examples/lenet5.net
expect no-weights 1 "$NETC" export "$net" -o "$T/none.onnx"
expect_text no-weights-why "$T/stderr" 'E0502.*conv1.weight'
expect_true no-file test ! -e "$T/none.onnx"
expect external 0 "$NETC" export "$net" --init 1 --external -o "$T/m.onnx"
expect_true external-small test "$(wc -c <"$T/m.onnx")" -lt 10000
expect_true external-large test "$(wc -c <"$T/m.onnx.data")" -gt 1000000
mkdir -p "$T/inline"
expect inline 0 "$NETC" export "$net" --init 1 -o "$T/inline/m.onnx"
expect_true inline-alone test ! -e "$T/inline/m.onnx.data"
for kind in m inline/m; do
    expect compile 0 "$NETC" compile "$T/$kind.onnx" --target generic --prefix net --weights file -o "$T/c"
    mv "$T/c" "$T/$(echo $kind | tr / -)"
done
expect_true same-c diff -r "$T/m" "$T/inline-m"

# two versions of what is not the same in both
cat >"$T/mixed.net" <<END
opset 21
net mixed(x: f32[2, 3]) -> (y: f32[2, 3]) {
    y = x |> Softmax@11(axis: 0) |> LayerNormalization(f32[3] 1)
}
END
expect mixed 1 "$NETC" export "$T/mixed.net" -o "$T/mixed.onnx"
expect_text mixed-why "$T/stderr" 'E0307.*Softmax is of version 11'
# a newer one that changed nothing they use
cat >"$T/newer.net" <<END
net newer(x: f32[2, 3, 4]) -> (y: f32[2, 3, 4]) {
    y = x |> rmsnorm |> relu
}
END
expect newer 0 "$NETC" export "$T/newer.net" --init 1 -o "$T/newer.onnx"
expect newer-version 0 "$NETC" print --flat "$T/newer.onnx"
expect_text newer-opset "$T/stdout" '^opset 23$'
