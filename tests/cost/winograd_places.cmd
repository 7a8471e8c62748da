# The schedules of each layer's kernels: inputs, (weights,) product and outputs, together where something comes "at a time".
"$NETC" compile winograd_places.net --init 1 --target avx512 --winograd fast --emit schedule |
    awk '/: Conv/ { name = $1 } /schedule:/ && name { sub(/^ *schedule: /, ""); print name, $0; name = "" }'
