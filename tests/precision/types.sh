# --weights-type: weights stored in 2 bytes compute the same bits as weights that Cast rounded, on every target.
. "$ROOT/tests/driver/lib/checks.sh"
lib=$ROOT/tests/precision/lib
cc -O1 "$ROOT/tests/driver/lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 3 "$T/x.npy" 2 3 12 12
"$T/npy" 4 "$T/words.npy" i64 6
sed 's/W(\([a-z_]*\))/\1/g' "$lib/products.net" >"$T/plain.net"
sed 's/W(\([a-z_]*\))/Cast(Cast(\1, to: 10), to: 1)/g' "$lib/products.net" >"$T/f16.net"
sed 's/W(\([a-z_]*\))/Cast(Cast(\1, to: 16), to: 1)/g' "$lib/products.net" >"$T/bf16.net"

# run NAME FILE OPTIONS...: outputs in $T/NAME
run() {
    name=$1 file=$2
    shift 2
    "$NETC" run "$T/$file.net" "$T/x.npy" "$T/words.npy" --init 7 --winograd off "$@" -o "$T/$name" >/dev/null 2>"$T/stderr" ||
        echo "not ok $name: $(head -n 1 "$T/stderr")"
}
same() {
    for out in image up narrow scores text; do
        cmp -s "$T/$1/$out.npy" "$T/$2/$out.npy" || { echo "not ok $2: $out differs from $1"; return; }
    done
    echo "ok $2"
}
for target in $("$NETC" targets | awk '/ (native|runs) / { print $1 }'); do
    for type in f16 bf16; do
        run rounded-$type-$target $type --target $target
        run $type-$target plain --target $target --weights-type $type
        same rounded-$type-$target $type-$target
    done
done
run f32 plain
if cmp -s "$T/f32/scores.npy" "$T/f16-scalar/scores.npy"; then echo "not ok rounding: f16 changes nothing"; else echo "ok rounding"; fi
for weights in inline object file; do
    run f16-$weights plain --target generic --weights $weights --weights-type f16
    same f16-generic f16-$weights
done
run f16-threads plain --target generic --threads 2 --weights-type f16
same f16-generic f16-threads

# Winograd's transformed weights are rounded, too.
net=$ROOT/tests/core/lib/threads.net
"$T/npy" 3 "$T/in.npy" 1 16 40 40
expect winograd-f32 0 "$NETC" run "$net" --init 1 --winograd off "$T/in.npy" -o "$T/plain"
for type in f16:2e-3 bf16:2e-2; do
    expect winograd-${type%:*} 0 "$NETC" verify "$net" --init 1 --winograd fast --weights-type ${type%:*} --scale --rtol ${type#*:} "$T/in.npy:$T/plain/y.npy"
    expect winograd-${type%:*}-rounds 1 "$NETC" verify "$net" --init 1 --winograd fast --weights-type ${type%:*} --scale --rtol 2e-5 "$T/in.npy:$T/plain/y.npy"
done
