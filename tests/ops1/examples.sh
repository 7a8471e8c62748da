# Generated code against the interpreter: every example of every operator, in networks of many outputs.
. "$ROOT/tests/driver/lib/checks.sh"

"$BUILD/tests/test_op_examples" "$T" || { echo "not ok written: test_op_examples fails"; exit 1; }
for net in "$T"/examples*.net; do
    name=$(basename "$net" .net)
    for target in scalar native; do
        expect "$name for $target" 0 "$NETC" verify --target $target "$net" "$T/data${name#examples}"
    done
done
