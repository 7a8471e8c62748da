# Instances with the sums of what is in them; the two layers of the group are one convolution each.
"$NETC" summary tree.net
"$NETC" summary --flat tree.net
"$NETC" summary --json tree.net
