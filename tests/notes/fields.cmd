# Receptive fields that the lectures give, layer by layer: 1 + L (K - 1) for L layers (5 of 3x3 see 11x11), two 3x3 see 5x5 and three
# 7x7 as one such filter does (VGG), dilated ones grow to 67x67 while sizes stay.
fields() {
    "$NETC" summary --csv "$1" | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["operator"] == "Conv" { print $1, $at["field"] }'
}
fields "$ROOT/examples/receptive_field.net"
fields figures/parameter_counts.net
fields "$ROOT/examples/dilated_context.net"
