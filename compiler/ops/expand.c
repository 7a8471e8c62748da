/*
 * Expand and Tile: repetition, along dimensions of 1 by broadcasting or of any dimension as a
 * whole. The target shape and the repeats are constant inputs.
 */
#include "gradient.h"
#include "op.h"

static bool expand_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Arena *arena = in->graph->arena;
    int64_t count, dims[MAX_RANK];
    const int64_t *shape = infer_const_ints(in, 1, &count);
    if (!shape) return false;
    if (count > MAX_RANK)
        return infer_error(in, "E0203", "a shape of %lld dimensions; at most %d are possible",
                           (long long)count, MAX_RANK);
    int rank = (int)max64(count, x->rank);
    for (int i = 0; i < rank; i++) {
        int64_t own = i < rank - x->rank ? 1 : x->dims[i - (rank - x->rank)];
        int64_t wanted = i < rank - count ? 1 : shape[i - (rank - count)];
        if (own != wanted && own != 1 && wanted != 1)
            return infer_error(
                in, "E0201", "%s does not broadcast to %s: dimension %d is %lld and %lld is wanted",
                tensor_type_text(arena, x), dims_text(arena, shape, (int)count), i, (long long)own,
                (long long)wanted);
        dims[i] = wanted == 1 ? own : wanted;
    }
    return infer_output(in, 0, x->dtype, rank, dims);
}

static void expand_define(Definer *d)
{
    Tensor *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    define_tensor(d, out, vars, define_broadcast_load(d, d->node->inputs[0], out->rank, index));
}

/* ---- Tile ---- */

/* Version 1: one count of tiles along one axis. */
static bool tile_one(Infer *in, int rank, int64_t *repeats)
{
    int64_t count, axis_count;
    const int64_t *tiles = infer_const_ints(in, 1, &count),
                  *axis = tiles ? infer_const_ints(in, 2, &axis_count) : NULL;
    int at;
    if (!axis) return false;
    if (count != 1 || axis_count != 1)
        return infer_error(in, "E0201", "tiles and axis must be one number each");
    if (!infer_axis(in, "axis", axis[0], rank, &at)) return false;
    for (int i = 0; i < rank; i++) repeats[i] = i == at ? tiles[0] : 1;
    return true;
}

static bool tile_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t count = x->rank, repeats[MAX_RANK], dims[MAX_RANK];
    if (in->node->version < 6) {
        if (!tile_one(in, x->rank, repeats)) return false;
    } else {
        const int64_t *given = infer_const_ints(in, 1, &count);
        if (!given) return false;
        if (count != x->rank)
            return infer_error(in, "E0201", "%lld repeats for the %d dimensions of %s",
                               (long long)count, x->rank, tensor_type_text(in->graph->arena, x));
        memcpy(repeats, given, (size_t)x->rank * sizeof *repeats);
    }
    for (int i = 0; i < x->rank; i++)
        if (!checked_mul(x->dims[i], repeats[i], &dims[i]))
            return infer_error(in, "E0306", "dimension %d of %lld cannot be repeated %lld times", i,
                               (long long)x->dims[i], (long long)repeats[i]);
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

static void tile_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    for (int i = 0; i < out->rank; i++)
        index[i] = ex_floormod(d->pool, index[i], ex_int(d->pool, max64(x->dims[i], 1)));
    define_tensor(d, out, vars, ex_load(d->pool, x, index));
}

static bool expand_gradient(Gradient *g)
{
    const Tensor *x = g->node->inputs[0];
    return (g->dx[0] = gradient_sum_to(g, g->dy[0], x->rank, x->dims)) != NULL;
}

static const Slot expand_inputs[] = {
    SLOT("input", TYPES_ALL, "T"), SLOT("shape", TYPE(DT_I64), NULL), {0}};
static const Slot tile_inputs[] = {SLOT("input", TYPES_ALL, "T"),
                                   SLOT("tiles", TYPES_ALL, NULL, .until = 5),
                                   SLOT("axis", TYPES_ALL, NULL, .until = 5),
                                   SLOT("repeats", TYPE(DT_I64), NULL, .since = 6),
                                   {0}};
static const Slot outputs[] = {SLOT("output", TYPES_ALL, "T"), {0}};

const Op ops_expand[] = {
    {.name = "Expand",
     .doc = "Broadcasts to a shape; a 1 in the shape keeps the input's dimension.",
     .versions = (const int[]){8, 13, 0},
     .inputs = expand_inputs,
     .outputs = outputs,
     .infer = expand_infer,
     .define = expand_define,
     .gradient = expand_gradient,
     .examples = (const char *const[]){"Expand(x: f32[3, 1], i64[3] [2, 1, 4])", 0}},
    {.name = "Tile",
     .doc = "Repeats the whole tensor along each dimension.",
     .versions = (const int[]){1, 6, 13, 0},
     .inputs = tile_inputs,
     .outputs = outputs,
     .infer = tile_infer,
     .define = tile_define,
     .examples = (const char *const[]){"Tile(x: f32[2, 3], i64[2] [2, 3])", 0}},
    {0}};
