# agree NAME NETWORK FOLDER OPTIONS...: exports it and compares what netc makes of NETWORK with what ONNX Runtime says to the
# exported model. $oracle is the program; EXPORT has options for the export alone.
build_oracle() {
    oracle=$T/oracle
    "${CC:-cc}" -O1 -D_GNU_SOURCE $(for d in "$ROOT"/compiler "$ROOT"/compiler/*/; do echo "-I$d"; done) -w -o "$oracle" \
        "$ROOT/tests/export/lib/oracle.c" "$BUILD/libnetc.a" -lprotobuf-c -lz -lm -ldl
}

agree() {
    name=$1 network=$2 folder=$3
    shift 3
    rm -rf "$folder" && mkdir -p "$folder"
    "$NETC" export "$network" -o "$folder/model.onnx" ${EXPORT:-} "$@" >"$folder/said" 2>&1 ||
        { echo "not ok $name: $(grep -m 1 error "$folder/said")"; return; }
    "$oracle" "$folder/model.onnx" "$folder" >"$folder/said" 2>&1
    case $? in
    0) ;;
    77) echo "skipped $name: not run: $(head -n 1 "$folder/said")"; return ;;
    *) echo "not ok $name: ONNX Runtime: $(tail -n 1 "$folder/said")"; return ;;
    esac
    if "$NETC" verify --scale --rtol 1e-4 "$network" "$folder/set" "$@" >"$folder/said" 2>&1; then echo "ok $name"
    else echo "not ok $name: $(grep -m 1 -e differs -e error "$folder/said")"; fi
}
