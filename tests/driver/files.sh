# Outputs appear whole or not at all; what the machine refuses is exit code 3 with a message and leaves nothing behind.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/driver/small.net
touch "$T/file"

expect compile-unwritable 3 "$NETC" compile --init 1 "$net" -o "$T/file/inside"
expect_text compile-unwritable-text "$T/stderr" 'cannot write to the folder .*/file/inside: Not a directory'
expect build-unwritable 3 "$NETC" build --init 1 "$net" -o "$T/file/inside/small.so"
expect build-over-folder 3 "$NETC" build --init 1 "$net" -o "$T/"
mkdir -p "$T/blocked/small.h"
expect compile-one-unwritable 3 "$NETC" compile --init 1 "$net" -o "$T/blocked"
expect_true compile-one-unwritable-writes-none test "$(ls -A "$T/blocked")" = small.h
expect print-unwritable 3 "$NETC" print "$net" -o "$T/file/small.net"
expect print-to-device 0 "$NETC" print "$net" -o /dev/null
expect_true device-still-there test -c /dev/null

mkdir "$T/out"
expect missing-compiler 3 "$NETC" build --init 1 "$net" --cc "$T/no-such-cc" -o "$T/out/small.so"
expect_text missing-compiler-text "$T/stderr" 'cannot run the C compiler .*no-such-cc'
expect_empty missing-compiler-leaves-nothing "$T/out"
expect failing-compiler 3 "$NETC" build --init 1 "$net" --cc false -o "$T/out/small.so"
expect_text failing-compiler-text "$T/stderr" 'the C compiler failed with exit code 1'
expect_empty failing-compiler-leaves-nothing "$T/out"
expect compiler-by-variable 3 env CC=false "$NETC" build --init 1 "$net" -o "$T/out/small.so"
expect rejecting-compiler 3 "$NETC" build --init 1 "$net" --cflags -no-such-flag -o "$T/out/small.o"
expect_text rejecting-compiler-text "$T/stderr" 'no-such-flag'
echo old >"$T/out/small.so"
expect failing-over-old 3 "$NETC" build --init 1 "$net" --cc false -o "$T/out/small.so"
expect_true old-result-stays grep -qx old "$T/out/small.so"
expect new-folders-vanish 3 "$NETC" build --init 1 "$net" --cc false -o "$T/a/b/small.so"
expect_true new-folders-vanish-too test ! -e "$T/a"
expect wrong-input-writes-nothing 1 "$NETC" build "$T/missing.net" -o "$T/b/small.so"
expect_true wrong-input-makes-no-folder test ! -e "$T/b"

# Interrupted while the C compiler works.
mkdir "$T/slow"
printf '#!/bin/sh\nexec sleep 60\n' >"$T/slow-cc"
chmod +x "$T/slow-cc"
"$NETC" build --init 1 "$net" --cc "$T/slow-cc" -o "$T/slow/small.so" 2>/dev/null &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    ls -A "$T/slow" | grep -q netc && break
    sleep 0.2
done
kill -TERM $!
wait $!
[ $? -eq 143 ] && echo "ok interrupted-status" || echo "not ok interrupted-status: not ended by the signal"
expect_empty interrupted-leaves-nothing "$T/slow"

# The same input and flags give the same bytes.
for kind in inline object file; do
    expect compile-$kind 0 "$NETC" compile --init 1 --weights $kind "$net" -o "$T/one-$kind"
    "$NETC" compile --init 1 --weights $kind "$net" -o "$T/two-$kind"
    expect_true deterministic-$kind diff -r "$T/one-$kind" "$T/two-$kind"
done
for ending in so a o; do
    expect build-$ending 0 "$NETC" build --init 1 "$net" -o "$T/one-$ending/small.$ending"
    "$NETC" build --init 1 "$net" -o "$T/two-$ending/small.$ending"
    expect_true deterministic-$ending diff -r "$T/one-$ending" "$T/two-$ending"
done
expect_true inline-files test "$(ls "$T/one-inline" | grep -c weights)" -eq 0
expect_true object-files test -f "$T/one-object/small.weights" -a -f "$T/one-object/small_weights.S"
expect_true archive-headers test -f "$T/one-a/small.h" -a -f "$T/one-a/netc.h"
expect bundle 0 "$NETC" compile --init 1 --bundle "$net" -o "$T/bundle"
expect_true bundle-is-two-files test "$(ls "$T/bundle" | tr '\n' ' ')" = "small.c small.h "
expect prefix 0 "$NETC" compile --init 1 --prefix first "$net" -o "$T/prefix"
expect_true prefix-symbols grep -q 'int first_run(' "$T/prefix/first.h"
expect seed-matters 0 "$NETC" compile --init 2 "$net" -o "$T/seed"
expect_true seed-changes-weights sh -c '! cmp -s "$1" "$2"' - "$T/seed/small.c" "$T/one-inline/small.c"
expect no-weights 1 "$NETC" compile "$net" -o "$T/no-weights"
expect_text no-weights-help "$T/stderr" '--init'
for stage in graph program plan schedule; do
    expect emit-$stage 0 "$NETC" compile --init 1 --emit $stage "$net"
    expect_true emit-$stage-says-something test -s "$T/stdout"
done
