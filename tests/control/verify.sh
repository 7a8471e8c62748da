# Each folder here is a network and its data sets, in protocol buffers' text form; the outputs were computed with numpy.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"
. "$ROOT/tests/driver/lib/datasets.sh"

here=$ROOT/tests/control
verify_folders "$here"

# Lists whose length the command line says; one that is wrong for the type, and a data set that holds something else.
lists=$T/lists.onnx
expect elements 0 "$NETC" check --elements seq=2 --elements maybe=0 --dim n=3 "$lists"
expect elements-open 1 "$NETC" check --elements seq=2 --elements maybe=1 --dim n=3 "$lists"
expect_text elements-open-why "$T/stderr" "has no declared shape"
expect elements-other 0 "$NETC" check --elements seq=2 --elements maybe=0 --elements x=1 --dim n=3 "$lists"
expect_text elements-other-why "$T/stderr" "W0003.*--elements x: "
expect elements-net 0 "$NETC" check --elements x=1 "$here/loop/network.net"
expect_text elements-net-why "$T/stderr" "W0003.*--elements x: "
expect elements-mistake 2 "$NETC" check --elements seq "$lists"
expect elements-many 2 "$NETC" check --elements seq=100000 "$lists"
expect elements-compile 0 "$NETC" compile --elements seq=2 --elements maybe=0 --dim n=3 "$lists" -o "$T/compiled"
expect_text elements-parameters "$T/compiled/lists.h" "seq_1"
cp -r "$T/lists/set_0" "$T/wrong"
cp "$T/lists/set_0/input_1.pb" "$T/wrong/output_0.pb"
expect other-data 1 "$NETC" verify "$lists" "$T/wrong"
expect_text other-data-why "$T/stderr" "output 'out_0' is f32 4 here"

# A weight of a body is in the generated code once, however often the body runs.
cat >"$T/shared.net" <<'NET'
net shared(x: f32[1, 32]) -> (y: f32[1, 32]) {
    y = Loop(10, true, x, body: graph step(i: i64[], go: bool[], s: f32[1, 32]) -> (on: bool[], next: f32[1, 32]) {
        const w: f32[32, 32] = 0.5
        on = Identity(go)
        next = Tanh(MatMul(s, w))
    })
}
NET
expect shared-weights 0 "$NETC" compile --weights object "$T/shared.net" -o "$T/shared"
expect_true shared-weights-once test "$(wc -c <"$T/shared/shared.weights")" -eq 4096
