# Winograd's algorithm in steps of 2 against the plain sum, relative to the output's scale, on every target that runs here; the same bits
# for any number of threads.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/core/lib/winograd_steps.net
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/in.npy" 1 16 56 55
expect plain 0 "$NETC" run "$net" --init 1 --winograd off "$T/in.npy" -o "$T/plain"
for target in avx512 avx2 sse4; do
    "$NETC" run "$net" --init 1 --target $target "$T/in.npy" -o "$T/any" >/dev/null 2>&1 || { echo "skipped $target: does not run here"; continue; }
    for which in accurate fast; do
        expect $target-$which 0 "$NETC" verify "$net" --init 1 --target $target --winograd $which --scale --rtol 2e-6 "$T/in.npy:$T/plain/y.npy"
        "$NETC" compile "$net" --init 1 --target $target --winograd $which --emit program >"$T/program"
        [ $target-$which = sse4-accurate ] || expect_true $target-$which-used grep -q winograd_product "$T/program"
    done
    expect $target-parallel 0 "$NETC" run "$net" --init 1 --target $target --threads 3 "$T/in.npy" -o "$T/parallel"
    expect $target-serial 0 "$NETC" run "$net" --init 1 --target $target "$T/in.npy" -o "$T/serial"
    expect_true $target-same-bits cmp "$T/serial/y.npy" "$T/parallel/y.npy"
done
