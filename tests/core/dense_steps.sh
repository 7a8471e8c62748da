# A 1x1 convolution in steps reads a dense copy where neither its input nor its weights stay in the second cache, and
# only there; the copy changes no bit of the result.
. "$ROOT/tests/driver/lib/checks.sh"
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/x.npy" 1 16 35 34

# steps CHANNELS KERNELS: of the convolution with so many output channels.
steps() {
    cat >"$T/one$1.net" <<END
net one(x: f32[1, 16, 35, 34]) -> (z: f32[1, $1, 18, 17]) {
    y = x |> conv(64, kernel: 1) |> relu
    z = y |> conv($1, kernel: 1, stride: 2)
}
END
    "$NETC" compile "$T/one$1.net" --init 1 --target sse4 --emit program >"$T/program"
    expect_true "kernels-$1" test "$(grep -c '^kernel run_z' "$T/program")" -eq "$2"
    for target in scalar sse4; do
        expect "$target-$1" 0 "$NETC" run "$T/one$1.net" --init 1 --exact --target $target "$T/x.npy" -o "$T/$target$1"
    done
    expect_true "same-bits-$1" cmp "$T/scalar$1/z.npy" "$T/sse4$1/z.npy"
}
steps 1040 2
steps 64 1
