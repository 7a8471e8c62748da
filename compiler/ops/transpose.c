/*
 * Transpose, DepthToSpace and SpaceToDepth: permutations of the elements as index maps, and nothing
 * else.
 */
#include "extents.h"
#include "gradient.h"
#include "op.h"

/* The input dimension that output dimension i is; reversed when perm is absent. */
static bool read_perm(Infer *in, int rank, int *perm)
{
    int count;
    const int64_t *given = attr_ints(in->node, "perm", &count);
    if (given && count != rank && count)
        return infer_error(in, "E0306", "perm has %d entries, but the input has %d dimensions",
                           count, rank);
    uint32_t seen = 0;
    for (int i = 0; i < rank; i++) {
        int64_t from = count ? given[i] : rank - 1 - i;
        if (from < 0 || from >= rank || (seen >> from & 1))
            return infer_error(in, "E0306",
                               "perm is not a permutation of 0..%d: its entry %d is %lld", rank - 1,
                               i, (long long)from);
        seen |= 1u << from;
        perm[i] = (int)from;
    }
    return true;
}

static bool transpose_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int perm[MAX_RANK];
    int64_t dims[MAX_RANK];
    if (!read_perm(in, x->rank, perm)) return false;
    for (int i = 0; i < x->rank; i++) dims[i] = x->dims[perm[i]];
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

static bool transpose_extents(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int perm[MAX_RANK];
    if (!transpose_infer(in) || !read_perm(in, x->rank, perm)) return false;
    for (int i = 0; i < x->rank; i++) extents_set(in, 0, i, extents_at(x, perm[i]));
    return true;
}

static void transpose_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Infer in = infer_again(d);
    int perm[MAX_RANK];
    bool accepted = read_perm(&in, x->rank, perm);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *at[MAX_RANK];
    for (int i = 0; i < out->rank; i++) at[perm[i]] = ex_var(d->pool, vars[i]);
    define_tensor(d, out, vars, ex_load(d->pool, x, at));
}

/* ---- blocks of b x b pixels to channels and back ---- */

static bool block_infer(Infer *in, bool to_space)
{
    const Tensor *x = in->node->inputs[0];
    int64_t b = attr_int(in->node, "blocksize"), area;
    if (x->rank != 4)
        return infer_error(
            in, "E0203",
            "the input is %s; four dimensions are needed: batch, channels, height, width",
            tensor_type_text(in->graph->arena, x));
    if (b < 1 || !checked_mul(b, b, &area))
        return infer_error(in, "E0306",
                           "blocksize is %lld; it must be at least 1 and its square a size",
                           (long long)b);
    int64_t dims[4] = {x->dims[0], x->dims[1], x->dims[2], x->dims[3]};
    if (to_space ? dims[1] % area : dims[2] % b || dims[3] % b)
        return infer_error(in, "E0201", "%s does not divide into blocks of %lld x %lld: %s",
                           to_space ? "the number of channels" : "the image", (long long)b,
                           (long long)b, tensor_type_text(in->graph->arena, x));
    bool fits = to_space ? checked_mul(dims[2], b, &dims[2]) && checked_mul(dims[3], b, &dims[3])
                         : checked_mul(dims[1], area, &dims[1]);
    if (!fits) return infer_error(in, "E0205", "the output is too large");
    if (to_space)
        dims[1] /= area;
    else
        dims[2] /= b, dims[3] /= b;
    return infer_output(in, 0, x->dtype, 4, dims);
}

static bool mode_is_crd(const Node *n)
{
    return n->version >= 11 && strcmp(attr_text(n, "mode"), "CRD") == 0;
}

static bool to_space_infer(Infer *in)
{
    const char *mode = in->node->version >= 11 ? attr_text(in->node, "mode") : "DCR";
    if (strcmp(mode, "DCR") && strcmp(mode, "CRD"))
        return infer_error(in, "E0306", "mode is '%s'; it must be DCR or CRD", mode);
    return block_infer(in, true);
}

static bool to_depth_infer(Infer *in) { return block_infer(in, false); }

/* a * size + b */
static Expr *compose(Pool *p, Expr *a, int64_t size, Expr *b)
{
    return ex_add(p, ex_mul(p, a, ex_int(p, size)), b);
}

static void to_space_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    int64_t b = attr_int(d->node, "blocksize");
    Var **vars = define_indices(d, 4, out->dims);
    Expr **i = define_index_exprs(d, vars, 4), *size = ex_int(p, b);
    Expr *within = compose(p, ex_floormod(p, i[2], size), b, ex_floormod(p, i[3], size));
    Expr *channel = mode_is_crd(d->node) ? compose(p, i[1], b * b, within)
                                         : compose(p, within, out->dims[1], i[1]);
    Expr *at[4] = {i[0], channel, ex_floordiv(p, i[2], size), ex_floordiv(p, i[3], size)};
    define_tensor(d, out, vars, ex_load(p, x, at));
}

static void to_depth_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    int64_t b = attr_int(d->node, "blocksize"), channels = max64(x->dims[1], 1);
    Var **vars = define_indices(d, 4, out->dims);
    Expr **i = define_index_exprs(d, vars, 4);
    Expr *within = ex_floordiv(p, i[1], ex_int(p, channels));
    Expr *at[4] = {i[0], ex_floormod(p, i[1], ex_int(p, channels)),
                   compose(p, i[2], b, ex_floordiv(p, within, ex_int(p, b))),
                   compose(p, i[3], b, ex_floormod(p, within, ex_int(p, b)))};
    define_tensor(d, out, vars, ex_load(p, x, at));
}

static bool transpose_gradient(Gradient *g)
{
    int perm[MAX_RANK];
    int64_t back[MAX_RANK];
    Infer in = {g->in->graph, (Node *)g->node, g->in->diags};
    const Tensor *x = g->node->inputs[0];
    if (!read_perm(&in, x->rank, perm)) return false;
    for (int i = 0; i < x->rank; i++) back[perm[i]] = i;
    return (g->dx[0] = gradient_transpose(g, g->dy[0], back)) != NULL;
}

static const Slot data[] = {SLOT("data", TYPES_ALL, "T"), {0}},
                  transposed[] = {SLOT("transposed", TYPES_ALL, "T"), {0}};
static const Slot inputs[] = {SLOT("input", TYPES_ALL, "T"), {0}},
                  outputs[] = {SLOT("output", TYPES_ALL, "T"), {0}};
static const AttrSpec transpose_attrs[] = {ATTR("perm", INTS), {0}};
static const AttrSpec space_attrs[] = {
    ATTR("blocksize", INT, .required = true), ATTR("mode", STRING, .s = "DCR", .since = 11), {0}};
static const AttrSpec depth_attrs[] = {ATTR("blocksize", INT, .required = true), {0}};

const Op ops_transpose[] = {
    {.name = "Transpose",
     .doc = "Permutes the dimensions: output dimension i is input dimension perm[i]; reverses them "
            "without perm.",
     .versions = (const int[]){1, 13, 21, 23, 24, 25, 0},
     .inputs = data,
     .outputs = transposed,
     .attrs = transpose_attrs,
     .infer = transpose_infer,
     .extents = transpose_extents,
     .define = transpose_define,
     .gradient = transpose_gradient,
     .examples = (const char *const[]){"Transpose(x: f32[2, 3, 4])",
                                       "Transpose(x: f32[2, 3, 4], perm: [1, 0, 2])", 0}},
    {.name = "DepthToSpace",
     .doc = "Moves channels into blocks of blocksize x blocksize pixels (pixel shuffle when mode "
            "is CRD).",
     .versions = (const int[]){1, 11, 13, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = space_attrs,
     .infer = to_space_infer,
     .define = to_space_define,
     .examples =
         (const char *const[]){"DepthToSpace(x: f32[1, 8, 2, 3], blocksize: 2)",
                               "DepthToSpace(x: f32[1, 8, 2, 3], blocksize: 2, mode: \"CRD\")", 0}},
    {.name = "SpaceToDepth",
     .doc = "Moves blocks of blocksize x blocksize pixels into channels.",
     .versions = (const int[]){1, 13, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = depth_attrs,
     .infer = to_depth_infer,
     .define = to_depth_define,
     .examples = (const char *const[]){"SpaceToDepth(x: f32[1, 2, 4, 6], blocksize: 2)", 0}},
    {0}};
