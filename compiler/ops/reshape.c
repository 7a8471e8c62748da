/*
 * Reshape, Flatten, Squeeze and Unsqueeze: the same elements in the same order under other
 * dimensions. One definition serves all: the row-major position in the output is the one in the
 * input, worked out separately for each run of dimensions whose products agree, so that what does
 * not change stays a plain index.
 */
#include "expand.h"
#include "extents.h"
#include "gradient.h"
#include "op.h"

static void reshape_define(Definer *d)
{
    Tensor *in = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK];
    int i = 0, o = 0;
    while (i < in->rank) {
        int in_end = i + 1, out_end = o;
        int64_t in_run = in->dims[i], out_run = 1;
        while (in_run != out_run) {
            bool more_out = out_run < in_run || in_end == in->rank;
            if (more_out && out_end < out->rank)
                out_run *= out->dims[out_end++];
            else if (in_end < in->rank)
                in_run *= in->dims[in_end++];
            else
                break; /* empty on both sides */
        }
        Expr *flat = define_flatten(p, out_end - o, out->dims + o, index + o);
        define_unflatten(p, flat, in_end - i, in->dims + i, at + i);
        i = in_end;
        o = out_end;
    }
    define_tensor(d, out, vars, ex_load(p, in, at));
}

/* ---- Reshape ---- */

static bool reshape_mismatch(Infer *in, const Tensor *x, const int64_t *wanted, int rank,
                             int64_t count)
{
    Arena *arena = in->graph->arena;
    int64_t have = tensor_elements(x);
    infer_error(in, "E0212", "cannot reshape %s to %s: %lld elements into %lld",
                dims_text(arena, x->dims, x->rank), dims_text(arena, wanted, rank), (long long)have,
                (long long)count);
    Diagnostic *e = infer_last_error(in);
    diag_note(e, "'%s' has %s = %lld elements", x->name, dims_text(arena, x->dims, x->rank),
              (long long)have);
    diag_note(e, "the shape asks for %s = %lld", dims_text(arena, wanted, rank), (long long)count);
    if (rank > 0 && wanted[0] > 0 && count % wanted[0] == 0 && count / wanted[0] > 0 &&
        have % (count / wanted[0]) == 0)
        diag_help(e, "-1 as the first dimension keeps the rest and gives %lld",
                  (long long)(have / (count / wanted[0])));
    return false;
}

/* Fills in the dimension that was given as -1, if any. */
static bool reshape_solve(Infer *in, const Tensor *x, int64_t *dims, int rank, int unknown)
{
    Arena *arena = in->graph->arena;
    int64_t known = 1, have = tensor_elements(x);
    if (unknown >= 0) dims[unknown] = 1;
    if (!checked_elements(dims, rank, &known))
        return infer_error(in, "E0205", "a shape of %s is too large", dims_text(arena, dims, rank));
    if (unknown < 0) return known == have || reshape_mismatch(in, x, dims, rank, known);
    if (known == 0 || have % known) {
        infer_error(in, "E0212",
                    "cannot reshape %s: the known dimensions do not divide %lld elements",
                    dims_text(arena, x->dims, x->rank), (long long)have);
        diag_note(infer_last_error(in), "%lld / %lld for the dimension given as -1 is not whole",
                  (long long)have, (long long)known);
        return false;
    }
    dims[unknown] = have / known;
    return true;
}

static bool reshape_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int attr_count = 0;
    int64_t count;
    const int64_t *shape =
        n->version < 5 ? attr_ints(n, "shape", &attr_count) : infer_const_ints(in, 1, &count);
    if (n->version < 5)
        count = attr_count;
    else if (!shape)
        return false;
    if (count > MAX_RANK)
        return infer_error(in, "E0203", "a shape of %lld dimensions; at most %d are possible",
                           (long long)count, MAX_RANK);
    bool zero_copies = n->version < 14 || !attr_int(n, "allowzero");
    int64_t dims[MAX_RANK];
    int unknown = -1;
    for (int i = 0; i < count; i++) {
        dims[i] = shape[i];
        if (dims[i] < -1 || (dims[i] == -1 && unknown >= 0))
            return infer_error(
                in, "E0212",
                "the shape %s is not possible: one dimension may be -1, the others not negative",
                dims_text(in->graph->arena, shape, (int)count));
        if (dims[i] == -1) unknown = i;
        if (dims[i] == 0 && zero_copies) {
            if (i >= x->rank)
                return infer_error(
                    in, "E0212",
                    "dimension %d is to be copied (0), but the input %s has no such dimension", i,
                    tensor_type_text(in->graph->arena, x));
            dims[i] = x->dims[i];
        }
    }
    return reshape_solve(in, x, dims, (int)count, unknown) &&
           infer_output(in, 0, x->dtype, (int)count, dims);
}

/* ---- Flatten ---- */

static bool flatten_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t axis = attr_int(in->node, "axis"), dims[2] = {1, 1};
    if (axis < 0) axis += x->rank;
    if (axis < 0 || axis > x->rank)
        return infer_error(in, "E0204", "axis %lld is not in -%d..%d: the input is %s",
                           (long long)attr_int(in->node, "axis"), x->rank, x->rank,
                           tensor_type_text(in->graph->arena, x));
    for (int i = 0; i < x->rank; i++)
        if (!checked_mul(dims[i >= axis], x->dims[i], &dims[i >= axis]))
            return infer_error(in, "E0205", "the flattened input is too large");
    return infer_output(in, 0, x->dtype, 2, dims);
}

/* ---- shapes that depend on data ---- */

/* One dimension that varies, `from`, of n elements at most, with `inner` elements in each: what an
 * output dimension becomes, which holds whole ones and is behind as many elements. */
static bool regroup(Infer *in, int from, int to)
{
    const Tensor *x = in->node->inputs[0], *out = in->node->outputs[0];
    int64_t before = 1, after = 1, inner = 1, size = 1;
    for (int d = 0; d < from; d++) before *= x->dims[d];
    for (int d = from + 1; d < x->rank; d++) inner *= x->dims[d];
    for (int d = 0; d < to; d++) after *= out->dims[d];
    for (int d = to + 1; d < out->rank; d++) size *= out->dims[d];
    if (before != after || size == 0 || inner % size) return extents_refuse(in, x);
    int64_t each = inner / size;
    Tensor *extent = extents_at(x, from);
    if (each != 1) extent = extents_binary(in, "Mul", extent, expand_ints(in, 0, 1, &each));
    if (!extent) return false;
    extents_set(in, 0, to, extent);
    return true;
}

/* Dimensions that are copied keep their extents; of the others one may vary, and becomes part of
 * the one that is worked out. */
static bool reshape_extents(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int count = 0, free = -1, copied = 0, varying = -1;
    int64_t given;
    const int64_t *shape =
        n->version < 5 ? attr_ints(n, "shape", &count) : infer_const_ints(in, 1, &given);
    if (!reshape_infer(in)) return false;
    if (n->version >= 5) count = (int)given;
    bool zero_copies = n->version < 14 || !attr_int(n, "allowzero");
    while (copied < count && shape[copied] == 0 && zero_copies) {
        extents_set(in, 0, copied, extents_at(x, copied));
        copied++;
    }
    for (int i = copied; i < count; i++)
        if (shape[i] == -1) free = i;
    for (int d = copied; d < x->rank; d++) {
        if (!extents_at(x, d)) continue;
        if (varying >= 0 || free < 0) return extents_refuse(in, x);
        varying = d;
    }
    return varying < 0 || regroup(in, varying, free);
}

static bool flatten_extents(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t axis = attr_int(in->node, "axis");
    int varying = -1;
    if (!flatten_infer(in)) return false;
    if (axis < 0) axis += x->rank;
    for (int d = 0; d < x->rank; d++) {
        if (!extents_at(x, d)) continue;
        if (varying >= 0) return extents_refuse(in, x);
        varying = d;
    }
    return regroup(in, varying, varying >= axis);
}

/* ---- Squeeze, Unsqueeze ---- */

/* The axes, an attribute before version 13 and an input since, as a mask of a tensor of `rank`.
 * *given is false when there are none. */
static bool read_axes(Infer *in, int rank, uint32_t *mask, bool *given)
{
    int attr_count = 0;
    int64_t count = 0;
    const int64_t *axes = NULL;
    if (in->node->version < 13) {
        axes = attr_ints(in->node, "axes", &attr_count);
        count = attr_count;
    } else if (node_input(in->node, 1)) {
        axes = infer_const_ints(in, 1, &count);
        if (!axes) return false;
    }
    *given = axes != NULL;
    *mask = 0;
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (!infer_axis(in, "axis", axes[i], rank, &axis)) return false;
        if (*mask & (1u << axis)) return infer_error(in, "E0204", "axis %d is given twice", axis);
        *mask |= 1u << axis;
    }
    return true;
}

static bool squeeze_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    uint32_t mask;
    bool given;
    if (!read_axes(in, x->rank, &mask, &given)) return false;
    int64_t dims[MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        bool drop = given ? mask >> i & 1 : x->dims[i] == 1;
        if (drop && x->dims[i] != 1)
            return infer_error(in, "E0201",
                               "dimension %d of %s is %lld; only dimensions of 1 can be squeezed",
                               i, tensor_type_text(in->graph->arena, x), (long long)x->dims[i]);
        if (!drop) dims[rank++] = x->dims[i];
    }
    return infer_output(in, 0, x->dtype, rank, dims);
}

/* The dimensions that are not of 1, in order. */
static bool squeeze_extents(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    uint32_t mask;
    bool given;
    if (!squeeze_infer(in) || !read_axes(in, x->rank, &mask, &given)) return false;
    for (int i = 0, to = 0; i < x->rank; i++) {
        bool drop = given ? mask >> i & 1 : x->dims[i] == 1;
        if (drop && extents_at(x, i)) return extents_refuse(in, x);
        if (!drop) extents_set(in, 0, to++, extents_at(x, i));
    }
    return true;
}

static bool unsqueeze_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int attr_count = 0;
    int64_t count;
    if (n->version < 13)
        attr_ints(n, "axes", &attr_count), count = attr_count;
    else if (!infer_const_ints(in, 1, &count))
        return false;
    if (count > MAX_RANK - x->rank)
        return infer_error(in, "E0203", "%d and %lld dimensions are more than the %d possible",
                           x->rank, (long long)count, MAX_RANK);
    uint32_t mask;
    bool given;
    int rank = x->rank + (int)count;
    if (!read_axes(in, rank, &mask, &given)) return false;
    int64_t dims[MAX_RANK];
    for (int i = 0, from = 0; i < rank; i++) dims[i] = mask >> i & 1 ? 1 : x->dims[from++];
    return infer_output(in, 0, x->dtype, rank, dims);
}

static bool unsqueeze_extents(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *out = node_output(in->node, 0);
    uint32_t mask;
    bool given;
    if (!unsqueeze_infer(in) || !out || !read_axes(in, out->rank, &mask, &given)) return false;
    for (int i = 0, from = 0; i < out->rank; i++)
        if (!(mask >> i & 1)) extents_set(in, 0, i, extents_at(x, from++));
    return true;
}

static const Slot flatten_inputs[] = {SLOT("input", TYPES_ALL, "T"), {0}},
                  outputs[] = {SLOT("output", TYPES_ALL, "T"), {0}};
static const Slot reshape_inputs[] = {
    SLOT("data", TYPES_ALL, "T"), SLOT("shape", TYPE(DT_I64), NULL, .since = 5), {0}};
static const Slot squeeze_inputs[] = {
    SLOT("data", TYPES_ALL, "T"),
    SLOT("axes", TYPE(DT_I64), NULL, .optional = true, .since = 13),
    {0}};
static const Slot unsqueeze_inputs[] = {
    SLOT("data", TYPES_ALL, "T"), SLOT("axes", TYPE(DT_I64), NULL, .since = 13), {0}};
static const AttrSpec reshape_attrs[] = {ATTR("allowzero", INT, .since = 14),
                                         ATTR("consumed_inputs", INTS, .until = 4),
                                         ATTR("shape", INTS, .until = 4),
                                         {0}};
static const AttrSpec flatten_attrs[] = {ATTR("axis", INT, .i = 1), {0}};
static const AttrSpec squeeze_attrs[] = {ATTR("axes", INTS, .until = 12), {0}};
static const AttrSpec unsqueeze_attrs[] = {ATTR("axes", INTS, .required = true, .until = 12), {0}};

const Op ops_reshape[] = {
    {.name = "Reshape",
     .doc = "The same elements in the same order under another shape; 0 copies a dimension, -1 is "
            "worked out.",
     .versions = (const int[]){1, 5, 13, 14, 19, 21, 23, 24, 25, 0},
     .inputs = reshape_inputs,
     .outputs = outputs,
     .attrs = reshape_attrs,
     .infer = reshape_infer,
     .extents = reshape_extents,
     .define = reshape_define,
     .gradient = gradient_reshaped,
     .examples = (const char *const[]){"Reshape(x: f32[2, 3, 4], i64[2] [4, -1])",
                                       "Reshape(x: f32[2, 3, 4], i64[2] [0, 12])", 0}},
    {.name = "Flatten",
     .doc = "A matrix: dimensions before `axis` become rows, the others columns.",
     .versions = (const int[]){1, 9, 11, 13, 21, 23, 24, 25, 0},
     .inputs = flatten_inputs,
     .outputs = outputs,
     .attrs = flatten_attrs,
     .infer = flatten_infer,
     .extents = flatten_extents,
     .define = reshape_define,
     .gradient = gradient_reshaped,
     .examples = (const char *const[]){"Flatten(x: f32[2, 3, 4, 5])",
                                       "Flatten(x: f32[2, 3, 4], axis: 2)", 0}},
    {.name = "Squeeze",
     .doc = "Drops dimensions of 1: those named, or all.",
     .versions = (const int[]){1, 11, 13, 21, 23, 24, 25, 0},
     .inputs = squeeze_inputs,
     .outputs = outputs,
     .attrs = squeeze_attrs,
     .infer = squeeze_infer,
     .extents = squeeze_extents,
     .define = reshape_define,
     .gradient = gradient_reshaped,
     .examples = (const char *const[]){"Squeeze(x: f32[1, 3, 1, 4])",
                                       "Squeeze(x: f32[1, 3, 1, 4], i64[1] [2])", 0}},
    {.name = "Unsqueeze",
     .doc = "Inserts dimensions of 1, at the places they have in the output.",
     .versions = (const int[]){1, 11, 13, 21, 23, 24, 25, 0},
     .inputs = unsqueeze_inputs,
     .outputs = outputs,
     .attrs = unsqueeze_attrs,
     .infer = unsqueeze_infer,
     .extents = unsqueeze_extents,
     .define = reshape_define,
     .gradient = gradient_reshaped,
     .examples = (const char *const[]){"Unsqueeze(x: f32[3, 4], i64[2] [0, 2])", 0}},
    {0}};
