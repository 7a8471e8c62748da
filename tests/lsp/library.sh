# The definition of a block of netc's library is in the installed file.
. "$ROOT/tests/driver/lib/checks.sh"
mkdir -p "$T/usr/bin" "$T/usr/share/netc/std"
cp "$NETC" "$T/usr/bin/netc"
cp "$ROOT/grammar/std/resnet.net" "$T/usr/share/netc/std/"
cat >"$T/library.session" <<'END'
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}
{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///w/a.net","version":1,"text":"import \"std/resnet.net\" (basic)\nnet n(x: f32[1, 4, 8, 8]) -> (y) { y = basic(x, 4) }\n"}}}
{"jsonrpc":"2.0","id":2,"method":"textDocument/definition","params":{"textDocument":{"uri":"file:///w/a.net"},"position":{"line":1,"character":40}}}
{"jsonrpc":"2.0","id":3,"method":"shutdown"}
{"jsonrpc":"2.0","method":"exit"}
END
NETC=$T/usr/bin/netc sh lib/play "$T/library.session" >"$T/installed"
line=$(grep -n '^block basic' "$ROOT/grammar/std/resnet.net" | cut -d: -f1)
expect_text installed "$T/installed" "\"id\":2,\"result\":{\"uri\":\"file://.*/usr/share/netc/std/resnet.net\",\"range\":{\"start\":{\"line\":$((line - 1)),\"character\":6}"
rm -r "$T/usr/share"
NETC=$T/usr/bin/netc sh lib/play "$T/library.session" >"$T/missing"
expect_text missing "$T/missing" '"id":2,"result":null'
