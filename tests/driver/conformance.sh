# ONNX's backend tests: the sample passes, or is refused where the list says that it may be.
. "$ROOT/tests/driver/lib/conformance.sh"
verify_sample "$T/all"
