# Trained networks beside the repository (SHARED, default ../shared): every target that runs here and each kind of weights.
. "$ROOT/tests/driver/lib/checks.sh"
models=${SHARED:-$ROOT/../shared}/models/real
targets=$("$NETC" targets | awk 'NR > 1 && $4 != "-" { print $1 }')
for name in mnist super_resolution; do
    [ -f "$models/$name/model.onnx" ] || { echo "skipped $name: no $models/$name"; continue; }
    for target in $targets; do
        for kind in inline object file; do
            expect $name-$target-$kind 0 "$NETC" verify --target $target --weights $kind "$models/$name/model.onnx" \
                "$models/$name"/test_data_set_*
        done
    done
    expect $name-layers 0 "$NETC" verify --layers "$models/$name/model.onnx" "$models/$name/test_data_set_0"
done
