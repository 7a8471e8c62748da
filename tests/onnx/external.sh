# Tensor data in files of its own: where it may be, and what is said when it is not there.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

mkdir -p "$T/model/data" "$T/elsewhere"
printf 'xxxx\000\000\200\077\000\000\000\100' >"$T/model/data/w.bin" # 4 bytes, then 1.0 and 2.0
cp "$T/model/data/w.bin" "$T/elsewhere/w.bin"
ln -s ../elsewhere/w.bin "$T/model/out.bin"
ln -s ../elsewhere "$T/model/away"
ln -s data/w.bin "$T/model/in.bin"
ln -s loop.bin "$T/model/loop.bin"
mkfifo "$T/model/pipe.bin"

# model LOCATION [KEY VALUE]...: y = x + w, w in external data.
model() {
    entries="external_data { key: \"location\" value: \"$1\" }"
    shift
    while [ $# -ge 2 ]; do entries="$entries external_data { key: \"$1\" value: \"$2\" }"; shift 2; done
    type='type { tensor_type { elem_type: 1 shape { dim { dim_value: 2 } } } }'
    cat >"$T/text" <<MODEL
ir_version: 8 opset_import { version: 13 }
graph {
  name: "g" input { name: "x" $type } output { name: "y" $type }
  node { op_type: "Add" input: "x" input: "w" output: "y" name: "add" }
  initializer { name: "w" data_type: 1 dims: 2 data_location: EXTERNAL $entries }
}
MODEL
    encode "$T/text" >"$T/model/m.onnx"
}
# reads NAME: the weight is 1 and 2, from wherever netc is run.
reads() {
    expect "$1" 0 "$NETC" print --flat "$T/model/m.onnx" && expect_text "$1-values" "$T/stdout" 'w: f32\[2\] = \[1.0, 2.0\]'
}
no() { refuses "$1" "$2" "$NETC" check "$T/model/m.onnx"; }

model data/w.bin offset 4 length 8; reads whole
model data/w.bin offset 4; reads no-length
model ./data//w.bin offset 4 checksum 0123; reads odd-path
model in.bin offset 4; reads link-inside
cd "$T/model" && expect here 0 "$NETC" check m.onnx; cd "$ROOT"

model none.bin; no missing "E0105.*'none.bin': No such file"
model data; no folder "E0105.*'data': Is a directory"
model pipe.bin; no pipe "E0105.*'pipe.bin'"
model ''; no empty 'E0105.*without a location'
model ../elsewhere/w.bin offset 4; no upwards "E0105.*outside the model's folder"
model data/../../elsewhere/w.bin offset 4; no upwards-inside "E0105.*outside the model's folder"
model "$T/elsewhere/w.bin" offset 4; no absolute "E0105.*outside the model's folder"
model out.bin offset 4; no link-outside 'E0105.*a link out of'
model away/w.bin offset 4; no folder-link-outside 'E0105.*a link out of'
model loop.bin; no link-loop "E0105.*'loop.bin'"
model data/w.bin offset 8; no past-end "E0105.*from byte 8, 8 bytes, but 'data/w.bin' has 12"
model data/w.bin offset 9223372036854775807; no offset-huge 'E0105.*from byte 9223372036854775807'
model data/w.bin offset 99999999999999999999; no offset-overflow 'E0105.*offset .99999999999999999999., not a number'
model data/w.bin offset -4; no offset-negative 'E0105.*offset .-4., not a number'
model data/w.bin offset 0x4; no offset-hex 'E0105.*not a number'
model data/w.bin length 12; no length-differs 'E0105.*of 12 bytes, but the tensor takes 8'
