/*
 * Walking decision trees as definitions. Comes in: a Forest. Goes out: a temporary for each step,
 * with the node that each tree has reached for each sample, and the sum of the leaves' weights. How
 * operators say what their trees are is theirs.
 */
#include "forest.h"

#include <float.h>
#include <math.h>

bool forest_allocate(Infer *in, Forest *f)
{
    Arena *arena = in->graph->arena;
    int64_t weights;
    if (!checked_mul(f->leaves, f->targets, &weights) || weights > FOREST_MAX_WEIGHTS)
        return infer_error(in, "E0602", "%lld leaves for %lld targets are more than %d weights",
                           (long long)f->leaves, (long long)f->targets, FOREST_MAX_WEIGHTS);
    int64_t **const lists[] = {&f->features, &f->modes, &f->yes, &f->no,
                               &f->missing,  &f->first, &f->last};
    for (size_t i = 0; i < COUNT(lists); i++)
        *lists[i] = NEW_ARRAY(arena, int64_t, f->branches + 1);
    f->splits = NEW_ARRAY(arena, double, f->branches + 1);
    f->weights = NEW_ARRAY(arena, double, weights + 1);
    double most = in->node->inputs[0]->dtype == DT_F64 ? DBL_MAX : FLT_MAX;
    double absent = f->sum == FOREST_MIN ? most : f->sum == FOREST_MAX ? -most : 0;
    for (int64_t i = 0; i < weights; i++) f->weights[i] = absent;
    return true;
}

void forest_vote(Forest *f, int64_t leaf, int64_t target, double weight)
{
    double *own = &f->weights[leaf * f->targets + target];
    *own = f->sum == FOREST_MIN   ? fmin(*own, weight)
           : f->sum == FOREST_MAX ? fmax(*own, weight)
                                  : *own + weight;
}

/* Marks what the marked branches lead to; true when that has branches. */
static bool advance(const Forest *f, const bool *here, bool *next)
{
    bool any = false;
    memset(next, 0, (size_t)(f->branches + f->leaves));
    for (int64_t i = 0; i < f->branches; i++) {
        if (!here[i]) continue;
        next[f->yes[i]] = next[f->no[i]] = true;
        any |= f->yes[i] < f->branches || f->no[i] < f->branches;
    }
    return any;
}

static bool measure_depth(Infer *in, Forest *f)
{
    Arena *arena = in->graph->arena;
    int64_t nodes = f->branches + f->leaves;
    bool *here = NEW_ARRAY(arena, bool, nodes + 1), *next = NEW_ARRAY(arena, bool, nodes + 1);
    bool any = false;
    for (int64_t i = 0; i < f->trees; i++) {
        here[f->roots[i]] = true;
        any |= f->roots[i] < f->branches;
    }
    for (f->depth = 0; any && f->depth <= FOREST_MAX_DEPTH; f->depth++) {
        any = advance(f, here, next);
        bool *swap = here;
        here = next;
        next = swap;
    }
    return f->depth <= FOREST_MAX_DEPTH ||
           infer_error(in, "E0602",
                       "the trees are deeper than %d, or a branch leads back to itself",
                       FOREST_MAX_DEPTH);
}

bool forest_check(Infer *in, Forest *f, int64_t features)
{
    int64_t nodes = f->branches + f->leaves;
    if (f->trees < 1 || f->leaves < 1) return infer_error(in, "E0306", "there are no trees");
    for (int64_t i = 0; i < f->trees; i++)
        if (f->roots[i] < 0 || f->roots[i] >= nodes)
            return infer_error(in, "E0306", "the root of tree %lld is no node", (long long)i);
    for (int64_t i = 0; i < f->branches; i++) {
        if (f->features[i] < 0 || f->features[i] >= features)
            return infer_error(in, "E0306", "branch %lld is on feature %lld of %lld", (long long)i,
                               (long long)f->features[i], (long long)features);
        if (f->yes[i] < 0 || f->yes[i] >= nodes || f->no[i] < 0 || f->no[i] >= nodes)
            return infer_error(in, "E0306", "branch %lld leads to no node", (long long)i);
        if (f->modes[i] < FOREST_LEQ || f->modes[i] > FOREST_MEMBER)
            return infer_error(in, "E0306", "branch %lld has the mode %lld", (long long)i,
                               (long long)f->modes[i]);
    }
    return measure_depth(in, f);
}

/* ---- definitions ---- */

static Tensor *int_table(Definer *d, const char *name, const int64_t *values, int64_t count)
{
    return define_constant(d, name, DT_I64, 1, &count, values);
}

static Tensor *float_table(Definer *d, const char *name, Dtype dtype, int rank, const int64_t *dims,
                           const double *values)
{
    int64_t count = rank == 2 ? dims[0] * dims[1] : dims[0];
    void *data = arena_alloc(d->graph->arena, dtype_bytes(dtype, count) + 1);
    for (int64_t i = 0; i < count; i++) dtype_set_double(dtype, data, i, values[i]);
    return define_constant(d, name, dtype, rank, dims, data);
}

typedef struct Walk {
    Definer *d;
    const Forest *f;
    Tensor *x;
    Dtype dtype; /* in which features are compared */
    Tensor *features, *yes, *no, *splits, *modes, *missing, *first, *last, *members;
} Walk;

static bool has_mode(const Forest *f, int mode)
{
    for (int64_t i = 0; i < f->branches; i++)
        if (f->modes[i] == mode) return true;
    return false;
}

static Walk walk_new(Definer *d, const Forest *f, Tensor *x)
{
    bool tracks = false;
    for (int64_t i = 0; i < f->branches; i++) tracks |= f->missing[i] != 0;
    Dtype dtype = dtype_is_float(x->dtype) ? define_wide(x->dtype) : DT_F64;
    Walk w = {.d = d,
              .f = f,
              .x = x,
              .dtype = dtype,
              .features = int_table(d, "features", f->features, f->branches),
              .yes = int_table(d, "yes", f->yes, f->branches),
              .no = int_table(d, "no", f->no, f->branches),
              .modes = int_table(d, "modes", f->modes, f->branches),
              .splits = float_table(d, "splits", dtype, 1, &f->branches, f->splits)};
    if (tracks) w.missing = int_table(d, "missing", f->missing, f->branches);
    if (!has_mode(f, FOREST_MEMBER)) return w;
    w.first = int_table(d, "first", f->first, f->branches);
    w.last = int_table(d, "last", f->last, f->branches);
    w.members = float_table(d, "members", dtype, 1, &f->member_count, f->members);
    return w;
}

static Expr *is_member(const Walk *w, Expr *value, Expr *branch)
{
    Pool *p = w->d->pool;
    Var *m = define_var(w->d, "m", w->f->member_count);
    Expr *i = ex_var(p, m), *same = ex_eq(p, value, ex_load(p, w->members, &i));
    Expr *own = ex_and(p, ex_le(p, ex_load(p, w->first, &branch), i),
                       ex_lt(p, i, ex_load(p, w->last, &branch)));
    return ex_reduce(p, RE_OR, &m, 1, ex_and(p, own, same));
}

static Expr *compare(const Walk *w, int mode, Expr *value, Expr *split, Expr *branch)
{
    Pool *p = w->d->pool;
    switch (mode) {
    case FOREST_LEQ: return ex_le(p, value, split);
    case FOREST_LT: return ex_lt(p, value, split);
    case FOREST_GTE: return ex_le(p, split, value);
    case FOREST_GT: return ex_lt(p, split, value);
    case FOREST_EQ: return ex_eq(p, value, split);
    case FOREST_NEQ: return ex_ne(p, value, split);
    default: return is_member(w, value, branch);
    }
}

/* Where a sample goes from a branch. Only the modes that the forest has are compared. */
static Expr *step(const Walk *w, Expr *sample, Expr *branch)
{
    Pool *p = w->d->pool;
    Expr *feature = define_wrap(p, ex_load(p, w->features, &branch), w->x->dims[1]);
    Expr *value = ex_cast(p, w->dtype, ex_load(p, w->x, (Expr *[]){sample, feature}));
    Expr *split = ex_load(p, w->splits, &branch), *mode = ex_load(p, w->modes, &branch),
         *good = NULL;
    for (int m = FOREST_LEQ; m <= FOREST_MEMBER; m++) {
        if (!has_mode(w->f, m)) continue;
        Expr *this = compare(w, m, value, split, branch);
        good = good ? ex_select(p, ex_eq(p, mode, ex_int(p, m)), this, good) : this;
    }
    if (w->missing) {
        Expr *tracks = ex_ne(p, ex_load(p, w->missing, &branch), ex_int(p, 0));
        good = ex_or(p, good, ex_and(p, tracks, ex_unary(p, UN_ISNAN, value)));
    }
    return ex_select(p, good, ex_load(p, w->yes, &branch), ex_load(p, w->no, &branch));
}

/* The nodes that all trees have reached after one more step, [sample, tree]; `before` is NULL at
 * the roots. */
static Tensor *define_step(const Walk *w, Tensor *roots, Tensor *before)
{
    Definer *d = w->d;
    Pool *p = d->pool;
    const int64_t dims[] = {w->x->dims[0], w->f->trees};
    Tensor *out = define_temporary(d, "reached", DT_I64, 2, dims);
    Var **vars = define_indices(d, 2, dims);
    Expr **index = define_index_exprs(d, vars, 2);
    Expr *node = before ? ex_load(p, before, index) : ex_load(p, roots, &index[1]);
    Expr *branch = define_wrap(p, node, w->f->branches);
    define_tensor(
        d, out, vars,
        ex_select(p, ex_lt(p, node, ex_int(p, w->f->branches)), step(w, index[0], branch), node));
    return out;
}

void forest_define(Definer *d, const Forest *f, Tensor *x, Tensor *scores)
{
    static const ReduceOp sums[] = {[FOREST_AVERAGE] = RE_SUM,
                                    [FOREST_SUM] = RE_SUM,
                                    [FOREST_MIN] = RE_MIN,
                                    [FOREST_MAX] = RE_MAX};
    Pool *p = d->pool;
    const int64_t dims[] = {f->leaves, f->targets};
    Tensor *roots = int_table(d, "roots", f->roots, f->trees), *reached = NULL;
    Dtype dtype = define_wide(scores->dtype);
    Tensor *weights = float_table(d, "weights", dtype, 2, dims, f->weights);
    Walk w = walk_new(d, f, x);
    for (int i = 0; i < f->depth; i++) reached = define_step(&w, roots, reached);
    Var **vars = define_indices(d, 2, scores->dims), *tree = define_var(d, "tree", f->trees);
    Expr **index = define_index_exprs(d, vars, 2), *t = ex_var(p, tree);
    Expr *node = reached ? ex_load(p, reached, (Expr *[]){index[0], t}) : ex_load(p, roots, &t);
    Expr *leaf = define_wrap(p, ex_sub(p, node, ex_int(p, f->branches)), f->leaves);
    Expr *body =
        ex_reduce(p, sums[f->sum], &tree, 1, ex_load(p, weights, (Expr *[]){leaf, index[1]}));
    if (f->sum == FOREST_AVERAGE)
        body = ex_div(p, body, ex_const(p, body->dtype, (double)f->trees));
    if (f->base)
        body = ex_add(
            p, body, ex_load(p, float_table(d, "base", dtype, 1, &f->targets, f->base), &index[1]));
    define_rounded(d, scores, vars, body);
}
