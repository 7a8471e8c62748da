"$NETC" graph loop.net
"$NETC" graph loop.net --kernels | grep -c cluster
"$NETC" report loop.net -o "$T/loop.html" && echo reported
