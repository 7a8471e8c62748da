/*
 * Slice: every step-th element of a range, along some axes; backwards when the step is negative.
 * Starts, ends, axes and steps are attributes before version 10 and constant inputs since.
 */
#include "expand.h"
#include "extents.h"
#include "gradient.h"
#include "op.h"

/* Output index i reads input index start + i * step, along each dimension. */
typedef struct Steps {
    int64_t start, step, count;
    bool from_end; /* an end of the range counts from that of the dimension */
} Steps;

/* Ends beyond the dimension mean its end, as in Python. */
static Steps clamp_range(int64_t start, int64_t end, int64_t step, int64_t extent)
{
    int64_t lo = step < 0 ? -1 : 0, hi = step < 0 ? extent - 1 : extent;
    if (start < 0) start += extent;
    if (end < 0) end += extent;
    start = max64(min64(start, hi), step < 0 ? min64(0, hi) : lo);
    end = max64(min64(end, hi), lo);
    step = max64(min64(step, extent + 1),
                 -extent - 1); /* a longer step cannot be told from this one */
    int64_t length = step < 0 ? start - end : end - start;
    return (Steps){start, step, length <= 0 ? 0 : ceil_div(length, step < 0 ? -step : step), false};
}

/* One of the lists; *list is NULL when it is absent. False after a diagnostic. */
static bool read_list(Infer *in, const char *attr, int input, const int64_t **list, int64_t *count)
{
    int attr_count = 0;
    *list = NULL;
    *count = 0;
    if (in->node->version >= 10) {
        if (!node_input(in->node, input)) return true;
        return (*list = infer_const_ints(in, input, count)) != NULL;
    }
    if (op_attr(in->node->op, in->node->version, attr))
        *list = attr_ints(in->node, attr, &attr_count);
    *count = attr_count;
    return true;
}

static bool read_ranges(Infer *in, Steps *ranges)
{
    const Tensor *x = in->node->inputs[0];
    const int64_t *starts, *ends, *axes, *steps;
    int64_t count, end_count, axis_count, step_count;
    if (!read_list(in, "starts", 1, &starts, &count) ||
        !read_list(in, "ends", 2, &ends, &end_count) ||
        !read_list(in, "axes", 3, &axes, &axis_count) ||
        !read_list(in, "steps", 4, &steps, &step_count))
        return false;
    if (count != end_count || (axes && axis_count != count) || (steps && step_count != count) ||
        count > x->rank)
        return infer_error(
            in, "E0306",
            "%lld starts, %lld ends, %lld axes and %lld steps for %d dimensions: they must agree",
            (long long)count, (long long)end_count, (long long)(axes ? axis_count : count),
            (long long)(steps ? step_count : count), x->rank);
    for (int i = 0; i < x->rank; i++) ranges[i] = (Steps){0, 1, x->dims[i], false};
    uint32_t seen = 0;
    for (int i = 0; i < count; i++) {
        int axis;
        if (!infer_axis(in, "axis", axes ? axes[i] : i, x->rank, &axis)) return false;
        int64_t step = steps ? steps[i] : 1;
        if (step == 0) return infer_error(in, "E0306", "the step along axis %d is 0", axis);
        if (seen >> axis & 1) return infer_error(in, "E0204", "axis %d is given twice", axis);
        seen |= 1u << axis;
        ranges[axis] = clamp_range(starts[i], ends[i], step, x->dims[axis]);
        ranges[axis].from_end = starts[i] < 0 || ends[i] < 0;
    }
    return true;
}

static bool slice_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Steps ranges[MAX_RANK];
    int64_t dims[MAX_RANK];
    if (!read_ranges(in, ranges)) return false;
    for (int i = 0; i < x->rank; i++) dims[i] = ranges[i].count;
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

/* max(min(extent, end) - start, 0) */
static Tensor *part_of(Infer *in, Tensor *extent, const Steps *range)
{
    int64_t end = range->start + range->count;
    Tensor *start = expand_ints(in, 0, 1, &range->start);
    Tensor *least = extents_binary(in, "Min", extent, expand_ints(in, 0, 1, &end));
    return extents_binary(in, "Sub", extents_binary(in, "Max", least, start), start);
}

/* Of a dimension that varies a range from the front can be taken. */
static bool slice_extents(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Steps ranges[MAX_RANK];
    if (extents_varying(in->node) != x) return extents_refuse(in, extents_varying(in->node));
    if (!slice_infer(in) || !read_ranges(in, ranges)) return false;
    for (int d = 0; d < x->rank; d++) {
        Tensor *extent = extents_at(x, d);
        const Steps *r = &ranges[d];
        if (!extent) continue;
        if (r->step != 1 || r->from_end) return extents_refuse(in, x);
        bool all = r->start == 0 && r->count == x->dims[d];
        if (!all && !(extent = part_of(in, extent, r))) return false;
        extents_set(in, 0, d, extent);
    }
    return true;
}

static void slice_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Infer in = infer_again(d);
    Steps ranges[MAX_RANK];
    bool accepted = read_ranges(&in, ranges);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    for (int i = 0; i < out->rank; i++)
        index[i] = ex_add(d->pool, ex_int(d->pool, ranges[i].start),
                          ex_mul(d->pool, index[i], ex_int(d->pool, ranges[i].step)));
    define_tensor(d, out, vars, ex_load(d->pool, x, index));
}

/* Along one axis: each element of the input from where it went, or from a zero behind the rest. */
static Tensor *spread_out(Gradient *g, Tensor *dy, int axis, const Steps *range, int64_t extent)
{
    int64_t dims[MAX_RANK], *from = NEW_ARRAY(g->in->graph->arena, int64_t, extent + 1);
    memcpy(dims, dy->dims, (size_t)dy->rank * sizeof *dims);
    dims[axis] = 1;
    for (int64_t i = 0; i < extent; i++) from[i] = range->count;
    for (int64_t i = 0; i < range->count; i++) from[range->start + i * range->step] = i;
    Tensor *zero = expand_zeros(g->in, dy->dtype, dy->rank, dims);
    Node *n = expand_node(g->in, "Gather", 2);
    n->inputs[0] = expand_concat(g->in, (Tensor *[]){dy, zero}, 2, axis);
    n->inputs[1] = expand_ints(g->in, 1, extent, from);
    return expand_done(g->in, gradient_int(g, n, "axis", axis));
}

static bool slice_gradient(Gradient *g)
{
    const Tensor *x = g->node->inputs[0];
    Infer in = {g->in->graph, (Node *)g->node, g->in->diags};
    Steps ranges[MAX_RANK];
    Tensor *t = g->dy[0];
    if (!read_ranges(&in, ranges)) return false;
    for (int i = 0; i < x->rank && t; i++)
        if (ranges[i].count != x->dims[i] || ranges[i].step != 1)
            t = spread_out(g, t, i, &ranges[i], x->dims[i]);
    return (g->dx[0] = t) != NULL;
}

static const Slot inputs[] = {SLOT("data", TYPES_ALL, "T"),
                              SLOT("starts", TYPES_INDEX, "Tind", .since = 10),
                              SLOT("ends", TYPES_INDEX, "Tind", .since = 10),
                              SLOT("axes", TYPES_INDEX, "Tind", .optional = true, .since = 10),
                              SLOT("steps", TYPES_INDEX, "Tind", .optional = true, .since = 10),
                              {0}};
static const Slot outputs[] = {SLOT("output", TYPES_ALL, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("axes", INTS, .until = 9),
                                 ATTR("ends", INTS, .required = true, .until = 9),
                                 ATTR("starts", INTS, .required = true, .until = 9),
                                 {0}};

const Op ops_slice[] = {
    {.name = "Slice",
     .doc = "Every step-th element from start to end, along each of the axes; negative values "
            "count from the end.",
     .versions = (const int[]){1, 10, 11, 13, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = slice_infer,
     .extents = slice_extents,
     .define = slice_define,
     .gradient = slice_gradient,
     .examples =
         (const char *const[]){
             "Slice(x: f32[5, 6], i64[2] [1, 0], i64[2] [4, 6], i64[2] [0, 1], i64[2] [1, 2])",
             "Slice(x: f32[5, 6], i64[1] [-1], i64[1] [-100], i64[1] [1], i64[1] [-2])", 0}},
    {0}};
