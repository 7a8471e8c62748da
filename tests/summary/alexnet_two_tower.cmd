# The figures of the founding texts: see examples/alexnet_two_tower.net.
"$NETC" summary "$ROOT/examples/alexnet_two_tower.net"
