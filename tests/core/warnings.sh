# Generated code that a compiler warned of, without optimisation too: where the runtime's branches are not taken.
. "$ROOT/tests/driver/lib/checks.sh"
cat >"$T/gru.net" <<'NET'
net gru(x: f32[1, 1, 3], w: f32[1, 9, 3], r: f32[1, 9, 3]) -> (y: f32[1, 1, 1, 3], h: f32[1, 1, 3]) {
    y, h = GRU@22(x, w, r, hidden_size: 3)
}
NET
for target in generic sse4 avx2 avx512; do
    expect "weights in steps of 3, $target" 0 "$NETC" build --target $target --cflags "-O0 -Wall -Wextra -Werror -Wno-unknown-pragmas" "$T/gru.net" -o "$T/gru.o"
done
