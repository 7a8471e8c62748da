/*
 * Index arithmetic: every simplified expression equals the one written, for all values of its
 * variables; and the chains of reshapes, transposes and slices that exporters write vanish.
 */
#include "numbers.h"
#include "unit.h"

#include "expr.h"
#include "graph.h"

static Pool *pool;

static int set_up(void **state)
{
    open_arena(state);
    pool = pool_new(arena);
    return 0;
}

/* ---- helpers ---- */

/* An expression as written, beside what the constructors made of it. */
typedef struct Written {
    int op; /* a BinaryOp; -1 a variable, -2 a constant */
    int64_t i;
    struct Written *x, *y;
    Expr *e;
} Written;

enum { VARS = 3 };
static Var *vars[VARS];
static int64_t values[VARS];

static int64_t apply(int op, int64_t x, int64_t y)
{
    switch (op) {
    case BI_ADD: return x + y;
    case BI_SUB: return x - y;
    case BI_MUL: return x * y;
    case BI_DIV: return y ? x / y : 0;
    case BI_TRUNCMOD: return y ? x % y : 0;
    case BI_FLOORDIV: return y ? floor_div(x, y) : 0;
    case BI_FLOORMOD: return y ? floor_mod(x, y) : 0;
    case BI_MIN: return min64(x, y);
    case BI_MAX: return max64(x, y);
    case BI_LT: return x < y;
    case BI_LE: return x <= y;
    case BI_EQ: return x == y;
    case BI_NE: return x != y;
    case BI_AND: return x & y;
    case BI_OR: return x | y;
    default: fail_msg("operation %d", op); return 0;
    }
}

static int64_t written_value(const Written *w)
{
    if (w->op == -1) return values[w->i];
    if (w->op == -2) return w->i;
    return apply(w->op, written_value(w->x), written_value(w->y));
}

static int64_t value_of(const Expr *e)
{
    switch (e->kind) {
    case EX_CONST: return e->i;
    case EX_VAR:
        for (int i = 0; i < VARS; i++)
            if (vars[i] == e->var) return values[i];
        fail_msg("a strange variable");
        return 0;
    case EX_BINARY: return apply(e->op, value_of(e->args[0]), value_of(e->args[1]));
    case EX_UNARY: assert_int_equal(e->op, UN_NOT); return !value_of(e->args[0]);
    case EX_SELECT: return value_of(e->args[value_of(e->args[0]) ? 1 : 2]);
    default: fail_msg("kind %d", e->kind); return 0;
    }
}

static Written *written(int op, int64_t i, Written *x, Written *y, Expr *e)
{
    Written *w = NEW(arena, Written);
    *w = (Written){op, i, x, y, e};
    return w;
}

static Written *random_index(int depth)
{
    static const int ops[] = {BI_ADD,      BI_ADD,      BI_ADD, BI_SUB, BI_FLOORDIV, BI_FLOORDIV,
                              BI_FLOORMOD, BI_FLOORMOD, BI_MIN, BI_MAX, BI_DIV,      BI_TRUNCMOD};
    if (depth == 0 || random_below(6) == 0) {
        int64_t i = random_below(VARS);
        if (random_below(4)) return written(-1, i, NULL, NULL, ex_var(pool, vars[i]));
        i = random_below(25) - 12;
        return written(-2, i, NULL, NULL, ex_int(pool, i));
    }
    int op = random_below(3) == 0 ? BI_MUL : ops[random_below((int64_t)COUNT(ops))];
    Written *x = random_index(depth - 1), *y;
    bool constant =
        op == BI_MUL || op == BI_FLOORDIV || op == BI_FLOORMOD || op == BI_DIV || op == BI_TRUNCMOD;
    if (constant) {
        int64_t c = op == BI_MUL ? random_below(25) - 12 : 1 + random_below(12);
        y = written(-2, c, NULL, NULL, ex_int(pool, c));
    } else {
        y = random_index(depth - 1);
    }
    return written(op, 0, x, y, ex_binary(pool, (BinaryOp)op, x->e, y->e));
}

static void random_vars(void)
{
    static const char *const names[VARS] = {"i", "j", "k"};
    for (int i = 0; i < VARS; i++) {
        int64_t lo = random_below(4) ? 0 : random_below(9) - 4;
        vars[i] = pool_var(pool, names[i], lo, lo + 1 + random_below(9));
    }
}

static bool next_values(void)
{
    for (int i = 0; i < VARS; i++) {
        if (++values[i] < vars[i]->hi) return true;
        values[i] = vars[i]->lo;
    }
    return false;
}

static void check_equal(const Written *w)
{
    for (int i = 0; i < VARS; i++) values[i] = vars[i]->lo;
    do {
        int64_t want = written_value(w), got = value_of(w->e);
        Range r = ex_range(w->e);
        if (want != got || want < r.lo || want > r.hi) {
            Text text = {0};
            ex_print(w->e, &text);
            fail_msg("%s is %lld, not %lld, range %lld..%lld, at %lld %lld %lld", text.data,
                     (long long)got, (long long)want, (long long)r.lo, (long long)r.hi,
                     (long long)values[0], (long long)values[1], (long long)values[2]);
        }
    } while (next_values());
}

static void assert_prints(const Expr *e, const char *want)
{
    Text text = {0};
    ex_print(e, &text);
    assert_string_equal(text.data, want);
    text_free(&text);
}

/* ---- properties ---- */

static void random_expressions_keep_their_value(void **state)
{
    (void)state;
    for (int round = 0; round < 6000; round++) {
        random_vars();
        check_equal(random_index(1 + (int)random_below(5)));
    }
}

static void random_comparisons_keep_their_value(void **state)
{
    (void)state;
    static const int ops[] = {BI_LT, BI_LE, BI_EQ, BI_NE};
    for (int round = 0; round < 3000; round++) {
        Written *w = NULL;
        random_vars();
        for (int terms = 1 + (int)random_below(3); terms > 0; terms--) {
            Written *x = random_index((int)random_below(4)),
                    *y = random_index((int)random_below(3));
            int op = ops[random_below((int64_t)COUNT(ops))];
            Written *c = written(op, 0, x, y, ex_binary(pool, (BinaryOp)op, x->e, y->e));
            int join = random_below(4) ? BI_AND : BI_OR;
            w = w ? written(join, 0, w, c, ex_binary(pool, (BinaryOp)join, w->e, c->e)) : c;
        }
        check_equal(w);
    }
}

typedef struct Dims {
    int rank;
    int64_t dims[MAX_RANK];
    int digit_count[MAX_RANK];
    int64_t digits[MAX_RANK][32];
} Dims;

/* dims with the same number of elements, refactored at random without regard to the old ones. */
static Dims refactored(const Dims *from)
{
    int64_t n = 1;
    Dims to = {0};
    for (int i = 0; i < from->rank; i++) n *= from->dims[i];
    for (int64_t f = 2; n > 1;) {
        if (n % f) {
            f++;
            continue;
        }
        n /= f;
        if (to.rank && (to.rank == 5 || random_below(3) == 0))
            to.dims[random_below(to.rank)] *= f;
        else
            to.dims[to.rank++] = f;
    }
    return to;
}

/* Its digits: each dimension is a product of them, in order. */
static int digits_of(const Dims *d, int64_t *all)
{
    int n = 0;
    for (int i = 0; i < d->rank; i++)
        for (int j = 0; j < d->digit_count[i]; j++) all[n++] = d->digits[i][j];
    return n;
}

/* The same digits, cut into dimensions elsewhere: what splitting and merging of neighbours makes.
 */
static Dims regrouped(const Dims *from)
{
    int64_t all[64];
    int n = digits_of(from, all);
    Dims to = {.rank = 1, .dims = {1}};
    for (int i = 0; i < n; i++) {
        if (i && to.rank < 6 && random_below(2)) to.dims[to.rank++] = 1;
        int d = to.rank - 1;
        to.dims[d] *= all[i];
        to.digits[d][to.digit_count[d]++] = all[i];
    }
    return to;
}

/* The index into `from` of the element at `index` of `to`. */
static void reshape_index(const Dims *from, Expr **result, const Dims *to, Expr *const *index)
{
    Expr *flat = ex_int(pool, 0);
    for (int i = 0; i < to->rank; i++)
        flat = ex_add(pool, ex_mul(pool, flat, ex_int(pool, to->dims[i])), index[i]);
    for (int i = from->rank - 1; i >= 0; i--) {
        result[i] = i ? ex_floormod(pool, flat, ex_int(pool, from->dims[i])) : flat;
        flat = ex_floordiv(pool, flat, ex_int(pool, from->dims[i]));
    }
}

static Dims transposed(const Dims *from, int *order)
{
    Dims to = {.rank = from->rank};
    for (int i = 0; i < from->rank; i++) order[i] = i;
    for (int i = 0; i < from->rank; i++) {
        int j = (int)random_below(from->rank), o = order[i];
        order[i] = order[j], order[j] = o;
    }
    for (int i = 0; i < from->rank; i++) {
        to.dims[i] = from->dims[order[i]];
        to.digit_count[i] = from->digit_count[order[i]];
        memcpy(to.digits[i], from->digits[order[i]], sizeof to.digits[i]);
    }
    return to;
}

/* Steps there and back again: the identity, so every index must come out as its plain variable. */
static void check_chain(int steps, bool transpose)
{
    Dims dims[16];
    int order[16][MAX_RANK];
    bool transposes[16];
    Expr *index[MAX_RANK], *next[MAX_RANK];
    Var *v[MAX_RANK];
    dims[0] = (Dims){.rank = 3};
    for (int i = 0; i < 3; i++) {
        dims[0].dims[i] = 1;
        for (int64_t n = random_below(3); n >= 0; n--) {
            int64_t digit = 1 + random_below(5);
            dims[0].dims[i] *= digit;
            dims[0].digits[i][dims[0].digit_count[i]++] = digit;
        }
    }
    for (int s = 0; s < steps; s++) {
        transposes[s] = transpose && random_below(2);
        dims[s + 1] = transposes[s] ? transposed(&dims[s], order[s])
                      : transpose   ? regrouped(&dims[s])
                                    : refactored(&dims[s]);
    }
    for (int i = 0; i < 3; i++) {
        v[i] = pool_var(pool, "v", 0, dims[0].dims[i]);
        index[i] = ex_var(pool, v[i]);
    }
    for (int s = 0; s < steps; s++) {
        if (transposes[s])
            for (int i = 0; i < dims[s].rank; i++) next[i] = index[order[s][i]];
        else
            reshape_index(&dims[s + 1], next, &dims[s], index);
        memcpy(index, next, sizeof index);
    }
    for (int s = steps - 1; s >= 0; s--) {
        if (transposes[s])
            for (int i = 0; i < dims[s].rank; i++) next[order[s][i]] = index[i];
        else
            reshape_index(&dims[s], next, &dims[s + 1], index);
        memcpy(index, next, sizeof index);
    }
    for (int i = 0; i < 3; i++)
        if (index[i] != ex_var(pool, v[i])) {
            Text text = {0};
            ex_print(index[i], &text);
            fail_msg("index %d is %s", i, text.data);
        }
}

static void reshape_chains_vanish(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) check_chain(1 + (int)random_below(6), false);
}

static void reshape_and_transpose_chains_vanish(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) check_chain(1 + (int)random_below(8), true);
}

/* ---- the forms others rely on ---- */

static Expr *i_, *j_, *k_;
static void named_vars(int64_t i, int64_t j, int64_t k)
{
    vars[0] = pool_var(pool, "i", 0, i), vars[1] = pool_var(pool, "j", 0, j),
    vars[2] = pool_var(pool, "k", 0, k);
    i_ = ex_var(pool, vars[0]), j_ = ex_var(pool, vars[1]), k_ = ex_var(pool, vars[2]);
}

static Expr *by(Expr *e, int64_t c) { return ex_mul(pool, e, ex_int(pool, c)); }
static Expr *over(Expr *e, int64_t c) { return ex_floordiv(pool, e, ex_int(pool, c)); }
static Expr *modulo(Expr *e, int64_t c) { return ex_floormod(pool, e, ex_int(pool, c)); }
static Expr *plus(Expr *a, Expr *b) { return ex_add(pool, a, b); }

static void digits_come_out(void **state)
{
    (void)state;
    named_vars(7, 5, 2);
    Expr *flat = plus(by(i_, 10), plus(by(j_, 2), k_));
    assert_ptr_equal(over(flat, 10), i_);
    assert_ptr_equal(modulo(over(flat, 2), 5), j_);
    assert_ptr_equal(modulo(flat, 2), k_);
    assert_prints(modulo(flat, 10), "2 * j + k");
    assert_prints(over(plus(by(i_, 6), plus(by(j_, 2), k_)), 2), "3 * i + j");
    assert_ptr_equal(over(over(i_, 2), 3), over(i_, 6));
    assert_ptr_equal(modulo(modulo(i_, 6), 3), modulo(i_, 3));
    assert_ptr_equal(over(modulo(flat, 10), 2), j_);
    assert_ptr_equal(plus(by(over(i_, 3), 3), modulo(i_, 3)), i_);
    assert_ptr_equal(ex_sub(pool, i_, by(over(i_, 3), 3)), modulo(i_, 3));
    assert_prints(modulo(ex_sub(pool, i_, j_), 2), "(i + j) % 2");
    assert_prints(modulo(ex_sub(pool, i_, j_), 3), "(i - j) % 3");
}

static void comparisons_have_one_form(void **state)
{
    (void)state;
    named_vars(28, 5, 3);
    Expr *y = ex_sub(pool, plus(i_, j_), ex_int(pool, 2));
    assert_prints(ex_within(pool, y, 0, 28), "2 <= i + j & i + j < 30");
    assert_prints(ex_within(pool, y, 0, 40), "2 <= i + j");
    assert_prints(ex_within(pool, y, -2, 40), "true");
    assert_prints(ex_lt(pool, by(i_, 2), ex_int(pool, 5)), "i < 3");
    assert_prints(ex_lt(pool, ex_int(pool, 5), by(i_, 2)), "3 <= i");
    assert_prints(ex_eq(pool, by(i_, 2), ex_int(pool, 5)), "false");
    assert_prints(ex_eq(pool, plus(i_, j_), plus(j_, ex_int(pool, 4))), "i == 4");
    assert_ptr_equal(ex_min(pool, i_, ex_int(pool, 27)), i_);
    assert_ptr_equal(ex_max(pool, i_, ex_int(pool, 0)), i_);
    assert_ptr_equal(ex_min(pool, plus(i_, ex_int(pool, 1)), i_), i_);
    assert_prints(ex_unary(pool, UN_NOT, ex_lt(pool, i_, ex_int(pool, 4))), "4 <= i");
    assert_prints(ex_within(pool, over(y, 3), 0, 4), "2 <= i + j & i + j < 14");
    assert_prints(ex_lt(pool, ex_int(pool, 3), over(i_, 5)), "20 <= i");
}

static void affine_parts_can_be_read(void **state)
{
    (void)state;
    int64_t coef;
    named_vars(8, 9, 10);
    Expr *e = plus(plus(by(j_, 3), over(k_, 2)), plus(by(i_, -2), ex_int(pool, 7)));
    Affine a = ex_affine(pool, e);
    assert_int_equal(a.constant, 7);
    assert_int_equal(a.count, 3);
    assert_true(ex_coefficient(pool, e, vars[0], &coef) && coef == -2);
    assert_true(ex_coefficient(pool, e, vars[1], &coef) && coef == 3);
    assert_false(ex_coefficient(pool, e, vars[2], &coef));
}

/* What might overflow is left alone: a loaded index can have any value. */
static void unknown_values_are_not_assumed_small(void **state)
{
    (void)state;
    Graph *g = graph_new(arena, "g");
    Tensor *t = graph_add_tensor(g, TENSOR_INPUT, "t", DT_I64, 0, NULL);
    Expr *x = ex_load(pool, t, NULL), *next = plus(x, ex_int(pool, 1));
    assert_int_equal(ex_lt(pool, x, next)->kind, EX_BINARY);
    assert_int_equal(over(by(x, 4), 4)->kind, EX_BINARY);
    assert_ptr_equal(ex_sub(pool, next, ex_int(pool, 1)), x);
    Expr *wide = by(by(x, INT64_MAX), 2);
    assert_int_equal(wide->kind, EX_BINARY);
    assert_int_equal(ex_range(plus(ex_int(pool, INT64_MAX), x)).hi, INT64_MAX);
}

/* Sums of very many parts stay linear in time and space. */
static void long_sums_are_cheap(void **state)
{
    (void)state;
    Expr *e = ex_int(pool, 0);
    for (int i = 0; i < 20000; i++)
        e = plus(by(e, 1), modulo(ex_var(pool, pool_var(pool, "v", 0, 100)), 7 + i % 3));
    assert_true(ex_range(e).hi <= 20000 * 9);
    Expr *deep = ex_var(pool, pool_var(pool, "v", 0, 1000));
    for (int i = 0; i < 20000; i++) deep = modulo(plus(by(deep, 3), over(deep, 2)), 101);
    assert_true(ex_range(deep).hi == 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(digits_come_out),
        TEST(comparisons_have_one_form),
        TEST(affine_parts_can_be_read),
        TEST(unknown_values_are_not_assumed_small),
        TEST(random_expressions_keep_their_value),
        TEST(random_comparisons_keep_their_value),
        TEST(reshape_chains_vanish),
        TEST(reshape_and_transpose_chains_vanish),
        TEST(long_sums_are_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
