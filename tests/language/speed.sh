# netc check is fast and reads no weights: ResNet-152 takes about 5 ms, and here may take fifty times that, busy machines being what
# they are; a net of 2,000 layers takes ten times as long as one of 200.
if timeout 5 sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    "$NETC" check "$ROOT/examples/resnet152.net" >/dev/null || exit 1; done'
then echo "ok resnet152"; else echo "not ok resnet152: 20 checks take more than 5 s"; fi
awk 'BEGIN { print "net long(x: f32[1, 8, 16, 16]) -> (y) {"; for (i = 0; i < 2000; i++) print "    x = x |> conv(8, kernel: 3, pad: 1) |> relu"
    print "    y = x"; print "}" }' >"$T/long.net"
if timeout 5 "$NETC" check "$T/long.net" >/dev/null; then echo "ok long"; else echo "not ok long: 4,000 nodes take more than 5 s"; fi
