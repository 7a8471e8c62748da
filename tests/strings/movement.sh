# Strings through everything that moves elements: by compilers, targets and places of weights; and what is no string.
. "$ROOT/tests/driver/lib/checks.sh"
. lib/same.sh

net=$PWD/lib/movement.net
wanted=$PWD/lib/movement.txt
here=$PWD
cd "$T" || exit 1
printf 'one\n\033two\n\nfour five\nsechs\nüber\n' >words.txt
printf 'one\nzwei\n\n' >more.txt
printf '\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >pick.raw
printf '\1\0\1' >flag.raw
inputs="words.txt more.txt pick.raw flag.raw"
same gcc --cc gcc --cflags "-Wall -Wextra -Werror -pedantic"
same clang --cc clang --target generic --cflags "-Wall -Wextra -Werror"
same sanitizers --cc gcc --target scalar --cflags "-g -fsanitize=address,undefined"
same bundle --bundle
same "weights in a file" --weights file
same "weights in an object" --weights object

# npy FILE DESCR SHAPE BYTES: BYTES in octal escapes.
npy() {
    printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '$2', 'fortran_order': False, 'shape': ($3), }" >"$1"
    printf "$4" >>"$1"
}
npy pick.npy '<i8' '2,' '\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
npy flag.npy '|b1' '3,' '\1\0\1'
npy bytes.npy '|S4' '3,' 'one\0zwei\0\0\0\0'
npy cut.npy '|S4' '3,' 'one\0zwe\303\0\0\0\0'
npy inside.npy '|S4' '3,' 'o\0e\0zwei\0\0\0\0'
npy half.npy '<U1' '3,' '\0\330\0\0a\0\0\0b\0\0\0'
npy numbers.npy '<f4' '3,' '\0\0\0\0\0\0\0\0\0\0\0\0'
npy short.npy '|S4' '3,' 'one\0zwei'

expect ".npy written" 0 ./program $inputs -o out
expect ".npy read" 0 ./program out/kept.npy bytes.npy pick.npy flag.npy
expect_true "the same from them" cmp "$wanted" stdout
expect "netc run" 0 "$NETC" run "$net" out/kept.npy bytes.npy pick.npy flag.npy -o again
for out in out/*.npy; do
    expect_true "netc run writes the same ${out#out/}" cmp "$out" "again/${out#out/}"
done
outputs=
for out in turned joined picked padded chosen tiled hot same kept put first constants back given; do
    outputs=$outputs${outputs:+,}out/$out.npy
done
expect "layer by layer" 0 "$NETC" verify "$net" --layers "out/kept.npy,bytes.npy,pick.npy,flag.npy:$outputs"
expect "another string" 1 "$NETC" verify "$net" "out/kept.npy,out/constants.npy,pick.npy,flag.npy:$outputs"
expect_text "which" stdout "output 'joined' differs: 3 of 9 elements; worst at \[2, 0\]: got \"plain\", expected \"one\""

for file in cut inside half; do
    expect "$file is no string, program" 1 ./program out/kept.npy $file.npy pick.npy flag.npy
    expect_text "$file, says the program" stderr 'is not a string: UTF-8 without a NUL'
    expect "$file is no string, netc" 1 "$NETC" run "$net" out/kept.npy $file.npy pick.npy flag.npy -o again
    expect_text "$file, says netc" stderr 'is not a string: UTF-8 without a NUL'
done
expect "numbers are no strings" 1 ./program out/kept.npy numbers.npy pick.npy flag.npy
expect_text "numbers, it says" stderr "input 'more' is string\[3\], but 'numbers.npy' holds '<f4'"
expect "elements are missing" 1 ./program out/kept.npy short.npy pick.npy flag.npy
expect "too many lines" 1 ./program out/kept.npy words.txt pick.npy flag.npy
expect_text "how many" stderr "input 'more' has 3 strings, but 'words.txt' .* it has 6"

"$NETC" compile "$net" --target generic -o c
flags="-Wall -Wextra -Werror -std=c11 -fsanitize=address,undefined -Ic"
expect "called from C" 0 cc $flags "$here/lib/null.c" c/movement.c -o null -lm
expect "no address" 0 ./null
expect_text "it returns 1" stdout '^0 1 0 1$'
echo '#include "movement.h"' >x.cc
expect_true "the header is C++" c++ -std=c++17 -Wall -Wextra -Werror -Ic -c x.cc -o x.o
