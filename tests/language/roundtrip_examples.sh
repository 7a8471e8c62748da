# Every example: what is printed of it is read, and prints as itself; where it has few weights, the C is the same as well.
. "$ROOT/tests/driver/lib/checks.sh"
find "$ROOT/examples" -name '*.net' | sort >"$T/all"
while read -r net; do
    name=${net#"$ROOT"/examples/} name=${name%.net}
    parameters=$("$NETC" check "$net" --dim-default 1 2>&1 | sed -n 's/.* nodes, \([0-9]*\) parameters.*/\1/p')
    [ -n "$parameters" ] || continue # blocks to be imported
    if ! "$NETC" print "$net" --dim-default 1 >"$T/once.net" 2>"$T/stderr"; then echo "not ok $name: $(head -n 1 "$T/stderr")"
    elif ! "$NETC" print "$T/once.net" >"$T/twice.net" 2>"$T/stderr"; then echo "not ok $name again: $(head -n 1 "$T/stderr")"
    elif ! "$NETC" fmt --check "$T/once.net" >"$T/stderr" 2>&1; then echo "not ok $name: not in the layout of netc fmt"
    elif cmp -s "$T/once.net" "$T/twice.net"; then echo "ok $name"
    else echo "not ok $name: $(diff "$T/once.net" "$T/twice.net" | grep '^[<>]' | head -n 2 | tr '\n' ' ')"; fi
    [ "$parameters" -gt 1500000 ] || echo "$net" >>"$T/small"
done <"$T/all"
if "$ROOT/tests/roundtrip" "$T/small" -- --init 1 --dim-default 1 >"$T/said"; then echo "ok same-c"
else grep '^not ok' "$T/said"; fi
expect_true some grep -q -v '^[0-9] networks' "$T/said"
