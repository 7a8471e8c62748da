# A sample of ONNX's backend tests (tests/driver/conformance.list), from the archive beside the repository (SHARED, default
# ../shared). Sets up $T/all, and $T/third: a third of those that must pass.
. "$ROOT/tests/driver/lib/checks.sh"
archive=${SHARED:-$ROOT/../shared}/onnx/onnx-1.22.0.tar.xz
list=$ROOT/tests/driver/conformance.list
[ -f "$archive" ] || { echo "skipped sample: no $archive"; exit 0; }
grep -v '^#' "$list" | sed 's/^?//' >"$T/names"
tar -xf "$archive" -C "$T" -T "$T/names" || exit 1
sed "s|^|$T/|" "$T/names" >"$T/all"
grep -v '^[#?]' "$list" | sed "s|^|$T/|" | awk 'NR % 3 == 1' >"$T/third"
warnings='-O1 -Wall -Wextra -Werror -Wno-unknown-pragmas'
JOBS=1 # several scripts run beside each other
export JOBS

# verify_sample LIST [OPTION...]: each test as a check.
verify_sample() {
    tests=$1
    shift
    "$ROOT/tests/conformance" "$tests" "$T/table" "$@" >/dev/null
    while IFS="$(printf "\t")" read -r category test class reason operators; do
        case $class in
        passed) echo "ok $test" ;;
        refused) if grep -q "^?.*/$test\$" "$list"; then echo "ok $test"; else echo "not ok $test: refused: $reason"; fi ;;
        *) echo "not ok $test: $class: $reason" ;;
        esac
    done <"$T/table"
}
