/*
 * Steps: a contraction that reads every s-th row and column of an image (a 1x1 convolution of step
 * s) reads a dense copy of those instead, where neither image nor weights stay in the second cache:
 * the image comes again for each group of outputs, with the lines between.
 */
#include "layout.h"

enum { FIRST_SPATIAL = 2 };

/* Where a spatial dimension is read: at first + step * (the variable of an output dimension). */
typedef struct Steps {
    Var *var;
    int64_t first, step;
} Steps;

static bool find_steps(Pool *p, const Definition *def, Expr *index, Steps *s)
{
    Affine a = ex_affine(p, index);
    *s = (Steps){.first = a.constant};
    for (int k = 0; k < a.count; k++) {
        const Expr *atom = a.terms[k].atom;
        if (atom->kind != EX_VAR || s->var) return false;
        s->var = atom->var;
        s->step = a.terms[k].coef;
    }
    for (int d = 0; s->var && d < def->out->rank; d++)
        if (def->index[d] == s->var) return s->step > 1;
    return false;
}

static bool is_large(const Layouts *l, const Tensor *t)
{
    return tensor_elements(t) * (int64_t)sizeof(float) > l->p->target->l2_bytes;
}

/* The steps of factor k in each spatial dimension; false when it has others. */
static bool suits(Layouts *l, const Definition *def, const Contraction *c, int k, Steps *steps)
{
    const Expr *x = c->factor[k];
    if (c->guard[k] || !layout_place(l, x->tensor)->blocked || x->arg_count <= FIRST_SPATIAL ||
        !is_large(l, x->tensor) || !is_large(l, c->factor[!k]->tensor))
        return false;
    for (int d = FIRST_SPATIAL; d < x->arg_count; d++)
        if (!find_steps(l->p->pool, def, x->args[d], &steps[d])) return false;
    return true;
}

static void copy_dense(Layouts *l, int at, Expr *x, const Steps *steps)
{
    Pool *p = l->p->pool;
    Definition *reader = l->p->definitions.items[at];
    int64_t dims[MAX_RANK];
    Expr *from[MAX_RANK], *to[MAX_RANK];
    for (int d = 0; d < x->arg_count; d++)
        dims[d] = d < FIRST_SPATIAL ? x->tensor->dims[d] : steps[d].var->hi;
    Definition *copy = layout_insert(l, at, "dense", x->tensor, dims);
    for (int d = 0; d < x->arg_count; d++) {
        from[d] = ex_var(p, copy->index[d]);
        to[d] = x->args[d];
        if (d < FIRST_SPATIAL) continue;
        from[d] =
            ex_add(p, ex_mul(p, from[d], ex_int(p, steps[d].step)), ex_int(p, steps[d].first));
        to[d] = ex_var(p, steps[d].var);
    }
    copy->body = ex_load(p, x->tensor, from);
    copy->node = reader->node;
    layout_place(l, copy->out)->blocked = true;
    reader->body = ex_replace(p, reader->body, x, ex_load(p, copy->out, to));
}

void layout_choose_dense(Layouts *l)
{
    for (int i = 0; i < l->p->definitions.count; i++) {
        Contraction c;
        Steps steps[MAX_RANK];
        if (!form_contraction(l->p->definitions.items[i], &c)) continue;
        for (int k = 0; k < 2; k++)
            if (suits(l, l->p->definitions.items[i], &c, k, steps)) {
                copy_dense(l, i++, c.factor[k], steps);
                break;
            }
    }
}
