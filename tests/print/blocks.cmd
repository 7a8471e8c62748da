# What a person wrote with blocks comes out with blocks again: residual networks, Inception modules, encoders.
"$NETC" print "$ROOT/examples/resnet18.net"
"$NETC" print googlenet.net
"$NETC" print encoder.net
