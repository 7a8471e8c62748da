# Does each layer execute more multiply-adds than it has? Those at the edges, of zeros around the image, may come on top.
"$NETC" compile phases.net --init 1 --target avx512 --emit schedule |
    awk '/^[a-z0-9]*: ConvTranspose/ { name = $1 }
         name != "" && /predicted/ { macs = $0; sub(/ multiply-adds.*/, "", macs); sub(/.*; /, "", macs); gsub(",", "", macs) }
         name != "" && /executes/ { gsub(",", "", $2); print name, ($2 * 16 < macs * 1.25 ? "no more than it has" : $2 * 16 " of " macs); name = "" }'
