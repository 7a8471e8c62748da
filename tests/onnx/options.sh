# Symbolic dimensions from the command line, and print with its weights beside it.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

cat >"$T/text" <<MODEL
ir_version: 8 opset_import { version: 13 }
graph {
  name: "g"
  input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_param: "N" } dim { dim_param: "batch size" } dim { } } } } }
  output { name: "y" type { tensor_type { elem_type: 1 shape { dim { dim_param: "N" } dim { dim_param: "M" } dim { dim_param: "M" } } } } }
  node { op_type: "Relu" input: "x" output: "y" name: "relu" }
}
MODEL
encode "$T/text" >"$T/m.onnx"
refuses unset 'E0208.*N (dimension 0 of input .x.), batch size (.*), x.2 (' "$NETC" check "$T/m.onnx"
refuses one-set 'E0208.*without a size: batch size' "$NETC" check --dim N=2 "$T/m.onnx"
expect all-set 0 "$NETC" print --dim N=2 --dim 'batch size=3' --dim x.2=4 "$T/m.onnx"
expect_text all-set-dims "$T/stdout" 'x: f32\[N, `batch size`, 4\]) -> (y: f32\[N, 3, 4\]) where N = 2, `batch size` = 3 {'
expect default 0 "$NETC" print --dim N=2 --dim-default 7 "$T/m.onnx"
expect_text default-dims "$T/stdout" 'where N = 2, `batch size` = 7 {'
expect no-such 0 "$NETC" print --dim Q=2 --dim-default 1 "$T/m.onnx"
expect_text no-such-text "$T/stderr" 'warning.*--dim Q: the model has no dimension of that name, only N, batch size, x.2'

# 40 floats are a weight, and go to the file; 3 are written out.
many=$(awk 'BEGIN { for (i = 0; i < 40; i++) printf "%s%g", i ? ", " : "", i / 8 }')
cat >"$T/text" <<MODEL
ir_version: 8 opset_import { version: 13 }
graph {
  name: "g"
  input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_value: 1 } dim { dim_value: 40 } } } } }
  output { name: "y" type { tensor_type { elem_type: 1 } } }
  node { op_type: "Add" input: "x" input: "long" output: "t" name: "add" }
  node { op_type: "Reshape" input: "t" input: "shape" output: "u" name: "reshape" }
  node { op_type: "Mul" input: "u" input: "short" output: "y" name: "mul" }
  initializer { name: "long" data_type: 1 dims: 40 float_data: [$many] }
  initializer { name: "short" data_type: 1 dims: 4 float_data: [1, 2, 3, 4] }
  initializer { name: "shape" data_type: 7 dims: 2 int64_data: [10, 4] }
}
MODEL
encode "$T/text" >"$T/w.onnx"
mkdir "$T/out"
expect files 0 "$NETC" print --flat "$T/w.onnx" -o "$T/out/w.net"
expect_text files-weights "$T/out/w.net" '^weights "w.safetensors"$'
expect_text files-long "$T/out/w.net" '^    param long: f32\[40\]$'
expect_text files-short "$T/out/w.net" '^    param short: f32\[4\] = \[1.0, 2.0, 3.0, 4.0\]$'
expect_text files-const "$T/out/w.net" '^    const shape: i64\[2\] = \[10, 4\]$'
expect again 0 "$NETC" print --flat "$T/out/w.net" -o "$T/again.net"
expect_true again-weights cmp "$T/out/w.safetensors" "$T/again.safetensors"
sed 's/"w.safetensors"/"again.safetensors"/' "$T/out/w.net" >"$T/expected.net"
expect_true again-text cmp "$T/expected.net" "$T/again.net"
rm -r "$T/out"
expect unwritable 3 "$NETC" print "$T/w.onnx" -o "$T/out/w.net"

# Newer than netc: said, and read.
sed 's/ir_version: 8 opset_import { version: 13 }/ir_version: 99 opset_import { version: 999 }/' "$T/text" >"$T/newer"
encode "$T/newer" >"$T/newer.onnx"
expect newer 0 "$NETC" check "$T/newer.onnx"
expect_text newer-opset "$T/stderr" 'warning\[W0005\].*opset 999'
expect_text newer-ir "$T/stderr" 'warning\[W0005\].*IR version 99'

# Declared sizes that are not those computed: exporters do that, so it is a warning, and one.
cat >"$T/text" <<'MODEL'
ir_version: 8 opset_import { version: 13 }
graph {
  name: "g"
  input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_value: 2 } } } } }
  output { name: "y" type { tensor_type { elem_type: 1 shape { dim { dim_value: 3 } } } } }
  value_info { name: "t" type { tensor_type { elem_type: 1 shape { dim { dim_value: 4 } } } } }
  node { op_type: "Relu" input: "x" output: "t" name: "first" }
  node { op_type: "Abs" input: "t" output: "y" name: "second" }
}
MODEL
encode "$T/text" >"$T/declared.onnx"
expect declared 0 "$NETC" check "$T/declared.onnx"
expect_text declared-text "$T/stderr" "warning.W0006.: 't' is f32\[2\], but the model declares f32\[4\]"
expect_text declared-more "$T/stderr" 'so it is with 1 more tensor$'
expect_true declared-once test "$(grep -c 'W0006' "$T/stderr")" -eq 1
