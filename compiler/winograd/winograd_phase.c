/*
 * Winograd for transposed convolutions: 4x4 in steps of 2, as generators and decoders have them.
 * The output has four phases, each a convolution with 2x2 of the weights, and each of those is
 * computed by F(2,2): 9 products instead of 16 for 2x2 outputs, with transforms that only add and
 * subtract. The same three definitions as in winograd.c, for each phase: V = Bt x B, M = U V, y =
 * At M A.
 */
#include "winograd_build.h"

#include "form.h"
#include "weights.h"

#include <math.h>

enum {
    STEP = 2,   /* of the transposed convolution, */
    KERNEL = 4, /* its window, */
    OUTPUTS = 2,
    TAPS = 2,
    INPUTS = 3,           /* along a side of a tile of one phase */
    SIDE = STEP * OUTPUTS /* of the square of outputs that the tiles of all phases give */
};

typedef struct Geometry {
    Contraction c;
    Expr *x;         /* the load of the input, without its guard */
    const Tensor *w; /* [inputs, outputs, 4, 4] */
    int64_t pad[2];  /* before, in y and x */
    int64_t channels, outputs;
    int64_t tiles[2]; /* rows and columns of tiles */
} Geometry;

/* ---- recognising ---- */

static bool plain(const Expr *e, const Var *v) { return e->kind == EX_VAR && e->var == v; }

/* index = (v + pad - k) / 2, rounded down */
static bool reaches(Pool *p, Expr *index, Var *v, Var *k, int64_t *pad)
{
    int64_t a, b;
    Affine outside = ex_affine(p, index);
    if (outside.count != 1 || outside.terms[0].coef != 1) return false;
    const Expr *half = outside.terms[0].atom;
    if (half->kind != EX_BINARY || half->op != BI_FLOORDIV || half->args[1]->kind != EX_CONST ||
        half->args[1]->i != STEP)
        return false;
    Affine inside = ex_affine(p, half->args[0]);
    *pad = inside.constant + STEP * outside.constant;
    return inside.count == 2 && ex_coefficient(p, half->args[0], v, &a) && a == 1 &&
           ex_coefficient(p, half->args[0], k, &b) && b == -1 && *pad >= 0;
}

/* What a guard asks of one dimension: that the step is met, inside the input. */
static Expr *guard_of(Pool *p, Expr *guard, Expr *index, int64_t extent, Var *v, Var *k,
                      int64_t pad)
{
    Expr *at =
        ex_add(p, ex_add(p, ex_var(p, v), ex_int(p, pad)), ex_mul(p, ex_var(p, k), ex_int(p, -1)));
    guard = ex_and(p, guard, ex_eq(p, ex_floormod(p, at, ex_int(p, STEP)), ex_int(p, 0)));
    return ex_and(p, guard, ex_within(p, index, 0, extent));
}

static bool read_geometry(Pool *p, const Definition *def, Geometry *g)
{
    if (def->call || def->out->rank != 4 || def->out->dims[0] != 1 || def->out->dtype != DT_F32 ||
        !form_contraction(def, &g->c) || g->c.reduce->var_count != 3)
        return false;
    int wi = tensor_is_const(g->c.factor[1]->tensor);
    const Expr *w = g->c.factor[wi], *x = g->c.factor[!wi];
    Var **v = g->c.reduce->vars;
    if (!tensor_is_const(w->tensor) || w->arg_count != 4 || x->arg_count != 4 || g->c.guard[wi] ||
        !g->c.guard[!wi] || w->tensor->dims[2] != KERNEL || w->tensor->dims[3] != KERNEL ||
        w->tensor->dtype != DT_F32 || !plain(w->args[0], v[0]) ||
        !plain(w->args[1], def->index[1]) || !plain(x->args[1], v[0]))
        return false;
    Expr *guard = ex_int_of(p, DT_BOOL, 1);
    for (int d = 0; d < 2; d++) {
        Var *at = def->index[2 + d], *k = v[1 + d];
        if (!plain(w->args[2 + d], k) || def->out->dims[2 + d] % STEP ||
            !reaches(p, x->args[2 + d], at, k, &g->pad[d]))
            return false;
        guard = guard_of(p, guard, x->args[2 + d], x->tensor->dims[2 + d], at, k, g->pad[d]);
        g->tiles[d] = ceil_div(def->out->dims[2 + d], SIDE);
    }
    g->x = (Expr *)x;
    g->w = w->tensor;
    g->channels = w->tensor->dims[0];
    g->outputs = w->tensor->dims[1];
    return g->c.guard[!wi]->args[0] == guard;
}

/* ---- choosing ---- */

static bool pays(const Program *p, const Definition *def, const Geometry *g)
{
    enum { TRANSFORM = 6 }; /* operations for each element that is transformed */
    const double clearly = 0.8;
    const Target *t = p->target;
    if (t->lanes == 1 || g->channels % t->lanes || g->outputs % t->lanes) return false;
    double rate = p->weight_rate, speed = t->lanes * t->arithmetic_ports,
           pairs = (double)(g->channels * g->outputs), tiles = (double)(g->tiles[0] * g->tiles[1]),
           positions = STEP * STEP * INPUTS * INPUTS;
    double direct =
        fmax(pairs * TAPS * TAPS * (double)(def->out->dims[2] * def->out->dims[3]) / speed,
             pairs * KERNEL * KERNEL * sizeof(float) / rate);
    double product =
        fmax(pairs * positions * tiles / speed, pairs * positions * sizeof(float) / rate);
    double elements = tiles * positions * (double)(g->channels + g->outputs);
    return product + TRANSFORM * elements / speed < clearly * direct;
}

/* ---- building ---- */

/* The tiles of all phases and positions are made of two planes along each side, differences of
 * neighbours and the inputs themselves: V[a % 2, ...] at row + (a + 1) / 2 is d0 - d1, d1, d1 - d2
 * of the tile that begins at `row`. */
static const char *const plane_names[] = {"differs", "differs", "row", "column", "c"},
                         *const names[] = {"p", "q", "a", "b", "row", "column", "c"};
enum { PLANES = 2, INPUT_RANK = COUNT(plane_names), RANK = COUNT(names) };

/* The input at the row and column, from the first that a tile reads on, 0 outside. */
static Expr *input_at(Pool *p, const Geometry *g, Expr *row, Expr *column, Expr *channel)
{
    const int64_t *dims = g->x->tensor->dims;
    Expr *y = ex_add(p, row, ex_int(p, g->pad[0] / STEP - (TAPS - 1))),
         *x = ex_add(p, column, ex_int(p, g->pad[1] / STEP - (TAPS - 1)));
    Expr *inside = ex_and(p, ex_within(p, y, 0, dims[2]), ex_within(p, x, 0, dims[3]));
    Expr *load = ex_load(p, g->x->tensor, (Expr *[]){ex_int(p, 0), channel, y, x});
    return ex_select(p, inside, load, ex_const(p, DT_F32, 0));
}

/* V[plane along y, plane along x, row, column, channel] */
static Definition *input_transform(Program *p, const Definition *conv, const Geometry *g)
{
    Pool *pool = p->pool;
    int64_t dims[INPUT_RANK] = {PLANES, PLANES, OUTPUTS * g->tiles[0] + g->pad[0] % STEP,
                                OUTPUTS * g->tiles[1] + g->pad[1] % STEP, g->channels};
    Definition *def = winograd_definition(p, conv, "winograd_input", plane_names, INPUT_RANK, dims);
    Expr *v[INPUT_RANK], *d[2][2], *along[2][2], *out[PLANES * PLANES];
    for (int k = 0; k < INPUT_RANK; k++) v[k] = ex_var(pool, def->index[k]);
    for (int r = 0; r < 2; r++) {
        for (int s = 0; s < 2; s++)
            d[r][s] = input_at(pool, g, ex_add(pool, v[2], ex_int(pool, r)),
                               ex_add(pool, v[3], ex_int(pool, s)), v[4]);
        along[r][0] = ex_sub(pool, d[r][0], d[r][1]);
        along[r][1] = d[r][0];
    }
    for (int s = 0; s < PLANES; s++) {
        out[s] = ex_sub(pool, along[0][s], along[1][s]);
        out[PLANES + s] = along[0][s];
    }
    def->body = winograd_choice(pool, out, v[0], v[1], PLANES, PLANES, PLANES);
    return def;
}

/* G along both sides, of the taps of one phase from the last input back: g0, g0 + g1, -g1. */
static double weight_of(const float *kernel, const int64_t *first, int a, int b)
{
    double sum = 0;
    for (int r = 0; r < TAPS; r++)
        for (int s = 0; s < TAPS; s++)
            if ((a == 1 || a / 2 == r) && (b == 1 || b / 2 == s))
                sum += kernel[(first[0] + STEP * (TAPS - 1 - r)) * KERNEL + first[1] +
                              STEP * (TAPS - 1 - s)];
    return (a == 2) != (b == 2) ? -sum : sum;
}

/* U[phase y, phase x, a, b, channel, output] */
static Tensor *transformed_weights(Program *p, const Definition *conv, const Geometry *g)
{
    int64_t dims[] = {STEP, STEP, INPUTS, INPUTS, g->channels, g->outputs},
            plane = g->channels * g->outputs;
    float *u = NEW_ARRAY(p->arena, float, plane *STEP *STEP *INPUTS *INPUTS), *to = u;
    const float *w = g->w->data;
    for (int phase = 0; phase < STEP * STEP; phase++) {
        const int64_t first[] = {(phase / STEP + g->pad[0]) % STEP,
                                 (phase % STEP + g->pad[1]) % STEP};
        for (int at = 0; at < INPUTS * INPUTS; at++)
            for (int64_t k = 0; k < plane; k++)
                *to++ = (float)weight_of(w + k * KERNEL * KERNEL, first, at / INPUTS, at % INPUTS);
    }
    const char *name =
        graph_unique_name(p->graph, arena_format(p->arena, "%s.winograd_weight", conv->node->name));
    Tensor *t = graph_add_const(p->graph, name, DT_F32, 6, dims, u);
    weights_follow(t, g->w);
    return t;
}

/* M[phase y, phase x, a, b, row, column, output] = sum over channels of V * U */
static Definition *product(Program *p, const Definition *conv, const Geometry *g,
                           const Definition *input)
{
    Pool *pool = p->pool;
    int64_t dims[RANK] = {STEP, STEP, INPUTS, INPUTS, g->tiles[0], g->tiles[1], g->outputs};
    Definition *def = winograd_definition(p, conv, "winograd_product", names, RANK, dims);
    Tensor *u = transformed_weights(p, conv, g);
    Var *i = pool_var(pool, "i", 0, g->channels);
    Expr *v[RANK];
    for (int k = 0; k < RANK; k++) v[k] = ex_var(pool, def->index[k]);
    Expr *w = ex_load(pool, u, (Expr *[]){v[0], v[1], v[2], v[3], ex_var(pool, i), v[6]});
    Expr *at[INPUT_RANK] = {[INPUT_RANK - 1] = ex_var(pool, i)};
    for (int k = 0; k < 2; k++) {
        Expr *first = ex_add(pool, ex_mul(pool, v[4 + k], ex_int(pool, OUTPUTS)),
                             ex_mul(pool, v[k], ex_int(pool, g->pad[k] % STEP)));
        at[k] = ex_floormod(pool, v[2 + k], ex_int(pool, PLANES));
        at[2 + k] = ex_add(
            pool, first,
            ex_floordiv(pool, ex_add(pool, v[2 + k], ex_int(pool, 1)), ex_int(pool, PLANES)));
    }
    def->body = ex_reduce(pool, RE_SUM, &i, 1, ex_mul(pool, ex_load(pool, input->out, at), w));
    return def;
}

/* At along one side: m0 + m1, m1 + m2. */
static void transform_output(Pool *p, Expr *const *m, int stride, Expr **out)
{
    out[0] = ex_add(p, m[0], m[stride]);
    out[1] = ex_add(p, m[stride], m[2 * stride]);
}

/* The definition's own body, with its sum replaced by the outputs of the tiles. */
static void output_transform(Program *p, Definition *conv, const Geometry *g, const Definition *m)
{
    Pool *pool = p->pool;
    Expr *c = ex_var(pool, conv->index[1]), *y = ex_var(pool, conv->index[2]),
         *x = ex_var(pool, conv->index[3]), *side = ex_int(pool, SIDE), *all[SIDE * SIDE];
    Expr *row = ex_floordiv(pool, y, side), *column = ex_floordiv(pool, x, side);
    for (int phase = 0; phase < STEP * STEP; phase++) {
        int py = phase / STEP, px = phase % STEP;
        Expr *d[INPUTS * INPUTS], *half[INPUTS * OUTPUTS], *out[OUTPUTS * OUTPUTS];
        for (int at = 0; at < INPUTS * INPUTS; at++)
            d[at] =
                ex_load(pool, m->out,
                        (Expr *[]){ex_int(pool, py), ex_int(pool, px), ex_int(pool, at / INPUTS),
                                   ex_int(pool, at % INPUTS), row, column, c});
        for (int s = 0; s < INPUTS; s++)
            transform_output(pool, d + s, INPUTS, half + (size_t)s * OUTPUTS);
        for (int r = 0; r < OUTPUTS; r++)
            transform_output(pool, half + r, OUTPUTS, out + (size_t)r * OUTPUTS);
        for (int at = 0; at < OUTPUTS * OUTPUTS; at++)
            all[(at / OUTPUTS * STEP + py) * SIDE + at % OUTPUTS * STEP + px] = out[at];
    }
    Expr *outputs = winograd_choice(pool, all, ex_floormod(pool, y, side),
                                    ex_floormod(pool, x, side), SIDE, SIDE, SIDE);
    conv->body = ex_replace(pool, conv->body, g->c.reduce, outputs);
}

bool winograd_phases(Program *p, Definition *conv, Definition *made[2])
{
    Geometry g = {0};
    if (!read_geometry(p->pool, conv, &g) || !pays(p, conv, &g)) return false;
    made[0] = input_transform(p, conv, &g);
    made[1] = product(p, conv, &g, made[0]);
    made[0]->node = made[1]->node = conv->node;
    output_transform(p, conv, &g, made[1]);
    return true;
}
