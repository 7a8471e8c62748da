# Every network in examples/ passes its own assertions without a warning, for several images at once too where it has a batch N, and
# prints to a fixed point.
for f in "$ROOT"/examples/*.net; do
    name=$(basename "$f" .net)
    if ! "$NETC" check "$f" >"$T/out" 2>"$T/err"; then echo "not ok $name: $(head -n 1 "$T/err")"; continue; fi
    if [ -s "$T/err" ]; then echo "not ok $name: $(head -n 1 "$T/err")"; continue; fi
    if grep -q 'where N = ' "$f" && ! "$NETC" check --dim N=3 "$f" >"$T/out" 2>"$T/err"; then
        echo "not ok $name for N = 3: $(head -n 1 "$T/err")"
        continue
    fi
    "$NETC" print "$f" >"$T/once.net" && "$NETC" print "$T/once.net" >"$T/twice.net"
    if cmp -s "$T/once.net" "$T/twice.net"; then echo "ok $name"; else echo "not ok $name: printed twice it differs"; fi
done
