/*
 * Conversion of element types: Cast to a named type, CastLike to another tensor's, BitCast of the
 * bits. Strings become numbers and numbers strings through the runtime.
 */
#include "extents.h"
#include "gradient.h"
#include "known.h"
#include "number_text.h"
#include "quantize.h"
#include "row.h"

#include <strings.h>

static bool saturates(const Node *n)
{
    return !op_attr(n->op, n->version, "saturate") || attr_int(n, "saturate");
}

/* f8e8m0 holds powers of two only; x is rounded to the one above, below or nearest. */
static Expr *round_to_power(Pool *p, Expr *x, const char *mode)
{
    Expr *nearest = ex_cast(p, x->dtype, ex_cast(p, DT_F8E8M0, x));
    if (strcmp(mode, "up") == 0)
        return ex_select(p, ex_lt(p, nearest, x), ex_mul(p, nearest, like(p, x, 2)), nearest);
    if (strcmp(mode, "down") == 0)
        return ex_select(p, ex_lt(p, x, nearest), ex_mul(p, nearest, like(p, x, 0.5)), nearest);
    return nearest;
}

ELEMENT(cast)
{
    Dtype to = n->outputs[0]->dtype;
    if (!quantize_largest(to)) return ex_cast(p, to, x[0]);
    Expr *v = dtype_is_float(x[0]->dtype) ? x[0] : ex_cast(p, DT_F32, x[0]);
    if (saturates(n) || to == DT_F4E2M1) v = quantize_saturated(p, v, to);
    return to == DT_F8E8M0 ? round_to_power(p, v, attr_text(n, "round_mode")) : v;
}

/* `source` says where the number of the target type came from. */
static bool infer_to(Infer *in, const char *source, int64_t to)
{
    const Node *n = in->node;
    const char *mode = op_attr(n->op, n->version, "round_mode") ? attr_text(n, "round_mode") : "up";
    if (strcmp(mode, "up") && strcmp(mode, "down") && strcmp(mode, "nearest"))
        return infer_error(in, "E0306", "round_mode is \"up\", \"down\" or \"nearest\", not \"%s\"",
                           mode);
    Dtype dtype = known_type(in, source, to);
    return dtype != DT_NONE && number_text_infer(in, dtype) &&
           infer_output(in, 0, dtype, n->inputs[0]->rank, n->inputs[0]->dims);
}

/* Before opset 6 the type was ONNX's name of it, in capitals. */
static int64_t type_by_onnx_name(const char *name)
{
    for (int t = 1; t < DT_COUNT; t++)
        if (strcasecmp(dtype_info((Dtype)t)->onnx, name) == 0) return t;
    return DT_NONE;
}

static bool infer_cast(Infer *in)
{
    const Node *n = in->node;
    if (n->version >= 6) return infer_to(in, "to", attr_int(n, "to"));
    const char *name = attr_text(n, "to");
    int64_t to = type_by_onnx_name(name);
    if (to == DT_NONE)
        return infer_error(in, "E0306", "\"%s\" is not the name of an element type", name);
    return infer_to(in, "to", to);
}

static bool infer_cast_like(Infer *in)
{
    return infer_to(in, "the target type", in->node->inputs[1]->dtype);
}

/* The second input's shape is nothing to it. */
static bool extents_of_cast_like(Infer *in)
{
    if (!infer_cast_like(in)) return false;
    extents_copy(in, 0, in->node->inputs[0]);
    return true;
}

/* One input only: CastLike's second is looked at for its type. */
static void define_cast(Definer *d)
{
    const Node *n = d->node;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    Tensor *from = n->inputs[0];
    if (out->dtype == DT_STRING && from->dtype != DT_STRING) {
        number_text_write(d, from, out);
        return;
    }
    if (from->dtype == DT_STRING && out->dtype != DT_STRING)
        from = number_text_read(d, from, out->dtype);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *x = define_load(d, from, define_index_exprs(d, vars, out->rank));
    define_rounded(d, out, vars, cast(d->pool, n, &x, 1));
}

static bool infer_bitcast(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    Dtype to = known_type(in, "to", attr_int(n, "to"));
    if (to == DT_NONE) return false;
    if (dtype_info(to)->bits != dtype_info(x->dtype)->bits)
        return infer_error(in, "E0202", "the bits of %s are no %s: they are %d, not %d",
                           dtype_name(x->dtype), dtype_name(to), dtype_info(x->dtype)->bits,
                           dtype_info(to)->bits);
    return infer_output(in, 0, to, x->rank, x->dims);
}

static void define_bitcast(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *load = ex_load(d->pool, x, define_index_exprs(d, vars, out->rank));
    define_tensor(d, out, vars, ex_bitcast(d->pool, out->dtype, load));
}

#define SATURATE                                                                                   \
    ATTR("saturate", INT, .i = 1, .since = 19), ATTR("round_mode", STRING, .s = "up", .since = 24)

static bool cast_gradient(Gradient *g)
{
    Node *n = expand_node(g->in, "Cast", 1);
    n->inputs[0] = g->dy[0];
    g->dx[0] = expand_done(g->in, gradient_int(g, n, "to", g->node->inputs[0]->dtype));
    return g->dx[0] != NULL;
}

const Op ops_cast[] = {
    {.name = "BitCast",
     .doc = "The bits of each element taken for those of another type of the same width.",
     VERSIONS(26),
     INPUTS(SLOT("input", ANY_2BIT, "T1")),
     OUTPUTS(SLOT("output", ANY_2BIT, "T2")),
     ATTRS(ATTR("to", INT, .required = true)),
     .infer = infer_bitcast,
     .extents = extents_as_first,
     .define = define_bitcast,
     EXAMPLES("BitCast@26(x: f32[2, 3], to: i32)", "BitCast@26(x: i16[4], to: u16)",
              "BitCast@26(x: bool[3], to: u8)")},
    {.name = "Cast",
     .doc = "Each element converted to another element type.",
     VERSIONS(1, 6, 9, 13, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("input", STRINGS, "T1")),
     OUTPUTS(ANY_SLOTS("output", STRINGS, "T2")),
     ATTRS(ATTR("to", STRING, .required = true, .until = 5),
           ATTR("to", INT, .required = true, .since = 6), SATURATE),
     .infer = infer_cast,
     .extents = extents_as_first,
     .define = define_cast,
     .gradient = cast_gradient,
     .element = cast,
     EXAMPLES("Cast(x: f32[2, 3], to: i32)", "Cast(x: i32[2, 3], to: f32)",
              "Cast(x: f32[4], to: bool)", "Cast(x: f32[6], to: string)",
              "Cast(x: i64[2, 3], to: string)", "Cast(x: f16[4], to: string)",
              "Cast(string[4] [\"-1.5e3\", \"+INF\", \"nan\", \" 7\"], to: f32)",
              "Cast(string[3] [\"-12\", \"3.9\", \"1e2\"], to: i32)")},
    {.name = "CastLike",
     .doc = "Each element converted to the element type of another tensor.",
     VERSIONS(15, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("input", STRINGS, "T1"), ANY_SLOTS("target_type", STRINGS, "T2")),
     OUTPUTS(ANY_SLOTS("output", STRINGS, "T2")),
     ATTRS(SATURATE),
     .infer = infer_cast_like,
     .extents = extents_of_cast_like,
     .define = define_cast,
     .element = cast,
     EXAMPLES("CastLike(x: f32[2, 3], like: i64[1])")},
    {0},
};
