/*
 * AffineGrid and GridSample: a grid of positions from affine maps, and an image sampled at a grid
 * of positions, which arrive at run time. Positions are brought into the image's coordinates once,
 * as temporaries; each output then sums over the taps of its filter. Nothing that a grid can hold,
 * not even NaN, makes a load leave the image.
 */
#include "op.h"

/* ---- AffineGrid ---- */

static const int64_t *grid_size(Infer *in, int *spatial)
{
    int64_t count;
    const int64_t *size = infer_const_ints(in, 1, &count);
    if (!size) return NULL;
    for (int64_t i = 0; i < count; i++) count = size[i] < 0 ? -1 : count;
    *spatial = (int)count - 2;
    if (count == 4 || count == 5) return size;
    infer_error(
        in, "E0201",
        "size must have four or five entries, none negative: batch, channels and spatial extents");
    return NULL;
}

static bool affine_infer(Infer *in)
{
    const Tensor *theta = in->node->inputs[0];
    int spatial;
    const int64_t *size = grid_size(in, &spatial);
    if (!size) return false;
    if (theta->rank != 3 || theta->dims[0] != size[0] || theta->dims[1] != spatial ||
        theta->dims[2] != spatial + 1)
        return infer_error(in, "E0201", "theta is %s; [%lld, %d, %d] is wanted for this size",
                           tensor_type_text(in->graph->arena, theta), (long long)size[0], spatial,
                           spatial + 1);
    int64_t dims[5] = {size[0]};
    memcpy(dims + 1, size + 2, (size_t)spatial * sizeof *dims);
    dims[1 + spatial] = spatial;
    return infer_output(in, 0, theta->dtype, spatial + 2, dims);
}

/* The coordinate of an index: -1 to 1 over the extent, at the corners or at the centres of its
 * elements. */
static Expr *grid_coordinate(Pool *p, Dtype dtype, Expr *i, int64_t extent, bool align)
{
    double steps = (double)(align ? extent - 1 : extent), step = steps > 0 ? 2 / steps : 0;
    double first = align ? (extent > 1 ? -1 : 0) : step / 2 - 1;
    Expr *offset = ex_mul(p, ex_cast(p, dtype, i), ex_const(p, dtype, step));
    return ex_add(p, offset, ex_const(p, dtype, first));
}

static void affine_define(Definer *d)
{
    Tensor *theta = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Dtype wide = define_wide(theta->dtype);
    int spatial = out->rank - 2;
    bool align = attr_int(d->node, "align_corners");
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *row = index[spatial + 1];
    Expr *sum = define_load(d, theta, (Expr *[]){index[0], row, ex_int(p, spatial)});
    for (int i = 0; i < spatial;
         i++) { /* column i of theta is for x, y, z: the dimensions from the last */
        int dim = spatial - i;
        Expr *factor = define_load(d, theta, (Expr *[]){index[0], row, ex_int(p, i)});
        sum = ex_add(
            p, sum, ex_mul(p, factor, grid_coordinate(p, wide, index[dim], out->dims[dim], align)));
    }
    define_rounded(d, out, vars, sum);
}

/* ---- GridSample ---- */

typedef enum GridMode { GRID_LINEAR, GRID_NEAREST, GRID_CUBIC } GridMode;
typedef enum GridPadding { GRID_ZEROS, GRID_BORDER, GRID_REFLECTION } GridPadding;

typedef struct Sampler {
    GridMode mode;
    GridPadding padding;
    bool align;
} Sampler;

static bool read_sampler(Infer *in, Sampler *s)
{
    static const char *const modes[] = {"linear",   "nearest", "cubic",
                                        "bilinear", "nearest", "bicubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    const char *mode = attr_text(in->node, "mode"), *padding = attr_text(in->node, "padding_mode");
    int first = in->node->version < 20 ? 3 : 0, m = 0, p = 0; /* version 20 renamed them */
    while (m < 3 && strcmp(mode, modes[first + m])) m++;
    while (p < 3 && strcmp(padding, paddings[p])) p++;
    if (m == 3)
        return infer_error(in, "E0306", "mode is '%s'; it must be %s, %s or %s", mode, modes[first],
                           modes[first + 1], modes[first + 2]);
    if (p == 3)
        return infer_error(in, "E0306",
                           "padding_mode is '%s'; it must be zeros, border or reflection", padding);
    *s = (Sampler){(GridMode)m, (GridPadding)p, attr_int(in->node, "align_corners")};
    return true;
}

static bool sample_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *grid = in->node->inputs[1];
    Arena *arena = in->graph->arena;
    Sampler s;
    int spatial = x->rank - 2;
    if (!read_sampler(in, &s)) return false;
    if (spatial < 1 || grid->rank != x->rank || grid->dims[0] != x->dims[0] ||
        grid->dims[x->rank - 1] != spatial)
        return infer_error(
            in, "E0201",
            "the grid %s does not fit the input %s: [batch, positions..., spatial dimensions]",
            tensor_type_text(arena, grid), tensor_type_text(arena, x));
    if (s.mode == GRID_CUBIC && spatial != 2)
        return infer_error(in, "E0306",
                           "cubic interpolation is for images, not for %d spatial dimensions",
                           spatial);
    int64_t dims[MAX_RANK] = {x->dims[0], x->dims[1]};
    for (int i = 0; i < spatial; i++) {
        dims[2 + i] = grid->dims[1 + i];
        if (x->dims[2 + i] == 0)
            return infer_error(in, "E0205", "spatial dimension %d of the input is empty", i);
    }
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

/* x mirrored at the borders of the image until it is inside: a triangular wave. */
static Expr *reflect(Pool *p, const Sampler *s, Expr *x, int64_t extent)
{
    double lo = s->align ? 0 : -0.5, range = (double)(s->align ? extent - 1 : extent);
    if (range == 0) return ex_const(p, x->dtype, 0);
    Expr *period = ex_const(p, x->dtype, 2 * range), *low = ex_const(p, x->dtype, lo);
    x = ex_sub(p, x, low);
    x = ex_sub(p, x, ex_mul(p, ex_unary(p, UN_FLOOR, ex_div(p, x, period)), period));
    return ex_add(p, ex_min(p, x, ex_sub(p, period, x)), low);
}

static Expr *clamp(Pool *p, Expr *x, double lo, double hi)
{
    return ex_min(p, ex_max(p, x, ex_const(p, x->dtype, lo)), ex_const(p, x->dtype, hi));
}

/* Where in the image, along spatial dimension i, the grid points: a temporary [batch,
 * positions...]. */
static Tensor *image_position(Definer *d, const Sampler *s, int i)
{
    Tensor *grid = d->node->inputs[1];
    const Tensor *x = d->node->inputs[0];
    Pool *p = d->pool;
    int spatial = x->rank - 2, rank = grid->rank - 1;
    int64_t extent = x->dims[2 + i];
    Dtype dtype = define_wide(grid->dtype);
    Tensor *out = define_temporary(d, arena_format(d->graph->arena, "position%d", i), dtype, rank,
                                   grid->dims);
    Var **vars = define_indices(d, rank, grid->dims);
    Expr *at[MAX_RANK];
    memcpy(at, define_index_exprs(d, vars, rank), (size_t)rank * sizeof *at);
    at[rank] = ex_int(p, spatial - 1 - i);
    Expr *one = ex_const(p, dtype, 1), *half = ex_const(p, dtype, 0.5),
         *v = ex_add(p, define_load(d, grid, at), one);
    if (s->align)
        v = ex_mul(p, v, ex_const(p, dtype, (double)(extent - 1) / 2));
    else
        v = ex_mul(p, ex_sub(p, ex_mul(p, v, ex_const(p, dtype, (double)extent)), one), half);
    if (s->mode == GRID_NEAREST) v = ex_unary(p, UN_ROUND, v);
    /* Every tap of a cubic filter is put on the border by itself. */
    if (s->padding == GRID_BORDER && s->mode != GRID_CUBIC) v = clamp(p, v, 0, (double)extent - 1);
    if (s->padding == GRID_REFLECTION) v = reflect(p, s, v, extent);
    /* Farther away than any filter reaches all is the same, and whole numbers stay small. */
    define_tensor(d, out, vars, clamp(p, v, -4, (double)extent + 3));
    return out;
}

/* The weight of a tap at this distance. */
static Expr *tap_weight(Pool *p, GridMode mode, Expr *distance)
{
    Dtype dtype = distance->dtype;
    Expr *one = ex_const(p, dtype, 1), *d = distance;
    if (mode == GRID_LINEAR) return ex_sub(p, one, d);
    const double a = -0.75;
    Expr *near =
        ex_mul(p, ex_sub(p, ex_mul(p, ex_const(p, dtype, a + 2), d), ex_const(p, dtype, a + 3)),
               ex_mul(p, d, d));
    Expr *far = ex_sub(p, ex_mul(p, ex_const(p, dtype, a), d), ex_const(p, dtype, 5 * a));
    far = ex_add(p, ex_mul(p, far, d), ex_const(p, dtype, 8 * a));
    far = ex_sub(p, ex_mul(p, far, d), ex_const(p, dtype, 4 * a));
    return ex_select(p, ex_le(p, d, one), ex_add(p, near, one), far);
}

/* A tap's place in the image; what is in the zeros' padding is taken out of *inside. */
static Expr *tap_place(Pool *p, const Sampler *s, Expr *place, int64_t extent, Expr **inside)
{
    if (s->padding == GRID_REFLECTION) place = reflect(p, s, place, extent);
    Expr *at = ex_cast(p, DT_I64, place), *zero = ex_int(p, 0);
    if (s->padding == GRID_ZEROS) *inside = ex_and(p, *inside, ex_within(p, at, 0, extent));
    return ex_min(p, ex_max(p, at, zero), ex_int(p, extent - 1));
}

static void sample_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Infer in = infer_again(d);
    Pool *p = d->pool;
    Sampler s;
    bool accepted = read_sampler(&in, &s);
    assert(accepted);
    static const int taps[] = {[GRID_LINEAR] = 2, [GRID_NEAREST] = 1, [GRID_CUBIC] = 4};
    int spatial = x->rank - 2;
    Tensor *position[MAX_RANK];
    for (int i = 0; i < spatial; i++) position[i] = image_position(d, &s, i);

    Var **vars = define_indices(d, out->rank, out->dims), *over[MAX_RANK];
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK] = {index[0], index[1]},
         *grid_at[MAX_RANK] = {index[0]};
    Expr *inside = ex_int_of(p, DT_BOOL, 1), *weight = NULL;
    memcpy(grid_at + 1, index + 2, (size_t)spatial * sizeof *grid_at);
    for (int i = 0; i < spatial; i++) {
        Expr *v = ex_load(p, position[i], grid_at), *place = v;
        over[i] = define_var(d, arena_format(pool_arena(p), "tap%d", i), taps[s.mode]);
        if (s.mode != GRID_NEAREST) {
            Expr *tap = ex_add(p, ex_var(p, over[i]), ex_int(p, s.mode == GRID_CUBIC ? -1 : 0));
            place = ex_add(p, ex_unary(p, UN_FLOOR, v), ex_cast(p, v->dtype, tap));
            Expr *w = tap_weight(p, s.mode, ex_unary(p, UN_ABS, ex_sub(p, v, place)));
            weight = weight ? ex_mul(p, weight, w) : w;
        }
        at[2 + i] = tap_place(p, &s, place, x->dims[2 + i], &inside);
    }
    Expr *value = ex_load(p, x, at);
    if (weight) value = ex_mul(p, ex_cast(p, weight->dtype, value), weight);
    value = ex_select(p, inside, value, ex_const(p, value->dtype, 0));
    define_rounded(d, out, vars, ex_reduce(p, RE_SUM, over, spatial, value));
}

static const Slot affine_inputs[] = {
    SLOT("theta", TYPES_FLOAT, "T1"), SLOT("size", TYPE(DT_I64), "T2"), {0}};
static const Slot affine_outputs[] = {SLOT("grid", TYPES_FLOAT, "T1"), {0}};
static const AttrSpec affine_attrs[] = {ATTR("align_corners", INT), {0}};
static const Slot sample_inputs[] = {
    SLOT("X", TYPES_NUMERIC, "T1"), SLOT("grid", TYPES_FLOAT, "T2"), {0}};
static const Slot sample_outputs[] = {SLOT("Y", TYPES_NUMERIC, "T1"), {0}};
static const AttrSpec sample_attrs[] = {ATTR("align_corners", INT),
                                        ATTR("mode", STRING, .s = "bilinear", .until = 19),
                                        ATTR("mode", STRING, .s = "linear", .since = 20),
                                        ATTR("padding_mode", STRING, .s = "zeros"),
                                        {0}};

const Op ops_grid_sample[] = {
    {.name = "AffineGrid",
     .doc = "The positions, from -1 to 1, that affine maps send the elements of an image of the "
            "given size to.",
     .versions = (const int[]){20, 0},
     .inputs = affine_inputs,
     .outputs = affine_outputs,
     .attrs = affine_attrs,
     .infer = affine_infer,
     .define = affine_define,
     .examples =
         (const char *const[]){"AffineGrid@20(theta: f32[2, 2, 3], i64[4] [2, 3, 5, 6])", 0}},
    {.name = "GridSample",
     .doc = "An image sampled at a grid of positions, by nearest, linear or cubic interpolation.",
     .versions = (const int[]){16, 20, 22, 0},
     .inputs = sample_inputs,
     .outputs = sample_outputs,
     .attrs = sample_attrs,
     .infer = sample_infer,
     .define = sample_define,
     .examples =
         (const char *const[]){
             "GridSample@20(x: f32[1, 2, 4, 4], grid: f32[1, 3, 5, 2])",
             "GridSample@20(x: f32[1, 2, 4, 4], grid: f32[1, 3, 5, 2], mode: \"cubic\", "
             "padding_mode: \"reflection\")",
             0}},
    {0}};
