/*
 * Reductions as loops with accumulators in registers. Reductions over the same variables (the
 * copies of a register tile) share their loops. The innermost variable is cut so that a few steps
 * are unrolled: along the lanes of a blocked buffer where one is read, so that its offsets stay
 * affine.
 */
#include "nest_group.h"

enum { MOST_GROUP = 256 };

/* ---- finding them ---- */

typedef struct Occurrence {
    Expr *reduce;
    Expr *condition; /* the select it stands under; NULL: always evaluated */
} Occurrence;

typedef struct Found {
    Nest *n;
    LIST(Occurrence) reduces;
    LIST(Expr *) seen;
} Found;

static void find_outermost(Found *f, Expr *e, Expr *condition)
{
    for (int i = 0; i < f->seen.count; i++)
        if (f->seen.items[i] == e) return;
    if (e->kind != EX_CONST && e->kind != EX_VAR) LIST_PUSH(f->n->arena, &f->seen, e);
    if (e->kind == EX_REDUCE) {
        Occurrence found = {e, condition};
        LIST_PUSH(f->n->arena, &f->reduces, found);
        return;
    }
    Pool *p = f->n->pool;
    for (int i = 0; i < e->arg_count; i++) {
        Expr *inner = condition;
        if (e->kind == EX_SELECT && i > 0) {
            Expr *test = i == 1 ? e->args[0] : ex_unary(p, UN_NOT, e->args[0]);
            inner = condition ? ex_and(p, condition, test) : test;
        }
        find_outermost(f, e->args[i], inner);
    }
}

static bool same_loops(const Expr *a, const Expr *b)
{
    return a->op == b->op && a->var_count == b->var_count &&
           memcmp(a->vars, b->vars, (size_t)a->var_count * sizeof *a->vars) == 0;
}

/* ---- where to cut ---- */

typedef struct CutSearch {
    Var *const *vars;
    int count;
    int cut;
    int64_t chunk;
} CutSearch;

/* A variable that indexes the blocked dimension of a blocked buffer is cut by the block. */
static void find_blocked(Expr *e, void *context)
{
    CutSearch *s = context;
    if (e->kind != EX_LOAD || !e->tensor->buffer || e->tensor->buffer->layout.block_dim < 0) return;
    const Layout *l = &e->tensor->buffer->layout;
    for (int v = 0; v < s->count; v++)
        if (ex_uses_var(e->args[l->block_dim], s->vars[v])) s->cut = v, s->chunk = l->block;
}

int nest_cut_var(Expr *body, Var *const *vars, int count, int64_t *chunk)
{
    CutSearch s = {vars, count, -1, 0};
    ex_visit(body, find_blocked, &s);
    if (s.cut < 0) {
        int last = count - 1;
        while (last > 0 && extent(vars[last]) == 1) last--;
        int64_t steps = extent(vars[last]);
        if (steps > 1) s.cut = last, s.chunk = steps <= 2 * STEPS ? steps : STEPS;
    }
    *chunk = s.chunk;
    return s.cut;
}

/* ---- one step: every accumulator takes its next term ---- */

static Expr *combined(Nest *n, const Group *g, int k, Expr *term)
{
    Expr *sum = ex_reg(n->pool, g->sums[k]);
    ReduceOp op = (ReduceOp)g->reduces[k]->op;
    if (g->sums[k]->lanes > 1 && term->lanes == 1)
        term = ex_splat(n->pool, term, g->sums[k]->lanes);
    if (op == RE_SUM && term->kind == EX_BINARY && term->op == BI_MUL &&
        dtype_is_float(term->dtype) && !n->p->exact)
        return ex_fma(n->pool, term->args[0], term->args[1], sum);
    return ex_binary(n->pool, reduce_binary(op), sum, term);
}

/* ---- loops ---- */

/* The terms of all instances, the cut variable replaced: `inner` steps on from the base. */
static Expr **terms_of(Nest *n, const Group *g, Expr *cut_base, Var *inner)
{
    Expr **terms = NEW_ARRAY(n->arena, Expr *, g->count);
    Expr **index = NEW_ARRAY(n->arena, Expr *, g->var_count);
    for (int v = 0; v < g->var_count; v++)
        index[v] =
            extent(g->vars[v]) == 1 ? ex_int(n->pool, g->vars[v]->lo) : ex_var(n->pool, g->vars[v]);
    if (g->cut >= 0)
        index[g->cut] = inner ? ex_add(n->pool, cut_base, ex_var(n->pool, inner)) : cut_base;
    for (int k = 0; k < g->count; k++)
        terms[k] = ex_substitute(n->pool, g->bodies[k], g->vars, index, g->var_count);
    return terms;
}

/* One step, as code: what it loads goes through pointers where it stands in a loop. */
static void generate_step(Nest *n, const Group *g, Expr **terms, Var *inner, Pointers *q)
{
    nest_reduce_all(n, terms, g->count); /* reductions inside the reduction */
    for (int k = 0; k < g->count && !n->failed; k++) {
        terms[k] = nest_value(n, terms[k]);
        if (n->failed) return;
        if (inner) terms[k] = nest_pointers_rewrite(q, terms[k]);
        terms[k] = combined(n, g, k, terms[k]);
    }
    if (n->failed) return;
    if (inner && nest_pointers_meet(q, terms, g->count)) nest_pointers_pin(q);
    nest_share(n, terms, g->count, nest_set_each, g->sums);
}

/* A step, or `inner` steps as a loop behind the pointers that they have in common. */
static void generate_steps(Nest *n, const Group *g, Expr *cut_base, Var *inner)
{
    Expr **terms = terms_of(n, g, cut_base, inner);
    Pointers q = {.n = n, .inner = inner};
    Code *before = n->code; /* pointers go here, the step into a list of its own */
    Code *steps = n->code = NEW(n->arena, Code);
    generate_step(n, g, terms, inner, &q);
    n->code = before;
    if (n->failed) return;
    nest_pointers_set(&q);
    if (inner) {
        bool few = extent(inner) <= 2 * STEPS;
        Code *outside = nest_open(n, inner, few ? LOOP_UNROLLED : LOOP_SERIAL);
        n->code = steps;
        nest_close(n, outside);
        return;
    }
    for (Stmt *s = steps->first, *next; s; s = next) {
        next = s->next;
        s->next = NULL;
        nest_append(n, s);
    }
}

void nest_group_chunk(Nest *n, const Group *g, Expr *base, int64_t steps)
{
    Var *inner = NULL;
    if (g->along) {
        n->count = (int)steps;
        generate_steps(n, g, ex_add(n->pool, base, ex_var(n->pool, n->lane)), NULL);
        return;
    }
    if (steps > 1) inner = pool_var(n->pool, g->vars[g->cut]->name, 0, steps);
    generate_steps(n, g, base, inner);
}

/* Steps that are not unrolled by themselves are short: the few of the innermost loop are. */
static LoopKind loop_kind(const Group *g, int at)
{
    enum { FEW = 9 };
    bool innermost = true;
    for (int v = at + 1; v < g->var_count; v++) innermost &= v == g->cut || extent(g->vars[v]) == 1;
    return g->along && innermost && extent(g->vars[at]) <= FEW ? LOOP_UNROLLED : LOOP_SERIAL;
}

/* Loops over the variables from `at` on, except the cut one, then the steps. */
static void generate_loops(Nest *n, const Group *g, int at, Expr *base, int64_t steps)
{
    if (n->failed) return;
    if (at == g->var_count) {
        if (g->cut >= 0)
            nest_group_chunk(n, g, base, steps);
        else
            generate_steps(n, g, NULL, NULL);
        return;
    }
    if (at == g->cut || extent(g->vars[at]) == 1) {
        generate_loops(n, g, at + 1, base, steps);
        return;
    }
    Code *outside = nest_open(n, g->vars[at], loop_kind(g, at));
    generate_loops(n, g, at + 1, base, steps);
    nest_close(n, outside);
}

/* `chunks` chunks of the cut variable, from chunk `first` on, in an outermost loop. */
static void generate_chunks(Nest *n, const Group *g, Expr *first, int64_t chunks)
{
    Var *outer;
    const Var *v = g->vars[g->cut];
    Expr *i = nest_counter(n, arena_format(n->p->arena, "%s_block", v->name), chunks, &outer);
    Expr *base =
        ex_add(n->pool, ex_mul(n->pool, ex_add(n->pool, first, i), ex_int(n->pool, g->chunk)),
               ex_int(n->pool, v->lo));
    Code *outside = outer ? nest_open(n, outer, LOOP_SERIAL) : NULL;
    generate_loops(n, g, 0, base, g->chunk);
    if (outside) nest_close(n, outside);
}

/* What is left of the cut variable after `chunks` whole ones. */
static void generate_rest(Nest *n, const Group *g, int64_t chunks)
{
    const Var *v = g->vars[g->cut];
    int64_t rest = extent(v) % g->chunk;
    if (rest) generate_loops(n, g, 0, ex_int(n->pool, v->lo + chunks * g->chunk), rest);
}

/* New accumulators at 0 for a part of the sum. */
static Group start_partial(Nest *n, const Group *g)
{
    Group part = *g;
    part.sums = NEW_ARRAY(n->arena, const Reg *, g->count);
    for (int k = 0; k < g->count && !n->failed; k++) {
        const Reg *sum = g->sums[k];
        part.sums[k] =
            pool_reg(n->pool, arena_format(n->p->arena, "s%d", n->names++), sum->dtype, sum->lanes);
        Expr *zero = ex_const(n->pool, sum->dtype, 0);
        nest_set(n, part.sums[k], true,
                 sum->lanes > 1 ? ex_splat(n->pool, zero, sum->lanes) : zero);
    }
    return part;
}

static void add_partial(Nest *n, const Group *g, const Group *part)
{
    for (int k = 0; k < g->count && !n->failed; k++)
        nest_set(n, g->sums[k], false,
                 ex_add(n->pool, ex_reg(n->pool, g->sums[k]), ex_reg(n->pool, part->sums[k])));
}

/* Long sums are added up in parts: rounding errors grow with the length of a part and the number of
 * parts, not with their product. Returns how many chunks make a part; all of them when the sum is
 * short or need not be rounded. */
static int64_t chunks_of_part(const Group *g, int64_t chunks)
{
    enum { TERMS = 256 };
    int64_t terms = g->along ? 1 : g->chunk;
    for (int v = 0; v < g->var_count; v++)
        if (v != g->cut) terms *= extent(g->vars[v]);
    bool sums = g->reduces[0]->op == RE_SUM && dtype_is_float(g->reduces[0]->dtype);
    if (!sums || terms * chunks < 2 * TERMS) return chunks;
    int64_t ideal = ceil_div(TERMS, max64(1, terms));
    for (int64_t part = ideal; part > ideal / 2;
         part--) /* even parts need no code for what is left over */
        if (chunks % part == 0) return part;
    return ideal;
}

/* With a cut variable: whole chunks in an outermost loop, then what is left over. */
static void generate_group(Nest *n, const Group *g)
{
    if (g->cut < 0) {
        generate_loops(n, g, 0, NULL, 0);
        return;
    }
    int64_t chunks = extent(g->vars[g->cut]) / g->chunk, part = chunks_of_part(g, chunks);
    if (part == chunks) {
        if (chunks) generate_chunks(n, g, ex_int(n->pool, 0), chunks);
        generate_rest(n, g, chunks);
        return;
    }
    Var *outer;
    Expr *i = nest_counter(n, arena_format(n->p->arena, "%s_part", g->vars[g->cut]->name),
                           chunks / part, &outer);
    Code *outside = outer ? nest_open(n, outer, LOOP_SERIAL) : NULL;
    Group sum = start_partial(n, g);
    generate_chunks(n, &sum, ex_mul(n->pool, i, ex_int(n->pool, part)), part);
    add_partial(n, g, &sum);
    if (outside) nest_close(n, outside);
    if (chunks % part == 0 && extent(g->vars[g->cut]) % g->chunk == 0) return;
    sum = start_partial(n, g);
    if (chunks % part)
        generate_chunks(n, &sum, ex_int(n->pool, chunks / part * part), chunks % part);
    generate_rest(n, &sum, chunks);
    add_partial(n, g, &sum);
}

static void start_accumulators(Nest *n, Group *g)
{
    g->sums = NEW_ARRAY(n->arena, const Reg *, g->count);
    for (int k = 0; k < g->count; k++) {
        const Expr *r = g->reduces[k];
        int lanes = g->along || nest_is_vector(n, r) ? n->lanes : 1;
        g->sums[k] =
            pool_reg(n->pool, arena_format(n->p->arena, "s%d", n->names++), r->dtype, lanes);
        Expr *start = ex_identity(n->pool, (ReduceOp)r->op, r->dtype);
        if (lanes > 1 && r->dtype != DT_F32) n->failed = true;
        if (!n->failed)
            nest_set(n, g->sums[k], true, lanes > 1 ? ex_splat(n->pool, start, lanes) : start);
    }
}

/* One combination of phases: the same accumulators, its own loops. */
static void generate_part(Nest *n, Expr **bodies, Var **vars, int var_count, void *context)
{
    Group part = *(const Group *)context;
    part.bodies = bodies;
    part.vars = vars;
    part.var_count = var_count;
    if (part.along)
        for (part.cut = 0; vars[part.cut] != n->along;) part.cut++;
    else
        part.cut = nest_cut_var(bodies[0], vars, var_count, &part.chunk);
    if (n->failed) return;
    if (n->p->exact)
        nest_group_in_order(n, &part);
    else
        generate_group(n, &part);
}

static void count_part(Nest *n, Expr **bodies, Var **vars, int var_count, void *context)
{
    (void)n, (void)bodies, (void)vars, (void)var_count;
    ++*(int *)context;
}

static void generate_parts(Nest *n, const Group *g)
{
    ReduceOp op = (ReduceOp)g->reduces[0]->op;
    int parts = 0;
    if (n->p->exact) /* several would change the order */
        nest_phases(n, op, g->bodies, g->count, g->vars, g->var_count, count_part, &parts);
    if (parts > 1)
        generate_part(n, g->bodies, g->vars, g->var_count, (void *)g);
    else
        nest_phases(n, op, g->bodies, g->count, g->vars, g->var_count, generate_part, (void *)g);
}

/* Under a condition that holds for all lanes at once the loops are skipped where it does not hold:
 * their loads may be outside. */
static void compute_group(Nest *n, Group *g, Expr *condition)
{
    g->bodies = NEW_ARRAY(n->arena, Expr *, g->count);
    for (int k = 0; k < g->count; k++) g->bodies[k] = g->reduces[k]->args[0];
    start_accumulators(n, g);
    if (n->failed) return;
    Expr *test = condition ? nest_value(n, condition) : NULL;
    if (n->failed) return;
    if (test && test->lanes == 1 && test->kind != EX_CONST) {
        Stmt *s = nest_stmt(n, ST_IF);
        s->value = test;
        Code *outside = n->code;
        n->code = NEW(n->arena, Code);
        generate_parts(n, g);
        nest_close(n, outside);
    } else {
        generate_parts(n, g);
    }
    for (int k = 0; k < g->count && !n->failed; k++) {
        Reduced done = {g->reduces[k], ex_reg(n->pool, g->sums[k])};
        LIST_PUSH(n->arena, &n->reduced, done);
    }
}

/* ---- an accumulator for each lane of the output ---- */

/* The reduction of `lane`; lanes that are not in use repeat the last one. */
static Expr *of_lane(Nest *n, Expr *reduce, int lane)
{
    Expr *k = ex_int(n->pool, min64(lane, n->count - 1));
    return ex_substitute(n->pool, reduce, &n->lane, &k, 1);
}

/* Every reduction over n->along: its lanes are reductions of single elements, which run along that
 * variable with vectors, and are added up across at the end. */
static void reduce_each(Nest *n, const Occurrence *found, int count)
{
    const Expr *first = found[0].reduce;
    Group g = {.vars = first->vars, .var_count = first->var_count};
    int in_use = n->count;
    g.along = true;
    g.chunk = n->lanes;
    g.reduces = NEW_ARRAY(n->arena, Expr *, count * in_use);
    n->failed |= first->op != RE_SUM || first->dtype != DT_F32;
    for (int k = 0; k < count && !n->failed; k++) {
        Expr *reduce = found[k].reduce;
        n->failed |= found[k].condition || !same_loops(first, reduce) || !nest_is_vector(n, reduce);
        for (int lane = 0; lane < in_use; lane++) g.reduces[g.count++] = of_lane(n, reduce, lane);
    }
    if (n->failed) return;
    compute_group(n, &g, NULL);
    n->count = in_use;
    for (int k = 0; k < count && !n->failed; k++) {
        Expr **sums = NEW_ARRAY(n->arena, Expr *, n->lanes);
        for (int lane = 0; lane < n->lanes; lane++)
            sums[lane] = ex_reg(n->pool, g.sums[k * in_use + min64(lane, in_use - 1)]);
        const Reg *total =
            pool_reg(n->pool, arena_format(n->p->arena, "s%d", n->names++), DT_F32, n->lanes);
        nest_set(n, total, true, ex_sums(n->pool, sums, n->lanes));
        Reduced done = {found[k].reduce, ex_reg(n->pool, total)};
        LIST_PUSH(n->arena, &n->reduced, done);
    }
}

void nest_reduce_all(Nest *n, Expr *const *bodies, int count)
{
    Found f = {.n = n};
    for (int k = 0; k < count; k++) find_outermost(&f, bodies[k], NULL);
    bool *taken = NEW_ARRAY(n->arena, bool, f.reduces.count + 1);
    bool outer = n->inside_reduction;
    n->inside_reduction = true;
    if (n->each && f.reduces.count) {
        reduce_each(n, f.reduces.items, f.reduces.count);
        f.reduces.count = 0;
    }
    for (int i = 0; i < f.reduces.count && !n->failed; i++) {
        if (taken[i]) continue;
        const Occurrence *first = &f.reduces.items[i];
        if (n->along) {
            nest_reduce_row(n, first->reduce, n->along);
            continue;
        }
        Group g = {.vars = first->reduce->vars, .var_count = first->reduce->var_count};
        g.reduces = NEW_ARRAY(n->arena, Expr *, f.reduces.count);
        for (int k = i; k < f.reduces.count && g.count < MOST_GROUP; k++)
            if (!taken[k] && same_loops(first->reduce, f.reduces.items[k].reduce) &&
                f.reduces.items[k].condition == first->condition) {
                g.reduces[g.count++] = f.reduces.items[k].reduce;
                taken[k] = true;
            }
        compute_group(n, &g, first->condition);
    }
    n->inside_reduction = outer;
}
