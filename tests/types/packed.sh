# Packed element types in the interface and inside, in memory of exactly their size: with sanitizers, for scalar and vector targets,
# with weights in each form, as a bundle, and without warnings from either compiler.
. "$ROOT/tests/driver/lib/checks.sh"

flags="-std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"
for form in "scalar inline" "native inline" "generic object" "scalar bundle"; do
    set -- $form
    out=$T/$1-$2
    if [ "$2" = bundle ]; then option=--bundle; else option="--weights $2"; fi
    expect "$1 $2 is compiled" 0 "$NETC" compile lib/packed.net --target "$1" $option -o "$out" || continue
    [ "$1" = native ] && machine=-march=native || machine=
    for cc in gcc clang; do
        command -v $cc >/dev/null || { echo "skipped $1 $2 with $cc: it is not installed"; continue; }
        expect "$1 $2 is built with $cc" 0 $cc $flags $machine -I"$out" -I"$ROOT/runtime" lib/packed.c "$out/packed.c" \
            $(ls "$out"/*.S 2>/dev/null) -Wa,-I"$out" -o "$out/run" -lm || continue
        expect "$1 $2 runs when built with $cc" 0 env ASAN_OPTIONS=detect_leaks=0 "$out/run"
    done
done
expect_text "the header says how elements lie" "$T/scalar-inline/packed.h" 'i4\[3, 5\], 2 elements a byte'
expect_true "no narrow types, no part for them" sh -c "'$NETC' compile '$ROOT/tests/driver/small.net' --init 1 -o '$T/small' && ! test -e '$T/small/netc_narrow.h'"
