/*
 * Concat and Split: tensors side by side along one axis, and the parts again. Both only shift that
 * axis' index; Concat selects by it which input is read.
 */
#include "expand.h"
#include "extents.h"
#include "gradient.h"
#include "op.h"

static bool concat_check(Infer *in, const Tensor *first, const Tensor *t, int axis)
{
    Arena *arena = in->graph->arena;
    bool fits = t->rank == first->rank;
    for (int i = 0; fits && i < t->rank; i++) fits = i == axis || t->dims[i] == first->dims[i];
    if (fits) return true;
    infer_error(in, "E0201", "cannot concatenate %s and %s along axis %d",
                tensor_type_text(arena, first), tensor_type_text(arena, t), axis);
    diag_note(infer_last_error(in), "'%s' and '%s' must agree in every dimension but %d",
              first->name, t->name, axis);
    return false;
}

static bool concat_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *first = n->inputs[0];
    int axis;
    int64_t dims[MAX_RANK];
    if (!infer_axis(in, "axis", attr_int(n, "axis"), first->rank, &axis)) return false;
    memcpy(dims, first->dims, (size_t)first->rank * sizeof *dims);
    for (int i = 1; i < n->input_count; i++) {
        if (!n->inputs[i]) return infer_error(in, "E0305", "input %d is missing", i);
        if (!concat_check(in, first, n->inputs[i], axis)) return false;
        if (!checked_add(dims[axis], n->inputs[i]->dims[axis], &dims[axis]))
            return infer_error(in, "E0205", "the sum of the dimensions along axis %d is too large",
                               axis);
    }
    return infer_output(in, 0, first->dtype, first->rank, dims);
}

/* Where the elements of a concatenation of bounds lie once each piece ends at its extent, and how
 * many there are. */
static Tensor *joined_positions(Infer *in, int axis, int64_t bound, Tensor **count)
{
    const Node *n = in->node;
    int64_t first = n->inputs[0]->dims[axis];
    int64_t *all = NEW_ARRAY(in->graph->arena, int64_t, bound);
    for (int64_t i = 0; i < bound; i++) all[i] = i;
    Tensor *here = expand_ints(in, 1, bound, all), *at = here;
    *count = extents_size(in, n->inputs[0], axis);
    for (int k = 1; k < n->input_count && at && *count; k++) {
        Node *choice = expand_node(in, "Where", 3);
        Tensor *inside = extents_binary(in, "Sub", here, *count);
        choice->inputs[0] = extents_binary(in, "Less", here, *count);
        choice->inputs[1] = at;
        choice->inputs[2] = extents_binary(in, "Add", inside, expand_ints(in, 0, 1, &first));
        at = expand_done(in, choice);
        *count = extents_binary(in, "Add", *count, extents_size(in, n->inputs[k], axis));
        first += n->inputs[k]->dims[axis];
    }
    return *count ? at : NULL;
}

/* Along an axis that varies: the bounds side by side, then the gaps closed. */
static bool concat_closing(Infer *in, int axis)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    const Tensor *out = n->outputs[0];
    Tensor *count, **filled = NEW_ARRAY(arena, Tensor *, n->input_count);
    bool axes[MAX_RANK] = {[0] = false};
    axes[axis] = true;
    for (int i = 0; i < n->input_count; i++)
        if (!(filled[i] = extents_fill(in, n->inputs[i], axes, RE_SUM))) return false;
    Tensor *whole = expand_concat(in, filled, n->input_count, axis);
    Tensor *positions = joined_positions(in, axis, out->dims[axis], &count);
    if (!whole || !positions) return false;
    Node *gather = expand_node(in, "Gather", 2);
    gather->inputs[0] = whole, gather->inputs[1] = positions;
    node_add_attr(in->graph, gather, "axis", ATTR_INT)->i = axis;
    Tensor *joined = extents_crop(in, expand_done(in, gather), axis, count);
    return joined && expand_bind(in, 0, joined);
}

static bool concat_extents(Infer *in)
{
    const Node *n = in->node;
    const Tensor *first = n->inputs[0];
    bool along = false;
    if (!concat_infer(in)) return false;
    int axis = attr_axis(n, first->rank);
    for (int i = 0; i < n->input_count; i++) {
        along |= extents_at(n->inputs[i], axis) != NULL;
        for (int d = 0; d < first->rank; d++)
            if (d != axis && extents_at(n->inputs[i], d) != extents_at(first, d))
                return extents_refuse(in, extents_varying(n));
    }
    if (along) return concat_closing(in, axis);
    extents_copy(in, 0, first);
    return true;
}

/* Nested from the last input to the first: i < end of input 0 ? input 0 : i < end of input 1 ? ...
 */
static void concat_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *out = n->outputs[0];
    Pool *p = d->pool;
    int axis = attr_axis(n, out->rank);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *along = index[axis], *body = NULL;
    int64_t end = out->dims[axis];
    for (int i = n->input_count - 1; i >= 0; i--) {
        Tensor *t = n->inputs[i];
        int64_t start = end - t->dims[axis];
        if (start < end) {
            index[axis] = ex_add(p, along, ex_int(p, -start));
            Expr *load = ex_load(p, t, index);
            body = body ? ex_select(p, ex_lt(p, along, ex_int(p, end)), load, body) : load;
        }
        end = start;
    }
    define_tensor(d, out, vars, body ? body : ex_load(p, n->inputs[0], index));
}

/* ---- Split ---- */

/* Equal parts, the last one smaller if need be (since version 18); before, they had to divide the
 * dimension. */
static bool split_evenly(Infer *in, int64_t extent, int64_t *sizes)
{
    int count = in->node->output_count;
    int64_t size = ceil_div(extent, count);
    bool uneven = extent % count != 0;
    if (uneven && (in->node->version < 18 || extent - size * (count - 1) <= 0))
        return infer_error(in, "E0201", "a dimension of %lld cannot be split into %d parts%s",
                           (long long)extent, count, in->node->version < 18 ? " of one size" : "");
    for (int i = 0; i < count; i++) sizes[i] = i < count - 1 ? size : extent - size * (count - 1);
    return true;
}

/* The sizes of the parts: an attribute, an input (version 1 and since 13), num_outputs (since 18)
 * or neither. */
static bool split_sizes(Infer *in, int64_t extent, int64_t *sizes)
{
    const Node *n = in->node;
    int attr_count = 0;
    int64_t count = 0, sum = 0;
    const int64_t *given = NULL;
    if (node_input(n, 1)) {
        given = infer_const_ints(in, 1, &count);
        if (!given) return false;
    } else if (n->version < 13) {
        given = attr_ints(n, "split", &attr_count);
        count = attr_count;
    }
    if (n->version >= 18 && attr_given(n, "num_outputs") &&
        attr_int(n, "num_outputs") != n->output_count)
        return infer_error(in, "E0305", "num_outputs is %lld, but the number of outputs is %d",
                           (long long)attr_int(n, "num_outputs"), n->output_count);
    if (!given || !count) return split_evenly(in, extent, sizes);
    if (count != n->output_count)
        return infer_error(in, "E0305", "split gives %lld sizes, but the number of outputs is %d",
                           (long long)count, n->output_count);
    for (int i = 0; i < count; i++) {
        sizes[i] = given[i];
        if (given[i] < 0 || !checked_add(sum, given[i], &sum))
            return infer_error(in, "E0306", "part %d of the split has size %lld", i,
                               (long long)given[i]);
    }
    if (sum == extent) return true;
    return infer_error(in, "E0201", "the parts sum to %lld, but the dimension to split is %lld",
                       (long long)sum, (long long)extent);
}

static bool split_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(n, "axis"), x->rank, &axis)) return false;
    if (n->output_count == 0) return true;
    int64_t dims[MAX_RANK], *sizes = NEW_ARRAY(in->graph->arena, int64_t, n->output_count);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    if (!split_sizes(in, x->dims[axis], sizes)) return false;
    for (int i = 0; i < n->output_count; i++) {
        dims[axis] = sizes[i];
        if (!infer_output(in, i, x->dtype, x->rank, dims)) return false;
    }
    return true;
}

static void split_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0];
    Infer in = infer_again(d);
    int axis = attr_axis(n, x->rank);
    int64_t start = 0, *sizes = NEW_ARRAY(d->graph->arena, int64_t, n->output_count);
    bool accepted = split_sizes(&in, x->dims[axis], sizes);
    assert(accepted);
    for (int i = 0; i < n->output_count; start += sizes[i++]) {
        Tensor *out = n->outputs[i];
        if (!out) continue;
        Var **vars = define_indices(d, out->rank, out->dims);
        Expr **index = define_index_exprs(d, vars, out->rank);
        index[axis] = ex_add(d->pool, index[axis], ex_int(d->pool, start));
        define_tensor(d, out, vars, ex_load(d->pool, x, index));
    }
}

/* ---- gradients ---- */

static bool concat_gradient(Gradient *g)
{
    const Node *n = g->node;
    int axis = attr_axis(n, n->outputs[0]->rank);
    int64_t from = 0;
    for (int i = 0; i < n->input_count; from += n->inputs[i++]->dims[axis]) {
        int64_t to = from + n->inputs[i]->dims[axis];
        if (g->wanted[i] && !(g->dx[i] = expand_take(g->in, g->dy[0], axis, from, to, false)))
            return false;
    }
    return true;
}

static bool split_gradient(Gradient *g)
{
    const Node *n = g->node;
    int axis = attr_axis(n, n->inputs[0]->rank);
    Tensor **parts = NEW_ARRAY(g->in->graph->arena, Tensor *, n->output_count);
    for (int i = 0; i < n->output_count; i++) {
        if (!n->outputs[i]) return gradient_refuse(g, "one of its parts is not used");
        parts[i] = g->dy[i] ? g->dy[i] : gradient_zeros(g, n->outputs[i]);
        if (!parts[i]) return false;
    }
    return (g->dx[0] = expand_concat(g->in, parts, n->output_count, axis)) != NULL;
}

static const Slot concat_inputs[] = {SLOT("inputs", TYPES_ALL, "T", .variadic = true), {0}};
static const Slot concat_outputs[] = {SLOT("concat_result", TYPES_ALL, "T"), {0}};
static const AttrSpec concat_attrs[] = {
    ATTR("axis", INT, .i = 1, .until = 3), ATTR("axis", INT, .required = true, .since = 4), {0}};
static const Slot split_inputs[] = {
    SLOT("input", TYPES_ALL, "T"),
    SLOT("split", TYPES_ALL, NULL, .optional = true, .until = 1),
    SLOT("split", TYPE(DT_I64), NULL, .optional = true, .since = 13),
    {0}};
static const Slot split_outputs[] = {SLOT("outputs", TYPES_ALL, "T", .variadic = true), {0}};
static const AttrSpec split_attrs[] = {ATTR("axis", INT),
                                       ATTR("num_outputs", INT, .since = 18),
                                       ATTR("split", INTS, .until = 12),
                                       {0}};

const Op ops_concat[] = {
    {.name = "Concat",
     .doc = "Tensors side by side along `axis`; they agree in every other dimension.",
     .versions = (const int[]){1, 4, 11, 13, 0},
     .inputs = concat_inputs,
     .outputs = concat_outputs,
     .attrs = concat_attrs,
     .infer = concat_infer,
     .extents = concat_extents,
     .define = concat_define,
     .gradient = concat_gradient,
     .examples =
         (const char *const[]){"Concat(x: f32[2, 3], y: f32[2, 4], axis: 1)",
                               "Concat(x: f32[2, 3], y: f32[1, 3], z: f32[3, 3], axis: -2)", 0}},
    {.name = "Split",
     .doc = "Cuts a tensor along `axis` into parts of the given sizes, or of one size.",
     .versions = (const int[]){1, 2, 11, 13, 18, 0},
     .inputs = split_inputs,
     .outputs = split_outputs,
     .attrs = split_attrs,
     .infer = split_infer,
     .define = split_define,
     .gradient = split_gradient,
     .examples = (const char *const[]){"a, b = Split(x: f32[6, 2], i64[2] [2, 4])", 0}},
    {0}};
