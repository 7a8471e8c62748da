# The figures of the founding texts: see examples/receptive_field.net.
"$NETC" summary "$ROOT/examples/receptive_field.net"
