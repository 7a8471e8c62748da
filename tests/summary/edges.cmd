# The figures of the founding texts: see examples/edges.net.
"$NETC" summary "$ROOT/examples/edges.net"
