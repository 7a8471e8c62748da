# A size that the command line gives is said to come from there; a file of blocks alone is said to be one.
cd "$T"
cat >d.net <<END
net d(x: f32[1, 3]) -> (y: f32[N, 4]) where N = 1 {
    y = x |> linear(4)
}
END
"$NETC" check d.net --dim N=1
"$NETC" check d.net --dim N=2 2>&1
cp "$ROOT/grammar/std/mobile.net" .
"$NETC" check mobile.net 2>&1
