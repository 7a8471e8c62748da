# The figures of the founding texts: see examples/lenet5.net.
"$NETC" summary "$ROOT/examples/lenet5.net"
