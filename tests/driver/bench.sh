# netc bench: it says all it should, as text and as JSON; a network that cannot run is told of.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/driver/small.net

expect bench 0 "$NETC" bench "$net" --init 1 --seconds 0.05 --profile
cp "$T/stdout" "$T/text"
for line in '^.*small.net for .*, 1 thread: .* multiply-adds in [1-9][0-9]* kernels$' '^  time .* median [0-9.]* [mun]*s, min .* p99 .* runs$' \
    '^  speed .* GFLOP/s, [0-9.]* %' '^  traffic .* GB/s' '^  memory .* resident' '^  compiled  in .* C compiler$' \
    ' TIME us .* PREDICTED .* KERNEL$' '^ *[0-9.]* .*%.*: .*Conv' 'in all kernels; .* predicted'; do
    expect_text "bench-$(echo "$line" | tr -dc a-zA-Z | cut -c 1-20)" "$T/text" "$line"
done
expect json 0 "$NETC" bench "$net" --init 1 --seconds 0.05 --profile --json
cp "$T/stdout" "$T/json"
for field in '"network": "small"' '"runs": [1-9]' '"median_seconds": [0-9.e-]*[1-9]' '"peak_gflops": [1-9]' '"resident_bytes": [1-9]' \
    '"kernels": \[' '"predicted_cycles": [1-9]' '"cc_seconds": '; do
    expect_text "json-$(echo "$field" | tr -dc a-z)" "$T/json" "$field"
done
if command -v python3 >/dev/null; then
    expect_true json-parses python3 -c 'import json, sys; b = json.load(open(sys.argv[1])); assert 0 < b["min_seconds"] <= b["median_seconds"] <= b["p99_seconds"]; assert sum(k["seconds"] for k in b["kernels"]) > 0' "$T/json"
else
    echo "skipped json-parses: no python3"
fi
for kind in object file; do expect bench-$kind 0 "$NETC" bench "$net" --init 1 --weights $kind --seconds 0.01; done
for target in $("$NETC" targets | awk 'NR > 1 && $4 != "-" { print $1 }'); do
    expect bench-$target 0 "$NETC" bench "$net" --init 1 --target $target --seconds 0.01 --no-cache
done
expect bench-threads 0 "$NETC" bench "$net" --init 1 --threads 2 --seconds 0.01
expect_text bench-says-threads "$T/stdout" '2 threads'
expect scaling 0 "$NETC" bench "$ROOT/tests/core/lib/threads.net" --init 1 --threads 2 --seconds 0.05 --profile
expect_text scaling-column "$T/stdout" ' TIME us *ALONE us *SCALING '
expect_text scaling-of-kernels "$T/stdout" '^ *[0-9.]* *[0-9.]*[1-9][0-9.]* *[0-9.]* *[0-9.]*%.*: .*Conv'
expect_text scaling-of-all "$T/stdout" 'in all kernels; [0-9.]* by one thread alone, a scaling of [0-9.]*; '
expect scaling-json 0 "$NETC" bench "$ROOT/tests/core/lib/threads.net" --init 1 --threads 2 --seconds 0.05 --profile --json
expect_text scaling-json-kernels "$T/stdout" '"seconds_alone": [0-9.e-]*[1-9]'
printf 'net text(x: string[2], y: string[2]) -> (z: string[2]) {\n    z = StringConcat(x, y)\n}\n' >"$T/text.net"
expect bench-strings 0 "$NETC" bench "$T/text.net" --seconds 0.01
mkdir "$T/relative"
cd "$T" || exit 1
expect bench-relative-scratch 0 env TMPDIR=relative "$NETC" bench "$net" --init 1 --no-cache --seconds 0.01
expect_empty bench-leaves-nothing "$T/relative"
expect no-weights 1 "$NETC" bench "$net"
expect no-compiler 3 "$NETC" bench "$net" --init 1 --no-cache --cc "$T/no-such-cc"
expect not-a-network 3 "$NETC" bench "$net" --init 1 --no-cache --cflags -Dnetc_entry=elsewhere
expect_text not-a-network-text "$T/stderr" 'is not a compiled network'
