# The page of netc report: complete in itself, the same bytes each time; in headless Chromium its parts work, at 1280 and at
# 400 pixels without scrolling sideways.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/graph/blocks.net
page=$T/blocks.html
expect report 0 "$NETC" report "$net" --target avx2 -o "$page"
"$NETC" report "$net" --target avx2 -o "$T/again.html"
expect_true same-bytes cmp "$page" "$T/again.html"
expect_true no-address test -z "$(grep -o 'https*://[^" ]*' "$page" | grep -v '^http://www.w3.org/2000/svg$')"
expect_true no-marks-left test -z "$(grep -o '{{[a-z]*}}' "$page")"
expect folded 0 "$NETC" report "$ROOT/tests/report/folded.net" -o "$T/folded.html"
expect hostile 0 "$NETC" report "$ROOT/tests/report/hostile.net" --target avx2 -o "$T/hostile.html"
# A layer has the operator that was written, whatever it became.
"$NETC" report "$ROOT/tests/graph/nothing.net" -o "$T/nothing.html"
expect_text operator-as-written "$T/nothing.html" '"op":"Constant"'
expect no-output 2 "$NETC" report "$net"
expect broken 1 "$NETC" report "$ROOT/tests/driver/mistakes.net" -o "$T/broken.html"
expect_true broken-leaves-nothing test ! -e "$T/broken.html"

# A profile is taken when it is of this network, compiled like this, and refused when it is of anything else.
if command -v "${CC:-cc}" >/dev/null; then
    expect bench 0 "$NETC" bench "$net" --init 1 --target generic --seconds 0.01 --profile --json
    cp "$T/stdout" "$T/profile.json"
    expect profile 0 "$NETC" report "$net" --target generic --profile "$T/profile.json" -o "$T/profile.html"
    # refused NAME PATTERN PROFILE: exit code 1, the reason, and no page.
    refused() {
        expect "profile-$1" 1 "$NETC" report "$net" --target generic --profile "$3" -o "$T/refused.html"
        expect_text "profile-$1-text" "$T/stderr" "$2"
        expect_true "profile-$1-no-page" test ! -e "$T/refused.html"
    }
    sed 's/"network": "blocks"/"network": "other"/' "$T/profile.json" >"$T/network.json"
    refused network 'of the network `other`, not of `blocks`' "$T/network.json"
    sed 's/"target": "generic"/"target": "avx2"/' "$T/profile.json" >"$T/target.json"
    refused target 'for the target avx2, not for generic' "$T/target.json"
    sed 's/"name": "fc"/"name": "cf"/' "$T/profile.json" >"$T/kernel.json"
    refused kernel 'is `cf` there and `fc` here' "$T/kernel.json"
    sed 's/, "kernels": \[/, "kernels": [], "others": [/' "$T/profile.json" >"$T/none.json"
    refused count 'has 0 kernels, where the network has' "$T/none.json"
    sed 's/"seconds": [^,]*/"seconds": -1/' "$T/profile.json" >"$T/negative.json"
    refused negative 'has no `seconds`' "$T/negative.json"
    head -c 900 "$T/profile.json" >"$T/short.json"
    refused short 'byte [0-9]*: .* was wanted' "$T/short.json"
    sed 's/"min_seconds": [^,]*/"median_seconds": 1e/' "$T/profile.json" >"$T/number.json"
    refused number 'a number was wanted' "$T/number.json"
    echo '{"network": "blocks", "target": "generic"}' >"$T/bare.json"
    refused bare 'no list `kernels`' "$T/bare.json"
    : >"$T/empty.json"
    refused empty 'was wanted' "$T/empty.json"
    refused absent 'No such file' "$T/absent.json"
else
    echo "skipped profile: no C compiler"
fi

chromium=
for name in chromium chromium-browser google-chrome; do command -v $name >/dev/null && chromium=${chromium:-$name}; done
[ -n "$chromium" ] || { echo "skipped chromium: not run, not installed"; exit 0; }

# see PAGE WIDTH: $T/seen has what lib/frame.html says of it.
see() {
    sed -e "s|PAGE\"|file://$1\"|" -e "s/WIDTH/$2/" -e "s/on PAGE and //" "$ROOT/tests/report/lib/frame.html" >"$T/frame.html"
    timeout 120 $chromium --headless --no-sandbox --disable-gpu --allow-file-access-from-files --user-data-dir="$T/chromium" \
        --window-size=1400,1000 --virtual-time-budget=10000 --dump-dom "file://$T/frame.html" 2>/dev/null |
        sed -n '/<pre id="seen">/,/<\/pre>/p' | sed 's/.*<pre id="seen">//; s/<\/pre>.*//' >"$T/seen"
}

# seen NAME LINE: exactly that line.
seen() {
    if grep -qxF -e "$2" "$T/seen"; then echo "ok $1"
    else echo "not ok $1: no '$2' in: $(tr '\n' ';' <"$T/seen")"; fi
}

for width in 400 1280; do
    see "$page" $width
    seen scroll-$width 'scroll none'
    seen wide-$width 'wide 0'
    seen title-$width 'title blocks: netc report'
    seen sections-$width 'sections Graph Layers Work Memory Kernels'
    seen sheets-$width 'sheets Blocks Layers Kernels'
    seen layers-sheet-$width 'sheet 1 Layers 18'
    seen closed-$width 'closed 6'
    seen open-$width 'open 24'
    seen found-$width 'found 5'
    seen shown-$width 'shown true'
    seen kernels-$width 'kernels true'
    seen metrics-$width 'metrics Multiply-adds, Bytes, Cycles'
    seen nameless-$width 'nameless 0'
    seen outside-$width 'outside 0'
done
see "$T/folded.html" 400
seen folded 'folded bn'
see "$T/hostile.html" 400
seen hostile-title 'title &lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;: netc report'
seen hostile-markup 'markup 0'
seen hostile-scroll 'scroll none'
if [ -f "$T/profile.html" ]; then
    see "$T/profile.html" 1280
    seen profile-metrics 'metrics Time, GFLOP/s, Multiply-adds, Bytes, Cycles'
    seen profile-bars 'bars Time true'
    seen profile-rates 'bars GFLOP/s true'
fi
