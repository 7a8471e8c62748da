/*
 * BatchNormalization in all its versions. Inference: (x - mean) / sqrt(var + epsilon) * scale + B,
 * per channel (or, with spatial = 0 before version 9, per element of a sample). Training: the
 * batch's own statistics, and running ones as further outputs.
 */
#include "gradient.h"
#include "op.h"

enum { X, SCALE, B, MEAN, VAR };

/* Version 14 has training_mode; before, is_test (until 6) or the number of outputs said what is
 * meant. */
static bool training(const Node *n)
{
    if (n->version >= 14) return attr_int(n, "training_mode");
    if (n->version < 7 && attr_int(n, "is_test")) return false;
    for (int i = 1; i < n->output_count; i++)
        if (n->outputs[i]) return true;
    return false;
}

static bool per_channel(const Node *n) { return n->version >= 9 || attr_int(n, "spatial"); }

static bool batchnorm_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[X];
    Arena *arena = in->graph->arena;
    if (x->rank < 1 || (!per_channel(n) && x->rank < 2))
        return infer_error(in, "E0203", "the input is %s; it needs a batch and a channel dimension",
                           tensor_type_text(arena, x));
    int64_t one = 1;
    const int64_t *dims = x->rank > 1 ? x->dims + 1 : &one; /* what the statistics are for */
    int rank = per_channel(n) ? 1 : x->rank - 1;
    for (int i = SCALE; i <= VAR; i++) {
        const Tensor *t = n->inputs[i];
        if (t->rank == rank && memcmp(t->dims, dims, (size_t)rank * sizeof *dims) == 0) continue;
        infer_error(in, "E0210", "%s '%s' is %s, but the input needs %s",
                    op_input(n->op, n->version, i)->name, t->name, tensor_type_text(arena, t),
                    dims_text(arena, dims, rank));
        diag_note(infer_last_error(in), "input '%s' is %s: one value for each %s", x->name,
                  tensor_type_text(arena, x),
                  per_channel(n) ? "channel (dimension 1)" : "element of a sample");
        return false;
    }
    if (n->version >= 14 && !training(n) && (node_output(n, 1) || node_output(n, 2)))
        return infer_error(in, "E0305",
                           "running statistics are outputs only when training_mode is 1");
    for (int i = 1; i < n->output_count; i++) /* saved statistics have the running ones' type */
        if (!infer_output(in, i, n->inputs[i % 2 ? MEAN : VAR]->dtype, rank, dims)) return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* What a definition of this node works with: statistics live at `at`, the tail or the channel of
 * x's index. */
typedef struct Norm {
    Tensor *x;
    Var **vars;
    Expr **index, **at;
    int rank;
    Dtype dtype;
} Norm;

static Expr *statistic(Definer *d, const Norm *s, Tensor *t)
{
    return ex_cast(d->pool, s->dtype, ex_load(d->pool, t, s->at));
}

static void define_normalised(Definer *d, const Norm *s, Tensor *mean, Tensor *var)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Expr *x = ex_cast(p, s->dtype, ex_load(p, s->x, s->index)),
         *epsilon = ex_const(p, s->dtype, attr_float(n, "epsilon"));
    Expr *centred = ex_binary(p, BI_SUB, x, statistic(d, s, mean));
    Expr *deviation = ex_unary(p, UN_SQRT, ex_add(p, statistic(d, s, var), epsilon));
    Expr *y = ex_mul(p, ex_div(p, centred, deviation), statistic(d, s, n->inputs[SCALE]));
    define_rounded(d, n->outputs[0], s->vars, ex_add(p, y, statistic(d, s, n->inputs[B])));
}

/* The mean over the batch (and, per channel, over space) of what `value` makes of x. */
typedef Expr *BatchValue(Definer *d, const Norm *s, Expr *x, Tensor *mean);

static Tensor *batch_mean(Definer *d, const Norm *s, const char *name, BatchValue *value,
                          Tensor *mean)
{
    Pool *p = d->pool;
    Tensor *out = define_temporary(d, name, s->dtype, s->rank, d->node->inputs[MEAN]->dims);
    Var **all = define_indices(d, s->x->rank, s->x->dims), *over[MAX_RANK], *own[MAX_RANK];
    Expr **at = define_index_exprs(d, all, s->x->rank);
    int64_t count = 1;
    int reduced = 0;
    for (int i = 0; i < s->x->rank; i++) {
        if (i >= 1 && i <= s->rank) {
            own[i - 1] = all[i];
            continue;
        }
        over[reduced++] = all[i];
        count *= s->x->dims[i];
    }
    if (s->x->rank == 1) own[0] = define_var(d, "c", 1);
    Norm here = *s;
    Expr *channel = ex_var(p, own[0]);
    here.at = s->x->rank == 1 ? &channel : at + 1;
    Expr *x = ex_cast(p, s->dtype, ex_load(p, s->x, at));
    if (value) x = value(d, &here, x, mean);
    Expr *sum = ex_reduce(p, RE_SUM, over, reduced, x);
    define_tensor(d, out, own, ex_div(p, sum, ex_const(p, s->dtype, (double)max64(count, 1))));
    return out;
}

static Expr *squared_distance(Definer *d, const Norm *s, Expr *x, Tensor *mean)
{
    Expr *centred = ex_binary(d->pool, BI_SUB, x, statistic(d, s, mean));
    return ex_mul(d->pool, centred, centred);
}

/* running = running * momentum + current * (1 - momentum) */
static void define_running(Definer *d, const Norm *s, Tensor *out, Tensor *running, Tensor *current)
{
    if (!out) return;
    Pool *p = d->pool;
    double momentum = attr_float(d->node, "momentum");
    Var **vars = define_indices(d, out->rank, out->dims);
    Norm here = *s;
    here.at = define_index_exprs(d, vars, out->rank);
    Expr *kept = ex_mul(p, statistic(d, &here, running), ex_const(p, s->dtype, momentum));
    Expr *added = ex_mul(p, statistic(d, &here, current), ex_const(p, s->dtype, 1 - momentum));
    define_rounded(d, out, vars, ex_add(p, kept, added));
}

static void define_copy(Definer *d, Tensor *out, Tensor *from)
{
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    define_rounded(d, out, vars, ex_load(d->pool, from, define_index_exprs(d, vars, out->rank)));
}

static void batchnorm_define(Definer *d)
{
    const Node *n = d->node;
    Norm s = {.x = n->inputs[X], .rank = n->inputs[MEAN]->rank, .dtype = DT_F32};
    for (int i = X; i <= VAR; i++)
        if (n->inputs[i]->dtype == DT_F64) s.dtype = DT_F64;
    s.vars = define_indices(d, s.x->rank, s.x->dims);
    s.index = define_index_exprs(d, s.vars, s.x->rank);
    Expr *zero = ex_int(d->pool, 0);
    s.at = s.x->rank == 1 ? &zero : s.index + 1;
    if (!training(n)) {
        define_normalised(d, &s, n->inputs[MEAN], n->inputs[VAR]);
        return;
    }
    Tensor *mean = batch_mean(d, &s, "mean", NULL, NULL);
    Tensor *var = batch_mean(d, &s, "var", squared_distance, mean);
    define_normalised(d, &s, mean, var);
    define_running(d, &s, node_output(n, 1), n->inputs[MEAN], mean);
    define_running(d, &s, node_output(n, 2), n->inputs[VAR], var);
    define_copy(d, node_output(n, 3), mean);
    define_copy(d, node_output(n, 4), var);
}

static const Slot inputs[] = {
    SLOT("X", TYPES_FLOAT, "T"),          SLOT("scale", TYPES_FLOAT, "T1"),
    SLOT("B", TYPES_FLOAT, "T1"),         SLOT("input_mean", TYPES_FLOAT, "T2"),
    SLOT("input_var", TYPES_FLOAT, "T2"), {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T"),
                               SLOT("running_mean", TYPES_FLOAT, "T2", .optional = true),
                               SLOT("running_var", TYPES_FLOAT, "T2", .optional = true),
                               SLOT("saved_mean", TYPES_FLOAT, "T2", .optional = true, .until = 13),
                               SLOT("saved_var", TYPES_FLOAT, "T2", .optional = true, .until = 13),
                               {0}};
static const AttrSpec attrs[] = {ATTR("consumed_inputs", INTS, .until = 5),
                                 ATTR("epsilon", FLOAT, .f = 1e-5f),
                                 ATTR("is_test", INT, .until = 6),
                                 ATTR("momentum", FLOAT, .f = 0.9f),
                                 ATTR("spatial", INT, .i = 1, .until = 8),
                                 ATTR("training_mode", INT, .since = 14),
                                 {0}};

/* ---- gradient: at inference, by statistics of channels ---- */

/* A value for each channel in a shape that broadcasts to x. */
static Tensor *by_channel(Gradient *g, Tensor *t)
{
    int64_t dims[MAX_RANK];
    int rank = g->node->inputs[X]->rank;
    for (int i = 0; i < rank; i++) dims[i] = i == 1 ? t->dims[0] : 1;
    return expand_reshape(g->in, t, rank, dims);
}

static bool batchnorm_gradient(Gradient *g)
{
    const Node *n = g->node;
    const Tensor *x = n->inputs[X];
    int64_t axes[MAX_RANK] = {0};
    if (training(n) || !per_channel(n) || x->rank < 2)
        return gradient_refuse(g, "it is not at inference, by channels");
    if (g->wanted[MEAN] || g->wanted[VAR]) return gradient_refuse(g, "by its statistics");
    for (int i = 2; i < x->rank; i++) axes[i - 1] = i;
    Tensor *epsilon = expand_number(g->in, n->inputs[VAR]->dtype, attr_float(n, "epsilon"));
    Tensor *deviation = gradient_1(g, "Sqrt", gradient_2(g, "Add", n->inputs[VAR], epsilon));
    Tensor *slope = gradient_2(g, "Div", n->inputs[SCALE], deviation);
    if (!slope) return false;
    if (g->wanted[X]) g->dx[X] = gradient_2(g, "Mul", g->dy[0], by_channel(g, slope));
    if (g->wanted[SCALE]) {
        Tensor *centred = gradient_2(g, "Sub", n->inputs[X], by_channel(g, n->inputs[MEAN]));
        Tensor *normal = gradient_2(g, "Div", centred, by_channel(g, deviation));
        Tensor *sum = gradient_sum(g, gradient_2(g, "Mul", g->dy[0], normal), x->rank - 1, axes);
        g->dx[SCALE] = gradient_reshape(g, sum, n->inputs[SCALE]);
    }
    if (g->wanted[B])
        g->dx[B] = gradient_reshape(g, gradient_sum(g, g->dy[0], x->rank - 1, axes), n->inputs[B]);
    for (int i = X; i <= B; i++)
        if (g->wanted[i] && !g->dx[i]) return false;
    return true;
}

const Op ops_batchnorm[] = {
    {.name = "BatchNormalization",
     .doc = "(x - mean) / sqrt(var + epsilon) * scale + B for each channel, with given or, "
            "training, the batch's statistics.",
     .versions = (const int[]){1, 6, 7, 9, 14, 15, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = batchnorm_infer,
     .define = batchnorm_define,
     .gradient = batchnorm_gradient,
     .examples = (const char *const[]){"BatchNormalization(x: f32[2, 3, 4, 4], scale: f32[3], b: "
                                       "f32[3], mean: f32[3], f32[3] [0.5, 1.0, 2.0])",
                                       0}},
    {0}};
