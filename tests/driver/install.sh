# make install and uninstall: everything is there, works from there, and goes away again.
. "$ROOT/tests/driver/lib/checks.sh"
place=$T/root/usr
expect_true install make -C "$ROOT" --no-print-directory BUILD="${BUILD#"$ROOT"/}" install DESTDIR="$T/root" PREFIX=/usr
for file in bin/netc include/netc/netc.h lib/pkgconfig/netc.pc share/man/man1/netc.1 share/bash-completion/completions/netc \
    share/doc/netc/README.md share/doc/netc/LICENSE share/doc/netc/LICENSE.runtime; do
    expect_true "install-$file" test -s "$place/$file"
done
expect installed-works 0 "$place/bin/netc" check "$ROOT/tests/driver/small.net"
for command in check summary compile build run verify bench graph report print ops targets; do
    expect_text "manual-$command" "$place/share/man/man1/netc.1" "^netc $command"
done
for c in $("$NETC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    expect_text "manual-has-$c" "$place/share/man/man1/netc.1" "^\.SS netc $c\$"
done
if command -v pkg-config >/dev/null; then
    flags=$(PKG_CONFIG_PATH=$place/lib/pkgconfig pkg-config --define-variable=prefix="$place" --cflags netc)
    printf '#include <netc.h>\nint main(void) { return NETC_ABI - 1; }\n' >"$T/use.c"
    # shellcheck disable=SC2086
    expect_true pkg-config cc $flags "$T/use.c" -o "$T/use"
    expect_true pkg-config-runs "$T/use"
else
    echo "skipped pkg-config: not installed"
fi

# complete WORD...: what bash offers for the last word.
complete() {
    bash -c '. "$0"; PATH=$1:$PATH; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netc; echo "${COMPREPLY[@]}"' \
        "$place/share/bash-completion/completions/netc" "$place/bin" netc "$@"
}
if command -v bash >/dev/null; then
    expect_true complete-command test "$(complete c)" = "check compile"
    expect_true complete-option test "$(complete verify --at)" = "--atol"
    expect_true complete-target test "$(complete build --target sca)" = "scalar"
else
    echo "skipped completion: no bash"
fi
expect_true uninstall make -C "$ROOT" --no-print-directory BUILD="${BUILD#"$ROOT"/}" uninstall DESTDIR="$T/root" PREFIX=/usr
expect_true uninstall-leaves-no-files test -z "$(find "$T/root" -type f)"
