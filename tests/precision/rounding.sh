# What bench and report say that rounded weights do to an output is what verify finds.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/core/lib/threads.net
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/in.npy" 1 16 40 40
options="--init 1 --target generic"
expect f32 0 "$NETC" run "$net" $options "$T/in.npy" -o "$T/f32"
for type in f16 bf16; do
    "$NETC" verify "$net" $options --weights-type $type --scale --rtol 0 --atol 1e-30 "$T/in.npy:$T/f32/y.npy" >"$T/verify"
    error=$(sed -n 's/.*, error \([0-9.e-]*\) of.*/\1/p' "$T/verify")
    expect bench-$type 0 "$NETC" bench "$net" $options --weights-type $type --input "$T/in.npy" --seconds 0.01
    expect_text bench-says-$type "$T/stdout" "^  rounding  output 'y' differs by at most $error from that with f32 weights, [0-9.e-]* of its largest$"
    expect bench-json-$type 0 "$NETC" bench "$net" $options --weights-type $type --input x="$T/in.npy" --seconds 0.01 --json
    expect_text json-$type "$T/stdout" "\"weights_type\": \"$type\", \"rounding\": \[{\"output\": \"y\", \"absolute\": $error[0-9]*, \"relative\": [0-9.e-]*}\]"
    expect report-$type 0 "$NETC" report "$net" $options --weights-type $type --input "$T/in.npy" -o "$T/page.html"
    said=$(sed -n "s/.*\"weightsType\":\"$type\",\"rounding\":\[{\"output\":\"y\",\"absolute\":\([0-9.e-]*\).*/\1/p" "$T/page.html")
    if [ "$(printf %.3g "$said")" = "$error" ]; then echo "ok report-says-$type"; else echo "not ok report-says-$type: $said, not $error"; fi
done
expect made-up 0 "$NETC" bench "$net" $options --weights-type f16 --seconds 0.01
expect_text made-up-says "$T/stdout" "^  rounding  output 'y'"
expect plain 0 "$NETC" bench "$net" $options --seconds 0.01 --json
expect_text plain-says "$T/stdout" '"weights_type": "f32", "rounding": \[\]'
"$T/npy" 3 "$T/small.npy" 1 16 4 4
expect other-shape 1 "$NETC" bench "$net" $options --weights-type f16 --input "$T/small.npy"
expect_text other-shape-text "$T/stderr" "input 'x' is f32 1x16x4x4 here"
expect input-alone 2 "$NETC" bench "$net" $options --input "$T/in.npy"
