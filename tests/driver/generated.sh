# Generated code: warnings, headers in C++, sanitizers, symbols, several networks and threads in one program; each target that
# runs here and each kind of weights gives what the scalar target gives.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/driver/small.net
lib=$ROOT/tests/driver/lib
warnings='-Wall -Wextra -Werror -Wno-unknown-pragmas'
cc -O1 "$lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 7 "$T/in.npy" 1 2 8 8
targets=$("$NETC" targets | awk 'NR > 1 && $4 != "-" { print $1 }')

expect reference 0 "$NETC" run "$net" --init 1 --target scalar "$T/in.npy" -o "$T/reference"
expect_true reference-written test -s "$T/reference/scores.npy"
for target in $targets; do
    for kind in inline object file; do
        expect $target-$kind 0 "$NETC" verify "$net" --init 1 --target $target --weights $kind \
            "$T/in.npy:$T/reference/scores.npy"
    done
    "$NETC" compile "$net" --init 1 --target $target -o "$T/$target"
    "$NETC" compile "$net" --init 1 --target $target --bundle -o "$T/$target-bundle"
    flags=$("$NETC" targets $target)
    standard=c11
    [ $target = scalar ] && standard='c99 -pedantic'
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || { echo "skipped $target-$compiler: no $compiler"; continue; }
        expect_true $target-$compiler $compiler -std=$standard $warnings $flags -O2 -c "$T/$target/small.c" -o "$T/x.o"
        expect_true $target-$compiler-bundle $compiler -std=$standard $warnings $flags -O1 -c "$T/$target-bundle/small.c" -o "$T/x.o"
    done
    expect_true $target-header-c++ g++ -x c++ -std=c++11 $warnings -fsyntax-only "$T/$target/small.h"
    expect $target-sanitized 0 "$NETC" build "$net" --init 1 --target $target -o "$T/sanitized-$target" \
        --cflags '-g -fsanitize=address,undefined -fno-sanitize-recover=all'
    expect $target-sanitized-runs 0 "$T/sanitized-$target" -o "$T/out-$target" "$T/in.npy"
done

# A network without weights has them of every kind.
printf 'net bare(x: f32[1, 5]) -> (y: f32[1, 5]) {\n    y = relu(x)\n}\n' >"$T/bare.net"
"$T/npy" 3 "$T/five.npy" 1 5
for kind in inline object file; do
    expect bare-$kind 0 "$NETC" run "$T/bare.net" --weights $kind "$T/five.npy" -o "$T/bare"
    expect bare-$kind-builds 0 "$NETC" build "$T/bare.net" --weights $kind -o "$T/bare-$kind"
    expect bare-$kind-program 0 "$T/bare-$kind" "$T/five.npy"
done

# Parameters that are called as something in C, C++ or the generated code is.
cat >"$T/names.net" <<'END'
net names(linux: f32[2], uint8_t: f32[2], and_eq: f32[2], workspace: f32[2], w_values: f32[2], w_packed_values: f32[2], run_add7_2: f32[2]) -> (y) {
    param w: f32[2] = [1, 2]
    y = linux + uint8_t + and_eq + workspace + w_values + w_packed_values + run_add7_2 + w
}
END
sed 's/\<\(linux\|uint8_t\|and_eq\|workspace\|w_values\|w_packed_values\|run_add7_2\)\>/in_\1/g' "$T/names.net" >"$T/plain.net"
set --
for i in 1 2 3 4 5 6 7; do
    "$T/npy" $i "$T/name$i.npy" 2
    set -- "$@" "$T/name$i.npy"
done
expect plain 0 "$NETC" run "$T/plain.net" --target scalar "$@" -o "$T/plain"
for target in scalar native; do
    expect names-$target 0 "$NETC" run "$T/names.net" --target $target "$@" -o "$T/names"
    expect_true names-$target-same cmp "$T/plain/y.npy" "$T/names/y.npy"
done
"$NETC" compile "$T/names.net" --target scalar -o "$T/names-c"
expect_true names-gnu gcc -std=gnu11 $warnings -c "$T/names-c/names.c" -o "$T/x.o"
expect_true names-c++ g++ -x c++ -std=gnu++20 $warnings -fsyntax-only "$T/names-c/names.h"

# No writable data, no calls but to math and memory functions.
"$NETC" build "$net" --init 1 -o "$T/object/small.o"
expect_true no-writable-data sh -c "size -A '$T/object/small.o' | awk '(\$1 == \".data\" || \$1 == \".bss\") && \$2 > 0 { bad = 1 } END { exit bad }'"
expect_true no-allocation sh -c "! nm -u '$T/object/small.o' | grep -E 'alloc|free|printf|pthread|exit|abort'"

# A large network is compiled in several sources, side by side: one file as before for those who keep the C, the same values, no
# symbols that others see.
{
    echo 'net large(x: f32[1, 8, 20, 20]) -> (y: f32[1, 10]) {'
    printf '    y = x'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do printf ' |> conv(%d, kernel: 3, pad: 1) |> relu\n' $((i + 2)); done
    printf '|> flatten |> linear(10)\n}\n'
} >"$T/large.net"
"$T/npy" 5 "$T/large.npy" 1 8 20 20
expect large-source 0 "$NETC" compile "$T/large.net" --init 1 --target avx2 -o "$T/large"
expect_true large-is-large test "$(wc -c <"$T/large/large.c")" -gt 110000
expect_true large-is-one-file test "$(ls "$T/large" | grep -c '\.c$')" -eq 1
expect large-verifies 0 "$NETC" run "$T/large.net" --init 1 --target scalar "$T/large.npy" -o "$T/large-scalar"
expect large-split 0 "$NETC" verify "$T/large.net" --init 1 --target generic "$T/large.npy:$T/large-scalar/y.npy"
expect large-library 0 "$NETC" build "$T/large.net" --init 1 --target generic -o "$T/large.so"
expect_true large-hides test "$(nm -D --defined-only "$T/large.so" | awk '{ print $3 }' | sort | tr '\n' ' ')" = "large_model large_run netc_entry "
expect large-archive 0 "$NETC" build "$T/large.net" --init 1 --target generic -o "$T/large.a"
expect_true large-is-split test "$(ar t "$T/large.a" | grep -c '\.o$')" -ge 3
expect_true large-links cc -shared -o "$T/large2.so" -Wl,--whole-archive "$T/large.a" -Wl,--no-whole-archive -Wl,-z,defs -lm

# With --profile a hook, which is the only writable data; without, nothing of it.
expect profile 0 "$NETC" compile "$net" --init 1 --profile -o "$T/profile"
expect_true profile-header grep -q 'extern void (\*small_profile)(int kernel);' "$T/profile/small.h"
expect_true profile-compiles gcc -std=c11 $warnings $("$NETC" targets native) -c "$T/profile/small.c" -o "$T/x.o"
expect_true no-profile sh -c '! grep -q profile "$1"' - "$T/scalar/small.c"

# Two networks in one program, four threads.
"$NETC" compile "$net" --init 1 --prefix first -o "$T/pair"
"$NETC" compile "$net" --init 2 --prefix second -o "$T/pair"
flags=$("$NETC" targets native)
expect_true two-networks cc -std=c11 -O2 $flags -I"$T/pair" "$lib/threads.c" "$T/pair/first.c" "$T/pair/second.c" -o "$T/threads" -lm -pthread
expect_true four-threads "$T/threads"
"$NETC" build "$net" --init 1 --prefix first -o "$T/archive/first.a"
"$NETC" build "$net" --init 2 --prefix second --weights object -o "$T/archive/second.o"
expect_true archive-and-object cc -std=c11 -O2 -I"$T/archive" "$lib/threads.c" "$T/archive/first.a" "$T/archive/second.o" \
    -o "$T/threads2" -lm -pthread
expect_true archive-and-object-run "$T/threads2"
