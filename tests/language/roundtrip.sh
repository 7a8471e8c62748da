# What netc print writes compiles to the same bytes as what it was printed from: the networks of these tests, ONNX models with
# everything a model may have. With blocks and layers, flat, and exported as ONNX models.
# tests/roundtrip does the comparing.
. "$ROOT/tests/driver/lib/checks.sh"
mkdir "$T/models"
for model in "$ROOT"/tests/*/*.model; do
    [ -f "${model%.model}.graph" ] || continue
    name=$(basename "$model" .model)
    # a string has no C type, nor has a complex number
    grep -v "^  output { name: .\(c64_typed\|c128_typed\|strings\)" "$model" >"$T/text"
    protoc-c --encode=onnx.ModelProto --proto_path="$ROOT/grammar" onnx.proto <"$T/text" >"$T/models/$name.onnx"
done
ls "$T"/models/*.onnx "$ROOT"/tests/print/*.net >"$T/list"
for net in "$ROOT"/tests/*/*.net; do [ -f "${net%.net}.err" ] || echo "$net"; done >>"$T/list"
for how in "" --flat export; do
    if HOW=$how "$ROOT/tests/roundtrip" "$T/list" -- --init 1 --dim-default 1 >"$T/said"; then echo "ok all $how"
    else grep '^not ok' "$T/said" | sed "s/$/ $how/"; fi
done
# nearly all of them can be compiled
expect_true most sh -c "grep -q ' [0-9] not compiled' $T/said || grep -q ' 1[0-9] not compiled' $T/said"

# -o FOLDER/ takes the network's name
net=$ROOT/examples/lenet5.net
expect print-folder 0 "$NETC" print "$net" --init 1 -o "$T/new/"
expect_true print-folder-name test -f "$T/new/lenet5.net" -a -f "$T/new/lenet5.safetensors"
expect print-again 0 "$NETC" print "$net" --init 1 -o "$T/new"
