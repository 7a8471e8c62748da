# What networks become, by the comments at the top of each kernels/X.net, for scalar and vector targets, without
# Winograd's kernels, which some targets would have:
#   # kernels: A B        the kernels in order, without those that zero halos, named by what they compute
#   # halos: N            kernels that zero a halo; 0 when it is not said
#   # tests: N            at most N percent of the statements that run test an index; 0 when it is not said
# And: the same input gives the same bytes.
for file in kernels/*.net; do
    name=$(basename "$file" .net)
    wanted=$(sed -n 's/^# kernels: *//p' "$file")
    halos=$(sed -n 's/^# halos: *//p' "$file")
    tests=$(sed -n 's/^# tests: *//p' "$file")
    for target in scalar sse4 avx512; do
        "$NETC" compile "$file" --init 1 --winograd off --target $target --emit program >"$T/program" 2>"$T/stderr" ||
            { echo "not ok $name-$target: $(head -n 1 "$T/stderr")"; continue; }
        got=$(sed -n 's/^kernel run_\([^ ]*\) .*/\1/p' "$T/program" | grep -v '^halo_of' | tr '\n' ' ')
        got=${got% }
        if [ "$got" = "$wanted" ]; then echo "ok $name-$target-kernels"
        else echo "not ok $name-$target-kernels: $got, not $wanted"; fi
        got=$(grep -c '^kernel run_halo_of' "$T/program")
        if [ "$got" -eq "${halos:-0}" ]; then echo "ok $name-$target-halos"
        else echo "not ok $name-$target-halos: $got halos, not ${halos:-0}"; fi
        set -- $(awk -f lib/steps.awk "$T/program")
        if [ "$1" -gt 0 ] && [ $(($2 * 100)) -le $(($1 * ${tests:-0})) ]; then echo "ok $name-$target-tests"
        else echo "not ok $name-$target-tests: $2 of $1 statements test an index"; fi
    done
    for run in 1 2; do
        "$NETC" compile "$file" --init 1 --target avx2 --weights object -o "$T/$name$run" || echo "not ok $name-compiles: it does not"
    done
    if diff -r "$T/${name}1" "$T/${name}2" >/dev/null; then echo "ok $name-same-bytes"
    else echo "not ok $name-same-bytes: two runs differ"; fi
done
