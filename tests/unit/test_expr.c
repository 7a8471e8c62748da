/*
 * Expressions: sharing, folding with the exact rules of each type, what vanishes and what must not,
 * rewriting, printing.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "expr.h"
#include "graph.h"

static Pool *p;
static Graph *graph;

static int set_up(void **state)
{
    open_arena(state);
    p = pool_new(arena);
    graph = graph_new(arena, "g");
    return 0;
}

static void assert_prints(const Expr *e, const char *want)
{
    Text text = {0};
    ex_print(e, &text);
    assert_string_equal(text.data, want);
    text_free(&text);
}

/* A value of a type that nothing is known of. */
static Expr *some(Dtype dtype, const char *name)
{
    return ex_load(
        p, graph_add_tensor(graph, TENSOR_INPUT, graph_unique_name(graph, name), dtype, 0, NULL),
        NULL);
}

static Expr *number(double v) { return ex_const(p, DT_F32, v); }
static Expr *whole(Dtype dtype, int64_t v) { return ex_int_of(p, dtype, v); }
static bool is_number(const Expr *e, double v) { return e->kind == EX_CONST && e->f == v; }
static bool is_whole(const Expr *e, int64_t v) { return e->kind == EX_CONST && e->i == v; }

/* ---- sharing ---- */

static void equal_expressions_are_one(void **state)
{
    (void)state;
    Expr *x = some(DT_F32, "x"), *y = some(DT_F32, "y");
    assert_ptr_equal(ex_add(p, x, y), ex_add(p, x, y));
    assert_ptr_not_equal(ex_add(p, x, y), ex_sub(p, x, y));
    assert_ptr_equal(number(1.5), number(1.5));
    assert_ptr_not_equal(number(0.0), number(-0.0));
    assert_ptr_equal(number(NAN), number(NAN));
    assert_ptr_not_equal(number(1), ex_const(p, DT_F64, 1));
    for (int i = 0; i < 10000; i++) ex_add(p, x, number(i)); /* the table grows */
    assert_ptr_equal(ex_add(p, x, number(77)), ex_add(p, x, number(77)));
    Expr *e = ex_mul(p, ex_add(p, x, y), x);
    assert_true(e->id > e->args[0]->id && e->args[0]->id > x->id);
}

/* ---- constants ---- */

static void constants_are_of_their_type(void **state)
{
    (void)state;
    assert_true(is_number(number(0.1), (double)0.1f));
    assert_true(is_number(ex_const(p, DT_F16, 2049), 2048));
    assert_true(is_number(ex_const(p, DT_BF16, 257), 256));
    assert_true(is_whole(whole(DT_U8, 300), 44));
    assert_true(is_whole(whole(DT_I8, 200), -56));
    assert_true(is_whole(ex_const(p, DT_I32, 2.9), 2));
    assert_true(is_whole(ex_const(p, DT_BOOL, 3), 1));
}

typedef struct Row {
    BinaryOp op;
    Dtype dtype;
    int64_t x, y, want;
} Row;

static void integers_fold_exactly(void **state)
{
    (void)state;
    static const Row rows[] = {
        {BI_ADD, DT_I8, 127, 1, -128},
        {BI_MUL, DT_U16, 65535, 65535, 1},
        {BI_SUB, DT_U32, 0, 1, 4294967295},
        {BI_DIV, DT_I32, -7, 2, -3},
        {BI_DIV, DT_I32, 7, 0, 0},
        {BI_DIV, DT_I32, INT32_MIN, -1, INT32_MIN},
        {BI_DIV, DT_I64, INT64_MIN, -1, INT64_MIN},
        {BI_DIV, DT_U64, -1, 2, INT64_MAX},
        {BI_FLOORDIV, DT_I32, -7, 2, -4},
        {BI_FLOORDIV, DT_I64, -7, 2, -4},
        {BI_FLOORMOD, DT_I32, -7, 3, 2},
        {BI_FLOORMOD, DT_I32, 7, -3, -2},
        {BI_FLOORMOD, DT_I32, 7, 0, 0},
        {BI_TRUNCMOD, DT_I32, -7, 3, -1},
        {BI_TRUNCMOD, DT_I64, INT64_MIN, -1, 0},
        {BI_SHL, DT_U8, 255, 4, 240},
        {BI_SHL, DT_U8, 1, 8, 0},
        {BI_SHR, DT_U32, 4294967295, 28, 15},
        {BI_SHR, DT_U64, -1, 60, 15},
        {BI_SHR, DT_I32, -5, 32, 0},
        {BI_POW, DT_I32, 3, 4, 81},
        {BI_POW, DT_I32, 2, -1, 0},
        {BI_POW, DT_I32, -1, -3, -1},
        {BI_MIN, DT_U64, -1, 5, 5},
        {BI_MAX, DT_I64, -1, 5, 5},
        {BI_XOR, DT_I8, 127, -1, -128},
        {BI_LT, DT_U64, 5, -1, 1},
        {BI_LT, DT_I64, 5, -1, 0},
        {BI_LE, DT_U8, 200, 200, 1},
        {BI_EQ, DT_BOOL, 1, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const Row *r = &rows[i];
        const Expr *e = ex_binary(p, r->op, whole(r->dtype, r->x), whole(r->dtype, r->y));
        if (!is_whole(e, r->want))
            fail_msg("%s(%lld, %lld) of %s is %lld, not %lld", binary_name(r->op), (long long)r->x,
                     (long long)r->y, dtype_name(r->dtype), (long long)e->i, (long long)r->want);
    }
}

static void floats_fold_as_they_are_computed(void **state)
{
    (void)state;
    assert_true(is_number(ex_add(p, number(16777216), number(1)), 16777216));
    assert_true(isnan(ex_max(p, number(NAN), number(1))->f));
    assert_true(isnan(ex_min(p, number(1), number(NAN))->f));
    assert_true(is_number(ex_unary(p, UN_ROUND, number(2.5)), 2));
    assert_true(is_number(ex_unary(p, UN_SIGMOID, number(0)), 0.5));
    assert_true(is_whole(ex_unary(p, UN_ISNAN, number(NAN)), 1));
    assert_true(is_whole(ex_unary(p, UN_ISINF, number(-INFINITY)), 1));
    assert_true(isinf(ex_div(p, number(1), number(0))->f));
    assert_true(is_whole(ex_lt(p, number(NAN), number(1)), 0));
    assert_true(is_whole(ex_ne(p, number(NAN), number(NAN)), 1));
}

static void casts_fold(void **state)
{
    (void)state;
    assert_true(is_whole(ex_cast(p, DT_I32, number(-2.7)), -2));
    assert_true(is_whole(ex_cast(p, DT_BOOL, number(0.25)), 1));
    assert_true(is_whole(ex_cast(p, DT_BOOL, number(-0.0)), 0));
    assert_true(is_whole(ex_cast(p, DT_I8, whole(DT_I32, 300)), 44));
    assert_true(is_whole(ex_cast(p, DT_I64, number(NAN)), 0));
    assert_true(is_whole(ex_cast(p, DT_I64, ex_const(p, DT_F64, 1e30)), INT64_MAX));
    assert_true(is_number(ex_cast(p, DT_F64, whole(DT_U64, -1)), 0x1p64));
    assert_true(is_number(ex_cast(p, DT_F32, whole(DT_I64, 0x2000002000000001)), 0x1.000002p61));
    Expr *x = some(DT_F32, "x");
    assert_ptr_equal(ex_cast(p, DT_F32, x), x);
}

static void bits_are_kept(void **state)
{
    (void)state;
    assert_true(is_whole(ex_bitcast(p, DT_I32, number(-2.5)), -1071644672));
    assert_true(is_number(ex_bitcast(p, DT_F32, whole(DT_U32, 0x3fc00000)), 1.5));
    assert_true(is_number(ex_bitcast(p, DT_F64, whole(DT_I64, 0x4000000000000000)), 2));
    assert_true(is_whole(ex_bitcast(p, DT_U4, whole(DT_I4, -1)), 15));
    assert_true(is_number(ex_bitcast(p, DT_F4E2M1, whole(DT_I4, -7)), -0.5));
    assert_true(is_whole(ex_bitcast(p, DT_U8, ex_const(p, DT_F8E5M2, -1)), 0xbc));
    assert_true(is_whole(ex_bitcast(p, DT_BOOL, whole(DT_U8, 4)), 1));
    Expr *x = some(DT_F32, "x"), *byte = some(DT_U8, "y");
    assert_ptr_equal(ex_bitcast(p, DT_F32, x), x);
    assert_ptr_equal(ex_bitcast(p, DT_F32, ex_bitcast(p, DT_I32, x)), x);
    Expr *truth = ex_bitcast(p, DT_BOOL, byte);
    assert_ptr_equal(ex_bitcast(p, DT_U8, truth)->args[0], truth);
    assert_prints(ex_bitcast(p, DT_I32, x), "bits_as_i32(x[])");
}

/* ---- algebra ---- */

static void what_is_neutral_vanishes(void **state)
{
    (void)state;
    Expr *x = some(DT_F32, "x"), *i = some(DT_I32, "i"), *u = some(DT_U8, "u"),
         *b = some(DT_BOOL, "b");
    Expr *yes = whole(DT_BOOL, 1), *no = whole(DT_BOOL, 0);
    assert_ptr_equal(ex_mul(p, number(1), x), x);
    assert_ptr_equal(ex_div(p, x, number(1)), x);
    assert_ptr_equal(ex_sub(p, x, number(0)), x);
    assert_ptr_equal(ex_add(p, x, number(-0.0)), x);
    assert_ptr_equal(ex_max(p, x, number(-INFINITY)), x);
    assert_ptr_equal(ex_min(p, x, x), x);
    assert_ptr_equal(ex_unary(p, UN_NEG, ex_unary(p, UN_NEG, x)), x);
    assert_ptr_equal(ex_binary(p, BI_POW, x, number(2)), ex_mul(p, x, x));
    assert_ptr_equal(ex_add(p, whole(DT_I32, 0), i), i);
    assert_true(is_whole(ex_mul(p, i, whole(DT_I32, 0)), 0));
    assert_true(is_whole(ex_sub(p, i, i), 0));
    assert_ptr_equal(ex_max(p, u, whole(DT_U8, 0)), u);
    assert_true(is_whole(ex_lt(p, u, whole(DT_U8, 0)), 0));
    assert_ptr_equal(ex_and(p, b, yes), b);
    assert_ptr_equal(ex_and(p, no, b), no);
    assert_ptr_equal(ex_or(p, b, no), b);
    assert_ptr_equal(ex_or(p, b, yes), yes);
    assert_ptr_equal(ex_eq(p, b, yes), b);
    assert_ptr_equal(ex_ne(p, b, yes), ex_unary(p, UN_NOT, b));
    assert_ptr_equal(ex_select(p, yes, x, number(2)), x);
    assert_ptr_equal(ex_select(p, b, x, x), x);
    assert_ptr_equal(ex_select(p, b, yes, no), b);
    assert_ptr_equal(ex_select(p, b, ex_select(p, b, x, number(2)), number(3)),
                     ex_select(p, b, x, number(3)));
}

static void what_is_not_exact_stays(void **state)
{
    (void)state;
    Expr *x = some(DT_F32, "x"), *y = some(DT_F32, "y");
    assert_int_equal(ex_add(p, x, number(0))->kind, EX_BINARY); /* -0 + 0 is 0 */
    assert_int_equal(ex_mul(p, x, number(0))->kind, EX_BINARY);
    assert_int_equal(ex_sub(p, x, x)->kind, EX_BINARY);
    assert_int_equal(ex_eq(p, x, x)->kind, EX_BINARY); /* NaN */
    Expr *not_less = ex_unary(p, UN_NOT, ex_lt(p, x, y));
    assert_int_equal(not_less->kind, EX_UNARY);
    assert_int_equal(ex_max(p, x, number(INFINITY))->kind, EX_BINARY);
}

static void reductions_lose_what_does_not_vary(void **state)
{
    (void)state;
    Expr *x = some(DT_F32, "x");
    Var *one[] = {pool_var(p, "a", 3, 4)}, *many[] = {pool_var(p, "b", 0, 5)},
        *none[] = {pool_var(p, "c", 2, 2)};
    assert_ptr_equal(ex_reduce(p, RE_SUM, one, 1, x), x);
    assert_ptr_equal(ex_reduce(p, RE_SUM, NULL, 0, x), x);
    assert_ptr_equal(ex_reduce(p, RE_MAX, many, 1, x), x);
    assert_int_equal(ex_reduce(p, RE_SUM, many, 1, x)->kind, EX_REDUCE);
    assert_true(is_number(ex_reduce(p, RE_MAX, none, 1, x), -INFINITY));
    assert_true(is_whole(ex_var(p, one[0]), 3));
    assert_true(is_whole(ex_identity(p, RE_MAX, DT_I8), -128));
    assert_true(is_whole(ex_identity(p, RE_MIN, DT_U8), 255));
    assert_true(is_whole(ex_identity(p, RE_MIN, DT_I64), INT64_MAX));
    assert_true(is_whole(ex_identity(p, RE_AND, DT_BOOL), 1));
    assert_true(is_number(ex_identity(p, RE_PRODUCT, DT_F32), 1));
}

static void scalars_are_splat(void **state)
{
    (void)state;
    Expr *x = some(DT_F32, "x"), *v = ex_reg(p, pool_reg(p, "v", DT_F32, 8));
    Expr *sum = ex_add(p, v, x);
    assert_int_equal(sum->lanes, 8);
    assert_int_equal(sum->args[1]->kind, EX_SPLAT);
    assert_ptr_equal(ex_mul(p, v, number(1)), v);
    Expr *both = ex_mul(p, ex_splat(p, x, 8), ex_splat(p, number(3), 8));
    assert_int_equal(both->kind, EX_SPLAT);
    assert_ptr_equal(both->args[0], ex_mul(p, x, number(3)));
    assert_ptr_equal(ex_splat(p, x, 1), x);
    assert_ptr_equal(ex_across(p, RE_SUM, x), x);
    assert_int_equal(ex_across(p, RE_SUM, v)->lanes, 1);
}

/* ---- walking and rewriting ---- */

typedef struct Seen {
    int count, last;
    bool ordered;
} Seen;

static void see(Expr *e, void *context)
{
    Seen *s = context;
    s->ordered &= e->id > s->last;
    s->last = e->id;
    s->count++;
}

static void walks_visit_once_arguments_first(void **state)
{
    (void)state;
    Expr *e = some(DT_F32, "x");
    for (int i = 0; i < 100; i++) e = ex_unary(p, UN_EXP, ex_mul(p, e, e)); /* 2^100 paths */
    Seen s = {0, -1, true};
    ex_visit(e, see, &s);
    assert_int_equal(s.count, 201);
    assert_true(s.ordered);
    for (int i = 0; i < 200000; i++) e = ex_unary(p, i % 2 ? UN_EXP : UN_SIN, e); /* deep */
    ex_visit(e, see, &s);
    assert_false(ex_uses_var(e, pool_var(p, "v", 0, 2)));
    Text text = {0};
    ex_print(e, &text);
    assert_in_range(text.length, 1000, 1 << 17);
    text_free(&text);
}

static Expr *replace_sin(Pool *pool, Expr *e, void *context)
{
    ++*(int *)context;
    return e->kind == EX_UNARY && e->op == UN_SIN ? ex_const(pool, DT_F32, 2) : NULL;
}

static void rewriting_asks_before_arguments(void **state)
{
    (void)state;
    int asked = 0;
    Expr *x = some(DT_F32, "x"), *y = some(DT_F32, "y"), *inner = ex_unary(p, UN_COS, x);
    Expr *e = ex_add(p, ex_unary(p, UN_SIN, inner), y);
    assert_ptr_equal(ex_rewrite(p, e, replace_sin, &asked), ex_add(p, number(2), y));
    assert_int_equal(asked, 3); /* the sum, the sine, y: nothing within the sine */
    assert_ptr_equal(ex_rewrite(p, y, replace_sin, &asked), y);
}

static void substitution_simplifies(void **state)
{
    (void)state;
    Var *i = pool_var(p, "i", 0, 10), *j = pool_var(p, "j", 0, 5), *r = pool_var(p, "r", 0, 3),
        *s = pool_var(p, "s", 0, 3);
    Tensor *t = graph_add_tensor(graph, TENSOR_INPUT, "t", DT_F32, 2, (int64_t[]){10, 9});
    Expr *e = ex_load(p, t,
                      (Expr *[]){ex_floordiv(p, ex_var(p, i), ex_int(p, 2)),
                                 ex_add(p, ex_var(p, i), ex_var(p, r))});
    Expr *sum = ex_reduce(p, RE_SUM, &r, 1, e), *twice = ex_mul(p, ex_var(p, j), ex_int(p, 2));
    Expr *got = ex_substitute(p, sum, &i, &twice, 1);
    assert_prints(got, "sum(r: t[j, 2 * j + r])");
    assert_false(ex_uses_var(got, i));
    assert_true(ex_uses_var(got, j));
    Expr *renamed = ex_var(p, s);
    assert_prints(ex_substitute(p, sum, &r, &renamed, 1), "sum(s: t[i // 2, i + s])");
}

/* ---- printing ---- */

static void printing_is_infix(void **state)
{
    (void)state;
    Var *c = pool_var(p, "c", 0, 4), *y = pool_var(p, "y", 0, 28), *ky = pool_var(p, "ky", 0, 3);
    Tensor *b = graph_add_tensor(graph, TENSOR_PARAM, "b", DT_F32, 1, (int64_t[]){4});
    Tensor *x = graph_add_tensor(graph, TENSOR_INPUT, "x", DT_F32, 1, (int64_t[]){28});
    Tensor *w = graph_add_tensor(graph, TENSOR_PARAM, "w", DT_F32, 2, (int64_t[]){4, 3});
    Expr *at = ex_sub(p, ex_add(p, ex_var(p, y), ex_var(p, ky)), ex_int(p, 1)), *ec = ex_var(p, c);
    Expr *in = ex_select(p, ex_within(p, at, 0, 28), ex_load(p, x, &at), number(0));
    Expr *product = ex_mul(p, in, ex_load(p, w, (Expr *[]){ec, ex_var(p, ky)}));
    assert_prints(
        ex_add(p, ex_load(p, b, &ec), ex_reduce(p, RE_SUM, &ky, 1, product)),
        "b[c] + sum(ky: select(1 <= y + ky & y + ky < 29, x[y + ky - 1], 0.0) * w[c, ky])");
    Expr *u = some(DT_F32, "u"), *v = some(DT_F32, "v");
    assert_prints(ex_mul(p, ex_add(p, u, v), u), "(u[] + v[]) * u[]");
    assert_prints(ex_sub(p, u, ex_sub(p, v, u)), "u[] - (v[] - u[])");
    assert_prints(ex_unary(p, UN_TANH, ex_max(p, u, number(0.5))), "tanh(max(u[], 0.5))");
    assert_prints(ex_cast(p, DT_I32, u), "i32(u[])");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_expressions_are_one),
        TEST(constants_are_of_their_type),
        TEST(integers_fold_exactly),
        TEST(floats_fold_as_they_are_computed),
        TEST(casts_fold),
        TEST(bits_are_kept),
        TEST(what_is_neutral_vanishes),
        TEST(what_is_not_exact_stays),
        TEST(reductions_lose_what_does_not_vary),
        TEST(scalars_are_splat),
        TEST(walks_visit_once_arguments_first),
        TEST(rewriting_asks_before_arguments),
        TEST(substitution_simplifies),
        TEST(printing_is_infix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
