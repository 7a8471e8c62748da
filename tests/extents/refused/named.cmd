# The name of the shape is taken by another output.
$NETC compile named.net -o "$T/out" 2>&1
