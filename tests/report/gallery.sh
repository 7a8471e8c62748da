# The gallery in examples/ is what `make gallery` writes now; `make bless` writes it.
. "$ROOT/tests/driver/lib/checks.sh"
[ -z "${BLESS:-}" ] || "$ROOT/examples/gallery"
expect gallery 0 "$ROOT/examples/gallery" "$T/gallery"
expect_true up-to-date-page cmp "$T/gallery/README.md" "$ROOT/examples/README.md"
expect_true up-to-date-pictures diff -rq "$T/gallery/pictures" "$ROOT/examples/pictures"
for file in "$ROOT"/examples/*.net; do
    name=$(basename "$file" .net)
    grep -q "^!\\[$name\\](pictures/$name.svg)" "$ROOT/examples/README.md" || echo "not ok shows-$name: not in examples/README.md"
done
