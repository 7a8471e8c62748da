# The workspace of the example networks is at most 10 percent above its lower bound.
for file in "$ROOT"/examples/*.net; do
    name=$(basename "$file" .net)
    for target in scalar avx512; do
        "$NETC" compile "$file" --init 1 --target $target --emit plan >"$T/plan" 2>"$T/stderr" ||
            { echo "not ok $name-$target: $(head -n 1 "$T/stderr")"; continue; }
        set -- $(sed -n 's/^workspace \([0-9]*\) bytes, lower bound \([0-9]*\) .*/\1 \2/p' "$T/plan")
        if [ $# -eq 2 ] && [ "$1" -ge "$2" ] && [ $(($1 * 10)) -le $(($2 * 11)) ]; then echo "ok $name-$target"
        else echo "not ok $name-$target: workspace and lower bound: $*"; fi
    done
done
