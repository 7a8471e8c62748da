"$NETC" summary --json "$ROOT/examples/receptive_field.net"
