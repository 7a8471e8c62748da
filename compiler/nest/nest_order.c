/*
 * Sums in the order of the definition (--exact): one accumulator each, terms in ascending order of
 * the reduced variables, the first the slowest. What is left out are products with what a guard
 * makes 0 whatever the data: finite weights times 0 change no sum that starts with 0.
 */
#include "nest_group.h"

static void loops_from(Nest *n, const Group *g, int at);

static bool is_innermost(const Group *g, int at)
{
    while (at + 1 < g->var_count && extent(g->vars[at + 1]) == 1) at++;
    return at + 1 == g->var_count;
}

/* The same sum for one value of a variable. */
static Group group_at(Nest *n, const Group *g, int at, Expr *value)
{
    Group part = *g;
    part.bodies = NEW_ARRAY(n->arena, Expr *, g->count);
    for (int k = 0; k < g->count; k++)
        part.bodies[k] = ex_substitute(n->pool, g->bodies[k], &g->vars[at], &value, 1);
    return part;
}

/* `chunks` chunks of the variable `at`, from its iteration `first` on. */
static void walk_chunks(Nest *n, const Group *g, int at, int64_t first, int64_t chunks,
                        int64_t chunk)
{
    Var *outer, *inner;
    const Var *v = g->vars[at];
    if (!chunks || n->failed) return;
    Expr *i = nest_counter(n, arena_format(n->p->arena, "%s_block", v->name), chunks, &outer);
    Expr *base =
        ex_add(n->pool, ex_mul(n->pool, i, ex_int(n->pool, chunk)), ex_int(n->pool, v->lo + first));
    Code *outside = outer ? nest_open(n, outer, LOOP_SERIAL) : NULL;
    if (is_innermost(g, at)) {
        Group part = *g;
        part.cut = at;
        nest_group_chunk(n, &part, base, chunk);
    } else {
        Expr *j = nest_counter(n, v->name, chunk, &inner);
        Group part = group_at(n, g, at, ex_add(n->pool, base, j));
        Code *around = inner ? nest_open(n, inner, LOOP_SERIAL) : NULL;
        loops_from(n, &part, at + 1);
        if (inner) nest_close(n, around);
    }
    if (outer) nest_close(n, outside);
}

/* Blocks of a blocked buffer are walked through one after the other, so that offsets are affine;
 * the innermost variable in steps that are unrolled. */
static void loops_from(Nest *n, const Group *g, int at)
{
    while (at < g->var_count && extent(g->vars[at]) == 1) at++;
    if (at == g->var_count) {
        Group part = *g;
        part.cut = -1;
        nest_group_chunk(n, &part, NULL, 1);
        return;
    }
    int64_t steps = extent(g->vars[at]), chunk = steps;
    if (at == g->cut)
        chunk = g->chunk;
    else if (is_innermost(g, at) && steps > 2 * STEPS)
        chunk = STEPS;
    walk_chunks(n, g, at, 0, steps / chunk, chunk);
    walk_chunks(n, g, at, steps / chunk * chunk, steps % chunk != 0, steps % chunk);
}

void nest_group_in_order(Nest *n, const Group *g) { loops_from(n, g, 0); }
