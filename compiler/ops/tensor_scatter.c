/*
 * TensorScatter: an update written into a cache from an index on, which each sample of the batch
 * has for itself; in circular mode what reaches the end goes on at the start.
 */
#include "op.h"

/* The axis of the sequence, which is not the batch's. */
static bool sequence_axis(Infer *in, int *axis)
{
    const Tensor *cache = in->node->inputs[0];
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), cache->rank, axis)) return false;
    return *axis > 0 ||
           infer_error(in, "E0306", "axis 0 is the batch's; the sequence needs another");
}

static bool is_circular(const Node *n) { return strcmp(attr_text(n, "mode"), "circular") == 0; }

static bool scatter_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *cache = n->inputs[0], *update = n->inputs[1], *starts = node_input(n, 2);
    int axis;
    if (!sequence_axis(in, &axis)) return false;
    if (!is_circular(n) && strcmp(attr_text(n, "mode"), "linear"))
        return infer_error(in, "E0306", "mode is '%s'; it must be linear or circular",
                           attr_text(n, "mode"));
    bool fits = update->rank == cache->rank;
    for (int i = 0; fits && i < cache->rank; i++)
        fits = i == axis ? update->dims[i] <= cache->dims[i] : update->dims[i] == cache->dims[i];
    if (!fits)
        return infer_error(
            in, "E0201", "the update %s does not fit the cache %s: no longer, else the same",
            tensor_type_text(in->graph->arena, update), tensor_type_text(in->graph->arena, cache));
    if (starts && (starts->rank != 1 || starts->dims[0] != cache->dims[0]))
        return infer_error(in, "E0201",
                           "write_indices are %s; one for each of %lld samples is wanted",
                           tensor_type_text(in->graph->arena, starts), (long long)cache->dims[0]);
    return infer_output(in, 0, cache->dtype, cache->rank, cache->dims);
}

static void scatter_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *cache = n->inputs[0], *update = n->inputs[1], *starts = node_input(n, 2),
           *out = n->outputs[0];
    Pool *p = d->pool;
    Infer in = infer_again(d);
    int axis;
    bool accepted = sequence_axis(&in, &axis);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *old = ex_load(p, cache, index),
         *at = index[axis];
    if (starts) at = ex_sub(p, at, ex_load(p, starts, index));
    if (is_circular(n)) at = ex_floormod(p, at, ex_int(p, max64(cache->dims[axis], 1)));
    index[axis] = at;
    Expr *inside = ex_within(p, at, 0, update->dims[axis]);
    define_tensor(d, out, vars, ex_select(p, inside, ex_load(p, update, index), old));
}

static const Slot inputs[] = {SLOT("past_cache", TYPES_ALL, "T"),
                              SLOT("update", TYPES_ALL, "T"),
                              SLOT("write_indices", TYPE(DT_I64), NULL, .optional = true),
                              {0}};
static const Slot outputs[] = {SLOT("present_cache", TYPES_ALL, "T"), {0}};
static const AttrSpec attrs[] = {
    ATTR("axis", INT, .i = -2), ATTR("mode", STRING, .s = "linear"), {0}};

const Op ops_tensor_scatter[] = {
    {.name = "TensorScatter",
     .doc = "A cache with an update written into it from an index on, one for each sample.",
     .versions = (const int[]){24, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = scatter_infer,
     .define = scatter_define,
     .examples =
         (const char *const[]){
             "TensorScatter@24(c: f32[2, 1, 4, 3], u: f32[2, 1, 2, 3], i64[2] [1, 2])",
             "TensorScatter@24(c: f32[2, 1, 4, 3], u: f32[2, 1, 2, 3], i64[2] [3, 1], mode: "
             "\"circular\")",
             0}},
    {0}};
