# Shapes, parameters and multiply-adds that the lectures give stand as assertions in figures/*.net; the networks' are in examples/.
for f in figures/*.net; do
    name=$(basename "$f" .net)
    if "$NETC" check "$f" >"$T/out" 2>"$T/err" && [ ! -s "$T/err" ]; then echo "ok $name"
    else echo "not ok $name: $(head -n 1 "$T/err")"; fi
done
