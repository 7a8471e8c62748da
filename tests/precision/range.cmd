# What f16 has no range for stays f32, and is named: infinity, and tiny numbers; infinities themselves are no matter.
cat >"$T/n.net" <<'NET'
net n(x: f32[1, 2]) -> (y) {
    const large: f32[2, 2] = [70000, 1, 1, 1]
    const edge: f32[2, 2] = [65519, 1, 1, 1]
    const tiny: f32[2, 2] = [1e-6, 2e-6, 3e-6, 4e-6]
    const none: f32[2, 2] = [inf, 1, 1, -inf]
    y = MatMul(MatMul(MatMul(MatMul(x, large), edge), tiny), none)
}
NET
cd "$T"
for type in f16 bf16; do
    "$NETC" compile n.net --weights-type $type -o $type 2>&1 | grep -v '^ *[|0-9]* |'
    grep -h '^ \*   c0.*f32\[2, 2\]' $type/n.c
done
"$NETC" compile n.net --weights-type f64 -o d 2>&1
