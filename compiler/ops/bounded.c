/*
 * Operators of netc's own, which infer puts beside those of a network whose shapes depend on data
 * (extents.h): the elements outside the extents replaced, and all within them side by side.
 */
#include "extents.h"
#include "row.h"

/* One extent for each of the axes, which are dimensions of the first input. */
static bool check_extents(Infer *in)
{
    const Node *n = in->node;
    int count;
    const int64_t *axes = attr_ints(n, "axes", &count);
    if (count != n->input_count - 1)
        return infer_error(in, "E0305", "%d axes are named, but %d extents given", count,
                           n->input_count - 1);
    for (int i = 0; i < count; i++) {
        const Tensor *extent = n->inputs[i + 1];
        int axis;
        if (!infer_axis(in, "axes", axes[i], n->inputs[0]->rank, &axis)) return false;
        if (axes[i] < 0 || !extent || extent->rank != 0)
            return infer_error(in, "E0203", "an extent is one number for an axis from 0 on");
    }
    return true;
}

/* The extent given for dimension d; NULL: none. */
static Tensor *given_extent(const Node *n, int d)
{
    int count;
    const int64_t *axes = attr_ints(n, "axes", &count);
    for (int i = 0; i < count; i++)
        if (axes[i] == d) return n->inputs[i + 1];
    return NULL;
}

/* Loaded, and within 0 and the bound whatever it holds. */
static Expr *load_extent(Definer *d, Tensor *extent, int64_t bound)
{
    Expr *value = ex_load(d->pool, extent, NULL);
    return ex_min(d->pool, ex_max(d->pool, value, ex_int(d->pool, 0)), ex_int(d->pool, bound));
}

/* ---- Fill ---- */

static bool read_reduction(const Node *n, ReduceOp *op)
{
    for (int k = 0; k < RE_COUNT; k++)
        if (strcmp(reduce_name((ReduceOp)k), attr_text(n, "with")) == 0) {
            *op = (ReduceOp)k;
            return true;
        }
    return false;
}

static bool infer_fill(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    ReduceOp op;
    if (!read_reduction(in->node, &op))
        return infer_error(in, "E0306", "there is no reduction \"%s\"",
                           attr_text(in->node, "with"));
    return check_extents(in) && infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static bool extents_of_fill(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    if (!infer_fill(in)) return false;
    for (int d = 0; d < x->rank; d++)
        extents_set(in, 0, d, given_extent(in->node, d) ? NULL : extents_at(x, d));
    return true;
}

static void define_fill(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = n->outputs[0];
    ReduceOp op = RE_SUM;
    read_reduction(n, &op);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *body = define_load(d, x, index);
    for (int k = 0; k < x->rank; k++) {
        Tensor *extent = given_extent(n, k);
        if (!extent) continue;
        Expr *inside = ex_lt(d->pool, index[k], load_extent(d, extent, x->dims[k]));
        body = ex_select(d->pool, inside, body, ex_identity(d->pool, op, body->dtype));
    }
    define_rounded(d, out, vars, body);
}

/* ---- Crop ---- */

static bool infer_crop(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    if (!check_extents(in) || !infer_output(in, 0, x->dtype, x->rank, x->dims)) return false;
    for (int d = 0; d < x->rank; d++) {
        Tensor *extent = given_extent(in->node, d);
        extents_set(in, 0, d, extent ? extent : extents_at(x, d));
    }
    return true;
}

static void define_crop(Definer *d)
{
    Tensor *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    define_tensor(d, out, vars, ex_load(d->pool, d->node->inputs[0], index));
}

/* ---- Wrap ---- */

static bool infer_wrap(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *extent = in->node->inputs[1];
    if (extent->rank != 0)
        return infer_error(in, "E0203", "the extent must be one number, it is %s",
                           tensor_type_text(in->graph->arena, extent));
    return infer_output(in, 0, DT_I64, x->rank, x->dims);
}

static void define_wrapped(Definer *d)
{
    Tensor *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *i = ex_load(d->pool, d->node->inputs[0], define_index_exprs(d, vars, out->rank));
    i = ex_cast(d->pool, DT_I64, i);
    Expr *from_end = ex_add(d->pool, i, ex_load(d->pool, d->node->inputs[1], NULL));
    define_tensor(d, out, vars,
                  ex_select(d->pool, ex_lt(d->pool, i, ex_int(d->pool, 0)), from_end, i));
}

/* ---- Pack ---- */

static bool infer_pack(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t rank = x->rank;
    return check_extents(in) && infer_output(in, 0, x->dtype, x->rank, x->dims) &&
           infer_output(in, 1, DT_I64, 1, &rank);
}

static void define_pack(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0];
    int64_t rank = x->rank;
    Tensor *shape = define_target(d, 1, "shape", DT_I64, 1, &rank);
    Var **vars = define_indices(d, 1, &rank);
    Expr *at = ex_var(d->pool, vars[0]), *body = ex_int(d->pool, 0);
    for (int k = 0; k < x->rank; k++) {
        Tensor *extent = given_extent(n, k);
        Expr *size = extent ? load_extent(d, extent, x->dims[k]) : ex_int(d->pool, x->dims[k]);
        body = ex_select(d->pool, ex_binary(d->pool, BI_EQ, at, ex_int(d->pool, k)), size, body);
    }
    define_tensor(d, shape, vars, body);
    Tensor *dims = define_constant(d, "bounds", DT_I64, 1, &rank, x->dims);
    define_call(d, "netc_pack", CALL_TENSORS(x, shape, dims),
                CALL_TENSORS(define_target(d, 0, "packed", x->dtype, x->rank, x->dims)),
                CALL_NUMBERS(rank, (int64_t)dtype_bytes(x->dtype, 1)));
}

const Op ops_bounded[] = {
    {.name = "Crop",
     .domain = "netc",
     .doc = "As much of a tensor along some axes as numbers say that a run computes.",
     VERSIONS(1),
     INPUTS(SLOT("x", ANY_2BIT, "T"), SLOT("extents", TYPE(DT_I64), NULL, .variadic = true)),
     OUTPUTS(SLOT("y", ANY_2BIT, "T")),
     ATTRS(ATTR("axes", INTS, .required = true)),
     .infer = infer_crop,
     .extents = infer_crop,
     .define = define_crop,
     EXAMPLES("\"netc\"::Crop(x: f32[3, 4], i64[] 2, axes: [1])")},
    {.name = "Fill",
     .domain = "netc",
     .doc = "The identity of a reduction in place of what lies outside a run-time shape.",
     VERSIONS(1),
     INPUTS(SLOT("x", ANY_2BIT, "T"),
            SLOT("extents", TYPE(DT_I64), NULL, .optional = true, .variadic = true)),
     OUTPUTS(SLOT("y", ANY_2BIT, "T")),
     ATTRS(ATTR("axes", INTS, .required = true), ATTR("with", STRING, .required = true)),
     .infer = infer_fill,
     .extents = extents_of_fill,
     .define = define_fill,
     EXAMPLES("\"netc\"::Fill(x: f32[3, 4], n: i64[], axes: [1], with: \"max\")",
              "\"netc\"::Fill(x: i32[3, 4], n: i64[], m: i64[], axes: [0, 1], with: \"sum\")")},
    {.name = "Pack",
     .domain = "netc",
     .doc = "The elements within a run-time shape side by side, zeros behind them, and that shape.",
     VERSIONS(1),
     INPUTS(SLOT("x", ANY_8BIT | STRINGS, "T"),
            SLOT("extents", TYPE(DT_I64), NULL, .optional = true, .variadic = true)),
     OUTPUTS(SLOT("y", ANY_8BIT | STRINGS, "T"),
             SLOT("shape", TYPE(DT_I64), NULL, .optional = true)),
     ATTRS(ATTR("axes", INTS, .required = true)),
     .infer = infer_pack,
     .extents = infer_pack,
     .define = define_pack,
     EXAMPLES("y, shape = \"netc\"::Pack(x: f32[3, 4], n: i64[], axes: [1])",
              "\"netc\"::Pack(x: u8[2, 3, 2], n: i64[], m: i64[], axes: [0, 1])")},
    {.name = "Wrap",
     .domain = "netc",
     .doc = "Indices of which negative ones count from the end of so many.",
     VERSIONS(1),
     INPUTS(SLOT("indices", TYPES_INDEX, NULL), SLOT("extent", TYPE(DT_I64), NULL)),
     OUTPUTS(SLOT("y", TYPE(DT_I64), NULL)),
     .infer = infer_wrap,
     .extents = extents_as_first,
     .define = define_wrapped,
     EXAMPLES("\"netc\"::Wrap(i: i32[5], n: i64[])")},
    {0},
};
