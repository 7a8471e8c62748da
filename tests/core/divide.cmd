# Divisions: by a power of two a multiplication always; by another constant where the sum or the function is rounded
# anyway, by the sum of a softmax's row; not where floor would tell, and none of these in a program that is exact.
cat >"$T/one.net" <<END
opset 17
net one(x: f32[1, 4, 32], y: f32[1, 32, 32]) -> (half: f32[1, 4, 32], scores: f32[1, 4, 32], gelu: f32[1, 4, 32], steps: f32[1, 4, 32], rows: f32[1, 4, 32]) {
    half = x / 8.0
    scores = matmul(x, y) / 3.0
    gelu = erf(x / 1.41421354)
    steps = Floor(x / 0.1)
    rows = softmax(x)
}
END
for exact in "" --exact; do
    "$NETC" compile "$T/one.net" $exact --target sse4 --prefix one -o "$T/c"
    sed -n 's/.*netc_store(\(out[^ ]*\).* \([*/]\) netc_splat.*/\2/p; /^static void run_/s/.*run_\([a-z]*\).*/\1/p' "$T/c/one.c" | uniq
    echo
done
