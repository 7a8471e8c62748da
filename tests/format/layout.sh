# All networks of the project stand in the layout of netc fmt, and every .net of the tests is formatted to a fixed point.
"$NETC" fmt --check "$ROOT"/examples/*.net >"$T/list" 2>&1 && echo "ok examples" ||
    echo "not ok examples: netc fmt $(sed "s|$ROOT/||" "$T/list" | tr '\n' ' ')"
"$NETC" fmt --check "$ROOT"/grammar/std/*.net "$ROOT"/tests/std/*.net >"$T/list" 2>&1 && echo "ok library" ||
    echo "not ok library: netc fmt $(sed "s|$ROOT/||" "$T/list" | tr '\n' ' ')"
failed=
find "$ROOT/tests" -name '*.net' >"$T/all"
while read -r f; do
    "$NETC" fmt <"$f" >"$T/once.net" 2>/dev/null
    case $? in
    0) "$NETC" fmt <"$T/once.net" | cmp -s - "$T/once.net" || failed="$failed $f" ;;
    1) [ -s "$T/once.net" ] && failed="$failed $f" ;;
    *) failed="$failed $f" ;;
    esac
done <"$T/all"
if [ -z "$failed" ]; then echo "ok fixed point"; else echo "not ok fixed point:$failed"; fi
# A long file takes time in proportion.
awk 'BEGIN { print "net long(x: f32[1, 8]) -> (y) {"; for (i = 0; i < 20000; i++) print "y = relu( x ) # " i
    printf "w = ["; for (i = 0; i < 100000; i++) printf "%d,", i; print "]"; print "}" }' >"$T/long.net"
if timeout 20 "$NETC" fmt "$T/long.net" && "$NETC" fmt --check "$T/long.net"; then echo "ok long"; else echo "not ok long"; fi
