# Layers that are computed together, a few rows at a time: they are one kernel with a name of its own, what lies between
# them takes less memory, the numbers are those of the layers one after the other, for any number of threads, and no
# access leaves its rows.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/core/lib/bands.net
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/in.npy" 1 16 83 71

"$NETC" compile "$net" --init 1 --target avx2 --emit schedule >"$T/schedule"
expect_text expanded "$T/schedule" '^conv1 .. conv3: Conv + Clip + Conv + Clip + Conv + Add$'
expect_text pooled "$T/schedule" '^conv4 .. d: Conv + Relu + MaxPool$'
expect_text by-winograd "$T/schedule" '^conv6 .. tiles: Conv + Relu + Conv + Relu + MaxPool$'
expect_text in-rows "$T/schedule" 'schedule: [0-9]* of y at a time: tile'
# Nothing of the 2 MB between the first three layers is stored whole.
"$NETC" compile "$net" --init 1 --target avx2 --prefix bands -o "$T/c"
bytes=$(sed -n 's/^#define BANDS_WORKSPACE_BYTES \([0-9]*\).*/\1/p' "$T/c/bands.h")
expect_true workspace test "$bytes" -lt 2000000

sed 's/tiles) {/tiles, a, b, c, d, e, f) {/' "$net" >"$T/apart.net"
expect_true apart sh -c "! '$NETC' compile '$T/apart.net' --init 1 --emit schedule | grep -q -F ' .. '"
expect serial 0 "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/serial"
expect one-by-one 0 "$NETC" run "$T/apart.net" --init 1 "$T/in.npy" -o "$T/apart"
for output in mobile pooled tiles; do
    expect_true same-$output cmp "$T/serial/$output.npy" "$T/apart/$output.npy"
done
for threads in 1 2 3; do
    expect by-$threads 0 env OMP_NUM_THREADS=$threads "$NETC" run "$net" --init 1 --threads 3 "$T/in.npy" -o "$T/by$threads"
    expect_true same-bits-by-$threads diff -r "$T/serial" "$T/by$threads"
done
for threads in 1 3; do
    expect built-for-$threads 0 "$NETC" build "$net" --init 1 --threads $threads \
        --cflags '-O1 -fsanitize=address,undefined -fno-sanitize-recover=all' -o "$T/sanitized"
    expect sanitized-for-$threads 0 env OMP_NUM_THREADS=$threads "$T/sanitized" -o "$T/out" "$T/in.npy"
done
