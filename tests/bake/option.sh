# --bake INPUT=FILE: what it makes of a network, and what it refuses.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

tensor() { printf '%s\n' "$2" | protoc-c --encode=onnx.TensorProto --proto_path="$ROOT/grammar" onnx.proto >"$1"; }
cat >"$T/text" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "tiles"
  input { name: "image" type { tensor_type { elem_type: 1 shape { dim { dim_param: "N" } dim { dim_value: 2 } } } } }
  input { name: "repeats" type { tensor_type { elem_type: 7 shape { dim { dim_value: 2 } } } } }
  input { name: "bias" type { tensor_type { elem_type: 1 shape { dim { dim_param: "N" } dim { dim_value: 1 } } } } }
  input { name: "weight" type { tensor_type { elem_type: 1 shape { dim { dim_value: 1 } } } } }
  output { name: "y" type { tensor_type { elem_type: 1 } } }
  node { op_type: "Mul" input: "image" input: "weight" output: "scaled" name: "mul" }
  node { op_type: "Add" input: "scaled" input: "bias" output: "sum" name: "add" }
  node { op_type: "Tile" input: "sum" input: "repeats" output: "y" name: "tile" }
  initializer { name: "weight" data_type: 1 dims: 1 float_data: 2 }
}
MODEL
encode "$T/text" >"$T/m.onnx"
tensor "$T/repeats.pb" 'data_type: 7 dims: 2 int64_data: 1 int64_data: 3'
tensor "$T/bias.pb" 'data_type: 1 dims: 3 dims: 1 float_data: 0.5 float_data: 1 float_data: 1.5'
tensor "$T/image.pb" 'data_type: 1 dims: 3 dims: 2 float_data: 1 float_data: 2 float_data: 3 float_data: 4 float_data: 5 float_data: 6'
tensor "$T/floats.pb" 'data_type: 1 dims: 2 float_data: 1 float_data: 3'

# A baked input sizes the named dimensions that are open, and leaves the interface.
expect print 0 "$NETC" print --flat --bake "repeats=$T/repeats.pb" --bake "bias=$T/bias.pb" "$T/m.onnx"
expect_text print-inputs "$T/stdout" '^net m(image: f32\[.*2\]) -> (y: f32\[3, 6\])'
expect_text print-const "$T/stdout" '^    const repeats: i64\[2\] = \[1, 3\]$'
expect check 0 "$NETC" check --dim N=3 --bake="repeats=$T/repeats.pb" "$T/m.onnx"
expect summary 0 "$NETC" summary --dim N=3 --bake "repeats=$T/repeats.pb" "$T/m.onnx"
expect compile 0 "$NETC" compile --bake "repeats=$T/repeats.pb" --bake "bias=$T/bias.pb" "$T/m.onnx" -o "$T/c"
expect_text compile-interface "$T/c/m.h" 'int m_run(const float image\[3 \* 2\], float y\[3 \* 6\], void \*workspace);'
expect build 0 "$NETC" build --dim N=3 --bake "repeats=$T/repeats.pb" "$T/m.onnx" -o "$T/m.so"
expect run 0 "$NETC" run --bake "repeats=$T/repeats.pb" "$T/m.onnx" "$T/image.pb" "$T/bias.pb" -o "$T/out"
expect run-spare-file 0 "$NETC" run --bake "repeats=$T/repeats.pb" "$T/m.onnx" "$T/image.pb" "$T/repeats.pb" "$T/bias.pb" -o "$T/out2"
expect_true run-same cmp "$T/out/y.npy" "$T/out2/y.npy"
tensor "$T/once.pb" 'data_type: 7 dims: 2 int64_data: 1 int64_data: 1'
expect run-once 0 "$NETC" run --bake "repeats=$T/once.pb" "$T/m.onnx" "$T/image.pb" "$T/bias.pb" -o "$T/once"
expect run-npy 0 "$NETC" run --bake "repeats=$T/once.pb" --bake "image=$T/once/y.npy" "$T/m.onnx" "$T/bias.pb" -o "$T/npy"
refuses run-npy-shape 'the input is f32\[3, 2\], but .*y.npy holds f32\[3, 6\]' \
    "$NETC" run --bake "image=$T/out/y.npy" --dim N=3 "$T/m.onnx" "$T/bias.pb" -o "$T/x"

mistake() { # NAME PATTERN WORD...
    mistake_name=$1 mistake_pattern=$2
    shift 2
    refuses "$mistake_name" "$mistake_pattern" "$NETC" check --dim N=3 "$T/m.onnx" "$@"
}
mistake unknown "error.E0131.: --bake repeat: the network has no input of that name" --bake "repeat=$T/repeats.pb"
expect_text unknown-near "$T/stderr" "did you mean 'repeats'?"
mistake far "its inputs are 'image', 'repeats', 'bias'" --bake "q=$T/repeats.pb"
mistake type 'the input is i64\[2\], but .*floats.pb holds f32\[2\]' --bake "repeats=$T/floats.pb"
mistake shape 'the input is f32\[3, 1\], but .*image.pb holds f32\[3, 2\]' --bake "bias=$T/image.pb"
mistake valued "--bake weight: 'weight' has a value already" --bake "weight=$T/floats.pb"
mistake twice "--bake repeats: 'repeats' has a value already" --bake "repeats=$T/repeats.pb" --bake "repeats=$T/repeats.pb"
mistake no-file 'nothing.pb' --bake "repeats=$T/nothing.pb"
mistake no-tensor 'error.E01' --bake "repeats=$T/text"
for wrong in repeats =x repeats= ''; do
    expect "usage-$wrong" 2 "$NETC" check "$T/m.onnx" --bake "$wrong"
    expect_text "usage-$wrong-text" "$T/stderr" "\-\-bake wants INPUT=FILE, not '$wrong'"
done

# A sequence is refused, one of its elements is not.
cat >"$T/list" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "list"
  input { name: "s" type { sequence_type { elem_type { tensor_type { elem_type: 7 shape { dim { dim_value: 2 } } } } } } }
  output { name: "y" type { tensor_type { elem_type: 7 } } }
  node { op_type: "ConcatFromSequence" input: "s" output: "y" name: "join" attribute { name: "axis" type: INT i: 0 } }
}
MODEL
encode "$T/list" >"$T/list.onnx"
expect element 0 "$NETC" print --flat --elements s=2 --bake "s_1=$T/repeats.pb" "$T/list.onnx"
expect_text element-const "$T/stdout" 'const s_1: i64\[2\] = \[1, 3\]'
refuses sequence 'error.E0131.: --bake s: the input is a sequence' "$NETC" check --elements s=2 --bake "s=$T/repeats.pb" "$T/list.onnx"

# In the language: before the body is read, so that its integers may be known.
printf 'net n(x: f32[N, 4], shape: i64[2]) -> (y) where N = 1 {\n    y = Reshape(x, shape)\n}\n' >"$T/n.net"
refuses net "error.E0206.: the shape 'shape' must be known" "$NETC" check "$T/n.net"
tensor "$T/shape.pb" 'data_type: 7 dims: 2 int64_data: 2 int64_data: 6'
expect net-baked 0 "$NETC" print --flat --dim N=3 --bake "shape=$T/shape.pb" "$T/n.net"
expect_text net-baked-text "$T/stdout" '(y: f32\[2, 6\])'
refuses net-unknown "did you mean 'shape'?" "$NETC" check "$T/n.net" --bake "shap=$T/shape.pb"
