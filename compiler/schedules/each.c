/*
 * The schedule for few output channels: the last layers of generators, autoencoders, super
 * resolution and segmentation, whose channels would fill a vector badly. Vectors run along the
 * input channels, of which there are many; each element of a vector of the output has an
 * accumulator, and those are added up across, each to its lane, so that the epilogue is computed in
 * vectors.
 */
#include "nest.h"

#include <math.h>

typedef struct Choice {
    Contraction c;
    Var *along; /* the reduced variable in lanes */
    int x;      /* the output dimension in lanes afterwards, */
    int in_use; /* of them at most */
    int copies; /* of other elements side by side */
} Choice;

/* ---- does it suit? ---- */

/* Do whole vectors along v lie in memory as the load reads them? Weights will be packed so. */
static bool contiguous(Program *p, const Expr *load, Var *v)
{
    Pool *pool = p->pool;
    int lanes = p->target->lanes;
    if (tensor_is_const(load->tensor)) {
        bool plain = false;
        for (int d = 0; d < load->arg_count; d++)
            plain |= load->args[d]->kind == EX_VAR && load->args[d]->var == v;
        return plain;
    }
    Var *lane = pool_var(pool, "lane", 0, lanes),
        *block = pool_var(pool, "block", 0, v->hi / lanes);
    Expr *at = ex_add(pool, ex_mul(pool, ex_var(pool, block), ex_int(pool, lanes)),
                      ex_var(pool, lane)),
         *offset = buffer_offset(pool, load->tensor->buffer, load->args);
    int64_t step;
    offset = ex_substitute(pool, offset, &v, &at, 1);
    return ex_coefficient(pool, offset, lane, &step) && step == 1;
}

static Var *choose_along(Program *p, const Contraction *c)
{
    for (int k = 0; k < c->reduce->var_count; k++) {
        Var *v = c->reduce->vars[k];
        if (v->lo == 0 && v->hi >= p->target->lanes && contiguous(p, c->factor[0], v) &&
            contiguous(p, c->factor[1], v))
            return v;
    }
    return NULL;
}

/* Products for an element, without those that phases leave out. */
static double terms_of(Program *p, const Expr *reduce)
{
    double terms = 1;
    for (int k = 0; k < reduce->var_count; k++)
        terms *= (double)(reduce->vars[k]->hi - reduce->vars[k]->lo) /
                 (double)nest_period(p->pool, reduce->args[0], reduce->vars[k]);
    return terms;
}

/* Cycles to store an element of a vector along dimension d, other than the innermost: as many lines
 * as lanes are open at once, and where they are whole pages apart, they displace one another. */
static double store_cycles(const Definition *def, int d, int lanes)
{
    enum { PAGE = 4096, WAYS = 8 };
    int64_t apart = def->out->buffer->layout.stride[d] * (int64_t)sizeof(float);
    bool collide = apart % PAGE == 0 && min64(def->out->dims[d], 2 * lanes) > WAYS;
    return collide ? 8 : 1.5;
}

/* Cycles for a vector of outputs: a multiply-add for each of them and each vector of terms, and the
 * sums across; against vectors of outputs that are only partly filled and stored apart. */
static bool pays(Program *p, const Definition *def, const Form *form, const Choice *choice)
{
    const double clearly = 0.9;
    const Target *t = p->target;
    double fill, terms = terms_of(p, choice->c.reduce), length = (double)choice->along->hi;
    int other = nest_vector_dim(p, def, form, &fill);
    double vectors = terms / length * ceil(length / t->lanes);
    double here = vectors * (choice->in_use + 1) / t->arithmetic_ports + 2 * (t->lanes - 1);
    double there = terms * choice->in_use / (t->lanes * fill * t->arithmetic_ports);
    if (other != choice->x) there += choice->in_use * store_cycles(def, other, t->lanes);
    return here < clearly * there;
}

static bool choose(Program *p, const Definition *def, const Form *form, Choice *choice)
{
    const Target *t = p->target;
    if (t->lanes == 1 || def->out->dtype != DT_F32 || form->reduces != 1 ||
        def->out->buffer->layout.block_dim >= 0 || !form_contraction(def, &choice->c) ||
        tensor_is_const(choice->c.factor[0]->tensor) ==
            tensor_is_const(choice->c.factor[1]->tensor))
        return false;
    choice->along = choose_along(p, &choice->c);
    choice->x = def->out->rank - 1;
    while (choice->x > 0 && def->out->dims[choice->x] == 1) choice->x--;
    if (!choice->along || choice->x < 0) return false;
    int64_t period = nest_period(p->pool, def->body, def->index[choice->x]);
    choice->in_use = (int)min64(t->lanes, ceil_div(def->out->dims[choice->x], period));
    choice->copies = (int)max64(1, (t->registers - 4) / choice->in_use);
    return pays(p, def, form, choice);
}

/* ---- levels ---- */

static Level *new_level(Nest *n, int dim)
{
    assert(n->level_count < MOST_LEVELS);
    Level *level = &n->levels[n->level_count++];
    *level = (Level){.dim = dim};
    return level;
}

static int64_t period_of(const Nest *n, int d)
{
    return nest_period(n->pool, n->def->body, n->def->index[d]);
}

/* Phases with as many steps each are taken innermost, for they read the same inputs; else one comes
 * after the other. */
static bool even_phases(const Nest *n, int d)
{
    return n->def->out->dims[d] % period_of(n, d) == 0;
}

/* Steps of `period` from `lo` on, `most` side by side; of vectors whole ones, then a part of one.
 */
static void add_pieces(Nest *n, Level *level, int64_t lo, int64_t steps, int64_t period, int most)
{
    Piece *pieces = &level->pieces[level->piece_count];
    int64_t whole = steps / n->lanes, width = n->lanes * period, rest = steps % n->lanes;
    if (!level->vector) {
        level->piece_count += nest_cut(pieces, lo, lo + steps * period, most, period);
        return;
    }
    if (whole) *pieces++ = (Piece){lo, whole, width, 1, n->lanes};
    if (rest) *pieces++ = (Piece){lo + whole * width, 1, width, 1, (int)rest};
    level->piece_count = (int)(pieces - level->pieces);
}

static void add_level(Nest *n, int d, bool vector, int most)
{
    Level *level = new_level(n, d);
    int64_t extent = n->def->out->dims[d], period = period_of(n, d),
            parts = even_phases(n, d) ? 1 : min64(period, extent);
    level->vector = vector;
    for (int64_t phase = 0; phase < parts; phase++)
        add_pieces(n, level, phase, ceil_div(extent - phase, period), period, most);
}

static void add_phases(Nest *n, int d)
{
    int64_t period = period_of(n, d);
    if (period == 1 || !even_phases(n, d)) return;
    Level *level = new_level(n, d);
    for (int64_t phase = 0; phase < period; phase++)
        level->pieces[level->piece_count++] = (Piece){phase, 1, 1, 1, 1};
}

/* Innermost are the dimensions that the inputs do not run along, the channels: those inputs that
 * one vector of the output needs stay close while they pass. */
static void add_levels(Nest *n, const Choice *c)
{
    const Expr *input = c->c.factor[tensor_is_const(c->c.factor[0]->tensor)];
    int rank = n->def->out->rank, copies = c->copies;
    for (int d = 0; d < rank; d++)
        if (d != c->x && form_load_uses(input, n->def->index[d])) add_level(n, d, false, 1);
    add_level(n, c->x, true, 1);
    for (int d = 0; d < rank; d++) add_phases(n, d);
    for (int d = 0; d < rank; d++) {
        if (d == c->x || form_load_uses(input, n->def->index[d])) continue;
        int most = (int)min64(copies, n->def->out->dims[d]);
        add_level(n, d, false, most);
        copies /= most;
    }
}

static bool make(Program *p, const Definition *def, Kernel *kernel, Arena *arena)
{
    Form *form = form_of(arena, def);
    Choice c;
    if (!choose(p, def, form, &c)) return false;
    const Definition *packed = nest_pack(p, def, c.along, p->target->lanes, 1, c.c.reduce, arena);
    Nest *n = nest_new(p, arena, packed, p->target->lanes, kernel);
    n->along = c.along;
    n->each = true;
    add_levels(n, &c);
    nest_generate(n);
    if (n->failed || n->strided) return false;
    nest_finish(n, kernel);
    kernel->schedule = arena_format(p->arena, "each: %d lanes along %s, %d outputs in lanes",
                                    p->target->lanes, c.along->name, c.in_use);
    return true;
}

const Schedule schedule_each = {
    "each", "vectors along a reduced variable, an accumulator for each lane of the output", false,
    make};
