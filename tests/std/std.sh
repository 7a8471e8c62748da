# Every block of the library has an example here, which passes its assertions without a warning and prints to a fixed point.
for f in *.net; do
    name=${f%.net}
    if ! "$NETC" check "$f" >"$T/out" 2>"$T/err"; then echo "not ok $name: $(head -n 1 "$T/err")"; continue; fi
    if [ -s "$T/err" ]; then echo "not ok $name: $(head -n 1 "$T/err")"; continue; fi
    "$NETC" print "$f" >"$T/once.net" && "$NETC" print "$T/once.net" >"$T/twice.net"
    if cmp -s "$T/once.net" "$T/twice.net"; then echo "ok $name"; else echo "not ok $name: printed twice it differs"; fi
done
for f in "$ROOT"/grammar/std/*.net; do
    for block in $(sed -n 's/^block \([a-z_0-9]*\)(.*/\1/p' "$f"); do
        if ! grep -q "\`$block(" "$ROOT/grammar/LANGUAGE.md"; then echo "not ok $block: not in LANGUAGE.md"
        elif ! grep -q "\b$block\b" "$(basename "$f")" && [ "$(grep -c "\b$block(" "$f")" -lt 2 ]; then
            echo "not ok $block: no example calls it"
        else echo "ok $block"; fi
    done
done
