# Each folder here is a network and its data sets, in protocol buffers' text form; the outputs were computed with numpy.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

here=$ROOT/tests/control
pb() { protoc-c --encode=onnx.$1 --proto_path="$ROOT/grammar" onnx.proto <"$2" >"$3"; }

for folder in "$here"/*/; do
    case=$(basename "$folder") network=$folder/network.net sets=
    if [ -f "$folder/network.model" ]; then
        network=$T/$case.onnx
        encode "$folder/network.model" >"$network"
    fi
    for set in "$folder"set_*; do
        to=$T/$case/$(basename "$set")
        mkdir -p "$to"
        for file in "$set"/*.tensor; do
            [ ! -f "$file" ] || pb TensorProto "$file" "$to/$(basename "$file" .tensor).pb"
        done
        for file in "$set"/*.sequence; do
            [ ! -f "$file" ] || pb SequenceProto "$file" "$to/$(basename "$file" .sequence).pb"
        done
        sets="$sets $to"
    done
    for target in scalar native; do
        expect "$case for $target" 0 "$NETC" verify --target $target "$network" $sets
    done
done
