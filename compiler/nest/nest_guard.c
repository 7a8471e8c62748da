/*
 * Guards: tests on indices (padding, windows that overhang, pieces of a concatenation). A loop over
 * an output dimension is cut at the points where a test becomes always true or always false, so
 * that the interior has none: constants and ranges do the rest.
 */
#include "nest.h"

typedef struct Cuts {
    Pool *p;
    const Definition *def;
    const Var *var;
    int64_t *cuts;
    int count, most;
} Cuts;

static void add_cut(Cuts *c, int64_t at)
{
    if (at <= c->var->lo || at >= c->var->hi || c->count == c->most) return;
    int i = 0;
    while (i < c->count && c->cuts[i] < at) i++;
    if (i < c->count && c->cuts[i] == at) return;
    for (int k = c->count; k > i; k--) c->cuts[k] = c->cuts[k - 1];
    c->cuts[i] = at;
    c->count++;
}

static bool is_output_index(const Definition *def, const Var *v)
{
    for (int d = 0; d < def->out->rank; d++)
        if (def->index[d] == v) return true;
    return false;
}

/* slack = coef * var + rest >= 0, with rest between lo and hi: where does it hold for all, and
 * where for none? */
static void cut_test(Cuts *c, Expr *slack)
{
    int64_t coef;
    if (!ex_coefficient(c->p, slack, c->var, &coef) || coef == 0) return;
    Affine a = ex_affine(c->p, slack);
    Expr *rest = ex_int(c->p, a.constant);
    for (int k = 0; k < a.count; k++) {
        Expr *atom = a.terms[k].atom;
        if (atom->kind == EX_VAR && atom->var == c->var) continue;
        if (atom->kind == EX_VAR && is_output_index(c->def, atom->var)) return;
        rest = ex_add(c->p, rest, ex_mul(c->p, atom, ex_int(c->p, a.terms[k].coef)));
    }
    Range r = ex_range(rest);
    if (r.lo < -(INT64_C(1) << 40) || r.hi > INT64_C(1) << 40) return;
    for (int side = 0; side < 2; side++) {
        int64_t bound = side ? -r.hi : -r.lo; /* coef * var >= bound */
        if (coef > 0)
            add_cut(c, -floor_div(-bound, coef)); /* holds from here on */
        else
            add_cut(c, floor_div(-bound, -coef) + 1); /* holds until here */
    }
}

static void visit_test(Expr *e, void *context)
{
    Cuts *c = context;
    if (e->kind != EX_BINARY || e->dtype != DT_BOOL || e->args[0]->dtype != DT_I64 ||
        (e->op != BI_LT && e->op != BI_LE))
        return;
    Expr *minus = ex_mul(c->p, e->args[0], ex_int(c->p, -1));
    cut_test(c,
             ex_add(c->p, ex_add(c->p, e->args[1], minus), ex_int(c->p, e->op == BI_LT ? -1 : 0)));
}

int nest_guard_cuts(Pool *p, const Definition *def, int dim, int64_t *cuts, int most)
{
    Cuts c = {
        .p = p, .def = def, .var = def->index[dim], .cuts = cuts, .count = 0, .most = most - 2};
    ex_visit(def->body, visit_test, &c);
    for (int i = c.count; i > 0; i--) cuts[i] = cuts[i - 1];
    cuts[0] = c.var->lo;
    cuts[c.count + 1] = c.var->hi;
    return c.count + 2;
}
