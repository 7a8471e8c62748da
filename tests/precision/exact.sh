# --exact: the bits of plain scalar C, on every target, by any number of threads, whatever flags the C compiler gets.
. "$ROOT/tests/driver/lib/checks.sh"
lib=$ROOT/tests/precision/lib
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
targets=$("$NETC" targets | awk '/ (native|runs) / { print $1 }')

# Against loops that somebody wrote down.
mkdir "$T/w"
"$T/npy" 1 "$T/w/x.npy" 1 18 9 11
"$T/npy" 2 "$T/w/kernel.npy" 37 18 3 3
"$T/npy" 3 "$T/w/bias.npy" 37
"$T/npy" 4 "$T/w/back.npy" 37 6 3 3
"$T/npy" 5 "$T/w/dense.npy" 1782 29
cc -std=c11 -O1 -ffp-contract=off "$lib/plain.c" -o "$T/plain" -lm || exit 1
"$T/plain" "$T/w" || echo "not ok plain: it does not run"
# equals NAME FOLDER: the outputs there end with those bytes.
equals() {
    for out in image shares; do
        tail -c "$(wc -c <"$T/w/$out.bytes")" "$2/$out.npy" | cmp -s - "$T/w/$out.bytes" || { echo "not ok $1: other bits in $out"; return; }
    done
    echo "ok $1"
}
for target in $targets; do
    for threads in 1 2; do
        "$NETC" run "$lib/plain.net" --exact --threads $threads --target $target --weights-from "$T/w" "$T/w/x.npy" -o "$T/o" >/dev/null 2>"$T/stderr"
        equals plain-$target-$threads "$T/o"
    done
done
"$NETC" run "$lib/plain.net" --weights-from "$T/w" "$T/w/x.npy" -o "$T/o" >/dev/null 2>"$T/stderr"
cmp -s "$T/o/shares.npy" "$T/w/shares.bytes" && echo "not ok differs: the same bits without --exact"

# Every target against the scalar one.
"$T/npy" 6 "$T/x.npy" 2 3 21 19
"$T/npy" 7 "$T/words.npy" i64 7
# same FOLDER NAME OPTIONS...
same() {
    base=$1 name=$2
    shift 2
    "$NETC" run "$lib/exact.net" "$T/x.npy" "$T/words.npy" --init 7 --exact "$@" -o "$T/$name" >/dev/null 2>"$T/stderr"
    for out in image up scores text moved; do
        cmp -s "$T/$base/$out.npy" "$T/$name/$out.npy" || { echo "not ok $name: $out is not that of $base"; return; }
    done
    echo "ok $name"
}
same scalar scalar --target scalar
for target in $targets; do same scalar $target --target $target; done
native=$("$NETC" targets | awk '/ native / { print $1 }')
for threads in 2 3; do same scalar $native-by-$threads --target $native --threads $threads; done
same scalar $native-O3 --target $native --cflags "-O3 -ffp-contract=fast -std=gnu11"
command -v clang >/dev/null && same scalar $native-clang --target $native --cc clang --cflags -ffp-contract=on
"$NETC" run "$lib/exact.net" "$T/x.npy" "$T/words.npy" --init 7 --exact --target generic --weights-type f16 -o "$T/scalar-f16" >/dev/null
for target in $targets; do same scalar-f16 $target-f16 --target $target --weights-type f16; done

"$NETC" compile "$lib/exact.net" --init 7 --exact -o "$T/c"
expect_true no-fma sh -c "! grep -q netc_fma '$T/c/exact.c'"
expect winograd 2 "$NETC" compile "$lib/exact.net" --exact --winograd fast -o "$T/c"
