# --threads: the same bits for any number of threads, serial when compiled without OpenMP; and Winograd's error.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/core/lib/threads.net
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/in.npy" 1 16 40 40

expect serial 0 "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/serial"
for threads in 1 2 3; do
    export OMP_NUM_THREADS=$threads
    expect shared-by-$threads 0 "$NETC" run "$net" --init 1 --threads 3 "$T/in.npy" -o "$T/by-$threads"
    expect_true same-bits-by-$threads cmp "$T/serial/y.npy" "$T/by-$threads/y.npy"
done
unset OMP_NUM_THREADS

"$NETC" compile "$net" --init 1 --threads 2 -o "$T/c"
expect_text parallel "$T/c/threads.c" 'NETC_PARALLEL(.*)'
flags=$("$NETC" targets native)
expect_true without-openmp cc -std=c11 -Wall -Wextra -Werror -O1 $flags -c "$T/c/threads.c" -o "$T/x.o"
expect_true with-openmp cc -std=c11 -Wall -Wextra -Werror -O1 -fopenmp $flags -c "$T/c/threads.c" -o "$T/y.o"
expect_true uses-openmp sh -c "nm '$T/y.o' | grep -q GOMP"
"$NETC" compile "$net" --init 1 -o "$T/d"
expect_true serial-by-default sh -c "! grep -q NETC_PARALLEL '$T/d/threads.c'"

# Against the plain sum, relative to the output's scale; F(4,3) is allowed what the literature reports of it.
for which in accurate fast; do
    expect winograd-$which 0 "$NETC" verify "$net" --init 1 --winograd $which --scale --rtol 1e-5 "$T/in.npy:$T/serial/y.npy"
    "$NETC" compile "$net" --init 1 --winograd $which --emit program >"$T/program"
    expect_true winograd-$which-used grep -q winograd_product "$T/program"
done
