"$NETC" summary --csv "$ROOT/examples/receptive_field.net"
