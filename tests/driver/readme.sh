# The sessions in README.md: every indented line behind `$` is run in the repository, and prints what stands under it.
. "$ROOT/tests/driver/lib/checks.sh"
awk -v folder="$T" '
    /^    \$ / { count++; print substr($0, 7) >(folder "/" count ".cmd"); inside = 1; blank = 0; next }
    /^    /    { if (inside) { while (blank) { print "" >(folder "/" count ".want"); blank-- } print substr($0, 5) >(folder "/" count ".want") } next }
    /^$/       { blank++; next }
               { inside = 0; blank = 0 }' "$ROOT/README.md"
cp -r "$ROOT/examples" "$T/"
mkdir -p "$T/build" "$T/tests"
cp -r "$ROOT/tests/driver" "$T/tests/"
ln -s "$NETC" "$T/build/netc"
cd "$T" || exit 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ -f $i.cmd ] || break
    touch $i.want
    sh $i.cmd 2>&1 | sed 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >$i.got
    expect_true "session-$i" diff $i.want $i.got
done
