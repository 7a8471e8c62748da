# For scripts that need ONNX files: . "$ROOT/tests/driver/lib/checks.sh" first.

# encode FILE.model >FILE.onnx
encode() { protoc-c --encode=onnx.ModelProto --proto_path="$ROOT/grammar" onnx.proto <"$1"; }

# refuses NAME PATTERN COMMAND...: exit code 1, and a line of standard error that matches.
refuses() {
    refused_name=$1 refused_pattern=$2
    shift 2
    expect "$refused_name" 1 "$@" && expect_text "$refused_name-text" "$T/stderr" "$refused_pattern"
}
