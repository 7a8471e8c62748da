# A parameter with a default and no kind may begin a line.
cat >"$T/p.net" <<END
block unit_with_a_long_name(x, out: int, kernel: int = 3, stride: int = 1, padding: int = 1,
                            dilation = 1, groups = 1) {
    return x |> conv(out, kernel: kernel, stride: stride, pad: padding, dilation: dilation,
                     groups: groups)
}

net n(x: f32[1, 2, 8, 8]) -> (y) { y = unit_with_a_long_name(x, 3) }
END
"$NETC" check "$T/p.net" | grep -o 'well formed'
"$NETC" fmt <"$T/p.net" | cmp - "$T/p.net"
