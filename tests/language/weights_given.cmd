# --weights-from goes before the file's own line; a matrix is turned only when asked; what is left over is listed.
cat >"$T/given.net" <<END
weights "layers.npz" {
    turned.weight = transpose("fc.weight")
    turned.bias = "bn.bias"
}

net given(x: f32[1, 4]) -> (y: f32[1, 4]) {
    y = x |> linear(5) as fc |> linear(4) as turned
}
END
cp torch/layers.npz "$T/layers.npz"
cd "$T"
"$NETC" print --flat given.net 2>given.err
grep -c '^ *= note: "' given.err
"$NETC" check given.net --weights-from none.npz 2>&1
