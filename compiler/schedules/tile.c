/*
 * The register-tiled schedule: vectors along one output dimension, a tile of rows x vectors of
 * accumulators in registers, everything else in loops. Convolution of every kind, matrix multiply,
 * pooling and elementwise work are all this schedule with other choices.
 */
#include "nest.h"

typedef struct Choice {
    int vector_dim;  /* -1: none */
    int lanes;       /* 1: scalar code */
    int blocks;      /* vectors side by side */
    int rows[2];     /* copies along tile_dim[0] (inner) and tile_dim[1] */
    int tile_dim[2]; /* -1: none */
    int64_t group; /* the vector dimension is cut into groups of this size; its extent: one group */
    bool contraction, reduces;
    bool rows_outside; /* the outer tile dimension outside the vector dimension */
} Choice;

static int64_t extent(const Definition *def, int d) { return d < 0 ? 1 : def->out->dims[d]; }

/* The rows of a band come as they may, so none stand side by side. */
static bool is_rows(const Definition *def, int d) { return def->rows && def->rows->dim == d; }

/* ---- groups ---- */

typedef struct GroupSearch {
    const Var *v;
    int64_t group;
} GroupSearch;

static void find_group(Expr *e, void *context)
{
    GroupSearch *s = context;
    if (e->kind == EX_BINARY && e->op == BI_FLOORDIV && e->args[0]->kind == EX_VAR &&
        e->args[0]->var == s->v && e->args[1]->kind == EX_CONST && e->args[1]->i > 0 &&
        e->args[1]->i < s->group)
        s->group = e->args[1]->i;
}

/* ---- the register tile ---- */

/* May rows of dimension d share the vectors of the factor that runs along the vector dimension? */
static bool shares_vectors(const Definition *def, const Contraction *c, int d, int vector_dim)
{
    for (int i = 0; i < 2; i++)
        if (vector_dim >= 0 && form_load_uses(c->factor[i], def->index[vector_dim]) &&
            !form_load_uses(c->factor[i], def->index[d]))
            return true;
    return vector_dim < 0;
}

/* What there is to tile along d: with phases, the steps of one. */
static int64_t tile_extent(Program *p, const Definition *def, int d)
{
    int64_t period = d < 0 ? 1 : nest_period(p->pool, def->body, def->index[d]);
    return ceil_div(extent(def, d), period);
}

/* Weights that come from outside the cache are to come once: all rows in one tile of single vectors
 * where they fit, and are enough to keep the multipliers busy. */
static void join_rows(Program *p, const Definition *def, const Contraction *contraction, Choice *c)
{
    const Target *t = p->target;
    int64_t inner = tile_extent(p, def, c->tile_dim[0]),
            outer = tile_extent(p, def, c->tile_dim[1]), weights = 0;
    for (int i = 0; i < 2; i++)
        if (tensor_is_const(contraction->factor[i]->tensor))
            weights = (int64_t)sizeof(float) * tensor_elements(contraction->factor[i]->tensor);
    if (weights <= t->l2_bytes || c->rows[0] * c->rows[1] == inner * outer ||
        inner * outer > t->registers - 4 || 2 * inner * outer < t->registers)
        return;
    for (int k = 0; k < 2; k++)
        if (c->tile_dim[k] < 0 || !shares_vectors(def, contraction, c->tile_dim[k], c->vector_dim))
            return;
    c->rows[0] = (int)inner, c->rows[1] = (int)outer;
    c->blocks = 1;
}

/* Bytes of what a factor loads in one turn of the loops outside the tile and the vectors. */
static int64_t loaded(const Definition *def, const Expr *load, const Choice *c)
{
    int64_t bytes = (int64_t)buffer_bytes(load->tensor->buffer);
    for (int d = 0; d < c->tile_dim[1]; d++)
        if (d != c->vector_dim && form_load_uses(load, def->index[d])) bytes /= extent(def, d);
    return bytes;
}

/* The weights of one group usually stay in cache while all rows pass. Where the rows are more than
 * the second cache holds and all weights are not, all groups are computed of one row after the
 * other: the rows come from further out once, not for each group. */
static bool rows_outside(const Program *p, const Definition *def, const Contraction *contraction,
                         const Choice *c)
{
    if (c->tile_dim[1] < 0 || c->tile_dim[1] > c->tile_dim[0] || c->rows[1] > 1) return false;
    const Var *v = def->index[c->vector_dim];
    bool second = form_load_uses(contraction->factor[1], v);
    const Expr *weights = contraction->factor[second], *rows = contraction->factor[!second];
    int64_t room = p->target->l2_bytes / 2;
    return !form_load_uses(rows, v) && loaded(def, rows, c) > room &&
           loaded(def, weights, c) <= room;
}

static void choose_tile(Program *p, const Definition *def, const Form *form, Choice *c)
{
    const Target *t = p->target;
    Contraction contraction;
    c->contraction = form_contraction(def, &contraction);
    c->tile_dim[0] = c->tile_dim[1] = -1;
    c->rows[0] = c->rows[1] = c->blocks = 1;
    c->reduces = form->reduce != NULL;
    if (!c->reduces) return;
    for (int d = def->out->rank - 1, k = 0; d >= 0 && k < 2; d--) {
        if (d == c->vector_dim || extent(def, d) == 1 || is_rows(def, d)) continue;
        if (c->contraction && !shares_vectors(def, &contraction, d, c->vector_dim)) continue;
        c->tile_dim[k++] = d;
    }
    for (int d = def->out->rank - 1; d >= 0 && c->tile_dim[0] >= 0 && c->tile_dim[1] < 0; d--)
        if (d != c->vector_dim && d != c->tile_dim[0] && extent(def, d) > 1 && !is_rows(def, d))
            c->tile_dim[1] = d;
    int most = c->contraction ? t->tile : 4;
    int64_t inner = tile_extent(p, def, c->tile_dim[0]);
    c->rows[0] = (int)ceil_div(inner, ceil_div(inner, most));
    if (c->rows[0] == inner && 2 * inner <= most) {
        int64_t outer = tile_extent(p, def, c->tile_dim[1]), room = most / inner;
        c->rows[1] = (int)ceil_div(outer, ceil_div(outer, room));
    }
    if (!c->contraction || c->vector_dim < 0) return;
    int rows = c->rows[0] * c->rows[1];
    int room = rows <= 3 ? t->registers / 4 : rows <= 6 ? t->registers / 8 : t->tile_blocks;
    int64_t vectors = ceil_div(c->group, c->lanes);
    if (room < 1) room = 1;
    c->blocks = (int)ceil_div(vectors, ceil_div(vectors, room));
    if (c->group < extent(def, c->vector_dim) && vectors % c->blocks)
        c->blocks = 1; /* packed groups are whole */
    join_rows(p, def, &contraction, c);
    c->rows_outside = rows_outside(p, def, &contraction, c);
}

/* ---- levels ---- */

/* Do all loads along the vector dimension have room for a whole last vector? */
static bool has_room(const Definition *def, const Form *form, int v)
{
    for (int s = 0; s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        if (form_load_uses(load, def->index[v]) && load->tensor->buffer->layout.block_dim != v &&
            !load->tensor->buffer->packing)
            return false;
    }
    return true;
}

/* Whole groups, then what is left: in one group with the partial last vector where there is room to
 * load it, else that one alone. */
static void add_vector_pieces(Level *level, int64_t lo, int64_t hi, const Choice *c, bool room)
{
    int64_t width = (int64_t)c->lanes * c->blocks, vectors = (hi - lo) / c->lanes;
    int rest = (int)((hi - lo) % c->lanes);
    bool join = rest && room;
    int64_t whole = vectors / c->blocks, left = vectors % c->blocks + join;
    Piece *pieces = level->pieces;
    if (whole) pieces[level->piece_count++] = (Piece){lo, whole, width, c->blocks, c->lanes};
    lo += whole * width;
    if (left)
        pieces[level->piece_count++] =
            (Piece){lo, 1, left * c->lanes, (int)left, join ? rest : c->lanes};
    lo += left * c->lanes;
    if (rest && !join) pieces[level->piece_count++] = (Piece){lo, 1, c->lanes, 1, rest};
}

static Level *new_level(Nest *n, int dim)
{
    assert(n->level_count < MOST_LEVELS);
    Level *level = &n->levels[n->level_count++];
    *level = (Level){.dim = dim};
    return level;
}

static void add_vector_level(Nest *n, const Choice *c, const Form *form)
{
    int v = c->vector_dim;
    int64_t size = c->group, cuts[4] = {0, size, 0, 0};
    int count = 2;
    if (size < extent(n->def, v))
        new_level(n, v)->pieces[0] = (Piece){0, extent(n->def, v) / size, size, 1, 1},
                     n->levels[n->level_count - 1].piece_count = 1;
    else
        count = nest_guard_cuts(n->pool, n->def, v, cuts, 4);
    bool aligned = true;
    for (int k = 1; k + 1 < count; k++)
        aligned &= n->def->out->buffer->layout.block_dim != v || cuts[k] % c->lanes == 0;
    if (!aligned) cuts[1] = size, count = 2;
    bool room = count == 2 && has_room(n->def, form, v);
    if (room && n->def->out->buffer->layout.block_dim == v)
        cuts[1] = ceil_div(size, c->lanes) * c->lanes; /* to store it, too */
    Level *level = new_level(n, v);
    level->vector = c->lanes > 1;
    for (int k = 0; k + 1 < count; k++) add_vector_pieces(level, cuts[k], cuts[k + 1], c, room);
}

/* A dimension of s phases: steps of s, of one phase after the other. */
static void add_phase_level(Nest *n, int d, int64_t period, int rows)
{
    Level *level = new_level(n, d);
    for (int64_t k = 0; k < min64(period, extent(n->def, d)); k++)
        level->piece_count +=
            nest_cut(&level->pieces[level->piece_count], k,
                     k + ceil_div(extent(n->def, d) - k, period) * period, rows, period);
}

/* A map that tells values apart by tests: whole groups of `size` side by side, then what is left.
 */
static void add_distinct_pieces(Level *level, int64_t lo, int64_t hi, int size)
{
    int64_t groups = (hi - lo) / size;
    int left = (int)((hi - lo) % size);
    if (groups) level->pieces[level->piece_count++] = (Piece){lo, groups, size, size, 1};
    if (left) level->pieces[level->piece_count++] = (Piece){hi - left, 1, left, left, 1};
}

static void add_plain_level(Nest *n, const Choice *c, int d)
{
    int rows = d == c->tile_dim[0] ? c->rows[0] : d == c->tile_dim[1] ? c->rows[1] : 1;
    int size = c->reduces ? 1 : nest_distinct(n->pool, n->def->body, n->def->index[d]);
    int64_t cuts[6], period = nest_period(n->pool, n->def->body, n->def->index[d]);
    int count = nest_guard_cuts(n->pool, n->def, d, cuts, 6);
    bool by_piece = !c->reduces && count > 2 && form_tells_apart(n->def->body, n->def->index[d]);
    if (size > 1 && !by_piece) {
        add_distinct_pieces(new_level(n, d), 0, extent(n->def, d), size);
        return;
    }
    if (period > 1) {
        add_phase_level(n, d, period, rows);
        return;
    }
    Level *level = new_level(n, d);
    for (int k = 0; k + 1 < count; k++) {
        size = by_piece
                   ? nest_distinct_in(n->pool, n->def->body, n->def->index[d], cuts[k], cuts[k + 1])
                   : 1;
        if (size > 1)
            add_distinct_pieces(level, cuts[k], cuts[k + 1], size);
        else
            level->piece_count +=
                nest_cut(&level->pieces[level->piece_count], cuts[k], cuts[k + 1], rows, 1);
    }
}

/* The dimension that the vector dimension's loops go around: its own place, or that of the tile
 * where that comes first. */
static int vector_place(const Choice *c)
{
    int first = c->tile_dim[1] < 0 ? c->tile_dim[0] : c->tile_dim[1];
    if (c->rows_outside) return c->tile_dim[0];
    return c->contraction && first >= 0 && first < c->vector_dim ? first : c->vector_dim;
}

/* In order of dimensions, so that memory is walked in order; a contraction puts the vector
 * dimension outside its tile, so that the weights of one group stay in cache while the rows pass
 * (but for rows_outside). */
static void add_levels(Nest *n, const Choice *c, const Form *form)
{
    int place = vector_place(c);
    for (int d = 0; d < n->def->out->rank; d++) {
        if (d == place) add_vector_level(n, c, form);
        if (d != c->vector_dim) add_plain_level(n, c, d);
    }
}

/* ---- one attempt ---- */

static const Definition *packed(Program *p, const Definition *def, const Choice *c, Arena *arena)
{
    if (c->lanes == 1 || c->vector_dim < 0) return def;
    Contraction contraction;
    bool contracts = form_contraction(def, &contraction);
    return nest_pack(p, def, def->index[c->vector_dim], c->lanes, c->blocks,
                     contracts ? contraction.reduce : NULL, arena);
}

static void describe(Program *p, Kernel *k, const Choice *c)
{
    k->schedule = arena_format(p->arena, "tile: %d x %d x %d lanes%s", c->rows[0] * c->rows[1],
                               c->blocks, c->lanes, c->rows_outside ? ", row by row" : "");
}

static bool attempt(Program *p, const Definition *def, int lanes, Kernel *kernel, Arena *arena)
{
    Form *form = form_of(arena, def);
    Choice c = {.lanes = lanes};
    double fill;
    c.vector_dim = nest_vector_dim(p, def, form, &fill);
    if (is_rows(def, c.vector_dim)) c.vector_dim = -1;
    if (c.vector_dim < 0) c.lanes = 1;
    GroupSearch g = {c.vector_dim < 0 ? NULL : def->index[c.vector_dim], extent(def, c.vector_dim)};
    ex_visit(def->body, find_group, &g);
    int64_t whole = extent(def, c.vector_dim);
    c.group = g.group % c.lanes == 0 && whole % g.group == 0 ? g.group
                                                             : whole; /* of groups, all are full */
    choose_tile(p, def, form, &c);
    const Definition *ready = packed(p, def, &c, arena);
    Nest *n = nest_new(p, arena, ready, c.lanes, kernel);
    add_levels(n, &c, form_of(arena, ready));
    nest_generate(n);
    if (n->failed) return false;
    nest_finish(n, kernel);
    describe(p, kernel, &c);
    return true;
}

static bool make(Program *p, const Definition *def, Kernel *kernel, Arena *arena)
{
    if (p->target->lanes > 1 && def->out->dtype == DT_F32 &&
        attempt(p, def, p->target->lanes, kernel, arena))
        return true;
    return attempt(p, def, 1, kernel, arena);
}

const Schedule schedule_tile = {
    "tile", "vectors along an output dimension, a tile of accumulators in registers", true, make};
