# Random operators: the same numbers in every run, others for another seed or node; moments and frequencies as they should be.
. "$ROOT/tests/driver/lib/checks.sh"

cat >"$T/draws.net" <<'NET'
net draws(few: f32[100]) -> (ok: bool[16]) {
    uniform = RandomUniform(shape: [4000], seed: 1.0)
    again = RandomUniform(shape: [4000], seed: 1.0)
    other = RandomUniform(shape: [4000], seed: 2.0)
    unseeded = RandomUniformLike(uniform, low: -1.0, high: 3.0)
    unseeded_too = RandomUniformLike(uniform, low: -1.0, high: 3.0)
    normal = RandomNormal(shape: [4000], mean: 1.0, scale: 2.0, seed: 1.0)
    doubles = RandomNormalLike(few, dtype: 11)
    coins = Bernoulli(Expand(f32[] 0.25, i64[1] [4000]), seed: 3.0)
    never = Bernoulli(Expand(f32[] 0.0, i64[1] [4000]), seed: 3.0)
    logs = Log(f32[1, 3] [1.0, 2.0, 5.0])
    class = Cast(Multinomial(logs, sample_size: 4000, seed: 4.0), to: 1)
    dropped, mask = Dropout(uniform, f32[] 0.5, bool[] true, seed: 5)

    same = Equal(ReduceMax(Abs(uniform - again), keepdims: 0), f32[] 0.0)
    differs = Greater(ReduceMax(Abs(uniform - other), keepdims: 0), f32[] 0.5)
    apart = Greater(ReduceMax(Abs(unseeded - unseeded_too), keepdims: 0), f32[] 1.0)
    low = Less(ReduceMin(unseeded, keepdims: 0), f32[] -0.9)
    within = And(GreaterOrEqual(ReduceMin(uniform, keepdims: 0), f32[] 0.0), Less(ReduceMax(uniform, keepdims: 0), f32[] 1.0))
    high = Greater(ReduceMax(unseeded, keepdims: 0), f32[] 2.9)
    mean = Less(Abs(ReduceMean(normal, keepdims: 0) - 1.0), f32[] 0.1)
    variance = Less(Abs(ReduceMean((normal - 1.0) * (normal - 1.0), keepdims: 0) - 4.0), f32[] 0.3)
    tail = Greater(ReduceMax(normal, keepdims: 0), f32[] 6.0)
    double_mean = Less(Abs(ReduceMean(Cast(doubles, to: 1), keepdims: 0)), f32[] 0.4)
    coin = Less(Abs(ReduceMean(coins, keepdims: 0) - 0.25), f32[] 0.03)
    none = Equal(ReduceMax(never, keepdims: 0), f32[] 0.0)
    classes = Less(Abs(ReduceMean(class, keepdims: 0) - 1.5), f32[] 0.05)
    top = Equal(ReduceMax(class, keepdims: 0), f32[] 2.0)
    half = Less(Abs(ReduceMean(Cast(mask, to: 1), keepdims: 0) - 0.5), f32[] 0.03)
    doubled = Equal(ReduceMax(Abs(dropped - Where(mask, uniform * 2.0, uniform * 0.0)), keepdims: 0), f32[] 0.0)
    flat = i64[1] [0]
    ok = Concat(Unsqueeze(same, flat), Unsqueeze(differs, flat), Unsqueeze(apart, flat), Unsqueeze(low, flat),
                Unsqueeze(within, flat), Unsqueeze(high, flat), Unsqueeze(mean, flat), Unsqueeze(variance, flat),
                Unsqueeze(tail, flat), Unsqueeze(double_mean, flat), Unsqueeze(coin, flat), Unsqueeze(none, flat),
                Unsqueeze(classes, flat), Unsqueeze(top, flat), Unsqueeze(half, flat), Unsqueeze(doubled, flat), axis: 0)
}
NET
expect "draws compile" 0 "$NETC" build "$T/draws.net" -o "$T/draws"
${CC:-cc} -o "$T/npy" "$ROOT/tests/driver/lib/npy.c" && "$T/npy" 1 "$T/few.npy" 100
expect "draws run" 0 "$T/draws" "$T/few.npy"
i=0
for word in $(grep -o -w -e 1 -e 0 -e true -e false "$T/stdout" | tail -n 16); do
    i=$((i + 1))
    case $word in 1 | true) echo "ok draw $i" ;; *) echo "not ok draw $i: false" ;; esac
done
[ $i -eq 16 ] && echo "ok sixteen" || echo "not ok sixteen: $i: $(cat "$T/stdout")"

# Of a network that draws, what is drawn otherwise is not called wrong.
cat >"$T/some.net" <<'NET'
net some(x: f32[100]) -> (y: f32[100]) { y = Bernoulli(Abs(x)) }
NET
expect "another's draws" 1 "$NETC" verify "$T/some.net" "$T/few.npy:$T/few.npy"
expect_text "cannot be compared" "$T/stderr" "output 'y' cannot be compared: Bernoulli draws at random"
expect "own draws" 0 "$NETC" run "$T/some.net" "$T/few.npy" -o "$T/own"
expect "own draws again" 0 "$NETC" verify --target scalar "$T/some.net" "$T/few.npy:$T/own/y.npy"
