# The schedule of each convolution, without the numbers that are free to change.
for target in avx512 avx2 scalar; do
    echo "$target"
    "$NETC" compile few_channels.net --init 1 --target $target --emit schedule |
        awk '/^[a-z0-9]*: Conv/ { name = $1 } /^ *schedule: / && name != "" { print "  " name, $2; name = "" }'
done
