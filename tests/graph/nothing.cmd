"$NETC" graph nothing.net
"$NETC" graph nothing.net --outline
"$NETC" graph nothing.net --kernels --layout netc -o "$T/k.svg" && echo drawn
"$NETC" report nothing.net -o "$T/r.html" && echo reported
"$NETC" summary nothing.net
