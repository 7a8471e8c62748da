# In place, --check, several files, standard input, and files with errors, which stay as they are.
cp ugly.net "$T/a.net"
printf 'net n(x: f32[1]) -> (y) { y = relu(x }\n' >"$T/b.net"
printf '\n\n# only a comment\n\n\n' >"$T/c.net"
cd "$T"
cp b.net b.before
"$NETC" fmt --check a.net b.net c.net 2>&1
echo "exit $?"
"$NETC" fmt a.net c.net
echo "exit $?"
"$NETC" fmt --check a.net c.net
echo "exit $?"
"$NETC" fmt a.net b.net none.net 2>&1 | grep error
cmp b.net b.before
cat c.net
printf 'const a=1;const b=2' | "$NETC" fmt
printf 'const a=1;const b=2' | "$NETC" fmt -
printf 'const a = 1\n' | "$NETC" fmt --check
echo "exit $?"
printf 'const a =1\n' | "$NETC" fmt --check
echo "exit $?"
printf '' | "$NETC" fmt | wc -c
printf '\357\273\277const a = 1\r\n# b\r\n' | "$NETC" fmt | od -c | head -n 3
