# The syntax files in editors/ have the words that the compiler has, and Vim colours by them.
. "$ROOT/tests/driver/lib/checks.sh"
mkdir -p "$T/editors"
expect_true generate env NETC="$NETC" "$ROOT/editors/generate" "$T/editors"
for file in vim/syntax/netc.vim vscode/syntaxes/netc.tmLanguage.json; do
    expect_true "$file" diff "$ROOT/editors/$file" "$T/editors/$file"
done
if vim --version 2>/dev/null | grep -q '+syntax'; then
    printf 'net n(x: f32[1, 3]) -> (y) {  # note\n    y = x |> relu\n}\n' >"$T/a.net"
    cat >"$T/colours.vim" <<'END'
let out = []
for place in [[1, 1], [1, 10], [1, 33], [2, 9], [2, 14]]
  call add(out, synIDattr(synID(place[0], place[1], 1), 'name'))
endfor
call writefile([join(out, ' ')], $T . '/colours')
quitall!
END
    vim -Nu NONE -es --cmd "set runtimepath^=$ROOT/editors/vim" --cmd 'filetype on' --cmd 'syntax on' -S "$T/colours.vim" "$T/a.net" \
        >/dev/null 2>&1 </dev/null
    expect_true vim test "$(cat "$T/colours")" = "netcKeyword netcType netcComment  netcLayer"
else
    echo "skipped vim: not installed, or without syntax"
fi
