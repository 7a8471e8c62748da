# The workspace of every example is at most a tenth above its lower bound, on every target.
for net in resnet18 alexnet lenet5 edges; do
    for target in avx512 avx2 sse4 scalar; do
        "$NETC" compile "$ROOT/examples/$net.net" --init 1 --dim-default 1 --target $target --emit plan |
            awk -v net=$net -v target=$target '/^workspace/ { sub(/,/, "", $5); print net, target, ($2 > 0 && $2 <= 1.1 * $6 ? "close" : "workspace " $2 ", bound " $6) }'
    done
done
