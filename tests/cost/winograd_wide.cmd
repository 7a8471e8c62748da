# The shapes of the transformed inputs, [position, channel, position, rows, columns] of tiles.
for which in fast accurate off; do
    for target in avx512 avx2; do
        echo "$which $target"
        "$NETC" compile winograd_wide.net --init 1 --target $target --winograd $which --emit program |
            sed -n 's/^buffer \(.*\)_winograd_input: work f32\(\[[0-9, ]*\]\).*/  \1 \2/p'
    done
done
