# An input of more than the second cache is read once, all channels of a row together, and fetched a block of channels
# ahead of its use; one that fits is passed for each group of channels, and neither is fetched. Two layers read it, so
# that it is not computed in a band with one of them.
for size in 56 14; do
    cat >"$T/one.net" <<END
net one(x: f32[1, 64, $size, $size]) -> (z: f32[1, 128, $size, $size], w: f32[1, 16, $size, $size]) {
    y = x |> conv(64, kernel: 1) |> relu
    z = y |> conv(128, kernel: 1)
    w = y |> conv(16, kernel: 1)
}
END
    "$NETC" compile "$T/one.net" --init 1 --target sse4 --prefix one -o "$T/$size"
    sed -n '/^static void run_z(/,/^}/p' "$T/$size/one.c" | sed -n 's/.*for (ptrdiff_t \([cyx_]*\) .*/loop \1/p; s/.*\(NETC_PREFETCH_NEAR\).*/\1/p' | uniq
    echo
done
