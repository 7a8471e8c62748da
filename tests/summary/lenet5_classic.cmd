# The figures of the founding texts: see examples/lenet5_classic.net.
"$NETC" summary "$ROOT/examples/lenet5_classic.net"
