/*
 * Operators that hand their input on: Identity, and Dropout as it is at inference.
 */
#include "expand.h"
#include "known.h"
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

/* Whether elements would be dropped at random. Until opset 11 the operator is at inference (is_test
 * only says so), since 12 it trains when its third input is true and the ratio is not 0. */
static bool check_inference(Infer *in)
{
    if (!node_input(in->node, 2)) return true;
    const Tensor *training = known_number(in, 2);
    if (!training) return false;
    if (!dtype_get_int(training->dtype, training->data, 0)) return true;
    const Tensor *ratio = node_input(in->node, 1);
    if (ratio && !(ratio = known_number(in, 1))) return false;
    if (ratio && dtype_get_double(ratio->dtype, ratio->data, 0) == 0) return true;
    return infer_error(in, "E0306", "training_mode is set: elements would be dropped at random");
}

static bool infer_dropout(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    Dtype mask = n->version < 10 ? x->dtype : DT_BOOL;
    return check_inference(in) && infer_output(in, 0, x->dtype, x->rank, x->dims) &&
           infer_output(in, 1, mask, x->rank, x->dims);
}

/* The mask says that every element is kept. */
static void define_dropout(Definer *d)
{
    define_identity(d);
    Tensor *mask = node_output(d->node, 1);
    if (!mask) return;
    Var **vars = define_indices(d, mask->rank, mask->dims);
    define_rounded(d, mask, vars,
                   ex_cast(d->pool, define_wide(mask->dtype), ex_int_of(d->pool, DT_BOOL, 1)));
}

const Op ops_identity[] = {
    {.name = "Dropout",
     .doc = "The input as it is: elements are dropped in training only.",
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
     .define = define_dropout,
     EXAMPLES("Dropout(x: f32[2, 3])", "Dropout(x: f32[2, 3], f32[] 0.25)")},
    {.name = "Identity",
     .doc = "The input as it is.",
     VERSIONS(1, 13, 14, 16, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("input", STRINGS, "V", .kinds = TAKES_ANY)),
     OUTPUTS(ANY_SLOTS("output", STRINGS, "V")),
     .infer = infer_identity,
     .define = define_identity,
     EXAMPLES("Identity(x: f32[2, 3])", "Identity(x: bool[4])", "Identity(x: string[4])")},
    {0},
};
