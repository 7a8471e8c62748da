/*
 * Phases: transposed convolutions read only where an index is a multiple of the stride, tested by a
 * guard `(...) % s == 0`. Output dimensions and reduced variables in such tests are cut into s
 * interleaved parts, so that the test has one answer in each combination, and combinations that
 * contribute nothing are dropped: no multiplications by zero, and unit steps in what is left.
 */
#include "nest.h"

typedef struct PeriodSearch {
    Pool *p;
    const Var *v;
    int64_t period;
} PeriodSearch;

static void find_period(Expr *e, void *context)
{
    PeriodSearch *s = context;
    if (e->kind != EX_BINARY || e->op != BI_EQ || e->args[0]->kind != EX_BINARY ||
        e->args[0]->op != BI_FLOORMOD)
        return;
    const Expr *divisor = e->args[0]->args[1];
    int64_t coef;
    if (divisor->kind != EX_CONST || !ex_coefficient(s->p, e->args[0]->args[0], s->v, &coef) ||
        coef == 0)
        return;
    if (divisor->i > s->period) s->period = divisor->i;
}

int64_t nest_period(Pool *p, Expr *body, const Var *v)
{
    enum { LONGEST = 8 }; /* more phases than this are not worth their code */
    PeriodSearch s = {p, v, 1};
    ex_visit(body, find_period, &s);
    return s.period <= LONGEST ? s.period : 1;
}

int nest_distinct(Pool *p, Expr *body, const Var *v)
{
    enum { MOST = 8 };
    if (!form_tells_apart(body, v)) return (int)nest_period(p, body, v);
    return v->hi <= MOST && v->lo == 0 ? (int)v->hi : 1;
}

int nest_distinct_in(Pool *p, Expr *body, Var *v, int64_t lo, int64_t hi)
{
    Var *part = pool_var(p, v->name, 0, hi - lo);
    Expr *index = ex_add(p, ex_var(p, part), ex_int(p, lo));
    return nest_distinct(p, ex_substitute(p, body, &v, &index, 1), part);
}

/* A product with a factor that is 0 whatever the data: the guard does not hold anywhere. */
static bool contributes(const Expr *body, ReduceOp op)
{
    if (op != RE_SUM) return true;
    if (body->kind == EX_CONST) return body->f != 0;
    if (body->kind != EX_BINARY || body->op != BI_MUL) return true;
    return contributes(body->args[0], op) && contributes(body->args[1], op);
}

/* The copies of a tile may be of different phases: what one of them needs is computed. */
static bool any_contributes(Expr *const *bodies, int count, ReduceOp op)
{
    for (int k = 0; k < count; k++)
        if (contributes(bodies[k], op)) return true;
    return false;
}

/* A window that is no longer than the step asks for one of its elements, `v == k`: each is a phase.
 */
static int64_t any_period(Pool *p, Expr *const *bodies, int count, const Var *v)
{
    int64_t period = 1;
    for (int k = 0; k < count && period == 1; k++) period = nest_distinct(p, bodies[k], v);
    return period;
}

typedef struct Phases {
    Nest *n;
    ReduceOp op;
    int count;
    void (*part)(Nest *n, Expr **bodies, Var **vars, int var_count, void *context);
    void *context;
} Phases;

/* Splits the variables from `at` on; `vars` are those already decided. */
static void split(Phases *s, Expr *const *bodies, Var **vars, int var_count, int at)
{
    Nest *n = s->n;
    if (at == var_count) {
        if (any_contributes(bodies, s->count, s->op))
            s->part(n, (Expr **)bodies, vars, var_count, s->context);
        return;
    }
    Var *v = vars[at];
    int64_t period = any_period(n->pool, bodies, s->count, v);
    if (period == 1 || v->lo != 0) {
        split(s, bodies, vars, var_count, at + 1);
        return;
    }
    for (int64_t phase = 0; phase < period && phase < v->hi; phase++) {
        Var **parts = arena_copy(n->arena, vars, (size_t)var_count * sizeof *vars);
        Expr **moved = NEW_ARRAY(n->arena, Expr *, s->count);
        parts[at] = pool_var(n->pool, v->name, 0, ceil_div(v->hi - phase, period));
        Expr *index =
            ex_add(n->pool, ex_mul(n->pool, ex_var(n->pool, parts[at]), ex_int(n->pool, period)),
                   ex_int(n->pool, phase));
        for (int k = 0; k < s->count; k++)
            moved[k] = ex_substitute(n->pool, bodies[k], &v, &index, 1);
        split(s, moved, parts, var_count, at + 1);
    }
}

void nest_phases(Nest *n, ReduceOp op, Expr *const *bodies, int count, Var **vars, int var_count,
                 void (*part)(Nest *n, Expr **bodies, Var **vars, int var_count, void *context),
                 void *context)
{
    Phases s = {n, op, count, part, context};
    split(&s, bodies, vars, var_count, 0);
}
