/*
 * Pad: a tensor with more (or, where pads are negative, fewer) elements around it: a constant, the
 * nearest edge, the mirror image or the other end. Pads are an attribute before version 11 and a
 * constant input since; version 18 may name axes.
 */
#include "gradient.h"
#include "row.h"

#define LIMIT ((int64_t)1 << 40) /* of one pad, so that sums with extents cannot overflow */

/* Elements before and after each dimension. */
static bool read_pads(Infer *in, int rank, int64_t *before, int64_t *after)
{
    const Node *n = in->node;
    int attr_count = 0;
    int64_t count, axis_count = rank;
    const int64_t *pads, *axes = NULL;
    if (n->version < 11)
        pads = attr_ints(n, n->version < 2 ? "paddings" : "pads", &attr_count), count = attr_count;
    else if (!(pads = infer_const_ints(in, 1, &count)))
        return false;
    if (n->version >= 18 && node_input(n, 3) && !(axes = infer_const_ints(in, 3, &axis_count)))
        return false;
    if (count != 2 * axis_count)
        return infer_error(in, "E0306",
                           "%lld pads for %lld dimensions; one before and one after each is wanted",
                           (long long)count, (long long)axis_count);
    for (int i = 0; i < rank; i++) before[i] = after[i] = 0;
    for (int64_t i = 0; i < axis_count; i++) {
        int axis = (int)i;
        if (axes && !infer_axis(in, "axis", axes[i], rank, &axis)) return false;
        before[axis] = pads[i];
        after[axis] = pads[axis_count + i];
        if (before[axis] < -LIMIT || before[axis] > LIMIT || after[axis] < -LIMIT ||
            after[axis] > LIMIT)
            return infer_error(in, "E0306",
                               "padding of %lld and %lld along axis %d is out of range",
                               (long long)before[axis], (long long)after[axis], axis);
    }
    return true;
}

typedef Expr *PadIndex(Pool *p, Expr *i, int64_t extent, int64_t before, int64_t after);

static Expr *edge_index(Pool *p, Expr *i, int64_t extent, int64_t before, int64_t after)
{
    (void)before, (void)after;
    return ex_min(p, ex_max(p, i, ex_int(p, 0)), ex_int(p, extent - 1));
}

/* Mirrored without repeating the edge; more than one reflection goes back and forth with period 2
 * (extent - 1). */
static Expr *reflect_index(Pool *p, Expr *i, int64_t extent, int64_t before, int64_t after)
{
    if (extent == 1) return ex_int(p, 0);
    int64_t period = 2 * (extent - 1);
    if (before >= extent || after >= extent) i = ex_floormod(p, i, ex_int(p, period));
    i = ex_min(p, i, ex_add(p, ex_int(p, period), ex_unary(p, UN_NEG, i)));
    i = ex_max(p, i, ex_unary(p, UN_NEG, i));
    return ex_min(p, ex_max(p, i, ex_int(p, 0)),
                  ex_int(p, extent - 1)); /* says the range, which the parts do not */
}

static Expr *wrap_index(Pool *p, Expr *i, int64_t extent, int64_t before, int64_t after)
{
    (void)before, (void)after;
    return ex_floormod(p, i, ex_int(p, extent));
}

static const struct PadMode {
    const char *name;
    PadIndex *index; /* NULL: constant */
    int since;
} modes[] = {{"constant", NULL, 1},
             {"edge", edge_index, 1},
             {"reflect", reflect_index, 1},
             {"wrap", wrap_index, 19}};

static const struct PadMode *pad_mode(const Node *n)
{
    for (unsigned i = 0; i < COUNT(modes); i++)
        if (n->version >= modes[i].since && strcmp(attr_text(n, "mode"), modes[i].name) == 0)
            return &modes[i];
    return NULL;
}

static bool pad_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *value = node_input(n, 2);
    int64_t before[MAX_RANK], after[MAX_RANK], dims[MAX_RANK];
    const struct PadMode *mode = pad_mode(n);
    if (!mode)
        return infer_error(in, "E0306", "mode is '%s'; it must be constant, edge, reflect%s",
                           attr_text(n, "mode"), n->version >= 19 ? " or wrap" : "");
    if (!read_pads(in, x->rank, before, after)) return false;
    if (value && tensor_elements(value) != 1)
        return infer_error(in, "E0201", "the constant to pad with is %s; one value is wanted",
                           tensor_type_text(in->graph->arena, value));
    for (int i = 0; i < x->rank; i++) {
        if (!checked_add(x->dims[i], 2 * LIMIT, &dims[i]))
            return infer_error(in, "E0205", "dimension %d is too large", i);
        dims[i] = x->dims[i] + before[i] + after[i];
        if (dims[i] < 0)
            return infer_error(in, "E0209", "%lld elements along axis %d cannot lose %lld",
                               (long long)x->dims[i], i, (long long)(-before[i] - after[i]));
        if (mode->index && x->dims[i] == 0 && dims[i] > 0)
            return infer_error(in, "E0209", "axis %d is empty: mode %s has nothing to repeat", i,
                               mode->name);
    }
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

static Expr *pad_value(Definer *d)
{
    const Node *n = d->node;
    Dtype dtype = n->inputs[0]->dtype;
    Tensor *value = node_input(n, 2);
    Expr *zeros[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zeros[i] = ex_int(d->pool, 0);
    if (value) return ex_load(d->pool, value, zeros);
    return ex_const(d->pool, dtype, n->version < 11 ? attr_float(n, "value") : 0);
}

static void pad_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    const struct PadMode *mode = pad_mode(d->node);
    Infer in = infer_again(d);
    int64_t before[MAX_RANK], after[MAX_RANK];
    bool accepted = read_pads(&in, x->rank, before, after);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *inside = ex_int_of(p, DT_BOOL, 1);
    for (int i = 0; i < x->rank; i++) {
        index[i] = ex_add(p, index[i], ex_int(p, -before[i]));
        if (!mode->index)
            inside = ex_and(p, inside, ex_within(p, index[i], 0, x->dims[i]));
        else if (before[i] > 0 || after[i] > 0)
            index[i] = mode->index(p, index[i], x->dims[i], before[i], after[i]);
    }
    Expr *load = ex_load(p, x, index);
    define_tensor(d, out, vars, mode->index ? load : ex_select(p, inside, load, pad_value(d)));
}

/* What was added is cut off again. */
static bool pad_gradient(Gradient *g)
{
    const Tensor *x = g->node->inputs[0];
    int64_t before[MAX_RANK], after[MAX_RANK], pads[2 * MAX_RANK];
    Infer in = {g->in->graph, (Node *)g->node, g->in->diags};
    if (pad_mode(g->node)->index) return gradient_refuse(g, "its mode is not constant");
    if (!read_pads(&in, x->rank, before, after)) return false;
    for (int i = 0; i < x->rank; i++) pads[i] = -before[i], pads[i + x->rank] = -after[i];
    Tensor *list = expand_ints(g->in, 1, 2 * x->rank, pads);
    if (g->wanted[0]) g->dx[0] = gradient_2(g, "Pad", g->dy[0], list);
    if (g->node->input_count > 2 && g->wanted[2])
        return gradient_refuse(g, "by the value that it adds");
    return !g->wanted[0] || g->dx[0];
}

static const Slot inputs[] = {SLOT("data", ANY, "T", .until = 12),
                              SLOT("data", ANY | STRINGS, "T", .since = 13, .until = 20),
                              SLOT("data", ANY_2BIT | STRINGS, "T", .since = 21),
                              SLOT("pads", TYPE(DT_I64), NULL, .since = 11),
                              SLOT("constant_value", ANY_2BIT | STRINGS, "T", .optional = true, .since = 11),
                              SLOT("axes", TYPES_INDEX, "Tind", .optional = true, .since = 18),
                              {0}};
static const Slot outputs[] = {SLOT("output", ANY_2BIT | STRINGS, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("mode", STRING, .s = "constant"),
                                 ATTR("paddings", INTS, .required = true, .until = 1),
                                 ATTR("pads", INTS, .required = true, .since = 2, .until = 10),
                                 ATTR("value", FLOAT, .until = 10),
                                 {0}};

const Op ops_pad[] = {
    {.name = "Pad",
     .doc = "Adds elements around a tensor: a constant, its edge, its mirror image or its other "
            "end; negative pads crop.",
     .versions = (const int[]){1, 2, 11, 13, 18, 19, 21, 23, 24, 25, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = pad_infer,
     .define = pad_define,
     .gradient = pad_gradient,
     .examples =
         (const char *const[]){"Pad(x: f32[2, 3], i64[4] [0, 1, 0, 2])",
                               "Pad(x: f32[2, 4], i64[4] [0, 2, 0, 3], mode: \"reflect\")",
                               "Pad(x: f32[2, 4], i64[4] [1, -1, 0, 2], mode: \"edge\")", 0}},
    {0}};
