/*
 * The last step of classical models: rows of scores made probabilities. Comes in: a tensor of
 * scores. Goes out: definitions of the output.
 */
#include "post_transform.h"

#include "reduction.h"

#include <math.h>

const char *const post_transforms[] = {"NONE",         "SOFTMAX", "LOGISTIC",
                                       "SOFTMAX_ZERO", "PROBIT",  NULL};

static bool is(const char *name, const char *other) { return strcmp(name, other) == 0; }

bool post_transform_check(Infer *in, const char *name)
{
    for (const char *const *p = post_transforms; *p; p++)
        if (is(name, *p)) return true;
    return infer_error(
        in, "E0306",
        "post_transform is '%s'; it must be NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or "
        "PROBIT",
        name);
}

Tensor *post_transform_scores(Definer *d, const char *name, Tensor *out)
{
    if (is(name, "NONE")) return out;
    return define_temporary(d, "scores", define_wide(out->dtype), out->rank, out->dims);
}

#define NUMBER(value) ex_const(p, x->dtype, value)

/* The normal distribution's quantile, by Winitzki's approximation of the inverse of erf, which is
 * what the operator's runtimes agree on. */
static Expr *probit(Pool *p, Expr *x)
{
    Expr *one = NUMBER(1), *zero = NUMBER(0), *twice = ex_sub(p, ex_mul(p, NUMBER(2), x), one);
    Expr *inner = ex_mul(p, ex_sub(p, one, twice), ex_add(p, one, twice));
    Expr *log = ex_unary(p, UN_LOG, inner);
    Expr *a = ex_add(p, NUMBER(2 / (M_PI * 0.147)), ex_mul(p, NUMBER(0.5), log));
    Expr *b = ex_mul(p, NUMBER(1 / 0.147), log);
    Expr *root = ex_unary(p, UN_SQRT, ex_sub(p, ex_mul(p, a, a), b));
    Expr *size = ex_mul(p, NUMBER(M_SQRT2), ex_unary(p, UN_SQRT, ex_sub(p, root, a)));
    Expr *value = ex_select(p, ex_lt(p, twice, zero), ex_unary(p, UN_NEG, size), size);
    return ex_select(p, ex_eq(p, inner, zero), zero, value);
}

/* exp(x - max), but what is zero stays near it: it was no vote. */
static Expr *exp_of_votes(Pool *p, Expr *x, Expr *max)
{
    Expr *vote = ex_lt(p, NUMBER(1e-7), ex_unary(p, UN_ABS, x));
    Expr *none = ex_mul(p, x, ex_unary(p, UN_EXP, ex_unary(p, UN_NEG, max)));
    return ex_select(p, vote, ex_unary(p, UN_EXP, ex_sub(p, x, max)), none);
}

static void define_softmax_zero(Definer *d, Tensor *scores, Tensor *out)
{
    Pool *p = d->pool;
    Axes axes = axes_one(scores, scores->rank - 1);
    Tensor *max = define_statistic(d, "max", scores->dtype, &axes),
           *sum = define_statistic(d, "sum", scores->dtype, &axes);
    Reduction r = define_reduction(d, &axes, true);
    Expr *x = ex_load(p, scores, r.at);
    define_tensor(d, max, r.result, ex_reduce(p, RE_MAX, r.vars, r.var_count, x));
    r = define_reduction(d, &axes, true);
    x = exp_of_votes(p, ex_load(p, scores, r.at), ex_load(p, max, r.kept));
    define_tensor(d, sum, r.result, ex_reduce(p, RE_SUM, r.vars, r.var_count, x));
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *kept[MAX_RANK];
    axes_kept_index(p, &axes, index, kept);
    Expr *total = ex_load(p, sum, kept);
    x = exp_of_votes(p, ex_load(p, scores, index), ex_load(p, max, kept));
    define_rounded(d, out, vars,
                   ex_select(p, ex_eq(p, total, NUMBER(0)), NUMBER(0.5), ex_div(p, x, total)));
}

void post_transform_define(Definer *d, const char *name, Tensor *scores, Tensor *out)
{
    if (scores == out) return;
    if (is(name, "SOFTMAX_ZERO")) {
        define_softmax_zero(d, scores, out);
        return;
    }
    if (is(name, "SOFTMAX")) {
        Axes axes = axes_one(scores, scores->rank - 1);
        define_softmax_over(d, &axes, scores, out, false);
        return;
    }
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *x = ex_load(d->pool, scores, define_index_exprs(d, vars, out->rank));
    define_rounded(d, out, vars,
                   is(name, "PROBIT") ? probit(d->pool, x) : ex_unary(d->pool, UN_SIGMOID, x));
}
