/*
 * Packed constants: a constant factor of a vectorised nest is stored in the order in which the
 * loops read it, so that each step reads the next vectors of one stream: [output dimensions, that
 * of the vectors in groups][reduced variables, cut ones outer part first][vector][lane]. The load
 * is rewritten to a load of the packed tensor at logical indices, which the simplifier makes affine
 * again.
 */
#include "nest.h"

typedef struct PackPlan {
    Pool *p;
    const Definition *def;
    Expr *load;
    Tensor *packed;
    Packing *packing;
    Expr *index[2 * MAX_RANK];
} PackPlan;

/* The packed tensor has one dimension for each of the packing's; MAX_RANK bounds both. */
static bool add_dim(PackPlan *k, int source, int64_t extent, int64_t factor, Expr *index)
{
    if (k->packing->rank == MAX_RANK) return false;
    k->index[k->packing->rank] = index;
    k->packing->dims[k->packing->rank++] = (struct PackedDim){extent, factor, source};
    return true;
}

/* Which dimension of the load is exactly v; -1: none. */
static int dim_of(const Expr *load, const Var *v)
{
    for (int d = 0; d < load->arg_count; d++)
        if (load->args[d]->kind == EX_VAR && load->args[d]->var == v) return d;
    return -1;
}

/* Every index is one variable, each a different one, or 0. */
static bool plain_indices(const Expr *load)
{
    for (int d = 0; d < load->arg_count; d++) {
        if (load->args[d]->kind == EX_CONST && load->args[d]->i == 0) continue;
        if (load->args[d]->kind != EX_VAR || load->args[d]->var->lo != 0 ||
            load->args[d]->var->hi != load->tensor->dims[d])
            return false;
        for (int e = 0; e < d; e++)
            if (load->args[e] == load->args[d]) return false;
    }
    return true;
}

static bool among(const Var *v, Var *const *vars, int count)
{
    for (int i = 0; i < count; i++)
        if (vars[i] == v) return true;
    return false;
}

static bool add_whole(PackPlan *k, int d)
{
    return d < 0 || add_dim(k, d, k->load->tensor->dims[d], 1, k->load->args[d]);
}

/* The vectors along dimension v in groups of `width` elements. */
static bool add_groups(PackPlan *k, int v, int64_t width)
{
    return add_dim(k, v, ceil_div(k->load->tensor->dims[v], width), width,
                   ex_floordiv(k->p, k->load->args[v], ex_int(k->p, width)));
}

/* What is not reduced: the output's dimensions as the loops nest, the vectors of one in groups. */
static bool add_outer_dims(PackPlan *k, const Var *vector, int64_t width, const Expr *reduce)
{
    int v = dim_of(k->load, vector), rank = k->def->out->rank;
    bool ok = true;
    for (int d = 0; d < k->load->arg_count; d++) {
        const Var *var = k->load->args[d]->kind == EX_VAR ? k->load->args[d]->var : NULL;
        if (d != v && var && !among(var, k->def->index, rank) &&
            !(reduce && among(var, reduce->vars, reduce->var_count)))
            ok &= add_whole(k, d);
    }
    for (int o = 0; o < rank; o++) {
        int d = dim_of(k->load, k->def->index[o]);
        ok &= d >= 0 && d == v ? add_groups(k, v, width) : add_whole(k, d);
    }
    return ok && (among(vector, k->def->index, rank) || add_groups(k, v, width));
}

/* The steps between which variable r of the reduction is cut into phases (nest_phase.c): 1: it is
 * whole, or not a dimension of its own. */
static int64_t period_of(const PackPlan *k, int v, int c, const Expr *reduce, int r)
{
    int d = dim_of(k->load, reduce->vars[r]);
    return d < 0 || d == v || d == c ? 1 : nest_period(k->p, reduce->args[0], reduce->vars[r]);
}

/* Phases are computed one after the other: what one of them reads lies together. */
static bool add_phases(PackPlan *k, int v, int c, const Expr *reduce)
{
    bool ok = true;
    for (int r = 0; reduce && r < reduce->var_count; r++) {
        int64_t period = period_of(k, v, c, reduce, r);
        int d = dim_of(k->load, reduce->vars[r]);
        if (period > 1)
            ok &=
                add_dim(k, d, period, 1, ex_floormod(k->p, k->load->args[d], ex_int(k->p, period)));
    }
    return ok;
}

static bool add_reduced_dims(PackPlan *k, int v, int c, const Expr *reduce)
{
    bool ok = true;
    for (int r = 0; reduce && r < reduce->var_count; r++) {
        int64_t period = period_of(k, v, c, reduce, r);
        int d = dim_of(k->load, reduce->vars[r]);
        if (d >= 0 && d != c && d != v)
            ok &= add_dim(k, d, ceil_div(k->load->tensor->dims[d], period), period,
                          ex_floordiv(k->p, k->load->args[d], ex_int(k->p, period)));
    }
    return ok;
}

static bool plan_dims(PackPlan *k, const Var *vector, int lanes, int copies, const Expr *reduce,
                      const Var *cut, int64_t chunk)
{
    Pool *p = k->p;
    int v = dim_of(k->load, vector), c = cut ? dim_of(k->load, cut) : -1;
    Expr *lane_index = k->load->args[v];
    bool ok =
        add_outer_dims(k, vector, (int64_t)lanes * copies, reduce) && add_phases(k, v, c, reduce);
    if (c >= 0)
        ok &= add_dim(k, c, ceil_div(k->load->tensor->dims[c], chunk), chunk,
                      ex_floordiv(p, k->load->args[c], ex_int(p, chunk)));
    ok &= add_reduced_dims(k, v, c, reduce);
    if (c >= 0) ok &= add_dim(k, c, chunk, 1, ex_floormod(p, k->load->args[c], ex_int(p, chunk)));
    if (copies > 1)
        ok &= add_dim(
            k, v, copies, lanes,
            ex_floormod(p, ex_floordiv(p, lane_index, ex_int(p, lanes)), ex_int(p, copies)));
    return ok && add_dim(k, v, lanes, 1, ex_floormod(p, lane_index, ex_int(p, lanes)));
}

/* Several definitions may read one constant in the same order (the steps of a recurrence): they
 * share its packed form. */
static Buffer *find_packed(const Program *pr, const Tensor *t, const Packing *packing)
{
    for (int i = 0; i < pr->buffers.count; i++) {
        Buffer *b = pr->buffers.items[i];
        if (b->packing && b->tensor == t && b->packing->rank == packing->rank &&
            memcmp(b->packing->dims, packing->dims,
                   (size_t)packing->rank * sizeof *packing->dims) == 0)
            return b;
    }
    return NULL;
}

static void make_packed(Program *pr, PackPlan *k)
{
    const Tensor *t = k->load->tensor;
    int64_t dims[MAX_RANK];
    for (int d = 0; d < k->packing->rank; d++) dims[d] = k->packing->dims[d].extent;
    Tensor *packed = k->packed = NEW(pr->arena, Tensor);
    *packed = *t;
    packed->rank = k->packing->rank;
    packed->dims = arena_copy(pr->arena, dims, (size_t)packed->rank * sizeof *dims);
    packed->buffer = find_packed(pr, t, k->packing);
    if (packed->buffer) return;
    Buffer *b = packed->buffer = NEW(pr->arena, Buffer);
    *b = *t->buffer;
    b->name = program_name(pr, "", arena_format(pr->arena, "%s_packed", t->name));
    b->tensor = t;
    b->packing = k->packing;
    layout_dense(&b->layout, packed->rank, packed->dims);
    b->elements = tensor_elements(packed);
    LIST_PUSH(pr->arena, &pr->buffers, b);
}

Definition *nest_pack(Program *pr, const Definition *def, const Var *vector, int lanes, int copies,
                      const Expr *reduce, Arena *arena)
{
    int64_t chunk = 0;
    int at = reduce ? nest_cut_var(reduce->args[0], reduce->vars, reduce->var_count, &chunk) : -1;
    const Var *cut = at < 0 ? NULL : reduce->vars[at];
    if (reduce && among(vector, reduce->vars, reduce->var_count)) cut = NULL;
    Form *form = form_of(arena, def);
    Definition *result = NEW(pr->arena, Definition);
    *result = *def;
    for (int s = 0; s < form->sites.count; s++) {
        Expr *load = form->sites.items[s].load;
        if (!tensor_is_const(load->tensor) || load->dtype != DT_F32 || dim_of(load, vector) < 0 ||
            !plain_indices(load))
            continue;
        PackPlan k = {.p = pr->pool, .def = def, .load = load, .packing = NEW(pr->arena, Packing)};
        bool reduced = form->sites.items[s].reduced;
        if (!plan_dims(&k, vector, lanes, reduced ? copies : 1, reduced ? reduce : NULL,
                       reduced ? cut : NULL, chunk))
            continue;
        make_packed(pr, &k);
        Expr *packed = ex_load(pr->pool, k.packed, k.index);
        result->body = ex_replace(pr->pool, result->body, load, packed);
    }
    return result;
}
