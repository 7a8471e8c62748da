# What nothing uses and what hides something else is warned of, once; a side of `if` that is not taken counts as use.
"$NETC" check unused.net 2>&1
cat >"$T/used.net" <<END
import "std/mobile.net" (fire, squeeze_excite)

const deep = false
const width = 4

block choose(x, out: int, squeeze: int) {
    skip = conv(x, out, kernel: 1)
    wide = conv(x, out, kernel: 1)
    return if deep and squeeze > 2 then fire(skip, squeeze, out) else if deep then squeeze_excite(skip, squeeze) else wide
}

net used(x: f32[1, 4, 8, 8]) -> (y) {
    before = relu(x)
    y = x |> choose(width, 2)
    assert shape(before) == shape(x)
}
END
"$NETC" check "$T/used.net" 2>&1 | sed 's/.*: used/used/'
