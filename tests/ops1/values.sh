# Generated code against numpy and PyTorch: the values of tests/ops1, ops2 and ops3 with their literals as inputs.
. "$ROOT/tests/driver/lib/checks.sh"

"$BUILD/tests/test_op_values" "$T" || { echo "not ok written: test_op_values fails"; exit 1; }
for net in "$T"/*.net; do
    for target in scalar native; do
        expect "$(basename "$net" .net) for $target" 0 "$NETC" verify --target $target "$net" "${net%.net}"
    done
done
