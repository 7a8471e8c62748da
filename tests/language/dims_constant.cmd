# A dimension that is a constant of the file is a number: verify, run and print give it no size of their own.
printf 'const C = 2\nnet constant(x: f32[N, C]) -> (y: f32[N, C]) where N = 1 {\n    y = relu(x)\n}\n' >"$T/constant.net"
cd "$T"
"$NETC" print constant.net
"$NETC" check constant.net --dim C=3 2>&1
