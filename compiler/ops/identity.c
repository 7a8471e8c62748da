/*
 * Operators that hand their input on: Identity, and Dropout, unless it trains.
 */
#include "extents.h"
#include "expand.h"
#include "gradient.h"
#include "random.h"
#include "row.h"

static bool infer_identity(Infer *in)
{
    Tensor *x = in->node->inputs[0];
    if (x->expansion) return expand_bind(in, 0, x);
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static void define_identity(Definer *d)
{
    Tensor *x = d->node->inputs[0];
    Var **vars = define_indices(d, x->rank, x->dims);
    define_tensor(d, node_output(d->node, 0), vars,
                  ex_load(d->pool, x, define_index_exprs(d, vars, x->rank)));
}

/* ---- Dropout ---- */

/* It is not known that nothing is dropped. */
static bool may_drop(const Node *n)
{
    const Tensor *ratio = node_input(n, 1), *training = node_input(n, 2);
    if (!training || (training->data && !dtype_get_int(DT_BOOL, training->data, 0))) return false;
    return !ratio || !ratio->data || dtype_get_double(ratio->dtype, ratio->data, 0) != 0;
}

static bool infer_dropout(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    Dtype mask = n->version < 10 ? x->dtype : DT_BOOL;
    for (int i = 1; i < n->input_count; i++)
        if (n->inputs[i] && tensor_elements(n->inputs[i]) != 1)
            return infer_error(in, "E0203", "the %s must be one number, it is %s",
                               op_input(n->op, n->version, i)->name,
                               tensor_type_text(in->graph->arena, n->inputs[i]));
    if (may_drop(n)) random_mark(in);
    return infer_output(in, 0, x->dtype, x->rank, x->dims) &&
           infer_output(in, 1, mask, x->rank, x->dims);
}

/* Until opset 11 the operator is at inference (is_test only says so), since 12 it trains when its
 * third input is true. */
static Expr *is_training(Definer *d)
{
    Expr *zero[MAX_RANK];
    Tensor *training = node_input(d->node, 2);
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(d->pool, 0);
    if (!training) return ex_int_of(d->pool, DT_BOOL, 0);
    if (!training->data) return ex_load(d->pool, training, zero);
    return ex_int_of(d->pool, DT_BOOL, dtype_get_int(DT_BOOL, training->data, 0));
}

static Expr *dropped_ratio(Definer *d, Dtype dtype)
{
    Expr *zero[MAX_RANK];
    Tensor *ratio = node_input(d->node, 1);
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(d->pool, 0);
    if (!ratio) return ex_const(d->pool, dtype, 0.5);
    if (ratio->data)
        return ex_const(d->pool, dtype, dtype_get_double(ratio->dtype, ratio->data, 0));
    return ex_cast(d->pool, dtype, define_load(d, ratio, zero));
}

/* In training an element is kept with the probability 1 - ratio, and divided by it. */
static void define_dropout(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0), *mask = node_output(d->node, 1);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *value = define_load(d, x, index);
    Expr *position = define_flatten(p, x->rank, x->dims, index), *training = is_training(d);
    Expr *ratio = dropped_ratio(d, value->dtype), *one = like(p, value, 1);
    Expr *drawn = random_uniform(p, random_key(d->node), value->dtype, position);
    Expr *kept = ex_select(p, training, ex_le(p, ratio, drawn), ex_int_of(p, DT_BOOL, 1));
    Expr *scale = ex_select(p, training, ex_div(p, one, ex_sub(p, one, ratio)), one);
    if (out)
        define_rounded(d, out, vars,
                       ex_select(p, kept, ex_mul(p, value, scale), like(p, value, 0)));
    if (mask) define_rounded(d, mask, vars, ex_cast(p, define_wide(mask->dtype), kept));
}

const Op ops_identity[] = {
    {.name = "Dropout",
     .doc = "The input as it is; in training, without elements that are drawn at random.",
     VERSIONS(1, 6, 7, 10, 12, 13, 22),
     INPUTS(SLOT("data", FLOATS_NO_BF16, "T", .until = 12),
            SLOT("data", TYPES_FLOAT, "T", .since = 13, .until = 21),
            SLOT("data", TYPES_FLOAT | FLOATS_8BIT, "T", .since = 22),
            SLOT("ratio", TYPES_FLOAT | FLOATS_8BIT, "T1", .optional = true, .since = 12),
            SLOT("training_mode", BOOLS, "T2", .optional = true, .since = 12)),
     OUTPUTS(SLOT("output", TYPES_FLOAT | FLOATS_8BIT, "T"),
             SLOT("mask", FLOATS_NO_BF16, "T", .optional = true, .until = 9),
             SLOT("mask", BOOLS, "T2", .optional = true, .since = 10)),
     ATTRS(ATTR("is_test", INT, .until = 6), ATTR("ratio", FLOAT, .f = 0.5, .until = 11),
           ATTR("seed", INT, .since = 12), CONSUMED_INPUTS),
     .infer = infer_dropout,
     .extents = extents_as_first,
     .define = define_dropout,
     EXAMPLES("Dropout(x: f32[2, 3])", "Dropout(x: f32[2, 3], f32[] 0.25)",
              "y, m = Dropout(x: f32[4, 5], f32[] 0.25, bool[] true, seed: 3)",
              "y, m = Dropout(x: f16[4, 5], r: f32[], t: bool[], seed: 3)")},
    {.name = "Identity",
     .doc = "The input as it is.",
     VERSIONS(1, 13, 14, 16, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("input", STRINGS, "V", .kinds = TAKES_ANY)),
     OUTPUTS(ANY_SLOTS("output", STRINGS, "V")),
     .infer = infer_identity,
     .extents = extents_as_first,
     .define = define_identity,
     .gradient = gradient_reshaped,
     EXAMPLES("Identity(x: f32[2, 3])", "Identity(x: bool[4])", "Identity(x: string[4])")},
    {0},
};
