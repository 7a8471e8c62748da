/*
 * What operators build their definitions with: index variables, broadcasting loads, temporaries.
 * Comes in: an inferred node. Goes out: definitions, in order, in the Definer. Evaluates nothing.
 */
#include "define.h"

#include "calls.h"
#include "op.h"

/* Images are n, c, y, x and volumes n, c, z, y, x; other ranks have numbered indices. */
static const char *const index_names[6][6] = {
    [1] = {"i"},
    [2] = {"n", "c"},
    [3] = {"n", "c", "x"},
    [4] = {"n", "c", "y", "x"},
    [5] = {"n", "c", "z", "y", "x"},
};

Var **define_indices(Definer *d, int rank, const int64_t *dims)
{
    Arena *arena = pool_arena(d->pool);
    Var **vars = NEW_ARRAY(arena, Var *, rank);
    for (int i = 0; i < rank; i++) {
        const char *name = rank <= 5 ? index_names[rank][i] : arena_format(arena, "i%d", i);
        vars[i] = pool_var(d->pool, name, 0, dims[i]);
    }
    return vars;
}

Expr **define_index_exprs(Definer *d, Var *const *vars, int rank)
{
    Expr **index = NEW_ARRAY(pool_arena(d->pool), Expr *, rank);
    for (int i = 0; i < rank; i++) index[i] = ex_var(d->pool, vars[i]);
    return index;
}

Var *define_var(Definer *d, const char *name, int64_t extent)
{
    return pool_var(d->pool, name, 0, extent);
}

Expr *define_broadcast_load(Definer *d, Tensor *t, int rank, Expr *const *index)
{
    assert(t->rank >= 0 && t->rank <= rank);
    Expr *at[MAX_RANK];
    for (int i = 0; i < t->rank; i++)
        at[i] = t->dims[i] == 1 ? ex_int(d->pool, 0) : index[rank - t->rank + i];
    return ex_load(d->pool, t, at);
}

Tensor *define_temporary(Definer *d, const char *suffix, Dtype dtype, int rank, const int64_t *dims)
{
    const char *stem = arena_format(d->graph->arena, "%s.%s", d->node->name, suffix);
    return graph_add_tensor(d->graph, TENSOR_VALUE, graph_unique_name(d->graph, stem), dtype, rank,
                            dims);
}

Tensor *define_constant(Definer *d, const char *suffix, Dtype dtype, int rank, const int64_t *dims,
                        const void *data)
{
    const char *stem = arena_format(d->graph->arena, "%s.%s", d->node->name, suffix);
    return graph_add_const(d->graph, graph_unique_name(d->graph, stem), dtype, rank, dims, data);
}

void define_tensor(Definer *d, Tensor *out, Var *const *index, Expr *body)
{
    if (!out) return;
    assert(body->dtype == out->dtype && body->lanes == 1);
    Arena *arena = pool_arena(d->pool);
    Definition *def = NEW(arena, Definition);
    def->out = out;
    def->index = arena_copy(arena, index, (size_t)out->rank * sizeof(Var *));
    def->body = body;
    def->node = d->node;
    LIST_PUSH(arena, &d->definitions, def);
}

void define_call(Definer *d, const char *function, Tensor *const *reads, int read_count,
                 Tensor *const *writes, int write_count, const int64_t *numbers, int number_count)
{
    Arena *arena = pool_arena(d->pool);
    Call *call = NEW(arena, Call);
    call->function = call_find(function);
    call->read_count = read_count;
    call->write_count = write_count;
    call->number_count = number_count;
    call->reads = arena_copy(arena, reads, (size_t)read_count * sizeof(Tensor *));
    call->writes = arena_copy(arena, writes, (size_t)write_count * sizeof(Tensor *));
    call->numbers = arena_copy(arena, numbers, (size_t)number_count * sizeof *numbers);
    for (int i = 0; i < read_count + write_count; i++)
        assert(!dtype_is_packed((i < read_count ? reads[i] : writes[i - read_count])->dtype));
    Tensor *out = writes[0];
    define_tensor(d, out, define_indices(d, out->rank, out->dims),
                  ex_cast(d->pool, out->dtype, ex_int(d->pool, 0)));
    d->definitions.items[d->definitions.count - 1]->call = call;
}

Tensor *define_room(Definer *d, int64_t bytes)
{
    Tensor *room = define_temporary(d, "room", DT_U8, 1, &bytes);
    room->lasting = true;
    return room;
}

Tensor *define_target(Definer *d, int i, const char *suffix, Dtype dtype, int rank,
                      const int64_t *dims)
{
    Tensor *out = node_output(d->node, i);
    return out ? out : define_temporary(d, suffix, dtype, rank, dims);
}

Dtype define_wide(Dtype dtype)
{
    return dtype_is_float(dtype) && dtype_info(dtype)->bits < 32 ? DT_F32 : dtype;
}

Expr *define_load(Definer *d, Tensor *t, Expr *const *index)
{
    return ex_cast(d->pool, define_wide(t->dtype), ex_load(d->pool, t, index));
}

void define_rounded(Definer *d, Tensor *out, Var *const *index, Expr *body)
{
    if (out) define_tensor(d, out, index, ex_cast(d->pool, out->dtype, body));
}

Expr *define_flatten(Pool *p, int rank, const int64_t *dims, Expr *const *index)
{
    Expr *flat = ex_int(p, 0);
    for (int i = 0; i < rank; i++) flat = ex_add(p, ex_mul(p, flat, ex_int(p, dims[i])), index[i]);
    return flat;
}

void define_unflatten(Pool *p, Expr *flat, int rank, const int64_t *dims, Expr **index)
{
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        int64_t extent =
            max64(dims[i], 1); /* an empty shape has no index: any expression will do */
        Expr *at = ex_floordiv(p, flat, ex_int(p, stride));
        index[i] = i == 0 ? at : ex_floormod(p, at, ex_int(p, extent));
        stride *= extent; /* checked_elements bounds the product even without the empty ones */
    }
}

Expr *define_wrap(Pool *p, Expr *loaded, int64_t extent)
{
    Expr *i = ex_cast(p, DT_I64, loaded), *zero = ex_int(p, 0);
    i = ex_select(p, ex_lt(p, i, zero), ex_add(p, i, ex_int(p, extent)), i);
    return ex_min(p, ex_max(p, i, zero), ex_int(p, extent - 1));
}

Expr *define_norm(Pool *p, Expr *x, double exponent, Var *const *over, int count)
{
    Expr *power = exponent == 2 ? ex_mul(p, x, x) : ex_unary(p, UN_ABS, x);
    if (exponent != 1 && exponent != 2)
        power = ex_binary(p, BI_POW, power, ex_const(p, x->dtype, exponent));
    Expr *sum = ex_reduce(p, RE_SUM, over, count, power);
    if (exponent == 1) return sum;
    if (exponent == 2) return ex_unary(p, UN_SQRT, sum);
    return ex_binary(p, BI_POW, sum, ex_const(p, x->dtype, 1 / exponent));
}

bool define_node(Definer *d, const Node *node)
{
    if (!node->op || !node->op->define) return false;
    d->node = node;
    node->op->define(d);
    return true;
}
