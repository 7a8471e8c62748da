/*
 * The choice schedule: reductions whose terms are a choice of expressions by output dimensions
 * (products with weights that are transformed on the way, winograd.c). The values of the last such
 * dimension are computed side by side, so that they share what their expressions have in common;
 * those of the others have code of their own.
 */
#include "nest.h"

typedef struct Choice {
    int vector_dim, tile_dim; /* -1: none */
    int beside;               /* the dimension whose values are computed side by side */
} Choice;

static bool tells_apart(const Definition *def, int d)
{
    return form_tells_apart(def->body, def->index[d]) && def->out->dims[d] <= MOST_PIECES;
}

static bool choose(Program *p, const Definition *def, const Form *form, Choice *c)
{
    double score;
    *c = (Choice){.tile_dim = -1, .beside = -1};
    c->vector_dim = nest_vector_dim(p, def, form, &score);
    if (c->vector_dim < 0 || def->out->dims[c->vector_dim] % p->target->lanes) return false;
    for (int d = 0; d < def->out->rank; d++) {
        if (d == c->vector_dim) continue;
        if (tells_apart(def, d))
            c->beside = d;
        else
            c->tile_dim = d;
    }
    return c->beside >= 0;
}

static Level *add_level(Nest *n, int dim)
{
    Level *level = &n->levels[n->level_count++];
    *level = (Level){.dim = dim};
    return level;
}

static void add_rows(Nest *n, int dim, int copies, int64_t unit)
{
    Level *level = add_level(n, dim);
    level->vector = unit > 1;
    level->piece_count = nest_cut(level->pieces, 0, n->def->out->dims[dim], copies, unit);
}

static void add_values(Nest *n, int dim)
{
    Level *level = add_level(n, dim);
    for (int64_t k = 0; k < n->def->out->dims[dim]; k++)
        level->pieces[level->piece_count++] = (Piece){k, 1, 1, 1, 1};
}

/* Weights of a vector of outputs stay in cache while everything else passes. */
static void add_levels(Nest *n, const Choice *c, int rows)
{
    const Tensor *out = n->def->out;
    add_rows(n, c->vector_dim, 1, n->lanes);
    for (int d = 0; d < out->rank; d++) {
        if (d == c->vector_dim || d == c->tile_dim || d == c->beside) continue;
        if (tells_apart(n->def, d))
            add_values(n, d);
        else
            add_rows(n, d, 1, 1);
    }
    if (c->tile_dim >= 0) add_rows(n, c->tile_dim, rows, 1);
    add_rows(n, c->beside, (int)out->dims[c->beside], 1);
}

static bool make(Program *p, const Definition *def, Kernel *kernel, Arena *arena)
{
    Choice c;
    Form *form = form_of(arena, def);
    if (p->target->lanes == 1 || def->out->dtype != DT_F32 || form->reduces != 1 ||
        !choose(p, def, form, &c))
        return false;
    /* a quarter of the registers hold what the values share */
    int values = (int)def->out->dims[c.beside], rows = p->target->registers * 3 / 4 / values;
    if (rows < 1) rows = 1;
    Nest *n = nest_new(p, arena, def, p->target->lanes, kernel);
    add_levels(n, &c, rows);
    nest_generate(n);
    if (n->failed) return false;
    nest_finish(n, kernel);
    kernel->schedule = arena_format(p->arena, "choice: %d values x %d rows x %d lanes", values,
                                    rows, p->target->lanes);
    return true;
}

const Schedule schedule_choice = {
    "choice", "a choice of expressions, side by side, times a tile of rows in registers", false,
    make};
