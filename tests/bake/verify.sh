# What verify takes from its data sets: values that must be known at compile time, sizes of open dimensions.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

# tensor FILE TEXT: a .pb of onnx.TensorProto's text form.
tensor() { printf '%s\n' "$2" | protoc-c --encode=onnx.TensorProto --proto_path="$ROOT/grammar" onnx.proto >"$1"; }
integers() { # FILE NAME VALUE...
    integers_file=$1 integers_name=$2
    shift 2
    tensor "$integers_file" "name: '$integers_name' data_type: 7 dims: $# int64_data: [$(echo "$@" | tr ' ' ',')]"
}

# A shape that is computed from an input: sizes are halved and a 2 put in front.
cat >"$T/chain" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "chain"
  input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_value: 8 } } } } }
  input { name: "sizes" type { tensor_type { elem_type: 7 shape { dim { dim_value: 2 } } } } }
  output { name: "y" type { tensor_type { elem_type: 1 } } }
  node { op_type: "Div" input: "sizes" input: "two" output: "halves" name: "div" }
  node { op_type: "Concat" input: "two" input: "halves" output: "shape" name: "concat" attribute { name: "axis" type: INT i: 0 } }
  node { op_type: "Reshape" input: "x" input: "shape" output: "y" name: "reshape" }
  initializer { name: "two" data_type: 7 dims: 1 int64_data: 2 }
}
MODEL
encode "$T/chain" >"$T/chain.onnx"
values='float_data: 1 float_data: 2 float_data: 3 float_data: 4 float_data: 5 float_data: 6 float_data: 7 float_data: 8'
data_set() { # FOLDER SIZE SIZE: what is expected are x's elements in the shape 2, SIZE/2, SIZE/2
    mkdir "$1"
    tensor "$1/input_0.pb" "name: 'x' data_type: 1 dims: 8 $values"
    integers "$1/input_1.pb" sizes "$2" "$3"
    tensor "$1/output_0.pb" "name: 'y' data_type: 1 dims: 2 dims: $(($2 / 2)) dims: $(($3 / 2)) $values"
}
data_set "$T/a" 4 4
data_set "$T/b" 2 8
data_set "$T/c" 2 8
data_set "$T/wrong" 4 6

refuses check "error.E0206.: the shape 'shape' must be known at compile time" "$NETC" check "$T/chain.onnx"
expect_text check-depends "$T/stderr" "it depends on 'sizes', which is an input of the network"
expect_text check-help "$T/stderr" 'help: --bake sizes=FILE makes it a constant'

expect one 0 "$NETC" verify "$T/chain.onnx" "$T/a"
expect_text one-says-so "$T/stdout" "^  baked 'sizes' from input_1.pb: it must be known at compile time$"
expect_text one-output "$T/stdout" "^  output 'y': equal$"
expect no-bake 1 "$NETC" verify --no-bake "$T/chain.onnx" "$T/a"
expect_text no-bake-text "$T/stderr" 'error.E0206.'

# Other values compile again, the same do not.
printf '#!/bin/sh\ncase " $* " in *" -c "*) echo call >>"%s/calls" ;; esac\nexec cc "$@"\n' "$T" >"$T/counting-cc"
chmod +x "$T/counting-cc"
expect several 0 "$NETC" verify "$T/chain.onnx" "$T/a" "$T/b" "$T/c" "$T/a" --no-cache --cc "$T/counting-cc"
expect_true several-baked test "$(grep -c "^  baked 'sizes'" "$T/stdout")" -eq 4
expect_true several-compiles test "$(grep -c call "$T/calls")" -eq 3
expect_text several-count "$T/stdout" '4 of 4 datasets agree'
expect one-is-wrong 1 "$NETC" verify "$T/chain.onnx" "$T/a" "$T/wrong" "$T/b"
expect_text one-is-wrong-count "$T/stdout" '2 of 3 datasets agree'
expect_text one-is-wrong-why "$T/stderr" 'error.E0212.'
mkdir "$T/missing"
cp "$T/a/input_0.pb" "$T/a/output_0.pb" "$T/missing"
expect no-file-for-it 1 "$NETC" verify "$T/chain.onnx" "$T/missing" "$T/missing"
expect_true no-file-said-once test "$(grep -c 'error.E0206.' "$T/stderr")" -eq 1

# The user's value goes before the data set's, which needs none then.
expect own-value 0 "$NETC" verify --bake "sizes=$T/a/input_1.pb" "$T/chain.onnx" "$T/missing" "$T/a"
expect_true own-value-quiet test "$(grep -c baked "$T/stdout")" -eq 0

# Named dimensions are each data set's own.
cat >"$T/open" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "open"
  input { name: "x" type { tensor_type { elem_type: 7 shape { dim { dim_param: "N" } } } } }
  output { name: "y" type { tensor_type { elem_type: 7 shape { dim { dim_param: "N" } } } } }
  node { op_type: "Neg" input: "x" output: "y" name: "neg" }
}
MODEL
encode "$T/open" >"$T/open.onnx"
mkdir "$T/two" "$T/three" "$T/none"
integers "$T/none/input_0.pb" x
integers "$T/none/output_0.pb" y
integers "$T/two/input_0.pb" x 1 2
integers "$T/two/output_0.pb" y -1 -2
integers "$T/three/input_0.pb" x 1 2 3
integers "$T/three/output_0.pb" y -1 -2 -3
expect sizes 0 "$NETC" verify "$T/open.onnx" "$T/two" "$T/three" "$T/none" "$T/two"
expect_text sizes-count "$T/stdout" '4 of 4 datasets agree'
expect size-fixed 1 "$NETC" verify --dim N=2 "$T/open.onnx" "$T/two" "$T/three"
expect_text size-fixed-text "$T/stderr" "input 'x' is i64 3 here, but i64 2 in the network"

sed 's/dim { dim_param: "N" }/dim { }/' "$T/open" >"$T/nameless"
encode "$T/nameless" >"$T/nameless.onnx"
expect nameless-sizes 0 "$NETC" verify "$T/nameless.onnx" "$T/two" "$T/three"
expect nameless-run 0 "$NETC" run "$T/nameless.onnx" "$T/three/input_0.pb" -o "$T/ran"

# What a branch captures: the size comes from outside of it, and the condition stays an input.
cat >"$T/branches" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "branches"
  input { name: "x" type { tensor_type { elem_type: 7 shape { dim { dim_value: 4 } } } } }
  input { name: "size" type { tensor_type { elem_type: 7 shape { dim { dim_value: 1 } } } } }
  input { name: "condition" type { tensor_type { elem_type: 9 shape { } } } }
  output { name: "y" type { tensor_type { elem_type: 7 } } }
  node { op_type: "Neg" input: "size" output: "minus" name: "neg" }
  node { op_type: "Abs" input: "minus" output: "plus" name: "abs" }
  node {
    op_type: "If" input: "condition" output: "y" name: "if"
    attribute { name: "then_branch" type: GRAPH g {
      name: "then" output { name: "a" type { tensor_type { elem_type: 7 } } }
      node { op_type: "Slice" input: "x" input: "zero" input: "plus" output: "a" name: "first" }
    } }
    attribute { name: "else_branch" type: GRAPH g {
      name: "else" output { name: "b" type { tensor_type { elem_type: 7 } } }
      node { op_type: "Slice" input: "x" input: "minus" input: "end" output: "b" name: "last" }
    } }
  }
  initializer { name: "zero" data_type: 7 dims: 1 int64_data: 0 }
  initializer { name: "end" data_type: 7 dims: 1 int64_data: 9 }
}
MODEL
encode "$T/branches" >"$T/branches.onnx"
mkdir "$T/then" "$T/else"
for side in then else; do
    integers "$T/$side/input_0.pb" x 5 6 7 8
    integers "$T/$side/input_1.pb" size 2
done
tensor "$T/then/input_2.pb" "name: 'condition' data_type: 9 int32_data: 1"
tensor "$T/else/input_2.pb" "name: 'condition' data_type: 9 int32_data: 0"
integers "$T/then/output_0.pb" y 5 6
integers "$T/else/output_0.pb" y 7 8
: >"$T/calls"
expect branches 0 "$NETC" verify "$T/branches.onnx" "$T/then" "$T/else" --no-cache --cc "$T/counting-cc"
expect_true branches-baked test "$(grep -c "^  baked 'size'" "$T/stdout")" -eq 2
expect_true branches-once test "$(grep -c call "$T/calls")" -eq 1

# Values that are no shapes: a range's bounds and an axis. In a .net too.
cat >"$T/range.net" <<'NET'
net steps(start: i64[], limit: i64[], axis: i64[]) -> (y) {
    y = CumSum(Range(start, limit, 2), axis)
}
NET
tensor "$T/start.pb" 'data_type: 7 int64_data: 1'
tensor "$T/limit.pb" 'data_type: 7 int64_data: 8'
tensor "$T/axis.pb" 'data_type: 7 int64_data: 0'
integers "$T/sums.pb" y 1 4 9 16
expect net 0 "$NETC" verify "$T/range.net" "$T/start.pb,$T/limit.pb,$T/axis.pb:$T/sums.pb"
expect_true net-baked test "$(grep -c "^  baked '" "$T/stdout")" -eq 3
expect net-by-name 0 "$NETC" verify "$T/range.net" "axis=$T/axis.pb,limit=$T/limit.pb,start=$T/start.pb:$T/sums.pb"
