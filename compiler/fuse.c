/*
 * Fusion: a definition is substituted into those that load it, where that saves memory traffic and
 * repeats no work: elementwise chains, index maps, and contractions into the elementwise definition
 * after them (their epilogue). What is left to be computed keeps its place in the order.
 */
#include "form.h"

enum {
    CHEAP = 2,         /* work that may be repeated rather than stored */
    LARGEST_INDEX = 2, /* loads of what may become part of another load's index */
    LARGEST_BODY =
        300, /* distinct expressions of a body: keeps kernels readable and this pass linear */
};

typedef LIST(int) IntList;

typedef struct Fuse {
    Program *p;
    Arena *arena;       /* of this pass */
    bool *dead;         /* per definition */
    bool *is_output;    /* per tensor */
    int *producer;      /* per tensor: position of its definition, -1 */
    IntList *consumers; /* per tensor: positions that may load it */
    Form **forms;       /* per definition, NULL when it changed */
    int *region;        /* per definition: the loop it is in, 0: none */
} Fuse;

static Form *form_at(Fuse *f, int i)
{
    if (!f->forms[i]) f->forms[i] = form_of(f->arena, f->p->definitions.items[i]);
    return f->forms[i];
}

static void note_consumer(Fuse *f, int i)
{
    const Form *form = form_at(f, i);
    for (int s = 0; s < form->sites.count; s++) {
        IntList *list = &f->consumers[form->sites.items[s].load->tensor->id];
        bool known = false;
        for (int k = 0; k < list->count; k++) known |= list->items[k] == i;
        if (!known) LIST_PUSH(f->arena, list, i);
    }
}

/* ---- may `from` be substituted at this site of `into`? ---- */

/* A reduction becomes part of the elementwise definition after it: same elements, once each. */
static bool absorbs_reduction(Fuse *f, int from, int into, const LoadSite *site)
{
    const Definition *d = f->p->definitions.items[from], *c = f->p->definitions.items[into];
    const Form *form = form_at(f, into);
    if (form->reduces || site->reduced || site->guarded || !form_identity(c, site->load))
        return false;
    for (int s = 0; s < form->sites.count;
         s++) { /* of two reductions that meet here, the later one joins */
        const Tensor *other = form->sites.items[s].load->tensor;
        int producer = f->producer[other->id];
        if (other != d->out && producer > from && !f->dead[producer] && !f->is_output[other->id] &&
            f->consumers[other->id].count == 1 && form_at(f, producer)->reduces &&
            form_identity(c, form->sites.items[s].load))
            return false;
    }
    return true;
}

/* A factor of a contraction stays one load with affine indices, and in its vector dimension unit
 * stride stays so. */
static bool keeps_contraction(Fuse *f, const Definition *d, const Definition *c,
                              const LoadSite *site)
{
    Pool *p = f->p->pool;
    int dim = form_vector_dim(c);
    if (dim == 1 && c->out->rank > 2)
        return form_pads(p, d); /* images: else the layout of channels decides */
    if (!form_moves(d)) return false;
    Expr *moved = ex_substitute(p, d->body, d->index, site->load->args, d->out->rank);
    const Var *v = dim < 0 ? NULL : c->index[dim];
    for (int i = 0; i < moved->arg_count; i++) {
        Affine a = ex_affine(p, moved->args[i]);
        for (int k = 0; k < a.count; k++) {
            if (a.terms[k].atom->kind != EX_VAR) return false;
            if (a.terms[k].atom->var == v && (i != moved->arg_count - 1 || a.terms[k].coef != 1))
                return false;
        }
    }
    return true;
}

static bool may_inline(Fuse *f, int from, int into, const LoadSite *site, double *trips)
{
    const Definition *d = f->p->definitions.items[from], *c = f->p->definitions.items[into];
    const Form *df = form_at(f, from);
    Contraction contraction;
    if (c->call) return false;
    if (f->region[from] != f->region[into])
        return df->sites.count == 1 && form_moves(d); /* else it is done again in each run */
    *trips += site->trips;
    if (site->indexes && df->sites.count > LARGEST_INDEX)
        return false; /* else walks through tables multiply with each step */
    if (df->reduces) return absorbs_reduction(f, from, into, site);
    if (form_is_view(f->p->pool, c)) return form_moves(d); /* costs nothing as it is */
    if (site->reduced && form_contraction(c, &contraction)) return keeps_contraction(f, d, c, site);
    if (df->selects && (site->reduced || df->sites.count > 1))
        return false; /* concatenations are written in place */
    return true;
}

static bool should_inline(Fuse *f, int from)
{
    const Definition *d = f->p->definitions.items[from];
    const IntList *list = &f->consumers[d->out->id];
    const Form *df = form_at(f, from);
    double trips = 0;
    int uses = 0, loads = 0;
    for (int k = 0; k < list->count; k++) {
        const Form *cf = form_at(f, list->items[k]);
        bool used = false;
        for (int s = 0; s < cf->sites.count; s++) {
            if (cf->sites.items[s].load->tensor != d->out) continue;
            if (!may_inline(f, from, list->items[k], &cf->sites.items[s], &trips)) return false;
            used = true;
            loads++;
        }
        if (used && cf->nodes + df->nodes > LARGEST_BODY) return false;
        uses += used;
    }
    if (df->reduces) return uses == 1 && loads == 1;
    return df->work == 0 || form_pads(f->p->pool, d) ||
           (df->work <= CHEAP && df->sites.count <= 2) || trips <= (double)tensor_elements(d->out);
}

/* ---- doing it ---- */

static Expr *replace_load(Pool *p, Expr *e, void *context)
{
    const Definition *d = context;
    if (e->kind != EX_LOAD || e->tensor != d->out) return NULL;
    Expr *index[MAX_RANK]; /* the load may stand in its own index */
    for (int i = 0; i < e->arg_count; i++)
        index[i] = ex_rewrite(p, e->args[i], replace_load, context);
    return ex_substitute(p, d->body, d->index, index, d->out->rank);
}

/* Remembers which nodes `into` computes now; a contraction names the kernel. */
static void name_fused(Program *p, const Definition *from, Definition *into, bool leads)
{
    for (int i = 0; i < from->fused.count; i++)
        LIST_PUSH(p->arena, &into->fused, from->fused.items[i]);
    const Node *other = leads ? into->node : from->node;
    if (leads) into->node = from->node;
    if (other != into->node) LIST_PUSH(p->arena, &into->fused, other);
}

static void inline_definition(Fuse *f, int from)
{
    Definition *d = f->p->definitions.items[from];
    const IntList list = f->consumers[d->out->id];
    for (int k = 0; k < list.count; k++) {
        Definition *c = f->p->definitions.items[list.items[k]];
        Expr *body = ex_rewrite(f->p->pool, c->body, replace_load, d);
        if (body == c->body) continue;
        name_fused(f->p, d, c, form_at(f, from)->reduces > 0);
        c->body = form_merge_guards(f->p->pool, body);
        f->forms[list.items[k]] = NULL;
        note_consumer(f, list.items[k]);
    }
    f->dead[from] = true;
}

/* Loads of one-element constants become constants. */
static Expr *replace_constant(Pool *p, Expr *e, void *context)
{
    (void)context;
    if (e->kind != EX_LOAD || !e->tensor->data || tensor_elements(e->tensor) != 1) return NULL;
    Dtype t = e->dtype;
    if (t == DT_F32 || t == DT_F64) return ex_const(p, t, dtype_get_double(t, e->tensor->data, 0));
    if (dtype_is_integer(t) || t == DT_BOOL)
        return ex_int_of(p, t, dtype_get_int(t, e->tensor->data, 0));
    return NULL;
}

static bool is_used(const Fuse *f, const Tensor *t)
{
    bool used = f->is_output[t->id];
    for (int k = 0; !used && k < f->consumers[t->id].count; k++)
        used = !f->dead[f->consumers[t->id].items[k]];
    return used;
}

static void drop_unused(Fuse *f)
{
    for (int i = f->p->definitions.count - 1; i >= 0; i--) {
        const Definition *d = f->p->definitions.items[i];
        bool used = is_used(f, d->out) || (d->call && d->call->kind != CONTROL_NONE);
        for (int k = 0; d->call && k < d->call->write_count; k++)
            used |= is_used(f, d->call->writes[k]);
        f->dead[i] |= !used;
    }
}

static void find_regions(Fuse *f)
{
    LIST(int) open = {0};
    int count = 0, now = 0;
    for (int i = 0; i < f->p->definitions.count; i++) {
        const Call *call = f->p->definitions.items[i]->call;
        if (call && call->kind == CONTROL_LOOP) {
            LIST_PUSH(f->arena, &open, now);
            now = ++count;
        } else if (call && call->kind == CONTROL_END) {
            now = open.items[--open.count];
        }
        f->region[i] = now;
    }
}

void fuse(Program *p)
{
    int n = p->definitions.count, tensors = p->graph->tensors.count;
    Fuse f = {.p = p, .arena = arena_new()};
    f.dead = NEW_ARRAY(f.arena, bool, n);
    f.forms = NEW_ARRAY(f.arena, Form *, n);
    f.region = NEW_ARRAY(f.arena, int, n + 1);
    find_regions(&f);
    f.is_output = NEW_ARRAY(f.arena, bool, tensors);
    f.producer = NEW_ARRAY(f.arena, int, tensors);
    f.consumers = NEW_ARRAY(f.arena, IntList, tensors);
    for (int i = 0; i < tensors; i++) f.producer[i] = -1;
    for (int i = 0; i < p->outputs.count; i++) f.is_output[p->outputs.items[i]->id] = true;
    for (int i = 0; i < n; i++) {
        Definition *d = p->definitions.items[i];
        d->body = ex_rewrite(p->pool, d->body, replace_constant, NULL);
        f.producer[d->out->id] = d->call ? -1 : i;
        note_consumer(&f, i);
    }
    drop_unused(&f);
    for (int i = 0; i < n; i++)
        if (!f.dead[i] && !p->definitions.items[i]->call &&
            !f.is_output[p->definitions.items[i]->out->id] && should_inline(&f, i))
            inline_definition(&f, i);
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (!f.dead[i]) p->definitions.items[kept++] = p->definitions.items[i];
    p->definitions.count = kept;
    arena_free(f.arena);
}
