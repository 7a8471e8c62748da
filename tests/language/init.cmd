# Random parameters hang on the seed and the path alone: neither order nor neighbours change them.
"$NETC" print --flat init.net --init 7
sed 's/linear(3) as a |> batchnorm as b/linear(3) as d |> batchnorm as b |> linear(3) as e/' init.net >"$T/other.net"
for seed in 7 8; do
    "$NETC" print --flat "$T/other.net" --init $seed | grep 'param `[bc]' >"$T/$seed"
    "$NETC" print --flat init.net --init 7 | grep 'param `[bc]' | cmp -s - "$T/$seed" && echo "seed $seed: the same" || echo "seed $seed: others"
done
