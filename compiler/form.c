/* Reads off a definition's body what fusion, layout and the schedules need to know. Changes
 * nothing. */
#include "form.h"

#include <stdlib.h>

/* Rough costs in additions; what matters is cheap against dear. */
static double unary_work(int op)
{
    switch ((UnaryOp)op) {
    case UN_NEG:
    case UN_ABS:
    case UN_NOT:
    case UN_BITNOT:
    case UN_FLOOR:
    case UN_CEIL:
    case UN_ROUND:
    case UN_TRUNC:
    case UN_ISNAN:
    case UN_ISINF: return 1;
    case UN_SQRT: return 6;
    default: return 20;
    }
}

/* A float whose conversions are integer code. */
static bool is_narrow(Dtype t) { return dtype_is_float(t) && dtype_info(t)->bits < 16; }

static double node_work(const Expr *e)
{
    switch (e->kind) {
    case EX_UNARY: return unary_work(e->op);
    case EX_BINARY: return e->op == BI_DIV ? 6 : e->op == BI_POW || e->op == BI_ATAN2 ? 40 : 1;
    case EX_SELECT: return 1;
    case EX_CAST: return is_narrow(e->dtype) || is_narrow(e->args[0]->dtype) ? 10 : 0;
    default: return 0;
    }
}

typedef struct Walk {
    Arena *arena;
    Form *form;
    double out_elements;
    LIST(struct Visit {
        const Expr *e;
        double trips;
    })
    seen;
} Walk;

static bool seen_before(Walk *w, const Expr *e, double trips)
{
    for (int i = 0; i < w->seen.count; i++)
        if (w->seen.items[i].e == e) {
            if (w->seen.items[i].trips >= trips) return true;
            w->seen.items[i].trips = trips;
            return false;
        }
    struct Visit v = {e, trips};
    LIST_PUSH(w->arena, &w->seen, v);
    return false;
}

static void add_site(Walk *w, Expr *load, double trips, bool guarded)
{
    LoadSite site = {load, trips, trips > w->out_elements, guarded, false};
    for (int i = 0; i < w->form->sites.count; i++)
        if (w->form->sites.items[i].load == load) {
            w->form->sites.items[i] = site;
            return;
        }
    LIST_PUSH(w->arena, &w->form->sites, site);
}

static bool is_index_condition(const Expr *e)
{
    if (e->kind == EX_LOAD) return false;
    for (int i = 0; i < e->arg_count; i++)
        if (!is_index_condition(e->args[i])) return false;
    return true;
}

static void walk(Walk *w, Expr *e, double trips, bool guarded)
{
    if (seen_before(w, e, trips)) return;
    Form *f = w->form;
    f->nodes++;
    if (e->dtype != DT_I64 || e->kind == EX_LOAD) f->work += node_work(e) * trips / w->out_elements;
    if (e->kind == EX_LOAD) {
        add_site(w, e, trips, guarded);
        for (int i = 0; i < e->arg_count; i++) walk(w, e->args[i], trips, guarded);
        return;
    }
    if (e->kind == EX_REDUCE) {
        if (!f->reduce) f->reduce = e;
        f->reduces++;
        for (int i = 0; i < e->var_count; i++) trips *= (double)(e->vars[i]->hi - e->vars[i]->lo);
        f->work += trips / w->out_elements;
    }
    bool guard = e->kind == EX_SELECT && is_index_condition(e->args[0]);
    f->selects |= guard;
    for (int i = 0; i < e->arg_count; i++) walk(w, e->args[i], trips, guarded || (guard && i > 0));
}

static void mark_index(Expr *e, void *context)
{
    Form *f = context;
    for (int i = 0; e->kind == EX_LOAD && i < f->sites.count; i++)
        f->sites.items[i].indexes |= f->sites.items[i].load == e;
}

/* All that a call reads, whole: as loads that nothing can be moved into. */
static Form *form_of_call(Arena *arena, const Call *call)
{
    static Expr zero = {.kind = EX_CONST, .dtype = DT_I64, .lanes = 1};
    static Expr *zeros[MAX_RANK];
    for (int d = 0; d < MAX_RANK; d++) zeros[d] = &zero;
    Form *f = NEW(arena, Form);
    f->reduces = 1;
    for (int i = 0; i < call->read_count; i++) {
        Tensor *t = call->reads[i];
        Expr *load = NEW(arena, Expr);
        *load = (Expr){EX_LOAD, t->dtype, 1, .tensor = t, .arg_count = t->rank, .args = zeros};
        LoadSite site = {load, (double)tensor_elements(t), true, true, false};
        LIST_PUSH(arena, &f->sites, site);
    }
    return f;
}

Form *form_of(Arena *arena, const Definition *def)
{
    if (def->call) return form_of_call(arena, def->call);
    Form *f = NEW(arena, Form);
    int64_t n = tensor_elements(def->out);
    Walk w = {.arena = arena, .form = f, .out_elements = n ? (double)n : 1};
    walk(&w, def->body, w.out_elements, false);
    for (int s = 0; s < f->sites.count; s++)
        for (int i = 0; i < f->sites.items[s].load->arg_count; i++)
            ex_visit(f->sites.items[s].load->args[i], mark_index, f);
    return f;
}

bool form_moves(const Definition *def) { return def->body->kind == EX_LOAD; }

bool form_is_view(Pool *p, const Definition *def)
{
    if (!form_moves(def)) return false;
    const Tensor *from = def->body->tensor;
    if (tensor_elements(from) != tensor_elements(def->out) || from->dtype != def->out->dtype)
        return false;
    Buffer source = {.kind = BUFFER_WORK}, out = source;
    layout_dense(&source.layout, from->rank, from->dims);
    layout_dense(&out.layout, def->out->rank, def->out->dims);
    Expr *index[MAX_RANK];
    for (int i = 0; i < def->out->rank; i++) index[i] = ex_var(p, def->index[i]);
    return buffer_offset(p, &source, def->body->args) == buffer_offset(p, &out, index);
}

bool form_identity(const Definition *def, const Expr *load)
{
    const Tensor *t = load->tensor;
    if (t->rank != def->out->rank) return false;
    for (int d = 0; d < t->rank; d++) {
        if (t->dims[d] != def->out->dims[d]) return false;
        const Expr *i = load->args[d];
        if (t->dims[d] == 1 && i->kind == EX_CONST) continue;
        if (i->kind != EX_VAR || i->var != def->index[d]) return false;
    }
    return true;
}

/* ---- guards ---- */

static bool is_zero(const Expr *e)
{
    bool is_number = e->kind == EX_CONST && e->dtype != DT_STRING;
    return is_number && (dtype_is_float(e->dtype) ? e->f == 0 : e->i == 0);
}

/* select(condition on indices, x, 0) */
static bool is_guard(const Expr *e)
{
    return e->kind == EX_SELECT && is_zero(e->args[2]) && is_index_condition(e->args[0]);
}

bool form_pads(Pool *p, const Definition *def)
{
    const Expr *e = def->body;
    if (!is_guard(e) || e->args[1]->kind != EX_LOAD || e->args[1]->tensor->rank != def->out->rank)
        return false;
    for (int d = 0; d < def->out->rank; d++) {
        if (def->out->dims[d] == 1 && e->args[1]->args[d]->kind == EX_CONST) continue;
        Expr *shift = ex_sub(p, e->args[1]->args[d], ex_var(p, def->index[d]));
        if (shift->kind != EX_CONST || (d < 2 && shift->i != 0)) return false;
    }
    return true;
}

static Expr *merge_guard(Pool *p, Expr *e, void *context)
{
    if (!is_guard(e) || !is_guard(e->args[1])) return NULL;
    Expr *inner = e->args[1], *both = ex_and(p, e->args[0], inner->args[0]);
    return ex_rewrite(p, ex_select(p, both, inner->args[1], inner->args[2]), merge_guard, context);
}

Expr *form_merge_guards(Pool *p, Expr *e) { return ex_rewrite(p, e, merge_guard, NULL); }

/* ---- contractions ---- */

/* A load, or select(guard, load, 0). */
static bool read_factor(Expr *e, Expr **load, Expr **guard)
{
    *guard = NULL;
    if (is_guard(e)) {
        *guard = e;
        e = e->args[1];
    }
    *load = e;
    return e->kind == EX_LOAD;
}

static void find_reduce(Expr *e, void *context)
{
    Expr **found = context;
    if (e->kind == EX_REDUCE) *found = e; /* arguments come first, so the outermost is last */
}

Expr *form_products(const Definition *def)
{
    Expr *reduce = NULL, *load, *guard;
    ex_visit(def->body, find_reduce, &reduce);
    if (!reduce || reduce->op != RE_SUM || reduce->args[0]->kind != EX_BINARY ||
        reduce->args[0]->op != BI_MUL)
        return NULL;
    bool loads = read_factor(reduce->args[0]->args[0], &load, &guard) ||
                 read_factor(reduce->args[0]->args[1], &load, &guard);
    return loads ? reduce : NULL;
}

bool form_contraction(const Definition *def, Contraction *out)
{
    out->reduce = form_products(def);
    for (int i = 0; out->reduce && i < 2; i++)
        if (!read_factor(out->reduce->args[0]->args[i], &out->factor[i], &out->guard[i]))
            return false;
    return out->reduce != NULL;
}

typedef struct Tests {
    const Var *v;
    bool found;
} Tests;

static void find_test(Expr *e, void *context)
{
    Tests *t = context;
    t->found |= e->kind == EX_BINARY && e->op == BI_EQ && e->args[0]->kind == EX_VAR &&
                e->args[0]->var == t->v && e->args[1]->kind == EX_CONST;
}

bool form_tells_apart(Expr *body, const Var *v)
{
    Tests t = {v, false};
    ex_visit(body, find_test, &t);
    return t.found;
}

bool form_index_uses(const Expr *load, int d, const Var *v)
{
    return ex_uses_var(load->args[d], v);
}

bool form_load_uses(const Expr *load, const Var *v)
{
    for (int d = 0; d < load->arg_count; d++)
        if (form_index_uses(load, d, v)) return true;
    return false;
}

int form_vector_dim(const Definition *def)
{
    const Tensor *t = def->out;
    Contraction c;
    int last = t->rank - 1;
    while (last >= 0 && t->dims[last] == 1) last--;
    if (t->rank >= 3 && t->dims[1] > 1 && form_contraction(def, &c))
        for (int i = 0; i < 2; i++)
            if (tensor_is_const(c.factor[i]->tensor) &&
                form_load_uses(c.factor[i], def->index[1]) &&
                (last <= 1 || !form_load_uses(c.factor[i], def->index[last]) ||
                 (!form_load_uses(c.factor[!i], def->index[1]) &&
                  !form_load_uses(c.factor[!i], def->index[last]))))
                return 1;
    return last;
}
