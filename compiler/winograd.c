/*
 * Winograd convolution: a 3x3 convolution of stride 1 becomes three definitions that do fewer
 * multiplications: V = Bt x B   over tiles of (m + 2)^2 input elements that overlap by 2, M = U V
 * a matrix product over channels for each of the (m + 2)^2 positions, U = G w Gt known at compile
 * time, y = At M A   the m x m outputs of each tile, with what followed the convolution. Matrices
 * from A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015. F(4,3) where
 * the plane is large, F(2,3), which is as accurate as the plain sum, where it is small. The
 * schedules know nothing of it.
 */
#include "winograd.h"

#include "form.h"

#include <math.h>

enum { KERNEL = 3, LONGEST = 6 }; /* positions along a side of the largest tile */

typedef struct Transform {
    int outputs; /* m: outputs along a side of a tile */
    int inputs;  /* m + 2 */
    double bt[LONGEST][LONGEST], g[LONGEST][KERNEL], at[LONGEST][LONGEST];
} Transform;

static const Transform f2 = {
    2,
    4,
    {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
    {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
    {{1, 1, 1, 0}, {0, 1, -1, -1}},
};

static const Transform f4 = {
    4,
    6,
    {{4, 0, -5, 0, 1, 0},
     {0, -4, -4, 1, 1, 0},
     {0, 4, -4, -1, 1, 0},
     {0, -2, -1, 2, 1, 0},
     {0, 2, -1, -2, 1, 0},
     {0, 4, 0, -5, 0, 1}},
    {{1.0 / 4, 0, 0},
     {-1.0 / 6, -1.0 / 6, -1.0 / 6},
     {-1.0 / 6, 1.0 / 6, -1.0 / 6},
     {1.0 / 24, 1.0 / 12, 1.0 / 6},
     {1.0 / 24, -1.0 / 12, 1.0 / 6},
     {0, 0, 1}},
    {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
};

/* What is known of a convolution that suits. */
typedef struct Geometry {
    Contraction c;
    Expr *x;                                  /* the load of the input, without its guard */
    const Tensor *w;                          /* [outputs, inputs, 3, 3] */
    int64_t pad[2];                           /* before, in y and x */
    int64_t channels, outputs, height, width; /* of the result */
    int64_t tiles[2];                         /* rows and columns of tiles */
    int64_t band; /* rows of tiles that are computed together; all of them: no band */
    const Transform *t;
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

/* Whole vectors of channels on both sides, and a plane on which the transforms pay. */
static bool choose(Program *p, WinogradKind kind, Geometry *g)
{
    enum { LARGE = 24, SMALL = 12 };
    int lanes = p->target->lanes;
    int64_t side = min64(g->height, g->width);
    if (lanes == 1 || g->channels % lanes || g->outputs % lanes || side < SMALL) return false;
    g->t = kind == WINOGRAD_FAST && side >= LARGE ? &f4 : &f2;
    g->tiles[0] = ceil_div(g->height, g->t->outputs);
    g->tiles[1] = ceil_div(g->width, g->t->outputs);
    /* As many rows as stay in cache with the weights; weights that do not stay there are to be read
     * only once. */
    int64_t positions = (int64_t)g->t->inputs * g->t->inputs;
    int64_t weights = positions * g->channels * g->outputs * 4,
            row = positions * g->tiles[1] * (g->channels + g->outputs) * 4;
    bool keeps = p->threads == 1 && weights <= p->target->l2_bytes;
    g->band = keeps ? min64(g->tiles[0], max64(1, p->target->l2_bytes / 2 / row)) : g->tiles[0];
    return true;
}

/* ---- building ---- */

/* sum of coefficient * term, without the zeros. */
static Expr *combination(Pool *p, const double *coefficients, Expr *const *terms, int stride,
                         int count)
{
    Expr *sum = NULL;
    for (int k = 0; k < count; k++) {
        double c = coefficients[k];
        if (c == 0) continue;
        Expr *x = terms[k * stride];
        if (!sum)
            sum = c == 1 ? x : ex_mul(p, x, ex_const(p, DT_F32, c));
        else if (fabs(c) == 1)
            sum = c < 0 ? ex_sub(p, sum, x) : ex_add(p, sum, x);
        else
            sum = ex_add(p, ex_mul(p, x, ex_const(p, DT_F32, c)), sum);
    }
    return sum;
}

/* rows x columns of T d Tt, for d given as n x n: element [a * LONGEST + b]. */
static void transform(Pool *p, double t[LONGEST][LONGEST], int rows, int n, Expr *const *d,
                      Expr **out)
{
    Expr *half[LONGEST * LONGEST];
    for (int a = 0; a < rows; a++)
        for (int s = 0; s < n; s++) half[a * LONGEST + s] = combination(p, t[a], d + s, LONGEST, n);
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < rows; b++)
            out[a * LONGEST + b] = combination(p, t[b], half + (size_t)a * LONGEST, 1, n);
}

/* out[a, b], as one expression of two indices. */
static Expr *choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int count)
{
    Expr *rows = NULL;
    for (int i = count - 1; i >= 0; i--) {
        Expr *row = NULL;
        for (int j = count - 1; j >= 0; j--) {
            Expr *value = values[i * LONGEST + j];
            row = row ? ex_select(p, ex_eq(p, b, ex_int(p, j)), value, row) : value;
        }
        rows = rows ? ex_select(p, ex_eq(p, a, ex_int(p, i)), row, rows) : row;
    }
    return rows;
}

static Definition *new_definition(Program *p, const Definition *conv, const char *suffix,
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
    int64_t dims[] = {g->t->inputs, g->t->inputs, g->tiles[0], g->tiles[1], g->channels};
    Definition *def = new_definition(p, conv, "winograd_input", tile_names, 5, dims);
    Expr *v[5], *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    for (int k = 0; k < 5; k++) v[k] = ex_var(pool, def->index[k]);
    for (int r = 0; r < g->t->inputs; r++)
        for (int s = 0; s < g->t->inputs; s++) {
            Expr *y = ex_add(pool, ex_mul(pool, v[2], ex_int(pool, g->t->outputs)),
                             ex_int(pool, r - g->pad[0]));
            Expr *x = ex_add(pool, ex_mul(pool, v[3], ex_int(pool, g->t->outputs)),
                             ex_int(pool, s - g->pad[1]));
            Expr *inside = ex_and(pool, ex_within(pool, y, 0, g->x->tensor->dims[2]),
                                  ex_within(pool, x, 0, g->x->tensor->dims[3]));
            Expr *load = ex_load(pool, g->x->tensor, (Expr *[]){ex_int(pool, 0), v[4], y, x});
            d[r * LONGEST + s] = ex_select(pool, inside, load, ex_const(pool, DT_F32, 0));
        }
    transform(pool, (double(*)[LONGEST])g->t->bt, g->t->inputs, g->t->inputs, d, out);
    def->body = choice(pool, out, v[0], v[1], g->t->inputs);
    return def;
}

/* U[a, b, channel, output] = G w Gt, computed in double. */
static Tensor *transformed_weights(Program *p, const Definition *conv, const Geometry *g)
{
    int n = g->t->inputs;
    int64_t dims[] = {n, n, g->channels, g->outputs}, plane = g->channels * g->outputs;
    float *u = NEW_ARRAY(p->arena, float, plane *n *n);
    const float *w = g->w->data;
    for (int64_t o = 0; o < g->outputs; o++)
        for (int64_t i = 0; i < g->channels; i++) {
            const float *k = w + (o * g->channels + i) * KERNEL * KERNEL;
            double half[LONGEST][KERNEL] = {{0}};
            for (int a = 0; a < n; a++)
                for (int s = 0; s < KERNEL; s++)
                    for (int r = 0; r < KERNEL; r++)
                        half[a][s] += g->t->g[a][r] * k[r * KERNEL + s];
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++) {
                    double sum = 0;
                    for (int s = 0; s < KERNEL; s++) sum += half[a][s] * g->t->g[b][s];
                    u[(a * n + b) * plane + i * g->outputs + o] = (float)sum;
                }
        }
    const char *name =
        graph_unique_name(p->graph, arena_format(p->arena, "%s.winograd_weight", conv->node->name));
    return graph_add_const(p->graph, name, DT_F32, 4, dims, u);
}

/* M[a, b, row, column, output] = sum over channels of V * U */
static Definition *product(Program *p, const Definition *conv, const Geometry *g, Definition *input)
{
    Pool *pool = p->pool;
    int64_t dims[5];
    memcpy(dims, input->out->dims, sizeof dims);
    dims[4] = g->outputs;
    Definition *def = new_definition(p, conv, "winograd_product", tile_names, 5, dims);
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
    Expr *size = ex_int(pool, g->t->outputs), *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    Expr *row = ex_floordiv(pool, y, size), *column = ex_floordiv(pool, x, size);
    for (int a = 0; a < g->t->inputs; a++)
        for (int b = 0; b < g->t->inputs; b++)
            d[a * LONGEST + b] =
                ex_load(pool, m->out, (Expr *[]){ex_int(pool, a), ex_int(pool, b), row, column, c});
    transform(pool, (double(*)[LONGEST])g->t->at, g->t->outputs, g->t->inputs, d, out);
    Expr *outputs =
        choice(pool, out, ex_floormod(pool, y, size), ex_floormod(pool, x, size), g->t->outputs);
    conv->body = ex_replace(pool, conv->body, g->c.reduce, outputs);
}

static void add_band(Program *p, const Geometry *g, const Definition *v, const Definition *m,
                     const Definition *conv)
{
    Band *band = NEW(p->arena, Band);
    *band = (Band){{v, m, conv}, {2, 2, 2}, {g->band, g->band, g->band * g->t->outputs}, 3};
    LIST_PUSH(p->arena, &p->bands, band);
}

void winograd(Program *p, WinogradKind kind)
{
    if (kind == WINOGRAD_OFF) return;
    LIST(Definition *) all = {0};
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        Geometry g = {0};
        if (read_geometry(p->pool, def, &g) && choose(p, kind, &g)) {
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
