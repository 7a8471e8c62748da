# --threads: the same bits for any number of threads, also more than cores or fewer than compiled for, serial when compiled
# without OpenMP, no races; and Winograd's error.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/core/lib/threads.net
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/in.npy" 1 16 40 40

expect serial 0 "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/serial"
# same_bits NAME THREADS COMMAND...: run so with -o, it gives what the serial code gave.
same_bits() {
    expect "$1" 0 env OMP_NUM_THREADS="$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "$T/in.npy" -o "$T/$1" || return
    expect_true "same-bits-$1" cmp "$T/serial/y.npy" "$T/$1/y.npy"
}
for threads in 1 2 3 4 9; do
    same_bits by-$threads-of-4 $threads "$NETC" run "$net" --init 1 --threads 4
done
same_bits by-9-of-9 9 "$NETC" run "$net" --init 1 --threads 9
if command -v taskset >/dev/null; then
    same_bits on-one-core 3 taskset -c 0 "$NETC" run "$net" --init=1 --threads=3
else
    echo "skipped on-one-core: no taskset"
fi

"$NETC" compile "$net" --init 1 --threads 2 -o "$T/c"
expect_text parallel "$T/c/threads.c" 'NETC_PARTS(worker, .*)'
expect_true halos-are-shared sh -c "! grep -q 'run_halo' '$T/c/threads.c'"
flags=$("$NETC" targets native)
for standard in c11 c99; do
    expect_true without-openmp-$standard cc -std=$standard -Wall -Wextra -Werror -O1 $flags -c "$T/c/threads.c" -o "$T/x.o"
    expect_true with-openmp-$standard cc -std=$standard -Wall -Wextra -Werror -O1 -fopenmp $flags -c "$T/c/threads.c" -o "$T/y.o"
done
expect_true uses-openmp sh -c "nm '$T/y.o' | grep -q GOMP"
expect_true no-openmp sh -c "! nm '$T/x.o' | grep -q -i omp"
expect_true header-c++ g++ -x c++ -std=c++11 -Wall -Wextra -Werror -fopenmp -fsyntax-only "$T/c/netc_threads.h"
"$NETC" compile "$net" --init 1 -o "$T/d"
expect_true serial-by-default sh -c "! grep -q NETC_PARTS '$T/d/threads.c'"
expect without-openmp-builds 0 "$NETC" build "$net" --init 1 --threads 4 --cflags -fno-openmp -o "$T/plain"
expect without-openmp-runs 0 "$T/plain" -o "$T/plain-out" "$T/in.npy"
expect_true without-openmp-same-bits cmp "$T/serial/y.npy" "$T/plain-out/y.npy"

expect too-many 2 "$NETC" compile "$net" --init 1 --threads 1025 -o "$T/many"
expect_text too-many-text "$T/stderr" '--threads wants a number of at most 1024'
same_bits by-3-of-1024 3 "$NETC" run "$net" --init 1 --threads 1024

# Too little work: serial code.
printf 'net small(x: f32[1, 5]) -> (y: f32[1, 5]) {\n    y = x |> linear(5) |> relu\n}\n' >"$T/small.net"
"$NETC" compile "$T/small.net" --init 1 --threads 4 -o "$T/small"
expect_true small-is-serial sh -c "! grep -q netc_worker '$T/small/small.c'"

# A loop whose condition kernels compute: all threads go on or none.
expect loop-serial 0 "$NETC" run "$ROOT/tests/core/lib/threads_loop.net" --init 1 "$T/in.npy" -o "$T/loop-serial"
for threads in 1 2 5; do
    expect loop-by-$threads 0 env OMP_NUM_THREADS=$threads "$NETC" run "$ROOT/tests/core/lib/threads_loop.net" --init 1 --threads 5 "$T/in.npy" -o "$T/loop-$threads"
    expect_true loop-same-bits-by-$threads sh -c "cmp '$T/loop-serial/y.npy' '$T/loop-$threads/y.npy' && cmp '$T/loop-serial/runs.npy' '$T/loop-$threads/runs.npy'"
done
"$NETC" compile "$ROOT/tests/core/lib/threads_loop.net" --init 1 --threads 5 -o "$T/loop"
expect_text loop-agrees "$T/loop/threads_loop.c" 'while (netc_agree(worker, '

# ThreadSanitizer sees no race; and would see one: without the wait at a kernel's end there are some.
if echo 'int main(void) { return 0; }' | cc -x c -fsanitize=thread - -o "$T/tsan" 2>/dev/null && "$T/tsan"; then
    for which in threads threads_loop; do
        expect $which-sanitized 0 "$NETC" build "$ROOT/tests/core/lib/$which.net" --init 1 --threads 3 --cflags '-g -O1 -fsanitize=thread' -o "$T/sanitized"
        expect $which-without-races 0 env OMP_NUM_THREADS=3 "$T/sanitized" -o "$T/sanitized-out" "$T/in.npy"
    done
    "$NETC" compile "$net" --init 1 --threads 3 --weights inline -o "$T/racy"
    sed -i 's/times = 0; !netc_all_done(w); times++/times = 0; times < 0; times++/' "$T/racy/netc_threads.h"
    expect_true races-built cc -g -O1 -fopenmp -fsanitize=thread $flags -I"$T/racy" "$ROOT/tests/core/lib/threads_main.c" "$T/racy/threads.c" -o "$T/races" -lm
    expect races-are-seen 66 env OMP_NUM_THREADS=3 "$T/races"
else
    echo "skipped without-races: no ThreadSanitizer"
fi

# Against the plain sum, relative to the output's scale; F(4,3) is allowed what the literature reports of it.
for which in accurate fast; do
    expect winograd-$which 0 "$NETC" verify "$net" --init 1 --winograd $which --scale --rtol 1e-5 "$T/in.npy:$T/serial/y.npy"
    "$NETC" compile "$net" --init 1 --winograd $which --emit program >"$T/program"
    expect_true winograd-$which-used grep -q winograd_product "$T/program"
done
