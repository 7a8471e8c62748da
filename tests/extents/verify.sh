# Shapes that depend on data. Each folder here is a network and its data sets, whose outputs were computed with numpy.
. "$ROOT/tests/driver/lib/checks.sh"
. "$ROOT/tests/onnx/lib/models.sh"
. "$ROOT/tests/driver/lib/datasets.sh"

here=$ROOT/tests/extents
verify_folders "$here"

# Node by node; the same network printed; threads; sanitizers in both compilers.
read_datasets "$here/flow"
expect layers 0 "$NETC" verify --layers "$network" $sets
expect_text layers-all "$T/stdout" 'nodes agree with the interpreter'
expect print 0 "$NETC" print "$network" -o "$T/once.net"
expect print-again 0 "$NETC" print "$T/once.net" -o "$T/twice.net"
expect_true printed-twice cmp "$T/once.net" "$T/twice.net"
expect printed 0 "$NETC" verify "$T/once.net" $sets
expect threads 0 "$NETC" verify --threads 2 "$network" $sets
asan=$(gcc -print-file-name=libasan.so)
if [ -f "$asan" ]; then
    expect sanitizers 0 env ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$asan" "$NETC" verify --cc gcc --target scalar \
        --cflags '-O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all' "$network" $sets
else echo "skipped sanitizers: gcc has no libasan"; fi
if command -v clang >/dev/null; then
    expect clang 0 "$NETC" verify --cc clang --cflags '-O1 -Wall -Wextra -Werror -fsanitize-trap=undefined -fsanitize=undefined' \
        "$network" $sets
else echo "skipped clang: it is not installed"; fi

# The interface: the shape is one more output; a data set of another shape differs, one beyond the bound is refused.
read_datasets "$here/selection"
expect compile 0 "$NETC" compile "$network" -o "$T/code"
expect_text header-output "$T/code/selection.h" 'output at: i64\[3, 24\] at most.* at_shape '
expect_text header-shape "$T/code/selection.h" 'output at_shape: i64\[2\], the shape of at$'
expect_text header-run "$T/code/selection.h" 'int64_t at_shape\[2\]'
set -- $sets
expect run 0 "$NETC" run "$network" "$1/input_0.pb" "$1/input_1.pb" "$1/input_2.pb" -o "$T/run"
expect_text run-shape "$T/stdout" "at.npy: i64 3x$(sed -n '2s/[^0-9]//gp' "$here/selection/set_0/output_0.tensor")$"
cp -r "$1" "$T/other"
cp "$2/output_0.pb" "$T/other/output_0.pb"
expect other-shape 1 "$NETC" verify "$network" "$T/other"
expect_text other-shape-text "$T/stdout" "output 'at' differs: its shape is 3x[0-9]*, expected 3x0$"
cp "$1/input_0.pb" "$T/other/output_0.pb"
expect wrong-type 1 "$NETC" verify "$network" "$T/other"

# A program around it says what it found.
printf '\000\000\200\077\000\000\000\000' >"$T/x.raw"
printf '\000\001' >"$T/c.raw"
cat >"$T/pick.net" <<'NET'
net pick(x: f32[2], c: bool[2]) -> (y: f32[2], at: i64[1, 2]) {
    y = Compress(x, c)
    at = NonZero(x)
}
NET
expect small 0 "$NETC" build "$T/pick.net" -o "$T/pick"
expect small-runs 0 "$T/pick" "$T/x.raw" "$T/c.raw" -o "$T/picked"
expect small-prints 0 "$T/pick" "$T/x.raw" "$T/c.raw"
expect_text small-shape "$T/stdout" '^at: i64\[1, 1\]$'
expect_true small-written test "$(wc -c <"$T/picked/y.npy")" -eq 132

# What is known when it is compiled has its shape then.
cat >"$T/known.net" <<'NET'
net known(x: f32[3]) -> (y: f32[2], n: i64[2]) {
    at = NonZero([1.0, 0.0, 2.0])
    y = Gather(x, Squeeze(at, i64[1] [0]))
    n = Shape(at)
}
NET
expect known 0 "$NETC" check "$T/known.net"
