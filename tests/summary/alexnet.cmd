# The figures of the founding texts: see examples/alexnet.net.
"$NETC" summary "$ROOT/examples/alexnet.net"
