# Who places an SVG: Graphviz where it is in PATH, and what is said where it is not; -o and its endings.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/graph/blocks.net
if command -v dot >/dev/null; then
    expect graphviz 0 "$NETC" graph "$net" --layout dot -o "$T/dot.svg"
    expect_text graphviz-title "$T/dot.svg" '<title>blocks</title>'
    expect auto 0 "$NETC" graph "$net" -o "$T/auto.svg"
    expect_true auto-is-graphviz cmp "$T/dot.svg" "$T/auto.svg"
    "$NETC" graph "$ROOT/tests/graph/names.net" >"$T/names.dot"
    expect_true graphviz-reads-names dot -Tplain "$T/names.dot"
else
    echo "skipped graphviz: not installed"
fi
PATH=$T "$NETC" graph "$net" --layout dot -o "$T/none.svg" 2>"$T/said"
expect_true absent-exit test $? -eq 3
expect_text absent "$T/said" 'Graphviz is not installed: there is no `dot` in PATH'
expect_true absent-leaves-nothing test ! -e "$T/none.svg"
PATH=$T "$NETC" graph "$net" -o "$T/own.svg" 2>"$T/said"
expect_text absent-auto "$T/said" "drawn with netc's own layout"
"$NETC" graph "$net" --layout netc -o "$T/netc.svg"
expect_true absent-own cmp "$T/netc.svg" "$T/own.svg"
expect ending 2 "$NETC" graph "$net" -o "$T/graph.png"
expect_text ending-text "$T/stderr" "wants a name in .svg, .dot or .gv, not"
expect dot-file 0 "$NETC" graph "$net" -o "$T/graph.gv"
"$NETC" graph "$net" >"$T/stdout-graph"
expect_true dot-same cmp "$T/graph.gv" "$T/stdout-graph"
expect broken 1 "$NETC" graph "$ROOT/tests/driver/mistakes.net"
