# A list turns, cuts and reshapes tensors, and gives an instance the names below another one; numbers prove which element goes where.
cd "$T"
/usr/bin/env printf '' >/dev/null
npy() { # FILE SHAPE COUNT: the floats 1, 2, ... COUNT
    { printf '\223NUMPY\001\000\166\000'
      printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': $2, }"
      i=1; while [ $i -le "$3" ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done
    } >"$1"
}
mkdir w
npy w/all.npy '(3, 2)' 6
npy w/cube.npy '(2, 3, 2)' 12
npy w/stage.0.gain.npy '(2,)' 2
npy w/stage.1.gain.npy '(2,)' 2
cat >lists.net <<END
weights "w" {
    a = transpose("all")
    b = slice("all", axis: 0, from: 1, to: 3)
    c = slice(transpose("cube", [2, 0, 1]), 2, -1)
    d = reshape(transpose("all"), [6])
    part = "stage"
    part[1].gain = slice("all", axis: 0, to: 1)
}

block scaled(x) {
    const gain: u8[2]
    return x + gain
}

net lists(x: u8[2]) -> (a, b, c, d, y) {
    const a: u8[2, 3]
    const b: u8[2, 2]
    const c: u8[2, 2, 1]
    const d: u8[6]
    y = repeat 2 as part (x) { scaled(x) }
}
END
"$NETC" print --flat lists.net 2>&1
