/*
 * Halos: where a contraction's factor is guarded by a test that its index is inside the tensor
 * (padding), the tensor is stored with zeros around it and the test goes away. Inputs, constants
 * and views are copied into such a buffer first.
 */
#include "layout.h"

/* ---- which tests of a guard ask whether an index is inside? ---- */

static void conjuncts(Expr *e, Expr **list, int *count, int most)
{
    if (e->kind == EX_BINARY && e->op == BI_AND) {
        conjuncts(e->args[0], list, count, most);
        conjuncts(e->args[1], list, count, most);
    } else if (*count < most) {
        list[(*count)++] = e;
    } else {
        *count = most + 1;
    }
}

/* The simplifier has one form for each test, so that equal tests are one expression. Of a dimension
 * of which only some rows are kept there are no rows around the tensor: tests of it stay. */
static bool tests_bounds(Layouts *l, const Expr *test, const Expr *load)
{
    Pool *p = l->p->pool;
    const Place *place = layout_place(l, load->tensor);
    for (int d = 0; d < load->arg_count; d++) {
        Expr *index = load->args[d];
        if (place->wrap[d]) continue;
        if (test == ex_le(p, ex_int(p, 0), index) ||
            test == ex_lt(p, index, ex_int(p, load->tensor->dims[d])))
            return true;
    }
    return false;
}

/* Splits the guard's condition: true when some tests ask whether an index is inside; *rest is what
 * the others ask, NULL: nothing. */
static bool guards_bounds(Layouts *l, Expr *guard, const Expr *load, Expr **rest)
{
    enum { MOST = 4 * MAX_RANK };
    Expr *tests[MOST];
    int count = 0;
    bool bounds = false;
    *rest = NULL;
    conjuncts(guard->args[0], tests, &count, MOST);
    for (int k = 0; k < count && count <= MOST; k++) {
        if (tests_bounds(l, tests[k], load))
            bounds = true;
        else
            *rest = *rest ? ex_and(l->p->pool, *rest, tests[k]) : tests[k];
    }
    return bounds;
}

/* ---- the halo ---- */

static bool needed_halo(Layouts *l, const Expr *load, int64_t *before, int64_t *after)
{
    const Place *place = layout_place(l, load->tensor);
    for (int d = 0; d < load->arg_count; d++) {
        before[d] = after[d] = 0;
        if (place->wrap[d]) continue;
        Range r = ex_range(load->args[d]);
        before[d] = max64(0, -r.lo);
        after[d] = max64(0, r.hi - (load->tensor->dims[d] - 1));
        int64_t extent = load->tensor->dims[d];
        if (before[d] > 4 * extent + 64 || after[d] > 4 * extent + 64)
            return false; /* mostly padding: keep the test */
        if (place->blocked && d == 1 && (before[d] || after[d]))
            return false; /* blocks have no halo of channels */
    }
    return true;
}

/* May the tensor itself be stored with a halo? Not where it is the caller's memory or shares
 * another's. */
static bool holds_halo(Layouts *l, const Tensor *t)
{
    const Place *place = layout_place(l, t);
    return place->definition && !place->is_output && !place->dense &&
           !form_moves(place->definition);
}

/* A copy of t for the readers that need a halo. */
static Tensor *padded_copy(Layouts *l, int at, Tensor *t)
{
    Definition *copy = layout_insert(l, at, "padded", t, t->dims);
    Expr *index[MAX_RANK];
    for (int d = 0; d < t->rank; d++) index[d] = ex_var(l->p->pool, copy->index[d]);
    copy->body = ex_load(l->p->pool, t, index);
    Place *place = layout_place(l, copy->out);
    place->blocked = layout_place(l, t)->blocked;
    return copy->out;
}

/* Replaces the guarded load in the definition by one of `t`, which is the load's tensor or its
 * copy, and widens t's halo. */
static void unguard_into(Layouts *l, Definition *def, Expr *guard, Expr *load, Tensor *t)
{
    Pool *p = l->p->pool;
    int64_t before[MAX_RANK], after[MAX_RANK];
    Expr *rest;
    if (!guards_bounds(l, guard, load, &rest) || !needed_halo(l, load, before, after)) return;
    Expr *inside = t == load->tensor ? load : ex_load(p, t, load->args);
    if (rest) inside = ex_select(p, rest, inside, guard->args[2]);
    def->body = ex_replace(p, def->body, guard, inside);
    Place *place = layout_place(l, t);
    for (int d = 0; d < t->rank; d++) {
        place->before[d] = max64(place->before[d], before[d]);
        place->after[d] = max64(place->after[d], after[d]);
    }
}

/* Gives the guarded factor a halo; true when a definition was inserted before position i. */
static bool unguard(Layouts *l, int i, Expr *guard, Expr *load)
{
    int64_t before[MAX_RANK], after[MAX_RANK];
    Expr *rest;
    if (!guards_bounds(l, guard, load, &rest) || !needed_halo(l, load, before, after))
        return false;
    bool copied = !holds_halo(l, load->tensor);
    Definition *def = l->p->definitions.items[i];
    unguard_into(l, def, guard, load, copied ? padded_copy(l, i, load->tensor) : load->tensor);
    return copied;
}

typedef struct GuardSearch {
    Arena *arena;
    LIST(Expr *) guards;
} GuardSearch;

static void find_guard(Expr *e, void *context)
{
    GuardSearch *s = context;
    bool zero = e->kind == EX_SELECT && e->args[2]->kind == EX_CONST &&
                e->args[2]->dtype == DT_F32 && e->args[2]->f == 0;
    if (zero && e->args[1]->kind == EX_LOAD && !tensor_is_const(e->args[1]->tensor))
        LIST_PUSH(s->arena, &s->guards, e);
}

/* A map of many guarded loads (the tiles of a Winograd convolution): worth a copy as well. */
static int unguard_map(Layouts *l, int i)
{
    enum { MANY = 6 };
    GuardSearch s = {.arena = l->arena};
    int inserted = 0;
    ex_visit(l->p->definitions.items[i]->body, find_guard, &s);
    if (s.guards.count < MANY) return 0;
    Tensor *copy = NULL, *of = s.guards.items[0]->args[1]->tensor;
    for (int k = 0; k < s.guards.count; k++) {
        Expr *load = s.guards.items[k]->args[1];
        if (load->tensor != of) continue;
        bool own = holds_halo(l, of);
        if (!own && !copy) copy = padded_copy(l, i + inserted++, of);
        unguard_into(l, l->p->definitions.items[i + inserted], s.guards.items[k], load,
                     own ? of : copy);
    }
    return inserted;
}

void layout_choose_halos(Layouts *l)
{
    for (int i = 0; i < l->p->definitions.count; i++) {
        Contraction c;
        if (!form_contraction(l->p->definitions.items[i], &c)) {
            i += unguard_map(l, i);
            continue;
        }
        for (int k = 0; k < 2; k++)
            if (c.guard[k] && !tensor_is_const(c.factor[k]->tensor)) {
                if (unguard(l, i, c.guard[k], c.factor[k])) i++;
                break;
            }
    }
}
