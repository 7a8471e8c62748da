# ONNX's backend tests: clang compiles the generated C without a warning, and it passes.
. "$ROOT/tests/driver/lib/conformance.sh"
command -v clang >/dev/null || { echo "skipped clang: not installed"; exit 0; }
verify_sample "$T/third" --cc clang --cflags "$warnings"
