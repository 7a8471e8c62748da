# A residual sum takes the place of its operand (c that of a) unless that is read later (e not that
# of c), is what the sum's own convolution reads (g not that of e), or lies with a halo.
cat >"$T/sum.net" <<'END'
net sum(x: f32[1, 32, 12, 12]) -> (y: f32[1, 32, 12, 12]) {
    a = x |> conv(32, kernel: 1) as first |> relu
    b = a |> conv(32, kernel: 1) as second |> relu
    c = relu((b |> conv(32, kernel: 1) as third) + a)
    d = c |> conv(32, kernel: 1) as fourth |> relu
    e = relu((d |> conv(32, kernel: 1) as fifth) + c)
    g = relu((e |> conv(32, kernel: 1) as sixth) + e)
    y = (g |> conv(32, kernel: 3, pad: 1) as seventh) + c
}
END
"$NETC" compile "$T/sum.net" --init 1 --target avx2 --winograd off --emit plan | sed -n 's/^ *[0-9]* *[0-9]* *\([0-9]* - [0-9]*\) */\1 /p'
