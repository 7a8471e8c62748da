# The shapes of the transformed inputs, [position, channel, position, rows, columns] of tiles: in steps of 2, and of 5x5.
for net in winograd_steps winograd_wide; do
    for which in fast accurate off; do
        for target in avx512 avx2; do
            echo "$net $which $target"
            "$NETC" compile $net.net --init 1 --target $target --winograd $which --emit program |
                sed -n 's/^buffer \(.*\)_winograd_input: work f32\(\[[0-9, ]*\]\).*/  \1 \2/p'
        done
    done
done
