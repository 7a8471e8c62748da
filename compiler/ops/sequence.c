/*
 * ReverseSequence: each sequence of a batch turned around over its own length; what is behind the
 * length stays.
 */
#include "op.h"

static bool reverse_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *lengths = n->inputs[1];
    int64_t time = attr_int(n, "time_axis"), batch = attr_int(n, "batch_axis");
    if (x->rank < 2 || time < 0 || time > 1 || batch != 1 - time)
        return infer_error(in, "E0306",
                           "time_axis and batch_axis must be 0 and 1 or 1 and 0, of %s",
                           tensor_type_text(in->graph->arena, x));
    if (lengths->rank != 1 || lengths->dims[0] != x->dims[batch])
        return infer_error(in, "E0201",
                           "the lengths are %s; one for each of %lld sequences is wanted",
                           tensor_type_text(in->graph->arena, lengths), (long long)x->dims[batch]);
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static void reverse_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    int time = (int)attr_int(d->node, "time_axis");
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *t = index[time];
    Expr *length = ex_cast(p, DT_I64, ex_load(p, d->node->inputs[1], &index[1 - time]));
    length = ex_min(p, length, ex_int(p, x->dims[time]));
    Expr *turned = ex_sub(p, ex_sub(p, length, ex_int(p, 1)), t);
    index[time] = ex_select(p, ex_lt(p, t, length), turned, t);
    define_tensor(d, out, vars, ex_load(p, x, index));
}

static const Slot inputs[] = {
    SLOT("input", TYPES_ALL, "T"), SLOT("sequence_lens", TYPE(DT_I64), NULL), {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_ALL, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("batch_axis", INT, .i = 1), ATTR("time_axis", INT), {0}};

const Op ops_sequence[] = {
    {.name = "ReverseSequence",
     .doc = "Each sequence of a batch turned around over its own length.",
     .versions = (const int[]){10, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = reverse_infer,
     .define = reverse_define,
     .examples = (const char *const[]){"ReverseSequence(x: f32[4, 3], i64[3] [4, 2, 1])", 0}},
    {0}};
