/*
 * Which transform a convolution gets, if any, where its weights are transformed and what is
 * computed together: by an estimate of cycles from the target's description.
 */
#include "winograd_parts.h"

#include <math.h>

static double positions(const Geometry *g) { return (double)(g->t.inputs * g->t.inputs); }
static double kernels(const Geometry *g) { return (double)(g->t.kernels * g->t.kernels); }
static double tiles(const Geometry *g) { return (double)(g->tiles[0] * g->tiles[1]); }
static double taps(const Geometry *g) { return (double)(g->window * g->window); }
static double pairs(const Geometry *g) { return (double)(g->channels * g->outputs); }

typedef struct Constants {
    bool *seen; /* by tensor id */
    double bytes;
} Constants;

static void count_constant(Expr *e, void *context)
{
    Constants *k = context;
    if (e->kind != EX_LOAD || !tensor_is_const(e->tensor) || k->seen[e->tensor->id]) return;
    k->seen[e->tensor->id] = true;
    k->bytes += (double)dtype_bytes(e->dtype, tensor_elements(e->tensor));
}

double winograd_weight_rate(const Program *p)
{
    Arena *arena = arena_new();
    Constants k = {.seen = NEW_ARRAY(arena, bool, p->graph->tensors.count)};
    for (int i = 0; i < p->definitions.count; i++)
        if (p->definitions.items[i]->body)
            ex_visit(p->definitions.items[i]->body, count_constant, &k);
    arena_free(arena);
    return p->target->rate[2 * k.bytes > (double)p->target->l3_bytes ? 2 : 1];
}

/* Cycles of so many multiply-adds that read so many weights. */
static double product_cycles(const Program *p, double multiply_adds, double weights)
{
    const Target *t = p->target;
    return fmax(multiply_adds / (t->lanes * t->arithmetic_ports), 4 * weights / p->weight_rate);
}

static double direct_cycles(const Program *p, const Geometry *g)
{
    double weights = taps(g) * pairs(g);
    return product_cycles(p, weights * (double)(g->height * g->width), weights);
}

/* ---- the product, by where weights are transformed ---- */

static double transformed_bytes(const Geometry *g) { return 4 * kernels(g) * pairs(g); }

static double input_bytes(const Geometry *g)
{
    return 4 * positions(g) * tiles(g) * (double)g->channels;
}

/* As many outputs as a register tile takes side by side, and fewer where their weights would fill
 * more than half the cache. */
static int64_t choose_group(const Program *p, const Geometry *g)
{
    const Target *t = p->target;
    int64_t most = (int64_t)(0.5 * (double)t->l2_bytes * (double)g->outputs / transformed_bytes(g)),
            vectors = min64(t->tile_blocks, max64(1, most / t->lanes));
    while (g->outputs % (vectors * t->lanes)) vectors--;
    return vectors * t->lanes;
}

/* Storing a transformed vector takes some cycles; transformed inputs that do not stay in cache come
 * again for each group. Of those in steps of 2, whose groups are narrow and soon done, only what is
 * beyond the cache does, as measured. */
static double cached_cycles(const Program *p, const Geometry *g)
{
    enum { STORE = 3 };
    const Target *t = p->target;
    double plain = taps(g) * pairs(g), vectors = kernels(g) * pairs(g) / t->lanes;
    double cycles = product_cycles(p, positions(g) * tiles(g) * pairs(g), plain) + STORE * vectors;
    double l2 = (double)t->l2_bytes, inputs = input_bytes(g);
    if (transformed_bytes(g) <= l2 || inputs <= l2) return cycles;
    double again = g->step == 1 ? inputs : inputs - l2;
    return cycles + ((double)g->outputs / (double)choose_group(p, g) - 1) * again / t->rate[1];
}

/* The schedule `choice` transforms once for each tile of rows. */
static double registers_cycles(const Program *p, const Geometry *g)
{
    const Target *t = p->target;
    const double transform = 1.7; /* operations for a value */
    double plain = taps(g) * pairs(g), most = fmax(1, t->registers * 3 / 4 / g->t.inputs),
           rows = tiles(g) / ceil(tiles(g) / most);
    return product_cycles(p, positions(g) * tiles(g) * pairs(g) * (1 + transform / rows), plain);
}

/* Weights that are transformed in a run take less memory: constants have to be clearly faster.
 * Kernels that positions share are shared in cache only. */
static double choose_place(const Program *p, Geometry *g)
{
    const double clearly = 0.85;
    double cached = cached_cycles(p, g);
    g->place = IN_CACHE;
    if (g->t.kernels < g->t.inputs) return cached;
    double registers = registers_cycles(p, g), cycles = fmin(cached, registers),
           constant =
               product_cycles(p, positions(g) * tiles(g) * pairs(g), positions(g) * pairs(g));
    if (registers < cached) g->place = IN_REGISTERS;
    if (constant >= clearly * cycles) return cycles;
    g->place = IN_COMPILER;
    return constant;
}

/* ---- all of it ---- */

static void set_tile(Geometry *g, const Transform *t)
{
    g->t = *t;
    g->tiles[0] = ceil_div(g->height, t->outputs);
    g->tiles[1] = ceil_div(g->width, t->outputs);
}

/* The product, and some operations for each element that is transformed. */
static double winograd_cycles(const Program *p, Geometry *g)
{
    const Target *t = p->target;
    double elements = tiles(g) * positions(g) * (double)(g->channels + g->outputs);
    return choose_place(p, g) + g->t.work * elements / (t->lanes * t->arithmetic_ports);
}

/* ---- what is computed together ---- */

/* Bytes of transformed inputs, and of products with one group of outputs, in a row of tiles. */
static int64_t row_bytes(const Geometry *g, int64_t channels)
{
    return 4 * g->t.inputs * g->t.inputs * g->tiles[1] * channels;
}

/* Do so many rows stay in the second cache from the transform of the inputs to that of the outputs?
 * Weights that pass meanwhile take little of it: they are not used again. */
static bool rows_stay(const Program *p, const Geometry *g, int64_t rows)
{
    int64_t l2 = p->target->l2_bytes, inputs = rows * row_bytes(g, g->channels);
    return inputs <= l2 && inputs + rows * row_bytes(g, g->group) <= l2 + l2 / 2;
}

/* Is it less to read all weights for each band than what is computed from all rows: to write that,
 * which reads it first, and to read it? */
static bool bands_move_less(const Geometry *g, int64_t rows)
{
    double bands = (double)(g->tiles[0] / rows), weights = transformed_bytes(g),
           all = (double)(g->tiles[0] * row_bytes(g, g->channels + g->outputs));
    return bands * weights < weights + 3 * all;
}

/* Threads need no bands for what stays in their caches, and take bands in turns. */
static bool threads_share(const Program *p, const Geometry *g, int64_t rows)
{
    enum { CLEARLY = 4 };
    int64_t bytes = g->tiles[0] * row_bytes(g, g->channels + g->outputs);
    return p->threads == 1 ||
           (bytes > CLEARLY * p->threads * p->target->l2_bytes &&
            g->tiles[0] / rows % p->threads == 0 && g->height % (rows * g->t.outputs) == 0);
}

/* Bands of as many rows each; all rows: none. Few where the weights stay in cache, but enough for a
 * register tile; else many, so that weights pass seldom. */
static int64_t choose_rows(const Program *p, const Geometry *g)
{
    int64_t all = g->tiles[0], best = 0;
    bool stay = transformed_bytes(g) <= (double)p->target->l2_bytes, few = stay && p->threads == 1;
    for (int64_t rows = all; rows >= 1 && (few || !best); rows--) {
        if (all % rows || !rows_stay(p, g, rows) || !threads_share(p, g, rows)) continue;
        if (!best || rows * g->tiles[1] >= p->target->tile) best = rows;
    }
    return best && (stay || bands_move_less(g, best)) ? best : all;
}

/* Rows of tiles, in groups of outputs as wide as a register tile: their products are used at once.
 * Weights that are transformed in a run and do not stay in cache: groups of outputs whose weights
 * do. */
static void choose_bands(const Program *p, Geometry *g)
{
    const Target *t = p->target;
    int64_t width = t->tile_blocks * t->lanes;
    g->band = g->tiles[0];
    g->group = g->outputs;
    if (g->place == IN_REGISTERS) return;
    if (g->outputs % width == 0) g->group = width;
    g->band = choose_rows(p, g);
    if (g->band < g->tiles[0]) return;
    if (g->place == IN_CACHE && transformed_bytes(g) > (double)t->l2_bytes)
        g->group = choose_group(p, g);
    else if (p->threads > 1)
        g->group = g->outputs; /* they share these out */
}

/* Whole vectors of channels on both sides, and the transform, if any, that is worth it: those of
 * larger tiles have larger errors. */
bool winograd_choose(const Program *p, WinogradKind kind, Geometry *g)
{
    const Target *target = p->target;
    if (target->lanes == 1 || g->channels % target->lanes || g->outputs % target->lanes)
        return false;
    double least = direct_cycles(p, g);
    Geometry best = *g;
    Transform t;
    for (int k = 0; winograd_transform(g->window, g->step, k, &t); k++) {
        if (!t.accurate && kind != WINOGRAD_FAST) continue;
        set_tile(g, &t);
        double cycles = winograd_cycles(p, g);
        if (cycles >= t.worth * least) continue;
        best = *g;
        least = cycles;
    }
    *g = best;
    if (!g->t.outputs) return false;
    choose_bands(p, g);
    return true;
}
