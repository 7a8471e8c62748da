# Code for more memory than there is: refused, nothing written.
"$NETC" check lib/huge.net
"$NETC" compile lib/huge.net -o "$T/out" 2>&1
code=$?
ls "$T"
exit $code
