/* Which output dimension lies in the lanes of a vector, and how well that goes. */
#include "nest.h"

static const double HARDLY = 0.05; /* elements in no order: no vector at all */

/* How well `dim` fills vectors whose elements, for the loads in the reduction, lie side by side. */
static double vector_score(Program *p, const Definition *def, const Form *form, int dim)
{
    int lanes = p->target->lanes;
    int64_t e = def->out->dims[dim];
    double score = (double)e / (double)(ceil_div(e, lanes) * lanes);
    for (int s = 0; s < form->sites.count; s++) {
        const LoadSite *site = &form->sites.items[s];
        const Tensor *t = site->load->tensor;
        if (form->reduce && (!site->reduced || tensor_is_const(t))) continue;
        Expr *offset = buffer_offset(p->pool, t->buffer, site->load->args);
        int64_t coef;
        int b = t->buffer->layout.block_dim;
        bool blocked = b >= 0 && site->load->args[b]->kind == EX_VAR &&
                       site->load->args[b]->var == def->index[dim];
        if (!ex_uses_var(offset, def->index[dim]) || blocked) continue;
        if (!ex_coefficient(p->pool, offset, def->index[dim], &coef))
            score *= HARDLY;
        else if (coef != 1)
            score *= 0.3;
    }
    return score;
}

/* The dimension along which what a reduction reads lies in blocks: stores are then apart, fewer
 * than the loads. -1: none. */
static int blocked_dim(const Definition *def, const Form *form)
{
    for (int s = 0; form->reduce && s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        int d = load->tensor->buffer->layout.block_dim;
        if (form->sites.items[s].reduced && d >= 0 && d < def->out->rank &&
            load->args[d]->kind == EX_VAR && load->args[d]->var == def->index[d])
            return d;
    }
    return -1;
}

/* For maps that cannot be computed along their last dimension at all (the outputs of Winograd's
 * tiles): the dimension that what they read runs along best. -1: none. */
static int source_dim(Program *p, const Definition *def, const Form *form)
{
    int best = -1;
    double most = 0;
    for (int d = 0; d < def->out->rank; d++) {
        double score = vector_score(p, def, form, d);
        if (def->out->dims[d] >= p->target->lanes && score > most) best = d, most = score;
    }
    return best;
}

int nest_vector_dim(Program *p, const Definition *def, const Form *form, double *score)
{
    *score = 1;
    const Layout *l = &def->out->buffer->layout;
    if (l->block_dim >= 0) return l->block_dim;
    int last = def->out->rank - 1;
    while (last >= 0 && def->out->dims[last] == 1) last--;
    if (last < 0) return -1;
    int channels = form_vector_dim(def);
    *score = vector_score(p, def, form, last);
    const double apart = 0.6; /* for vectors that are stored element by element */
    int blocks = blocked_dim(def, form);
    if (!form->reduce && *score <= HARDLY) blocks = source_dim(p, def, form);
    double other = channels < 0 ? 0 : vector_score(p, def, form, channels);
    double blocked = blocks < 0 ? 0 : apart * vector_score(p, def, form, blocks);
    if (blocked > other) channels = blocks, other = blocked;
    if (other < *score || channels == last) return last;
    *score = other;
    return channels;
}
