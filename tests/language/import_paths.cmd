# A file is looked for beside the importing one, then in the folders of --import-path in their order.
cat >"$T/main.net" <<END
import "found.net"

net main(x: f32[4]) -> (y) {
    y = found(x)
}
END
"$NETC" check "$T/main.net" 2>&1 | sed -n 1p
"$NETC" check "$T/main.net" -I lib/none --import-path lib/elsewhere | sed 's/.*: main/main/'
mkdir "$T/first"
echo 'block found(x) { return x |> conv(1, kernel: 1) }' >"$T/first/found.net"
"$NETC" check "$T/main.net" -I "$T/first" -I lib/elsewhere 2>&1 | sed -n 1p
echo 'block found(x) { return x }' >"$T/found.net"
"$NETC" print --flat "$T/main.net" -I "$T/first" | grep -c Relu
mkdir "$T/std"
echo 'block fire(x) { return x }' >"$T/std/mobile.net"
echo 'import "std/mobile.net" net n(x: f32[4]) -> (y) { y = fire(x) }' | tr '\n' ' ' | sed 's/ net n/\nnet n/' >"$T/own.net"
"$NETC" check "$T/own.net" | sed 's/.*: n/n/'
# Files that import one another on and on.
for i in $(seq 60); do echo "import \"$((i + 1)).net\"" >"$T/$i.net"; done
echo 'block last(x) { return x }' >"$T/61.net"
printf 'import "1.net"\nnet n(x: f32[4]) -> (y) { y = relu(x) }\n' >"$T/deep.net"
"$NETC" check "$T/deep.net" 2>&1 | sed -n 1p
mkfifo "$T/pipe.net"
printf 'import "pipe.net"\nnet n(x: f32[4]) -> (y) { y = relu(x) }\n' >"$T/piped.net"
"$NETC" check "$T/piped.net" 2>&1 | sed -n 1p
