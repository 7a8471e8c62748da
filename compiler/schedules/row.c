/*
 * The row schedule: reductions over elements that lie side by side (softmax, normalisation, a few
 * dot products) with vectors along the reduced variable. For definitions whose output dimensions
 * would fill vectors badly.
 */
#include "nest.h"

/* Does every load of the reduction either stand still or move by one element along v? */
static bool unit_stride(Program *p, const Expr *reduce, const Form *form, Var *v)
{
    bool moves = false;
    for (int s = 0; s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        if (!form->sites.items[s].reduced || !ex_uses_var(reduce, v) || !form_load_uses(load, v))
            continue;
        int64_t coef;
        if (!ex_coefficient(p->pool, buffer_offset(p->pool, load->tensor->buffer, load->args), v,
                            &coef) ||
            coef != 1)
            return false;
        moves = true;
    }
    return moves;
}

/* The longest reduced variable that lies in unit stride and fills a vector. */
static Var *choose_along(Program *p, const Form *form)
{
    const Expr *reduce = form->reduce;
    Var *best = NULL;
    for (int k = 0; k < reduce->var_count; k++) {
        Var *v = reduce->vars[k];
        int64_t extent = v->hi - v->lo;
        if (extent >= p->target->lanes && (!best || extent > best->hi - best->lo) &&
            unit_stride(p, reduce, form, v))
            best = v;
    }
    return best;
}

static bool make(Program *p, const Definition *def, Kernel *kernel, Arena *arena)
{
    enum { PERCENT = 35 }; /* of the lanes: below that an output dimension fills vectors badly */
    Form *form = form_of(arena, def);
    double score;
    if (p->target->lanes == 1 || def->out->dtype != DT_F32 || form->reduces != 1) return false;
    nest_vector_dim(p, def, form, &score);
    Var *along = choose_along(p, form);
    if (!along || score * 100 >= PERCENT) return false;
    Nest *n = nest_new(p, arena, def, p->target->lanes, kernel);
    n->along = along;
    for (int d = 0; d < def->out->rank; d++) {
        Level *level = &n->levels[n->level_count++];
        *level = (Level){.dim = d};
        level->piece_count = nest_cut(level->pieces, 0, def->out->dims[d], 1, 1);
    }
    nest_generate(n);
    if (n->failed) return false;
    nest_finish(n, kernel);
    kernel->schedule =
        arena_format(p->arena, "row: %d lanes along %s", p->target->lanes, along->name);
    return true;
}

const Schedule schedule_row = {
    "row", "vectors along a reduced variable, combined across at the end", false, make};
