/*
 * Winograd convolution: a 3x3 convolution in steps of 1 or 2, or a 5x5 one, becomes definitions
 * that do fewer multiplications: V = Bt x B   over tiles of input elements that overlap, M = U V a
 * matrix product over channels for each of a tile's positions, U = G w Gt,   y = At M A   the m x m
 * outputs of each tile, with what followed the convolution (A. Lavin and S. Gray, Fast Algorithms
 * for Convolutional Neural Networks, 2015). Each layer takes the transform that costs least, of
 * 2x2 outputs, which is as accurate as the plain sum, or of 4x4, or none. The schedules know
 * nothing of it.
 */
#include "winograd_parts.h"

#include "weights.h"

/* ---- recognising ---- */

static bool plain(const Expr *e, const Var *v) { return e->kind == EX_VAR && e->var == v; }

/* index = step * v + k - pad */
static bool slides(Pool *p, Expr *index, Var *v, Var *k, int64_t step, int64_t *pad)
{
    int64_t a, b;
    Affine f = ex_affine(p, index);
    *pad = -f.constant;
    return f.count == 2 && ex_coefficient(p, index, v, &a) && a == step &&
           ex_coefficient(p, index, k, &b) && b == 1 && *pad >= 0;
}

static bool slides_on(Pool *p, const Definition *def, const Expr *x, Var **v, Geometry *g)
{
    enum { LARGEST_STEP = 2 };
    for (g->step = 1; g->step <= LARGEST_STEP; g->step++)
        if (slides(p, x->args[2], def->index[2], v[1], g->step, &g->pad[0]) &&
            slides(p, x->args[3], def->index[3], v[2], g->step, &g->pad[1]))
            return true;
    return false;
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
        w->tensor->dims[2] > WIDEST || w->tensor->dims[3] != w->tensor->dims[2] ||
        ex_uses_var(x->args[0], def->index[1]) || !slides_on(p, def, x, v, g) ||
        !zero_padding(p, g->c.guard[!wi], x))
        return false;
    g->x = (Expr *)x;
    g->w = w->tensor;
    g->window = (int)w->tensor->dims[2];
    g->channels = w->tensor->dims[1];
    g->outputs = def->out->dims[1];
    g->height = def->out->dims[2];
    g->width = def->out->dims[3];
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

/* ---- the input ---- */

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

/* Indices along one side of a tile: of a position and of the tile, and whether the position is one
 * of the core's. */
typedef struct Side {
    Expr *position, *tile;
    int64_t pad, extent;
    bool core;
} Side;

/* The row or column of the input that the k-th element of the side stands for: all of the core's,
 * or the one of the position itself. */
static Expr *place_of(Pool *p, const Geometry *g, const Side *side, int k)
{
    Expr *first = ex_add(p, ex_mul(p, side->tile, ex_int(p, (int64_t)g->step * g->t.outputs)),
                         ex_int(p, -side->pad));
    if (side->core) return ex_add(p, first, ex_int(p, g->t.sample[k]));
    Expr *core = ex_int(p, g->t.core),
         *other = ex_sub(p, ex_binary(p, BI_MAX, side->position, core), core);
    return ex_add(p, first, ex_add(p, ex_mul(p, other, ex_int(p, 2)), ex_int(p, 1)));
}

/* Bt x B where the position is of the core or is not, along each side. */
static Expr *input_part(Pool *p, const Geometry *g, const Side *rows, const Side *columns,
                        Expr *channel)
{
    Matrix bt = winograd_bt(&g->t);
    const Matrix *a = rows->core ? &bt : &winograd_one, *b = columns->core ? &bt : &winograd_one;
    Expr *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    for (int r = 0; r < a->length; r++)
        for (int s = 0; s < b->length; s++) {
            Expr *y = place_of(p, g, rows, r), *x = place_of(p, g, columns, s);
            Expr *inside =
                ex_and(p, ex_within(p, y, 0, rows->extent), ex_within(p, x, 0, columns->extent));
            Expr *load = ex_load(p, g->x->tensor, (Expr *[]){ex_int(p, 0), channel, y, x});
            d[r * LONGEST + s] = ex_select(p, inside, load, ex_const(p, DT_F32, 0));
        }
    winograd_apply(p, a, b, d, out);
    return winograd_choice(p, out, rows->position, columns->position, a->count, b->count, LONGEST);
}

/* V[a, channel, b, row, column] */
static Definition *input_transform(Program *p, const Definition *conv, const Geometry *g)
{
    static const char *const names[] = {"a", "c", "b", "row", "column"};
    Pool *pool = p->pool;
    int64_t dims[] = {g->t.inputs, g->channels, g->t.inputs, g->tiles[0], g->tiles[1]};
    Definition *def = winograd_definition(p, conv, "winograd_input", names, 5, dims);
    Expr *v[5], *core = ex_int(pool, g->t.core), *of_rows[2];
    for (int k = 0; k < 5; k++) v[k] = ex_var(pool, def->index[k]);
    for (int r = 0; r < 2; r++) {
        Side rows = {v[0], v[3], g->pad[0], g->x->tensor->dims[2], r == 0},
             columns = {v[2], v[4], g->pad[1], g->x->tensor->dims[3], true};
        Expr *first = input_part(pool, g, &rows, &columns, v[1]);
        columns.core = false;
        of_rows[r] = ex_select(pool, ex_lt(pool, v[2], core), first,
                               input_part(pool, g, &rows, &columns, v[1]));
    }
    def->body = ex_select(pool, ex_lt(pool, v[0], core), of_rows[0], of_rows[1]);
    return def;
}

/* ---- the weights ---- */

/* The weights in the order in which vectors of outputs read them: [outputs / lanes, channels, taps,
 * lanes]. */
static Tensor *blocked_weights(Program *p, const Definition *conv, const Geometry *g)
{
    int lanes = p->target->lanes, taps = g->window * g->window;
    int64_t dims[] = {g->outputs / lanes, g->channels, taps, lanes}, at = 0;
    float *blocked = NEW_ARRAY(p->arena, float, g->outputs * g->channels * taps);
    const float *w = g->w->data;
    for (int64_t first = 0; first < g->outputs; first += lanes)
        for (int64_t i = 0; i < g->channels; i++)
            for (int64_t tap = 0; tap < taps; tap++)
                for (int64_t o = first; o < first + lanes; o++)
                    blocked[at++] = w[(o * g->channels + i) * taps + tap];
    const char *name =
        graph_unique_name(p->graph, arena_format(p->arena, "%s.blocked_weight", conv->node->name));
    Tensor *t = graph_add_const(p->graph, name, DT_F32, 4, dims, blocked);
    weights_follow(t, g->w);
    return t;
}

/* Element [a, b] of G w Gt without the scales, of the weights of `output` and channel i. */
static Expr *transformed_weight(Program *p, Tensor *w, const Geometry *g, Expr *a, Expr *b, Expr *i,
                                Expr *output)
{
    Pool *pool = p->pool;
    Expr *d[LONGEST * LONGEST], *out[LONGEST * LONGEST], *lanes = ex_int(pool, p->target->lanes);
    Expr *block = ex_floordiv(pool, output, lanes), *lane = ex_floormod(pool, output, lanes);
    Matrix kernels = winograd_g(&g->t);
    for (int r = 0; r < g->window; r++)
        for (int s = 0; s < g->window; s++) {
            Expr *tap = ex_int(pool, g->t.tap[r] * g->window + g->t.tap[s]);
            d[r * LONGEST + s] = ex_load(pool, w, (Expr *[]){block, i, tap, lane});
        }
    winograd_apply(pool, &kernels, &kernels, d, out);
    return winograd_choice(pool, out, a, b, g->t.kernels, g->t.kernels, LONGEST);
}

static Expr *scales(Program *p, const Geometry *g, Expr *a, Expr *b)
{
    Expr *scales[LONGEST * LONGEST];
    for (int k = 0; k < g->t.kernels; k++)
        for (int l = 0; l < g->t.kernels; l++)
            scales[k * LONGEST + l] = ex_const(p->pool, DT_F32, g->t.scale[k] * g->t.scale[l]);
    return winograd_choice(p->pool, scales, a, b, g->t.kernels, g->t.kernels, LONGEST);
}

/* U[0, output, a, b, channel] = G w Gt, in a run. */
static Definition *weight_transform(Program *p, const Definition *conv, const Geometry *g)
{
    static const char *const names[] = {"n", "output", "a", "b", "c"};
    Pool *pool = p->pool;
    int64_t dims[] = {1, g->outputs, g->t.kernels, g->t.kernels, g->channels};
    Definition *def = winograd_definition(p, conv, "winograd_weight", names, 5, dims);
    Expr *v[5];
    for (int k = 0; k < 5; k++) v[k] = ex_var(pool, def->index[k]);
    Expr *u = transformed_weight(p, blocked_weights(p, conv, g), g, v[2], v[3], v[4], v[1]);
    def->body = ex_mul(pool, u, scales(p, g, v[2], v[3]));
    return def;
}

/* G w Gt of one kernel, computed in double: element [a * n + b] goes to u[(a * n + b) * step]. */
static void transform_kernel(const Transform *t, const float *w, float *u, int64_t step)
{
    int n = t->kernels;
    double half[LONGEST][WIDEST] = {{0}};
    for (int a = 0; a < n; a++)
        for (int s = 0; s < t->window; s++)
            for (int r = 0; r < t->window; r++)
                half[a][s] += t->g[a][r] * w[t->tap[r] * t->window + t->tap[s]];
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            double sum = 0;
            for (int s = 0; s < t->window; s++) sum += half[a][s] * t->g[b][s];
            u[(a * n + b) * step] = (float)(t->scale[a] * t->scale[b] * sum);
        }
}

/* The same as a constant: U[output / group, output % group, a, b, channel], so that a group is a
 * dimension of what is packed. */
static Tensor *transformed_weights(Program *p, const Definition *conv, const Geometry *g)
{
    int n = g->t.kernels;
    int64_t dims[] = {g->outputs / g->group, g->group, n, n, g->channels},
            plane = n * n * g->channels;
    float *u = NEW_ARRAY(p->arena, float, g->outputs *plane);
    const float *w = g->w->data;
    for (int64_t o = 0; o < g->outputs; o++)
        for (int64_t i = 0; i < g->channels; i++)
            transform_kernel(&g->t, w + (o * g->channels + i) * g->window * g->window,
                             u + o * plane + i, g->channels);
    const char *name =
        graph_unique_name(p->graph, arena_format(p->arena, "%s.winograd_weight", conv->node->name));
    Tensor *t = graph_add_const(p->graph, name, DT_F32, 5, dims, u);
    weights_follow(t, g->w);
    return t;
}

/* ---- the product ---- */

/* Of a position, in U. */
static Expr *kernel_of(Pool *p, const Tensor *u, int dim, Expr *position)
{
    return ex_binary(p, BI_MIN, position, ex_int(p, u->dims[dim] - 1));
}

/* M[a, b, tile, output] = sum over channels of V * U. `weight` is U; NULL: it is computed here,
 * scaled after the sum. */
static Definition *product(Program *p, const Definition *conv, const Geometry *g, Tensor *input,
                           Tensor *weight)
{
    static const char *const names[] = {"a", "b", "tile", "c"};
    Pool *pool = p->pool;
    int64_t dims[] = {g->t.inputs, g->t.inputs, g->tiles[0] * g->tiles[1], g->outputs};
    Definition *def = winograd_definition(p, conv, "winograd_product", names, 4, dims);
    Var *channel = pool_var(pool, "i", 0, g->channels);
    Expr *i = ex_var(pool, channel), *v[4], *columns = ex_int(pool, g->tiles[1]);
    for (int k = 0; k < 4; k++) v[k] = ex_var(pool, def->index[k]);
    Expr *row = ex_floordiv(pool, v[2], columns), *column = ex_floormod(pool, v[2], columns);
    Expr *x = ex_load(pool, input, (Expr *[]){v[0], i, v[1], row, column});
    Expr *size = ex_int(pool, weight ? weight->dims[1] : 1), *group = ex_floordiv(pool, v[3], size),
         *output = ex_floormod(pool, v[3], size);
    Expr *u = weight ? ex_load(pool, weight,
                               (Expr *[]){group, output, kernel_of(pool, weight, 2, v[0]),
                                          kernel_of(pool, weight, 3, v[1]), i})
                     : transformed_weight(p, blocked_weights(p, conv, g), g, v[0], v[1], i, v[3]);
    def->body = ex_reduce(pool, RE_SUM, &channel, 1, ex_mul(pool, x, u));
    if (!weight) def->body = ex_mul(pool, def->body, scales(p, g, v[0], v[1]));
    return def;
}

/* ---- the outputs ---- */

/* The convolution's own definition, with its sum replaced by the outputs of the tiles. */
static void output_transform(Program *p, Definition *conv, const Geometry *g, const Definition *m)
{
    Pool *pool = p->pool;
    Expr *c = ex_var(pool, conv->index[1]), *y = ex_var(pool, conv->index[2]),
         *x = ex_var(pool, conv->index[3]);
    Expr *size = ex_int(pool, g->t.outputs), *d[LONGEST * LONGEST], *out[LONGEST * LONGEST];
    Expr *row = ex_floordiv(pool, y, size), *column = ex_floordiv(pool, x, size),
         *tile = ex_add(pool, ex_mul(pool, row, ex_int(pool, g->tiles[1])), column);
    for (int a = 0; a < g->t.inputs; a++)
        for (int b = 0; b < g->t.inputs; b++)
            d[a * LONGEST + b] =
                ex_load(pool, m->out, (Expr *[]){ex_int(pool, a), ex_int(pool, b), tile, c});
    Matrix at = winograd_at(&g->t);
    winograd_apply(pool, &at, &at, d, out);
    Expr *outputs = winograd_choice(pool, out, ex_floormod(pool, y, size),
                                    ex_floormod(pool, x, size), at.count, at.count, LONGEST);
    conv->body = ex_replace(pool, conv->body, g->c.reduce, outputs);
}

/* ---- the pass ---- */

static void add_band(Program *p, Band members, int64_t steps)
{
    members.copies = (int)min64(p->threads, steps);
    LIST_PUSH(p->arena, &p->bands, arena_copy(p->arena, &members, sizeof members));
}

/* Rows of tiles, groups of outputs, or groups for each few rows. */
static void add_bands(Program *p, Definition *u, Definition *v, Definition *m, Definition *conv,
                      const Geometry *g)
{
    int64_t rows = g->band, columns = g->tiles[1], group = g->group;
    bool groups = group < g->outputs;
    Band by_rows = {.members = {v, m, conv},
                    .dims = {3, 2, 2},
                    .count = 3,
                    .rows = {rows, rows * columns, rows * g->t.outputs}},
         by_groups = {.members = {m, conv},
                      .dims = {3, 1},
                      .count = 2,
                      .rows = {group, group},
                      .copies = 1},
         with_weights = {
             .members = {u, m, conv}, .dims = {1, 3, 1}, .count = 3, .rows = {group, group, group}};
    if (groups) by_rows.inner = arena_copy(p->arena, &by_groups, sizeof by_groups);
    if (rows < g->tiles[0])
        add_band(p, by_rows, g->tiles[0] / rows);
    else if (groups)
        add_band(p, u ? with_weights : by_groups, g->outputs / group);
}

typedef LIST(Definition *) Definitions;

static void add_definition(Program *p, Definitions *all, const Definition *conv, Definition *def)
{
    def->node = conv->node;
    LIST_PUSH(p->arena, all, def);
}

/* What a band of rows computes together comes after the weights, what groups of outputs of all rows
 * do after the input. */
static void rewrite(Program *p, Definition *conv, const Geometry *g, Definitions *all)
{
    Definition *v = input_transform(p, conv, g),
               *u = g->place == IN_CACHE ? weight_transform(p, conv, g) : NULL;
    Tensor *weight = u ? u->out : g->place == IN_COMPILER ? transformed_weights(p, conv, g) : NULL;
    Definition *m = product(p, conv, g, v->out, weight);
    output_transform(p, conv, g, m);
    bool by_groups = g->band == g->tiles[0] && g->group < g->outputs;
    if (u && !by_groups) add_definition(p, all, conv, u);
    add_definition(p, all, conv, v);
    if (u && by_groups) add_definition(p, all, conv, u);
    add_definition(p, all, conv, m);
    add_bands(p, u, v, m, conv, g);
}

void winograd(Program *p, WinogradKind kind)
{
    if (kind == WINOGRAD_OFF) return;
    if (kind == WINOGRAD_AUTO) kind = computes_images(p->graph) ? WINOGRAD_ACCURATE : WINOGRAD_FAST;
    p->weight_rate = winograd_weight_rate(p);
    Definitions all = {0};
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        Geometry g = {0};
        Definition *made[2];
        if (winograd_phases(p, def, made)) {
            for (int k = 0; k < 2; k++) LIST_PUSH(p->arena, &all, made[k]);
        } else if (read_geometry(p->pool, def, &g) && winograd_choose(p, kind, &g)) {
            rewrite(p, def, &g, &all);
        }
        LIST_PUSH(p->arena, &all, def);
    }
    p->definitions.items = all.items;
    p->definitions.count = all.count;
    p->definitions.capacity = all.capacity;
}
