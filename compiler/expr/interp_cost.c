/* What interpreting a definition costs, without doing it: each node once for every value of what it
 * depends on. */
#include "calls.h"

#include <stdlib.h>

enum { MOST_VARS = 40, DEEPEST = 2000 };

typedef struct Cost {
    LIST(const Var *) vars;
    LIST(struct CostNode {
        const Expr *e;
        uint64_t mask;
        int depth;
    })
    nodes; /* in order of id */
    Arena *arena;
    int64_t total;
} Cost;

static int64_t saturating_mul(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t saturating_add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static uint64_t var_bit(Cost *c, const Var *v)
{
    for (int i = 0; i < c->vars.count; i++)
        if (c->vars.items[i] == v) return 1ull << i;
    if (c->vars.count == MOST_VARS) return 0;
    LIST_PUSH(c->arena, &c->vars, v);
    return 1ull << (c->vars.count - 1);
}

static const struct CostNode *find(const Cost *c, const Expr *e)
{
    int low = 0, high = c->nodes.count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (c->nodes.items[middle].e->id < e->id)
            low = middle + 1;
        else
            high = middle;
    }
    return &c->nodes.items[low];
}

static bool is_interpretable(Dtype dtype)
{
    bool is_number = dtype_is_float(dtype) || dtype_is_integer(dtype);
    return is_number || dtype == DT_BOOL || dtype == DT_STRING;
}

static void add_node(Expr *e, void *context)
{
    Cost *c = context;
    struct CostNode node = {.e = e};
    uint64_t work_mask, own = 0;
    if (e->kind == EX_VAR) node.mask = var_bit(c, e->var);
    for (int i = 0; i < e->arg_count; i++) {
        const struct CostNode *arg = find(c, e->args[i]);
        node.mask |= arg->mask;
        if (arg->depth >= node.depth) node.depth = arg->depth + 1;
    }
    work_mask = node.mask;
    for (int i = 0; i < e->var_count; i++) own |= var_bit(c, e->vars[i]);
    node.mask &= ~own;
    int64_t work = 1;
    for (int i = 0; i < c->vars.count; i++)
        if ((work_mask | own) >> i & 1)
            work = saturating_mul(work, max64(c->vars.items[i]->hi - c->vars.items[i]->lo, 1));
    if (e->kind != EX_CONST) c->total = saturating_add(c->total, work);
    if (!is_interpretable(e->dtype) || node.depth > DEEPEST || c->vars.count == MOST_VARS)
        c->total = INT64_MAX;
    LIST_PUSH(c->arena, &c->nodes, node);
}

int64_t interp_cost(const Definition *def)
{
    if (def->call) return call_cost(def->call);
    Cost c = {.arena = arena_new()};
    if (!is_interpretable(def->out->dtype)) c.total = INT64_MAX;
    ex_visit(def->body, add_node, &c);
    int64_t total = saturating_add(c.total, tensor_elements(def->out));
    arena_free(c.arena);
    return total;
}
