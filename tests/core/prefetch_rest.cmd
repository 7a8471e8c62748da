# A dense layer whose inputs do not fill the last step: each step still fetches as many lines as it reads, and the rest does, too.
printf 'net dense(x: f32[1, 2450]) -> (y: f32[1, 256]) { y = linear(x, 256) }\n' >"$T/dense.net"
"$NETC" compile "$T/dense.net" --init 1 --target avx512 --emit program | grep -o 'prefetch [0-9]* lines'
