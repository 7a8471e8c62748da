# Narrow types in .npy files: a byte an element, the same from netc run and from a program.
. "$ROOT/tests/driver/lib/checks.sh"

# npy FILE DESCR SHAPE BYTES: BYTES in octal escapes.
npy() {
    printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '$2', 'fortran_order': False, 'shape': ($3), }" >"$1"
    printf "$4" >>"$1"
}
cp lib/packed.net "$T"
cat >"$T/float.net" <<'NET'
net float(x: f8e4m3fn[3]) -> (y: f8e5m2[3]) { y = Cast(x, to: f8e5m2) }
NET
net=$T/packed.net
npy "$T/x.npy" '|i1' '3, 5' '\370\371\372\373\374\375\376\377\0\1\2\3\4\5\6'
npy "$T/y.npy" '|u1' '7,' '\0\1\2\3\0\1\2'
npy "$T/far.npy" '|i1' '3, 5' '\370\371\372\373\374\375\376\377\0\1\2\3\4\5\10'
npy "$T/f.npy" '|V1' '3,' '\070\270\176'
npy "$T/f_out.npy" '|V1' '3,' '\074\274\137'

expect "program is built" 0 "$NETC" build "$net" -o "$T/program"
expect "program runs" 0 "$T/program" "$T/x.npy" "$T/y.npy" -o "$T/here"
expect "netc runs it" 0 "$NETC" run "$net" "$T/x.npy" "$T/y.npy" -o "$T/there"
for out in turned scaled codes shown part kept; do
    expect "they agree on $out" 0 cmp "$T/here/$out.npy" "$T/there/$out.npy"
done
expect "what was shown is what was given" 0 cmp "$T/there/shown.npy" "$T/x.npy"
expect "a packed .npy is verified" 0 "$NETC" verify "$net" "$T/x.npy,$T/y.npy:$T/here/turned.npy,$T/here/scaled.npy,$T/here/codes.npy,$T/here/shown.npy,$T/here/part.npy,$T/here/kept.npy"
expect "program shows values" 0 "$T/program" "$T/x.npy" "$T/y.npy"
expect_text "negative i4" "$T/stdout" '^  -8 -7 -6 -5 -4$'
expect_text "u2" "$T/stdout" '^  1 2 3 0 1 2 3$'
expect "8 is no i4 for the program" 1 "$T/program" "$T/far.npy" "$T/y.npy"
expect_text "which element" "$T/stderr" 'element 14 is no value of i4'
expect "8 is no i4 for netc" 1 "$NETC" run "$net" "$T/far.npy" "$T/y.npy" -o "$T/there"

expect "codes of floats" 0 "$NETC" verify "$T/float.net" "$T/f.npy:$T/f_out.npy"
expect "codes of floats, program" 0 "$NETC" build "$T/float.net" -o "$T/float"
expect "codes of floats, program runs" 0 "$T/float" "$T/f.npy" -o "$T/here"
tail -c 3 "$T/f_out.npy" >"$T/codes"
expect "codes of floats, program writes" 0 sh -c "tail -c 3 '$T/here/y.npy' | cmp - '$T/codes'"

# Weights and baked inputs.
cat >"$T/sums.net" <<'NET'
net sums(x: i4[3, 5]) -> (y: f32[3, 5]) {
    param w: i4[3, 5]
    y = DequantizeLinear(x, f32[] 1.0) + DequantizeLinear(w, f32[] 0.5)
}
NET
mkdir "$T/weights"
cp "$T/x.npy" "$T/weights/w.npy"
expect "i4 weights of .npy" 0 "$NETC" run "$T/sums.net" --weights-from "$T/weights" "$T/x.npy" -o "$T/given"
expect "baked i4 of .npy" 0 "$NETC" run "$T/sums.net" --weights-from "$T/weights" --bake x="$T/x.npy" -o "$T/baked"
expect "both give the same" 0 cmp "$T/given/y.npy" "$T/baked/y.npy"
cat >"$T/turned.net" <<'NET'
weights "weights" { w = transpose("w") }
net turned(x: f32[]) -> (y: f32[3, 5]) {
    param w: i4[5, 3]
    y = Transpose(DequantizeLinear(w, f32[] 1.0)) + x
}
NET
cat >"$T/straight.net" <<'NET'
weights "weights"
net straight(x: f32[]) -> (y: f32[3, 5]) {
    param w: i4[3, 5]
    y = DequantizeLinear(w, f32[] 1.0) + x
}
NET
npy "$T/one.npy" '<f4' '' '\0\0\200\77'
expect "transposed weights" 0 "$NETC" run "$T/turned.net" "$T/one.npy" -o "$T/given"
expect "the same weights" 0 "$NETC" run "$T/straight.net" "$T/one.npy" -o "$T/baked"
expect "transposed twice" 0 cmp "$T/given/y.npy" "$T/baked/y.npy"
