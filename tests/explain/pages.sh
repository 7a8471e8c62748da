# Every code has a page; the wrong example on it gives that code and no other, the right one gives nothing at all.
PATH="$T/bin:$PATH"
mkdir "$T/bin"
ln -s "$NETC" "$T/bin/netc"
# example PAGE WORD: runs it in a folder of its own; diagnostics in $T/got.
example() {
    rm -rf "$T/run"
    mkdir "$T/run"
    kind=$(sed -n "s/^\`\`\`\([a-z]*\) $2\$/\1/p" "$1")
    awk -v word="$2" '/^```/ { on = $2 == word; next } on' "$1" >"$T/example"
    case $kind in
    net) cp "$T/example" "$T/run/n.net" && (cd "$T/run" && netc check n.net) ;;
    model) protoc-c --encode=onnx.ModelProto --proto_path="$ROOT/grammar" onnx.proto <"$T/example" >"$T/run/n.onnx" &&
        (cd "$T/run" && netc check n.onnx) ;;
    sh) (cd "$T/run" && sh "$T/example") ;;
    *) echo "no example: error[NONE]" >&2 ;;
    esac >/dev/null 2>"$T/got"
    codes=$(grep -o '^\(error\|warning\)\[[A-Z0-9]*\]' "$T/got" | sed 's/.*\[\(.*\)\]/\1/' | sort -u | tr '\n' ' ')
}
for code in $("$NETC" explain | sed 's/ .*//'); do
    page=$ROOT/compiler/diag/explain/$code.md
    if [ ! -f "$page" ]; then echo "not ok $code: no page"; continue; fi
    if ! "$NETC" explain "$code" | grep -q "^$code: "; then echo "not ok $code: not shown"; continue; fi
    if ! grep -q '^```' "$page"; then
        # a model too large for a page; a file that no command writes; operators that are not whole
        case $code in
        E0113 | E0125 | E0308 | E0601) echo "ok $code" ;;
        *) echo "not ok $code: no example" ;;
        esac
        continue
    fi
    example "$page" wrong
    if [ "$codes" != "$code " ]; then echo "not ok $code: wrong gives $codes $(head -n 1 "$T/got")"; continue; fi
    example "$page" right
    if [ -s "$T/got" ]; then echo "not ok $code: right gives $(head -n 1 "$T/got")"; continue; fi
    if grep -q '^```net' "$page"; then
        for word in wrong right; do
            awk -v word="$word" '/^```/ { on = $2 == word; next } on' "$page" >"$T/example.net"
            "$NETC" fmt --check "$T/example.net" >/dev/null 2>"$T/got" || [ -s "$T/got" ] || echo "not ok $code: layout of $word"
        done
    fi
    echo "ok $code"
done
