/*
 * Winograd convolution: a 3x3 convolution of stride 1 becomes three definitions that do fewer
 * multiplications: V = Bt x B   over tiles of (m + 2)^2 input elements that overlap by 2, M = U V
 * a matrix product over channels for each of the (m + 2)^2 positions, U = G w Gt known at compile
 * time, y = At M A   the m x m outputs of each tile, with what followed the convolution (A. Lavin
 * and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015). Each
 * layer takes the transform that costs least, F(2,3), which is as accurate as the plain sum, or
 * F(4,3), or none. The schedules know nothing of it.
 */
#include "winograd.h"

#include "form.h"
#include "weights.h"

#include <math.h>

enum { KERNEL = 3, LONGEST = 6 }; /* positions along a side of the largest tile */

typedef struct Transform {
    int outputs; /* m: outputs along a side of a tile */
    int inputs;  /* m + 2 */
    double bt[LONGEST][LONGEST], g[LONGEST][KERNEL], at[LONGEST][LONGEST];
} Transform;

/* The points at which the polynomials of F(m,3) are evaluated, besides infinity: 0, then pairs of
 * opposite sign. For F(4,3), 5/8 and 3/2 give errors 2.5 times smaller than the usual 1 and 2, and
 * products of them are exact. */
static const double points[LONGEST - 1] = {0, 5.0 / 8, -5.0 / 8, 3.0 / 2, -3.0 / 2},
                                     points_of_2[] = {0, 1, -1};

/* ---- the matrices ---- */

/* The coefficients of the product of (x - q) over the points q, but for one. */
static void product_of_others(const double *at, int count, int but, double *coefficients)
{
    int degree = 0;
    coefficients[0] = 1;
    for (int q = 0; q < count; q++) {
        if (q == but) continue;
        coefficients[++degree] = 0;
        for (int k = degree; k >= 0; k--)
            coefficients[k] = (k ? coefficients[k - 1] : 0) - at[q] * coefficients[k];
    }
}

/* Toom and Cook's: y = At [(G w) * (Bt d)]. */
static Transform new_transform(int outputs)
{
    Transform t = {.outputs = outputs, .inputs = outputs + KERNEL - 1};
    int finite = t.inputs - 1;
    const double *at = outputs == 2 ? points_of_2 : points;
    for (int j = 0; j < finite; j++) {
        double scale = 1, power = 1;
        for (int q = 0; q < finite; q++)
            if (q != j) scale *= at[j] - at[q];
        for (int k = 0; k < max64(outputs, KERNEL); k++, power *= at[j]) {
            if (k < outputs) t.at[k][j] = power;
            if (k < KERNEL) t.g[j][k] = power / scale;
        }
        product_of_others(at, finite, j, t.bt[j]);
    }
    product_of_others(at, finite, -1, t.bt[finite]);
    t.at[outputs - 1][finite] = t.g[finite][KERNEL - 1] = 1;
    return t;
}

/* What is known of a convolution that suits. */
typedef struct Geometry {
    Contraction c;
    Expr *x;                                  /* the load of the input, without its guard */
    const Tensor *w;                          /* [outputs, inputs, 3, 3] */
    int64_t pad[2];                           /* before, in y and x */
    int64_t channels, outputs, height, width; /* of the result */
    int64_t tiles[2];                         /* rows and columns of tiles */
    int64_t band; /* rows of tiles that are computed together; all of them: no band */
    Transform t;
} Geometry;

/* ---- recognising ---- */

static bool plain(const Expr *e, const Var *v) { return e->kind == EX_VAR && e->var == v; }

/* index = v + k - pad */
static bool slides(Pool *p, Expr *index, Var *v, Var *k, int64_t *pad)
{
    int64_t a, b;
    Affine f = ex_affine(p, index);
    *pad = -f.constant;
    return f.count == 2 && ex_coefficient(p, index, v, &a) && a == 1 &&
           ex_coefficient(p, index, k, &b) && b == 1 && *pad >= 0;
}

/* The guard, if there is one, asks for nothing but that the row and the column are inside. */
static bool zero_padding(Pool *p, const Expr *guard, const Expr *x)
{
    if (!guard) return true;
    Expr *rows = ex_within(p, x->args[2], 0, x->tensor->dims[2]),
         *columns = ex_within(p, x->args[3], 0, x->tensor->dims[3]);
    const Expr *asks = guard->args[0];
    return asks == rows || asks == columns || asks == ex_and(p, rows, columns);
}

static bool read_geometry(Pool *p, const Definition *def, Geometry *g)
{
    if (def->out->rank != 4 || def->out->dims[0] != 1 || def->out->dtype != DT_F32 ||
        !form_contraction(def, &g->c))
        return false;
    int wi = tensor_is_const(g->c.factor[1]->tensor);
    const Expr *w = g->c.factor[wi], *x = g->c.factor[!wi];
    Var **v = g->c.reduce->vars;
    if (g->c.reduce->var_count != 3 || w->arg_count != 4 || x->arg_count != 4 || g->c.guard[wi] ||
        !tensor_is_const(w->tensor))
        return false;
    for (int k = 1; k < 4; k++)
        if (!plain(w->args[k], v[k - 1])) return false;
    if (!plain(w->args[0], def->index[1]) || !plain(x->args[1], v[0]) ||
        w->tensor->dims[2] != KERNEL || w->tensor->dims[3] != KERNEL ||
        ex_uses_var(x->args[0], def->index[1]) ||
        !slides(p, x->args[2], def->index[2], v[1], &g->pad[0]) ||
        !slides(p, x->args[3], def->index[3], v[2], &g->pad[1]) ||
        !zero_padding(p, g->c.guard[!wi], x))
        return false;
    g->x = (Expr *)x;
    g->w = w->tensor;
    g->channels = w->tensor->dims[1];
    g->outputs = def->out->dims[1];
    g->height = def->out->dims[2];
    g->width = def->out->dims[3];
    return true;
}

/* ---- choosing ---- */

static int64_t positions(const Geometry *g) { return (int64_t)g->t.inputs * g->t.inputs; }

/* Cycles of so many multiply-adds that read so many weights from memory. */
static double product_cycles(const Target *t, double multiply_adds, double weights)
{
    return fmax(multiply_adds / (t->lanes * t->arithmetic_ports), 4 * weights / t->rate[2]);
}

static double direct_cycles(const Target *t, const Geometry *g)
{
    double weights = (double)KERNEL * KERNEL * (double)(g->channels * g->outputs);
    return product_cycles(t, weights * (double)(g->height * g->width), weights);
}

/* The product, and some operations for each element that is transformed. */
static double winograd_cycles(const Target *t, const Geometry *g)
{
    enum { TRANSFORM = 6 };
    double tiles = (double)(g->tiles[0] * g->tiles[1]), all = (double)positions(g);
    double weights = all * (double)(g->channels * g->outputs);
    double elements = tiles * all * (double)(g->channels + g->outputs);
    return product_cycles(t, weights * tiles, weights) +
           TRANSFORM * elements / (t->lanes * t->arithmetic_ports);
}

static void set_tile(Geometry *g, int outputs)
{
    g->t = new_transform(outputs);
    g->tiles[0] = ceil_div(g->height, outputs);
    g->tiles[1] = ceil_div(g->width, outputs);
}

/* As many rows as stay in cache with the weights; weights that do not stay there are to be read
 * only once. */
static int64_t choose_band(const Program *p, const Geometry *g)
{
    int64_t l2 = p->target->l2_bytes, weights = positions(g) * g->channels * g->outputs * 4,
            row = positions(g) * g->tiles[1] * (g->channels + g->outputs) * 4;
    bool keeps = p->threads == 1 && weights <= l2;
    return keeps ? min64(g->tiles[0], max64(1, l2 / 2 / row)) : g->tiles[0];
}

/* Whole vectors of channels on both sides, and the transform, if any, that costs clearly less: the
 * larger one has more weights and larger errors. */
static bool choose(const Program *p, WinogradKind kind, Geometry *g)
{
    const double clearly = 0.7;
    const Target *t = p->target;
    if (t->lanes == 1 || g->channels % t->lanes || g->outputs % t->lanes) return false;
    double least = clearly * direct_cycles(t, g);
    int best = 0;
    for (int outputs = 2; outputs <= (kind == WINOGRAD_FAST ? 4 : 2); outputs += 2) {
        set_tile(g, outputs);
        double cycles = winograd_cycles(t, g);
        if (cycles >= least) continue;
        best = outputs;
        least = clearly * cycles;
    }
    if (!best) return false;
    set_tile(g, best);
    g->band = choose_band(p, g);
    return true;
}

/* An image that is computed shows the rounding of every pixel; what is computed from all of an
 * image averages it. */
static bool computes_images(const Graph *g)
{
    for (int i = 0; i < g->outputs.count; i++) {
        const Tensor *t = g->outputs.items[i];
        for (int d = 2; d < t->rank; d++)
            if (t->dims[d] != 1) return true;
    }
    return false;
}

/* ---- building ---- */

/* sum + coefficient * term; NULL stands for 0. */
static Expr *plus(Pool *p, Expr *sum, double coefficient, Expr *term)
{
    if (coefficient == 0) return sum;
    if (fabs(coefficient) != 1)
        term = ex_mul(p, term, ex_const(p, DT_F32, sum ? fabs(coefficient) : coefficient));
    if (!sum) return coefficient == -1 ? ex_unary(p, UN_NEG, term) : term;
    return coefficient < 0 ? ex_sub(p, sum, term) : ex_add(p, sum, term);
}

/* Rows of Bt for opposite points agree in the even powers and differ in the sign of the odd ones:
 * even and odd sums, which they share, are added or subtracted. */
static Expr *input_row(Pool *p, const double *row, Expr *const *d, int stride, int n)
{
    Expr *sums[2] = {NULL, NULL};
    double sign[2] = {1, 1};
    for (int k = 0; k < n; k++) {
        if (!sums[k % 2] && row[k] != 0) sign[k % 2] = row[k] < 0 ? -1 : 1;
        sums[k % 2] = plus(p, sums[k % 2], sign[k % 2] * row[k], d[k * stride]);
    }
    Expr *sum = sums[0] ? plus(p, NULL, sign[0], sums[0]) : NULL;
    return sums[1] ? plus(p, sum, sign[1], sums[1]) : sum;
}

/* The columns of At for opposite points are equal or opposite: rows share the sums and differences
 * of what they multiply. */
static Expr *output_row(Pool *p, const double *row, Expr *const *d, int stride, int n)
{
    Expr *sum = plus(p, NULL, row[0], d[0]);
    for (int k = 1; k + 1 < n; k += 2)
        sum = plus(p, sum, row[k],
                   plus(p, d[k * stride], row[k] == row[k + 1] ? 1 : -1, d[(k + 1) * stride]));
    return plus(p, sum, row[n - 1], d[(n - 1) * stride]);
}

typedef Expr *Row(Pool *p, const double *row, Expr *const *d, int stride, int n);

/* rows x rows of T d Tt, for d given as n x n: element [a * LONGEST + b]. */
static void transform(Pool *p, double t[LONGEST][LONGEST], Row *row_of, int rows, int n,
                      Expr *const *d, Expr **out)
{
    Expr *half[LONGEST * LONGEST];
    for (int a = 0; a < rows; a++)
        for (int s = 0; s < n; s++) half[a * LONGEST + s] = row_of(p, t[a], d + s, LONGEST, n);
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < rows; b++)
            out[a * LONGEST + b] = row_of(p, t[b], half + (size_t)a * LONGEST, 1, n);
}

Expr *winograd_choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int count, int stride)
{
    Expr *rows = NULL;
    for (int i = count - 1; i >= 0; i--) {
        Expr *row = NULL;
        for (int j = count - 1; j >= 0; j--) {
            Expr *value = values[i * stride + j];
            row = row ? ex_select(p, ex_eq(p, b, ex_int(p, j)), value, row) : value;
        }
        rows = rows ? ex_select(p, ex_eq(p, a, ex_int(p, i)), row, rows) : row;
    }
    return rows;
}

Definition *winograd_definition(Program *p, const Definition *conv, const char *suffix,
                                const char *const *names, int rank, const int64_t *dims)
{
    Graph *g = p->graph;
    Definition *def = NEW(p->arena, Definition);
    const char *name =
        graph_unique_name(g, arena_format(g->arena, "%s.%s", conv->node->name, suffix));
    def->out = graph_add_tensor(g, TENSOR_VALUE, name, DT_F32, rank, dims);
    def->index = NEW_ARRAY(p->arena, Var *, rank);
    for (int d = 0; d < rank; d++) def->index[d] = pool_var(p->pool, names[d], 0, dims[d]);
    return def;
}

static const char *const tile_names[] = {"a", "b", "row", "column", "c"};

/* V[a, b, row, column, channel] */
static Definition *input_transform(Program *p, const Definition *conv, const Geometry *g)
{
    Pool *pool = p->pool;
    int64_t dims[] = {g->t.inputs, g->t.inputs, g->tiles[0], g->tiles[1], g->channels};
    Definition *def = winograd_definition(p, conv, "winograd_input", tile_names, 5, dims);
    Expr *v[5], *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    for (int k = 0; k < 5; k++) v[k] = ex_var(pool, def->index[k]);
    for (int r = 0; r < g->t.inputs; r++)
        for (int s = 0; s < g->t.inputs; s++) {
            Expr *y = ex_add(pool, ex_mul(pool, v[2], ex_int(pool, g->t.outputs)),
                             ex_int(pool, r - g->pad[0]));
            Expr *x = ex_add(pool, ex_mul(pool, v[3], ex_int(pool, g->t.outputs)),
                             ex_int(pool, s - g->pad[1]));
            Expr *inside = ex_and(pool, ex_within(pool, y, 0, g->x->tensor->dims[2]),
                                  ex_within(pool, x, 0, g->x->tensor->dims[3]));
            Expr *load = ex_load(pool, g->x->tensor, (Expr *[]){ex_int(pool, 0), v[4], y, x});
            d[r * LONGEST + s] = ex_select(pool, inside, load, ex_const(pool, DT_F32, 0));
        }
    transform(pool, (double(*)[LONGEST])g->t.bt, input_row, g->t.inputs, g->t.inputs, d, out);
    def->body = winograd_choice(pool, out, v[0], v[1], g->t.inputs, LONGEST);
    return def;
}

/* U[a, b, channel, output] = G w Gt, computed in double. */
static Tensor *transformed_weights(Program *p, const Definition *conv, const Geometry *g)
{
    int n = g->t.inputs;
    int64_t dims[] = {n, n, g->channels, g->outputs}, plane = g->channels * g->outputs;
    float *u = NEW_ARRAY(p->arena, float, plane *n *n);
    const float *w = g->w->data;
    for (int64_t o = 0; o < g->outputs; o++)
        for (int64_t i = 0; i < g->channels; i++) {
            const float *k = w + (o * g->channels + i) * KERNEL * KERNEL;
            double half[LONGEST][KERNEL] = {{0}};
            for (int a = 0; a < n; a++)
                for (int s = 0; s < KERNEL; s++)
                    for (int r = 0; r < KERNEL; r++) half[a][s] += g->t.g[a][r] * k[r * KERNEL + s];
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++) {
                    double sum = 0;
                    for (int s = 0; s < KERNEL; s++) sum += half[a][s] * g->t.g[b][s];
                    u[(a * n + b) * plane + i * g->outputs + o] = (float)sum;
                }
        }
    const char *name =
        graph_unique_name(p->graph, arena_format(p->arena, "%s.winograd_weight", conv->node->name));
    Tensor *t = graph_add_const(p->graph, name, DT_F32, 4, dims, u);
    weights_follow(t, g->w);
    return t;
}

/* M[a, b, row, column, output] = sum over channels of V * U */
static Definition *product(Program *p, const Definition *conv, const Geometry *g, Definition *input)
{
    Pool *pool = p->pool;
    int64_t dims[5];
    memcpy(dims, input->out->dims, sizeof dims);
    dims[4] = g->outputs;
    Definition *def = winograd_definition(p, conv, "winograd_product", tile_names, 5, dims);
    Tensor *u = transformed_weights(p, conv, g);
    Var *i = pool_var(pool, "i", 0, g->channels);
    Expr *v[5];
    for (int k = 0; k < 5; k++) v[k] = ex_var(pool, def->index[k]);
    Expr *x = ex_load(pool, input->out, (Expr *[]){v[0], v[1], v[2], v[3], ex_var(pool, i)});
    Expr *w = ex_load(pool, u, (Expr *[]){v[0], v[1], ex_var(pool, i), v[4]});
    def->body = ex_reduce(pool, RE_SUM, &i, 1, ex_mul(pool, x, w));
    return def;
}

/* The convolution's own definition, with its sum replaced by the outputs of the tiles. */
static void output_transform(Program *p, Definition *conv, const Geometry *g, const Definition *m)
{
    Pool *pool = p->pool;
    Expr *c = ex_var(pool, conv->index[1]), *y = ex_var(pool, conv->index[2]),
         *x = ex_var(pool, conv->index[3]);
    Expr *size = ex_int(pool, g->t.outputs), *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    Expr *row = ex_floordiv(pool, y, size), *column = ex_floordiv(pool, x, size);
    for (int a = 0; a < g->t.inputs; a++)
        for (int b = 0; b < g->t.inputs; b++)
            d[a * LONGEST + b] =
                ex_load(pool, m->out, (Expr *[]){ex_int(pool, a), ex_int(pool, b), row, column, c});
    transform(pool, (double(*)[LONGEST])g->t.at, output_row, g->t.outputs, g->t.inputs, d, out);
    Expr *outputs = winograd_choice(pool, out, ex_floormod(pool, y, size),
                                    ex_floormod(pool, x, size), g->t.outputs, LONGEST);
    conv->body = ex_replace(pool, conv->body, g->c.reduce, outputs);
}

static void add_band(Program *p, const Geometry *g, const Definition *v, const Definition *m,
                     const Definition *conv)
{
    Band *band = NEW(p->arena, Band);
    *band = (Band){{v, m, conv}, {2, 2, 2}, {g->band, g->band, g->band * g->t.outputs}, 3};
    LIST_PUSH(p->arena, &p->bands, band);
}

void winograd(Program *p, WinogradKind kind)
{
    if (kind == WINOGRAD_OFF) return;
    if (kind == WINOGRAD_AUTO) kind = computes_images(p->graph) ? WINOGRAD_ACCURATE : WINOGRAD_FAST;
    LIST(Definition *) all = {0};
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        Geometry g = {0};
        Definition *made[2];
        if (winograd_phases(p, def, made)) {
            for (int k = 0; k < 2; k++) LIST_PUSH(p->arena, &all, made[k]);
        } else if (read_geometry(p->pool, def, &g) && choose(p, kind, &g)) {
            Definition *v = input_transform(p, def, &g), *m = product(p, def, &g, v);
            v->node = m->node = def->node;
            output_transform(p, def, &g, m);
            LIST_PUSH(p->arena, &all, v);
            LIST_PUSH(p->arena, &all, m);
            if (g.band < g.tiles[0]) add_band(p, &g, v, m, def);
        }
        LIST_PUSH(p->arena, &all, def);
    }
    p->definitions.items = all.items;
    p->definitions.count = all.count;
    p->definitions.capacity = all.capacity;
}
