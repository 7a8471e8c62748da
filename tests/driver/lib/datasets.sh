# Networks with data sets, in protocol buffers' text form. First: . "$ROOT/tests/driver/lib/checks.sh", . "$ROOT/tests/onnx/lib/models.sh"

pb() { protoc-c --encode=onnx.$1 --proto_path="$ROOT/grammar" onnx.proto <"$2" >"$3"; }

# read_datasets FOLDER: its set_N/*.tensor and *.sequence are encoded; $network, and $sets in folders of their own.
read_datasets() {
    case=$(basename "$1") network=$1/network.net sets=
    if [ -f "$1/network.model" ]; then
        network=$T/$case.onnx
        encode "$1/network.model" >"$network"
    fi
    for set in "$1"/set_*; do
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
}

# verify_folders FOLDER: every folder in it that has data sets, in scalar code and for this machine.
verify_folders() {
    for folder in "$1"/*/; do
        [ -d "$folder/set_0" ] || continue
        read_datasets "${folder%/}"
        for target in scalar native; do
            expect "$case for $target" 0 "$NETC" verify --target $target "$network" $sets
        done
    done
}
