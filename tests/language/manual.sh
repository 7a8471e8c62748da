# Every example of grammar/LANGUAGE.md is a whole file that is well formed, and printing what was printed changes nothing.
awk -v t="$T" '/^```net$/ { f = sprintf("%s/example_%02d.net", t, ++n); next } /^```$/ { f = "" } f { print > f }' \
    "$ROOT/grammar/LANGUAGE.md"
for f in "$T"/example_*.net; do
    name=$(basename "$f" .net)
    if ! "$NETC" check "$f" >"$T/out" 2>&1; then echo "not ok $name: $(head -n 1 "$T/out")"; continue; fi
    if ! "$NETC" fmt --check "$f" >/dev/null; then echo "not ok $name: netc fmt lays it out otherwise"; continue; fi
    if grep -q warning "$T/out"; then echo "not ok $name: $(grep warning "$T/out" | head -n 1)"; continue; fi
    "$NETC" print "$f" >"$T/once.net" && "$NETC" print "$T/once.net" >"$T/twice.net"
    if cmp -s "$T/once.net" "$T/twice.net"; then echo "ok $name"; else echo "not ok $name: printed twice it differs"; fi
done
