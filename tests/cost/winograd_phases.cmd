# The kernels of each layer, three where it is Winograd's.
for which in auto accurate off; do
    echo "$which"
    "$NETC" compile winograd_phases.net --init 1 --target avx512 --winograd $which --emit schedule |
        awk '/: ConvTranspose/ { count[$1]++ } END { for (name in count) print "  " name, count[name] }' | sort
done
