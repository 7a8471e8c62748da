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

# What is collected in as many runs as only the data says: within a bound that the command line gives.
for n in 0 3 5; do printf "data_type: 7\nint64_data: $n\n" >"$T/n$n.tensor" && pb TensorProto "$T/n$n.tensor" "$T/n$n.pb"; done
printf 'dims: 2\ndata_type: 1\nfloat_data: [1, 2]\n' >"$T/x.tensor" && pb TensorProto "$T/x.tensor" "$T/x.pb"
bounded=$here/refused/collected_unknown.net
for n in 0 3; do
    expect "bound-$n" 0 "$NETC" run --bound y=4 "$bounded" "$T/n$n.pb" "$T/x.pb" -o "$T/bounded"
    expect_text "bound-$n-shape" "$T/stdout" "all.npy: f32 ${n}x2$"
done
expect bound-exceeded 3 "$NETC" run --bound y=4 "$bounded" "$T/n5.pb" "$T/x.pb" -o "$T/bounded"
expect_text bound-exceeded-why "$T/stderr" ' 5$'
expect bound-compile 0 "$NETC" compile --bound y=4 "$bounded" -o "$T/code"
expect_text bound-header "$T/code/collected_unknown.h" '5: a loop collects more'
expect bound-mistake 2 "$NETC" check --bound y "$bounded"
expect bound-other 1 "$NETC" check --bound z=4 "$bounded"
expect bound-unused 0 "$NETC" check --bound z=4 "$here/loop/network.net"
expect_text bound-unused-why "$T/stderr" 'W0003.*--bound z: '
