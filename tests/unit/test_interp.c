/*
 * The interpreter against an evaluator that takes one element after the other, on random
 * definitions and on the forms that operators have; guards, types, and its speed on a convolution.
 */
#include "numbers.h"
#include "unit.h"

#include <math.h>
#include <time.h>

#include "arith.h"
#include "define.h"

static Pool *pool;
static Graph *graph;

static int set_up(void **state)
{
    open_arena(state);
    pool = pool_new(arena);
    graph = graph_new(arena, "g");
    return 0;
}

/* ---- one element after the other ---- */

enum { MOST = 32 };
typedef struct Environment {
    const Var *vars[MOST];
    int64_t values[MOST];
    int count;
} Environment;

static Value naive(Environment *env, const Expr *e);

static Value naive_load(Environment *env, const Expr *e)
{
    const Tensor *t = e->tensor;
    int64_t at = 0;
    for (int d = 0; d < t->rank; d++) {
        int64_t i = naive(env, e->args[d]).i;
        assert_in_range(i, 0, t->dims[d] - 1);
        at = at * t->dims[d] + i;
    }
    return dtype_is_float(t->dtype) ? (Value){.f = dtype_get_double(t->dtype, t->data, at)}
                                    : (Value){.i = dtype_get_int(t->dtype, t->data, at)};
}

static Value naive_reduce(Environment *env, const Expr *e)
{
    const Expr *start = ex_identity(pool, (ReduceOp)e->op, e->dtype);
    Value result = dtype_is_float(e->dtype) ? (Value){.f = start->f} : (Value){.i = start->i};
    int base = env->count;
    for (int i = 0; i < e->var_count; i++) {
        env->vars[env->count] = e->vars[i];
        env->values[env->count++] = e->vars[i]->lo;
    }
    for (;;) {
        Value x = naive(env, e->args[0]);
        arith_binary(reduce_binary((ReduceOp)e->op), e->dtype, 1, &result, &result, 1, &x, 1);
        int i = e->var_count - 1;
        for (; i >= 0 && ++env->values[base + i] == e->vars[i]->hi; i--)
            env->values[base + i] = e->vars[i]->lo;
        if (i < 0) break;
    }
    env->count = base;
    return result;
}

static Value naive(Environment *env, const Expr *e)
{
    Value x, y, result = {0};
    switch (e->kind) {
    case EX_CONST: return dtype_is_float(e->dtype) ? (Value){.f = e->f} : (Value){.i = e->i};
    case EX_VAR:
        for (int i = env->count - 1; i >= 0; i--)
            if (env->vars[i] == e->var) return (Value){.i = env->values[i]};
        fail();
        return result;
    case EX_LOAD: return naive_load(env, e);
    case EX_UNARY:
        x = naive(env, e->args[0]);
        arith_unary((UnaryOp)e->op, e->args[0]->dtype, 1, &result, &x);
        return result;
    case EX_CAST:
        x = naive(env, e->args[0]);
        arith_cast(e->dtype, e->args[0]->dtype, 1, &result, &x);
        return result;
    case EX_BINARY:
        x = naive(env, e->args[0]), y = naive(env, e->args[1]);
        arith_binary((BinaryOp)e->op, e->args[0]->dtype, 1, &result, &x, 1, &y, 1);
        return result;
    case EX_SELECT: return naive(env, e->args[naive(env, e->args[0]).i ? 1 : 2]);
    case EX_REDUCE: return naive_reduce(env, e);
    default: fail(); return result;
    }
}

static const void *data_of(const Tensor *t, void *context)
{
    (void)context;
    return t->data;
}

static void check_definition(const Definition *def)
{
    const Tensor *t = def->out;
    int64_t n = tensor_elements(t);
    void *got = NEW_ARRAY(arena, uint64_t, n + 1), *want = NEW_ARRAY(arena, uint64_t, n + 1);
    memset(got, 0xab, dtype_bytes(t->dtype, n));
    interp_run(pool, def, got, data_of, NULL);
    for (int64_t at = 0; at < n; at++) {
        Environment env = {.count = t->rank};
        int64_t rest = at;
        for (int d = t->rank - 1; d >= 0; d--) {
            env.vars[d] = def->index[d];
            env.values[d] = rest % t->dims[d];
            rest /= t->dims[d];
        }
        Value v = naive(&env, def->body);
        if (dtype_is_float(t->dtype))
            dtype_set_double(t->dtype, want, at, v.f);
        else
            dtype_set_int(t->dtype, want, at, v.i);
        bool nan = dtype_is_float(t->dtype) && isnan(dtype_get_double(t->dtype, want, at)) &&
                   isnan(dtype_get_double(t->dtype, got, at));
        size_t size = dtype_bytes(t->dtype, 1);
        if (!nan &&
            memcmp((char *)got + (size_t)at * size, (char *)want + (size_t)at * size, size) != 0) {
            Text text = {0};
            ex_print(def->body, &text);
            fail_msg("element %lld of %s: %.17g, not %.17g (%lld, not %lld)", (long long)at,
                     text.data,
                     dtype_is_float(t->dtype) ? dtype_get_double(t->dtype, got, at) : 0.0,
                     dtype_is_float(t->dtype) ? v.f : 0.0,
                     dtype_is_float(t->dtype) ? 0 : (long long)dtype_get_int(t->dtype, got, at),
                     dtype_is_float(t->dtype) ? 0 : (long long)v.i);
        }
    }
}

/* ---- random definitions ---- */

static Tensor *random_tensor(Dtype dtype, int rank, const int64_t *dims)
{
    Tensor *t =
        graph_add_tensor(graph, TENSOR_CONST, graph_unique_name(graph, "t"), dtype, rank, dims);
    int64_t n = tensor_elements(t);
    void *data = NEW_ARRAY(arena, uint64_t, n + 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t v = random_below(2001) - 1000;
        if (dtype_is_float(dtype))
            dtype_set_double(dtype, data, i, (double)v / 16);
        else
            dtype_set_int(dtype, data, i, v);
    }
    t->data = data;
    return t;
}

typedef struct Scope {
    Expr *index[MOST];
    int count;
} Scope;

static Expr *random_index(Scope *s)
{
    Expr *x = s->count ? s->index[random_below(s->count)] : ex_int(pool, 3);
    switch (random_below(6)) {
    case 0: return ex_add(pool, x, ex_int(pool, random_below(7) - 3));
    case 1: return ex_mul(pool, x, ex_int(pool, random_below(5) - 2));
    case 2:
        return ex_floordiv(pool, ex_add(pool, ex_mul(pool, x, ex_int(pool, 3)), ex_int(pool, 1)),
                           ex_int(pool, 2));
    case 3: return ex_floormod(pool, x, ex_int(pool, 1 + random_below(4)));
    case 4: return ex_sub(pool, s->count ? s->index[random_below(s->count)] : x, x);
    default: return x;
    }
}

/* A load at any index, guarded, so that what is outside is not read. */
static Expr *random_load(Scope *s, Dtype dtype)
{
    int rank = (int)random_below(4);
    int64_t dims[4];
    Expr *index[4], *inside = ex_int_of(pool, DT_BOOL, 1);
    for (int d = 0; d < rank; d++) dims[d] = 1 + random_below(9);
    Tensor *t = random_tensor(dtype, rank, dims);
    for (int d = 0; d < rank; d++) {
        index[d] = random_index(s);
        inside = ex_and(pool, inside, ex_within(pool, index[d], 0, dims[d]));
    }
    return ex_select(pool, inside, ex_load(pool, t, index),
                     ex_const(pool, dtype, (double)random_below(3)));
}

static Expr *random_value(Scope *s, Dtype dtype, int depth);

static Expr *random_reduce(Scope *s, Dtype dtype, int depth)
{
    Var *vars[2];
    Scope inner = *s;
    int count = 1 + (int)random_below(2);
    for (int i = 0; i < count; i++) {
        int64_t lo = random_below(3) - 1;
        vars[i] = pool_var(pool, "r", lo, lo + 1 + random_below(5));
        inner.index[inner.count++] = ex_var(pool, vars[i]);
    }
    ReduceOp op = (ReduceOp)random_below(dtype_is_float(dtype) ? RE_AND : RE_COUNT);
    return ex_reduce(pool, op, vars, count, random_value(&inner, dtype, depth - 1));
}

static Expr *random_value(Scope *s, Dtype dtype, int depth)
{
    static const BinaryOp both[] = {BI_ADD, BI_SUB,      BI_MUL,      BI_DIV,     BI_MIN,
                                    BI_MAX, BI_FLOORDIV, BI_FLOORMOD, BI_TRUNCMOD};
    static const BinaryOp bits[] = {BI_AND, BI_OR, BI_XOR, BI_SHL, BI_SHR};
    static const BinaryOp compare[] = {BI_EQ, BI_NE, BI_LT, BI_LE};
    bool number = dtype_is_float(dtype);
    if (depth <= 0) return random_load(s, dtype);
    switch (random_below(8)) {
    case 0: return random_load(s, dtype);
    case 1:
        if (dtype == DT_I64) return random_index(s);
        return ex_cast(pool, dtype, random_value(s, number ? DT_I32 : DT_F32, depth - 1));
    case 2: return random_reduce(s, dtype, depth);
    case 3: {
        Expr *c = ex_binary(pool, compare[random_below(4)], random_value(s, dtype, depth - 2),
                            random_value(s, dtype, depth - 2));
        return ex_select(pool, c, random_value(s, dtype, depth - 1),
                         random_value(s, dtype, depth - 1));
    }
    case 4:
        return ex_unary(pool, random_below(2) ? UN_NEG : UN_ABS, random_value(s, dtype, depth - 1));
    case 5:
        if (!number)
            return ex_binary(pool, bits[random_below(5)], random_value(s, dtype, depth - 1),
                             random_value(s, dtype, depth - 1));
        return ex_unary(pool, UN_FLOOR, random_value(s, dtype, depth - 1));
    default:
        return ex_binary(pool, both[random_below((int64_t)COUNT(both))],
                         random_value(s, dtype, depth - 1), random_value(s, dtype, depth - 1));
    }
}

static Definition *definition(Dtype dtype, int rank, const int64_t *dims)
{
    Definition *def = NEW(arena, Definition);
    def->out =
        graph_add_tensor(graph, TENSOR_VALUE, graph_unique_name(graph, "out"), dtype, rank, dims);
    def->index = NEW_ARRAY(arena, Var *, rank);
    for (int d = 0; d < rank; d++) def->index[d] = pool_var(pool, "i", 0, dims[d]);
    return def;
}

static void random_definitions_agree(void **state)
{
    (void)state;
    static const Dtype types[] = {DT_F32, DT_F64, DT_F16, DT_BF16, DT_I64, DT_I32,
                                  DT_I16, DT_I8,  DT_U8,  DT_U16,  DT_U32, DT_U64};
    for (int round = 0; round < 1500; round++) {
        int rank = (int)random_below(4);
        int64_t dims[4];
        Scope s = {0};
        for (int d = 0; d < rank; d++) dims[d] = 1 + random_below(random_below(3) ? 6 : 40);
        if (rank && random_below(4) == 0) dims[random_below(rank)] = 250 + random_below(40);
        if (rank == 3) dims[0] = 1 + random_below(3);
        Definition *def = definition(types[round % (int)COUNT(types)], rank, dims);
        for (int d = 0; d < rank; d++) s.index[s.count++] = ex_var(pool, def->index[d]);
        def->body = random_value(&s, def->out->dtype, 1 + (int)random_below(4));
        if (interp_cost(def) < 200000) check_definition(def);
    }
}

/* ---- forms that operators have ---- */

static Definition *convolution(int64_t channels, int64_t size, int64_t out_channels)
{
    Tensor *x = random_tensor(DT_F32, 4, (int64_t[]){1, channels, size, size});
    Tensor *w = random_tensor(DT_F32, 4, (int64_t[]){out_channels, channels, 3, 3});
    Definition *def = definition(DT_F32, 4, (int64_t[]){1, out_channels, size, size});
    Var *r[] = {pool_var(pool, "i", 0, channels), pool_var(pool, "ky", 0, 3),
                pool_var(pool, "kx", 0, 3)};
    Expr *k[3], *o[4];
    for (int d = 0; d < 3; d++) k[d] = ex_var(pool, r[d]);
    for (int d = 0; d < 4; d++) o[d] = ex_var(pool, def->index[d]);
    Expr *y = ex_sub(pool, ex_add(pool, o[2], k[1]), ex_int(pool, 1));
    Expr *z = ex_sub(pool, ex_add(pool, o[3], k[2]), ex_int(pool, 1));
    Expr *inside = ex_and(pool, ex_within(pool, y, 0, size), ex_within(pool, z, 0, size));
    Expr *in = ex_select(pool, inside, ex_load(pool, x, (Expr *[]){o[0], k[0], y, z}),
                         ex_const(pool, DT_F32, 0));
    def->body = ex_reduce(pool, RE_SUM, r, 3,
                          ex_mul(pool, in, ex_load(pool, w, (Expr *[]){o[1], k[0], k[1], k[2]})));
    return def;
}

static void convolutions_agree(void **state)
{
    (void)state;
    check_definition(convolution(3, 20, 4));
    check_definition(convolution(5, 6, 18));
    check_definition(convolution(2, 3, 3));
}

static void gathers_agree(void **state)
{
    (void)state;
    Tensor *x = random_tensor(DT_F32, 2, (int64_t[]){50, 7});
    Tensor *at = random_tensor(DT_I64, 1, (int64_t[]){300});
    int64_t *indices = (int64_t *)at->data;
    for (int i = 0; i < 300; i++) indices[i] = random_below(50);
    Definition *def = definition(DT_F32, 2, (int64_t[]){300, 7});
    Expr *i = ex_var(pool, def->index[0]), *j = ex_var(pool, def->index[1]);
    def->body = ex_load(pool, x, (Expr *[]){ex_load(pool, at, &i), j});
    check_definition(def);
}

/* Also those of a NaN, which a value in between would make another. */
static void bits_of_elements_are_kept(void **state)
{
    (void)state;
    static const uint32_t codes[] = {0x7f800001, 0xffc12345, 0x3f800000, 0x80000000};
    static const uint16_t halves[] = {0x7c01, 0xfe55, 0x3c00, 0x8000};
    int64_t dims[] = {4};
    Tensor *x = random_tensor(DT_F32, 1, dims), *h = random_tensor(DT_F16, 1, dims);
    x->data = codes;
    h->data = halves;
    uint32_t got[4];
    Definition *def = definition(DT_U32, 1, dims);
    Expr *i = ex_var(pool, def->index[0]);
    def->body = ex_bitcast(pool, DT_U32, ex_load(pool, x, &i));
    interp_run(pool, def, got, data_of, NULL);
    assert_memory_equal(got, codes, sizeof codes);
    def = definition(DT_I16, 1, dims);
    i = ex_var(pool, def->index[0]);
    def->body = ex_bitcast(pool, DT_I16, ex_load(pool, h, &i));
    interp_run(pool, def, got, data_of, NULL);
    assert_memory_equal(got, halves, sizeof halves);
}

/* An arm that is not taken may read outside of its tensor. */
static void guards_keep_loads_inside(void **state)
{
    (void)state;
    Tensor *x = random_tensor(DT_F32, 1, (int64_t[]){4});
    Definition *def = definition(DT_F32, 1, (int64_t[]){600});
    Expr *i = ex_sub(pool, ex_var(pool, def->index[0]), ex_int(pool, 300));
    def->body =
        ex_select(pool, ex_within(pool, i, 0, 4), ex_load(pool, x, &i), ex_const(pool, DT_F32, 5));
    check_definition(def);
    Expr *square = ex_mul(pool, i, i); /* not affine */
    def->body = ex_select(pool, ex_within(pool, square, 0, 4), ex_load(pool, x, &square),
                          ex_const(pool, DT_F32, 5));
    check_definition(def);
}

/* A reduction within another over the same variable, as fusion may make. */
static void reductions_nest_over_one_variable(void **state)
{
    (void)state;
    Tensor *x = random_tensor(DT_I32, 1, (int64_t[]){5});
    Definition *def = definition(DT_I32, 1, (int64_t[]){3});
    Var *r = pool_var(pool, "r", 0, 5);
    Expr *at = ex_var(pool, r), *inner = ex_reduce(pool, RE_SUM, &r, 1, ex_load(pool, x, &at));
    Expr *body =
        ex_add(pool, inner, ex_cast(pool, DT_I32, ex_add(pool, at, ex_var(pool, def->index[0]))));
    def->body = ex_reduce(pool, RE_MAX, &r, 1, body);
    check_definition(def);
}

static void empty_and_scalar_outputs(void **state)
{
    (void)state;
    Definition *def = definition(DT_F32, 0, NULL);
    def->body = ex_const(pool, DT_F32, 2.5);
    check_definition(def);
    def = definition(DT_F32, 2, (int64_t[]){0, 3});
    def->body = ex_const(pool, DT_F32, 1);
    check_definition(def);
}

static void cost_saturates_and_bounds_the_work(void **state)
{
    (void)state;
    Definition *def = convolution(4, 16, 8);
    int64_t macs = 4 * 16 * 16 * 8 * 9;
    assert_in_range(interp_cost(def), macs, 40 * macs);
    Var *r[] = {pool_var(pool, "a", 0, INT64_MAX / 4), pool_var(pool, "b", 0, INT64_MAX / 4)};
    Expr *x = ex_mul(pool, ex_var(pool, r[0]), ex_var(pool, r[1]));
    def = definition(DT_I64, 0, NULL);
    def->body = ex_reduce(pool, RE_SUM, r, 2, x);
    assert_true(interp_cost(def) == INT64_MAX);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Generous: a busy machine and sanitizers must not fail it, a per-element interpreter must. */
static void convolutions_are_fast(void **state)
{
    (void)state;
    Definition *def = convolution(16, 56, 16);
    void *out = NEW_ARRAY(arena, float, tensor_elements(def->out));
    double start = seconds();
    interp_run(pool, def, out, data_of, NULL);
    double per_mac = (seconds() - start) * 1e9 / (16.0 * 56 * 56 * 16 * 9);
    print_message("%.2f ns a multiply-add\n", per_mac);
    assert_true(per_mac < 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_definitions_agree),
        TEST(convolutions_agree),
        TEST(gathers_agree),
        TEST(bits_of_elements_are_kept),
        TEST(guards_keep_loads_inside),
        TEST(reductions_nest_over_one_variable),
        TEST(empty_and_scalar_outputs),
        TEST(cost_saturates_and_bounds_the_work),
        TEST(convolutions_are_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
