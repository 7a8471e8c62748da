# A sample of ONNX's backend tests, from the archive beside the repository (SHARED, default ../shared): they pass. The generated
# C of a third of them has no warning in gcc and clang and runs clean under the sanitizers.
. "$ROOT/tests/driver/lib/checks.sh"
archive=${SHARED:-$ROOT/../shared}/onnx/onnx-1.22.0.tar.xz
list=$ROOT/tests/driver/conformance.list
[ -f "$archive" ] || { echo "skipped conformance: no $archive"; exit 0; }
grep -v '^#' "$list" | sed 's/^?//' >"$T/names"
tar -xf "$archive" -C "$T" -T "$T/names" || exit 1
sed "s|^|$T/|" "$T/names" >"$T/all"
grep -v '^[#?]' "$list" | sed "s|^|$T/|" | awk 'NR % 3 == 1' >"$T/third"

# rows PREFIX TABLE: each row of a table as a check.
rows() {
    while IFS='	' read -r test class reason; do
        case $class in
        passed) echo "ok $1$test" ;;
        refused) if grep -q "^?.*/$test\$" "$list"; then echo "ok $1$test"; else echo "not ok $1$test: refused: $reason"; fi ;;
        *) echo "not ok $1$test: $class: $reason" ;;
        esac
    done <"$2"
}
warnings='-O1 -Wall -Wextra -Werror -Wno-unknown-pragmas'
"$ROOT/tests/conformance" "$T/all" "$T/plain" >/dev/null
rows '' "$T/plain"
if command -v clang >/dev/null; then
    "$ROOT/tests/conformance" "$T/third" "$T/clang" --cc clang --cflags "$warnings" >/dev/null
    rows clang- "$T/clang"
else
    echo "skipped clang: not installed"
fi
asan=$(gcc -print-file-name=libasan.so)
if [ -f "$asan" ]; then
    ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$asan "$ROOT/tests/conformance" "$T/third" "$T/sanitized" --cc gcc \
        --cflags "$warnings -fsanitize=address,undefined -fno-sanitize-recover=all" >/dev/null
    rows sanitized- "$T/sanitized"
else
    echo "skipped sanitizers: gcc has no libasan"
fi
