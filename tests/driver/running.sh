# run and verify: the cache, inputs by order and name, tolerances, and networks that do not behave.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/driver/small.net
lib=$ROOT/tests/driver/lib
cc -O1 "$lib/npy.c" -o "$T/npy" || exit 1
"$T/npy" 7 "$T/in.npy" 1 2 8 8
"$T/npy" 7 "$T/three.npy" 3 2 8 8
"$T/npy" 7 "$T/bad.npy" 1 2 8 9
"$T/npy" 3 "$T/other.npy" 1 5
NETC_CACHE=$T/cache
export NETC_CACHE

# A compiler that counts its calls.
printf '#!/bin/sh\necho call >>"%s/calls"\nexec cc "$@"\n' "$T" >"$T/counting-cc"
chmod +x "$T/counting-cc"
calls() { grep -c call "$T/calls"; }
expect run 0 "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/out" --cc "$T/counting-cc"
before=$(calls)
expect run-again 0 "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/out" --cc "$T/counting-cc"
expect_true cached test "$(calls)" -eq $((before + 1)) # --version only
expect run-other-seed 0 "$NETC" run "$net" --init 2 "$T/in.npy" -o "$T/out2" --cc "$T/counting-cc"
expect_true other-seed-compiles test "$(calls)" -gt $((before + 2))
entries=$(ls "$T/cache" | wc -l)
expect no-cache 0 "$NETC" run "$net" --init 3 "$T/in.npy" -o "$T/out3" --no-cache
expect_true no-cache-keeps-nothing test "$(ls "$T/cache" | wc -l)" -eq "$entries"
expect cache-unwritable 3 env NETC_CACHE=/dev/null/x "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/out"
expect no-home 0 env -u NETC_CACHE -u XDG_CACHE_HOME HOME=/dev/null "$NETC" run "$net" --init 1 "$T/in.npy" -o "$T/out"

# The same entry wanted by several at once.
NETC_CACHE=$T/shared
for i in 1 2 3 4; do
    "$NETC" run "$net" --init 9 "$T/in.npy" -o "$T/shared-$i" >"$T/log-$i" 2>&1 &
    pids="${pids:-} $!"
done
for pid in $pids; do wait "$pid" || echo "not ok concurrent: $(cat "$T"/log-*)"; done
expect_true concurrent-same cmp "$T/shared-1/scores.npy" "$T/shared-4/scores.npy"
expect_true concurrent-one-entry test "$(ls -A "$T/shared" | wc -l)" -eq 1

expect by-name 0 "$NETC" run "$net" --init 1 "image=$T/in.npy" -o "$T/named"
expect_true by-name-same cmp "$T/named/scores.npy" "$T/out/scores.npy"
expect unknown-name 1 "$NETC" run "$net" --init 1 "picture=$T/in.npy" -o "$T/x"
expect_text unknown-name-text "$T/stderr" "no input 'picture'"
expect no-input 1 "$NETC" run "$net" --init 1 -o "$T/x"
expect_text no-input-text "$T/stderr" "input 'image' (f32\[1, 2, 8, 8\]) has no file"
expect one-too-many 1 "$NETC" run "$net" --init 1 "$T/in.npy" "$T/in.npy" -o "$T/x"
expect_text one-too-many-text "$T/stderr" 'one input too many'
expect wrong-shape 1 "$NETC" run "$net" --init 1 "$T/bad.npy" -o "$T/x"
expect_text wrong-shape-text "$T/stderr" 'is f32 1x2x8x9 here, but f32 1x2x8x8'
expect no-such-input 1 "$NETC" run "$net" --init 1 "$T/nothing.npy" -o "$T/x"
expect_true nothing-written test ! -e "$T/x"

good=$T/in.npy:$T/out/scores.npy
expect verify 0 "$NETC" verify "$net" --init 1 "$good"
expect_text verify-count "$T/stdout" '1 of 1 datasets agree'
expect verify-several 1 "$NETC" verify "$net" --init 1 "$good" "$T/in.npy:$T/other.npy"
expect_text verify-several-count "$T/stdout" '1 of 2 datasets agree'
expect_text verify-where "$T/stdout" "output 'scores' differs: .* worst at \[0, [0-4]\]: got .*, expected"
expect verify-rtol 0 "$NETC" verify "$net" --init 1 --atol 10 "$T/in.npy:$T/other.npy"
expect verify-exact 0 "$NETC" verify "$net" --init 1 --atol 0 --rtol 0 "$good"
expect verify-other-shape 1 "$NETC" verify "$net" --init 1 "$T/in.npy:$T/in.npy"
expect verify-no-dataset 1 "$NETC" verify "$net" --init 1 "$T/in.npy"
expect_text verify-no-dataset-text "$T/stderr" 'is no dataset'
cp "$T/in.npy" "$T/pair.in.npy"
cp "$T/out/scores.npy" "$T/pair.out.npy"
expect verify-pair 0 "$NETC" verify "$net" --init 1 "$T/pair.in.npy" "$T/pair.out.npy"
mkdir "$T/set"
cp "$T/in.npy" "$T/set/input_0.npy"
expect verify-empty-folder 1 "$NETC" verify "$net" --init 1 "$T/set"
cp "$T/out/scores.npy" "$T/set/output_0.npy"
expect verify-folder 0 "$NETC" verify "$net" --init 1 "$T/set"
expect verify-layers 0 "$NETC" verify "$net" --init 1 --layers "$good"
expect_text verify-layers-count "$T/stdout" 'nodes agree with the interpreter'

# A network whose code is wrong, does not end, or crashes: the C compiler is made to spoil it.
spoil() {
    cat >"$T/spoil-$1" <<END
#!/bin/sh
for file in *.c; do [ -f "\$file" ] && grep -q netc_entry "\$file" && printf '%s\n' '$2' >>"\$file"; done
exec cc "\$@"
END
    chmod +x "$T/spoil-$1"
}
spoil crash '__attribute__((constructor)) static void spoiled(void) { __builtin_trap(); }'
spoil hang '__attribute__((constructor)) static void spoiled(void) { for (volatile int i = 0;; i++) {} }'
expect crash 3 "$NETC" verify "$net" --init 1 --no-cache --cc "$T/spoil-crash" "$good"
expect_text crash-text "$T/stderr" 'the compiled network crashed: Illegal instruction'
expect hang 3 "$NETC" verify "$net" --init 1 --no-cache --timeout 0.5 --cc "$T/spoil-hang" "$good"
expect_text hang-text "$T/stderr" 'did not finish within 0.5 s'

# Code that computes something else: verify says so, and --layers finds the convolution whose weights were tampered with.
cat >"$T/wrong-cc" <<'END'
#!/bin/sh
for file in *.c; do
    if [ -f "$file" ] && grep -q netc_entry "$file"; then
        awk '/_values\[/ && !done { inside = 1 }
             inside { gsub(/0x1\.[0-9a-f]*p/, "0x1p") }
             /};/ && inside { inside = 0; done = 1 }
             { print }' "$file" >wrong && mv wrong "$file"
    fi
done
exec cc "$@"
END
chmod +x "$T/wrong-cc"
expect wrong-code 1 "$NETC" verify "$net" --init 1 --weights inline --no-cache --cc "$T/wrong-cc" "$good"
expect_text wrong-code-text "$T/stdout" "output 'scores' differs"
expect wrong-layer 1 "$NETC" verify "$net" --init 1 --weights inline --layers --no-cache --cc "$T/wrong-cc" "$good"
expect_text wrong-layer-text "$T/stdout" "first wrong node 'conv.*' (Conv): .* wrong; worst at \[0, .*the interpreter has"
