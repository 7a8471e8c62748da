/*
 * Blocked channels: tensors of images [n, c, spatial...] that convolutions compute are stored with
 * `lanes` channels side by side, and so is everything that follows them channel by channel.
 */
#include "layout.h"

enum { LEAST_USE = 60 }; /* percent of the lanes that must hold channels */

static bool worth_blocking(const Tensor *t, int lanes)
{
    if (lanes == 1 || t->dtype != DT_F32 || t->rank < 3) return false;
    int64_t spatial = 1;
    for (int d = 2; d < t->rank; d++) spatial *= t->dims[d];
    int64_t c = t->dims[1];
    return spatial > 1 && c * 100 >= ceil_div(c, lanes) * lanes * LEAST_USE;
}

/* The channel itself, or group arithmetic (channel / size) with blocks that do not straddle groups.
 */
static bool channel_index(Pool *p, const Definition *def, Expr *index, int lanes)
{
    if (index->kind == EX_VAR) return true;
    Affine a = ex_affine(p, index);
    for (int k = 0; k < a.count; k++) {
        const Expr *atom = a.terms[k].atom;
        if (!ex_uses_var(atom, def->index[1])) continue;
        if (atom->kind != EX_BINARY || atom->op != BI_FLOORDIV || atom->args[0]->kind != EX_VAR ||
            atom->args[1]->kind != EX_CONST || atom->args[1]->i % lanes)
            return false;
    }
    return true;
}

/* Does the definition's body read `load` channel by channel (or as a contraction's factor), so that
 * its blocks may stay? */
static bool reads_channels(Pool *p, const Definition *def, const Expr *load, int lanes)
{
    const Tensor *t = load->tensor;
    for (int d = 0; d < t->rank; d++) {
        if (tensor_is_const(t) || !ex_uses_var(load->args[d], def->index[1])) continue;
        bool last =
            d == t->rank - 1 && load->args[d]->kind == EX_VAR; /* side by side without blocks */
        if ((t->rank >= 3 && d != 1 && !last) || !channel_index(p, def, load->args[d], lanes))
            return false;
    }
    return true;
}

typedef struct VectorCheck {
    const Var *c;
    bool fits;
} VectorCheck;

/* In channel vectors everything but indices is f32 or a condition on f32, and no condition asks for
 * the channel. */
static void check_vector(Expr *e, void *context)
{
    VectorCheck *k = context;
    if (e->kind == EX_LOAD || e->kind == EX_REDUCE || e->kind == EX_CONST || e->kind == EX_VAR) {
        if (e->kind == EX_LOAD) k->fits &= e->dtype == DT_F32;
        return;
    }
    bool compares = e->kind == EX_BINARY && e->dtype == DT_BOOL && e->args[0]->dtype == DT_I64;
    if (compares || (e->kind == EX_CAST && e->args[0]->dtype == DT_I64))
        k->fits &= !ex_uses_var(e, k->c);
}

/* Can the definition compute whole blocks of channels? */
static bool computes_channels(Pool *p, const Definition *def, const Form *form, int lanes)
{
    if (def->out->rank < 3) return false;
    for (int s = 0; s < form->sites.count; s++)
        if (!reads_channels(p, def, form->sites.items[s].load, lanes)) return false;
    VectorCheck k = {def->index[1], true};
    ex_visit(def->body, check_vector, &k);
    return k.fits;
}

/* A piece of a concatenation, or a slice, keeps blocks that start at whole blocks. */
static bool reads_shifted(const Definition *def, Expr *load, int lanes, Pool *p)
{
    if (load->tensor->rank != def->out->rank || def->out->rank < 3) return false;
    int64_t coef;
    Affine a = ex_affine(p, load->args[1]);
    return a.constant % lanes == 0 && ex_coefficient(p, load->args[1], def->index[1], &coef) &&
           coef == 1 && a.count == 1;
}

/* Does it read t's channels along its own vectors, whichever dimension those are? */
static bool reads_along_vectors(Layouts *l, const Definition *def, const Tensor *t)
{
    int v = form_vector_dim(def);
    Form *form = form_of(l->arena, def);
    for (int s = 0; s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        if (load->tensor != t) continue;
        if (v < 0 || t->rank < 3 || load->args[1]->kind != EX_VAR ||
            load->args[1]->var != def->index[v])
            return false;
        for (int d = 0; d < t->rank; d++)
            if (d != 1 && ex_uses_var(load->args[d], def->index[v])) return false;
    }
    return true;
}

/* A sum over t's channels of products with something computed. */
static bool multiplies_channels(const Definition *def, const Tensor *t)
{
    const Expr *sum = form_products(def);
    for (int i = 0; sum && i < 2; i++) {
        const Expr *load = sum->args[0]->args[i];
        if (load->kind != EX_LOAD || load->tensor != t || t->rank < 3) continue;
        for (int v = 0; v < sum->var_count; v++)
            if (load->args[1]->kind == EX_VAR && load->args[1]->var == sum->vars[v]) return true;
    }
    return false;
}

static bool friendly_reader(Layouts *l, const Definition *def, const Tensor *t)
{
    int lanes = l->p->target->lanes;
    Form *form = form_of(l->arena, def);
    Contraction c;
    Concatenation cat;
    if (layout_concatenation(l->p->pool, def, &cat)) {
        for (int k = 0; cat.dim == 1 && k < cat.count; k++)
            if (cat.starts[k] % lanes) return false;
        return true;
    }
    if (form_moves(def)) return reads_shifted(def, def->body, lanes, l->p->pool);
    if (form_contraction(def, &c) && (c.factor[0]->tensor == t || c.factor[1]->tensor == t))
        return true;
    if (multiplies_channels(def, t)) return true;
    return computes_channels(l->p->pool, def, form, lanes) || reads_along_vectors(l, def, t) ||
           tensor_elements(def->out) * 8 < tensor_elements(t);
}

static bool any_source_blocked(Layouts *l, const Definition *def, const Form *form)
{
    for (int s = 0; s < form->sites.count; s++) {
        const Tensor *t = form->sites.items[s].load->tensor;
        const Expr *channel = t->rank > 1 ? form->sites.items[s].load->args[1] : NULL;
        if (channel && layout_place(l, t)->blocked && channel->kind == EX_VAR &&
            channel->var == def->index[1] && t->dims[1] == def->out->dims[1])
            return true;
        const Expr *last = form->sites.items[s].load->args[t->rank ? t->rank - 1 : 0];
        if (t->rank >= 3 && !tensor_is_const(t) && last->kind == EX_VAR &&
            last->var == def->index[1])
            return true;
    }
    return false;
}

/* Nothing that it reads lies in any order yet. */
static bool only_constants(const Form *form)
{
    for (int s = 0; s < form->sites.count; s++)
        if (!tensor_is_const(form->sites.items[s].load->tensor)) return false;
    return true;
}

static bool wants_blocks(Layouts *l, const Definition *def)
{
    int lanes = l->p->target->lanes;
    Form *form = form_of(l->arena, def);
    Concatenation cat;
    if (layout_concatenation(l->p->pool, def, &cat)) {
        bool all = friendly_reader(l, def, cat.pieces[0]);
        for (int k = 0; k < cat.count; k++) all &= layout_place(l, cat.pieces[k])->blocked;
        return all;
    }
    if (form_moves(def))
        return reads_shifted(def, def->body, lanes, l->p->pool) &&
               layout_place(l, def->body->tensor)->blocked;
    if (!computes_channels(l->p->pool, def, form, lanes)) return false;
    return (form->reduce && form_vector_dim(def) == 1) || any_source_blocked(l, def, form) ||
           only_constants(form);
}

void layout_choose_blocks(Layouts *l)
{
    for (int i = 0; i < l->p->definitions.count; i++) {
        Definition *def = l->p->definitions.items[i];
        Place *place = layout_place(l, def->out);
        if (place->is_output || place->dense || !worth_blocking(def->out, l->p->target->lanes) ||
            !wants_blocks(l, def))
            continue;
        for (int r = 0; r < place->readers.count && !place->blocked; r++)
            place->blocked = friendly_reader(l, place->readers.items[r], def->out);
    }
}
