# The figures of the founding texts: see examples/conv10.net.
"$NETC" summary "$ROOT/examples/conv10.net"
