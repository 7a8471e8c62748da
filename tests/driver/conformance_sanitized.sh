# ONNX's backend tests: gcc compiles the generated C without a warning, and it runs clean under the sanitizers, which netc
# itself has to be loaded with.
. "$ROOT/tests/driver/lib/conformance.sh"
asan=$(gcc -print-file-name=libasan.so)
[ -f "$asan" ] || { echo "skipped sanitizers: gcc has no libasan"; exit 0; }
export ASAN_OPTIONS=detect_leaks=0
LD_PRELOAD=$asan verify_sample "$T/third" --cc gcc --cflags "$warnings -fsanitize=address,undefined -fno-sanitize-recover=all"
