# Files that are no models, or not whole ones: cut short, empty, random, with bits turned. Each is refused with a message, or
# read when the damage is where it does not matter; never anything else.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"

encode functions.model >"$T/whole.onnx"
size=$(wc -c <"$T/whole.onnx")

refuses missing 'E0101.*cannot read' "$NETC" check "$T/nothing.onnx"
mkdir "$T/folder.onnx"
refuses folder 'E0101.*Is a directory' "$NETC" check "$T/folder.onnx"
: >"$T/empty.onnx"
refuses empty 'E0106.*the file is empty' "$NETC" check "$T/empty.onnx"
echo 'net a() -> () {}' >"$T/a.txt"
refuses other-ending 'E0102.*neither .onnx nor .net' "$NETC" check "$T/a.txt"
cp "$ROOT/README.md" "$T/text.onnx"
refuses text 'E0103.*byte' "$NETC" check "$T/text.onnx"
head -c 4096 /dev/zero >"$T/zeros.onnx"
refuses zeros 'E0103.*byte 0 of 4096: no field has the number 0' "$NETC" check "$T/zeros.onnx"

# answers FILE: exit code 0, or 1 with an error; says what else it was.
answers() {
    "$NETC" check "$1" >"$T/stdout" 2>"$T/stderr"
    case $? in
    0) ;;
    1) grep -q '^error\[E' "$T/stderr" || echo "no error" ;;
    *) echo "exit code $?" ;;
    esac
}

# each NAME COUNT: makes $T/x.onnx with `make_NAME I` for I = 1..COUNT.
each() {
    wrong=
    i=0
    while [ $i -lt "$2" ] && [ -z "$wrong" ]; do
        i=$((i + 1))
        "make_$1" $i
        wrong=$(answers "$T/x.onnx")
    done
    if [ -z "$wrong" ]; then echo "ok $1"; else echo "not ok $1: case $i: $wrong"; fi
}
make_truncated() { head -c $(((size - 1) * ($1 - 1) / 50)) "$T/whole.onnx" >"$T/x.onnx"; }
# A linear congruential generator's bytes: the same in every run.
make_random() { awk -v seed="$1" 'BEGIN { s = seed * 7919; for (i = 0; i < 300; i++) { s = (s * 1103515245 + 12345) % 2147483648; printf "\\%03o", int(s / 65536) % 256 } }' |
    while IFS= read -r bytes; do printf "$bytes"; done >"$T/x.onnx"; }
# Bit 1..8 of a byte, the bytes spread over the file.
make_flipped() {
    at=$(($1 * (size - 1) / 60))
    byte=$(od -An -tu1 -j $at -N 1 "$T/whole.onnx" | tr -d ' ')
    cp "$T/whole.onnx" "$T/x.onnx"
    printf "$(printf '\\%03o' $((byte ^ (1 << $1 % 8))))" | dd of="$T/x.onnx" bs=1 seek=$at conv=notrunc 2>"$T/dd"
}
each truncated 50
each random 30
each flipped 60

# Nothing is left behind by commands that write.
head -c $((size / 2)) "$T/whole.onnx" >"$T/half.onnx"
mkdir "$T/out"
refuses compile 'E0103' "$NETC" compile "$T/half.onnx" -o "$T/out/c"
refuses build 'E0103' "$NETC" build "$T/half.onnx" -o "$T/out/x.so"
refuses print 'E0103' "$NETC" print "$T/half.onnx" -o "$T/out/x.net"
expect_empty nothing-written "$T/out"
