# A tensor of a file belongs to an instance with an index however its name spells that.
cd "$T"
mkdir weights
for name in 'a[1].weight' b.1.weight c1.weight d2.0.weight; do
    { printf '\223NUMPY\001\000\166\000'
      printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }"
      printf '\000\000\200\077'
    } >"weights/$name.npy"
done
cat >names.net <<END
net names(x: f32[1, 1]) -> (y: f32[1, 1]) {
    y = x |> linear(1, bias: false) as a[1] |> linear(1, bias: false) as b[1] |> linear(1, bias: false) as c[1]
          |> linear(1, bias: false) as d[2][0]
}
END
"$NETC" print --flat names.net --weights-from weights 2>&1
