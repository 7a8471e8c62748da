/*
 * Walking and rebuilding expressions. They are graphs with shared parts and may be deep, so every
 * walk visits a node once and none recurses: the nodes are collected, then taken in the order of
 * their ids, arguments first.
 */
#include "expr_pool.h"

#include <stdlib.h>

/* The distinct nodes of an expression, each with what it became. */
typedef struct Nodes {
    Expr **items; /* sorted by id once collected */
    Expr **slots; /* hash set by id, open addressing */
    size_t count, capacity, size;
} Nodes;

static void *room(void *old, size_t count, size_t size)
{
    void *p = realloc(old, array_bytes(count, size));
    if (!p) die("out of memory (%zu expressions)", count);
    return p;
}

static void rehash(Nodes *s)
{
    s->size = s->size ? 2 * s->size : 64;
    s->slots = room(s->slots, s->size, sizeof *s->slots);
    memset(s->slots, 0, s->size * sizeof *s->slots);
    for (size_t i = 0; i < s->count; i++) {
        size_t slot = (size_t)s->items[i]->id & (s->size - 1);
        while (s->slots[slot]) slot = (slot + 1) & (s->size - 1);
        s->slots[slot] = s->items[i];
    }
}

/* False when it was there. */
static bool add_node(Nodes *s, Expr *e)
{
    if (2 * (s->count + 1) > s->size) rehash(s);
    size_t slot = (size_t)e->id & (s->size - 1);
    for (; s->slots[slot]; slot = (slot + 1) & (s->size - 1))
        if (s->slots[slot] == e) return false;
    s->slots[slot] = e;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->items = room(s->items, s->capacity, sizeof *s->items);
    }
    s->items[s->count++] = e;
    return true;
}

static void free_nodes(Nodes *s)
{
    free(s->items);
    free(s->slots);
}

static int by_id(const void *a, const void *b)
{
    int x = (*(Expr *const *)a)->id, y = (*(Expr *const *)b)->id;
    return (x > y) - (x < y);
}

static void collect(Nodes *s, Expr *root)
{
    add_node(s, root);
    for (size_t next = 0; next < s->count; next++) {
        const Expr *e = s->items[next];
        for (int i = 0; i < e->arg_count; i++) add_node(s, e->args[i]);
    }
    qsort(s->items, s->count, sizeof *s->items, by_id);
}

void ex_visit(Expr *e, void (*visit)(Expr *e, void *context), void *context)
{
    Nodes s = {0};
    collect(&s, e);
    for (size_t i = 0; i < s.count; i++) visit(s.items[i], context);
    free_nodes(&s);
}

bool ex_uses_var(const Expr *e, const Var *v)
{
    if (!(e->var_bits >> (v->id & 63) & 1)) return false;
    Nodes s = {0};
    bool uses = false;
    add_node(&s, (Expr *)e);
    for (size_t next = 0; next < s.count && !uses; next++) {
        const Expr *n = s.items[next];
        uses = n->kind == EX_VAR && n->var == v;
        for (int i = 0; i < n->arg_count; i++)
            if (n->args[i]->var_bits >> (v->id & 63) & 1) add_node(&s, n->args[i]);
    }
    free_nodes(&s);
    return uses;
}

/* ---- rewriting ---- */

typedef struct Rewrite {
    Pool *pool;
    Nodes nodes;
    Expr **became;                         /* parallel to nodes.items */
    Var *(*rename)(Var *v, void *context); /* of a reduction's variables; may be NULL */
    void *context;
} Rewrite;

static Expr *became(const Rewrite *r, Expr *e)
{
    Expr **at = bsearch(&e, r->nodes.items, r->nodes.count, sizeof *r->nodes.items, by_id);
    assert(at);
    return r->became[at - r->nodes.items];
}

static Expr *renamed_reduce(const Rewrite *r, const Expr *e, Expr *body)
{
    Var **vars = NEW_ARRAY(pool_arena(r->pool), Var *, e->var_count);
    for (int i = 0; i < e->var_count; i++)
        vars[i] = r->rename ? r->rename(e->vars[i], r->context) : e->vars[i];
    return ex_reduce(r->pool, (ReduceOp)e->op, vars, e->var_count, body);
}

static Expr *with_args(const Rewrite *r, Expr *e, Expr **args)
{
    Pool *p = r->pool;
    switch (e->kind) {
    case EX_CONST:
    case EX_VAR:
    case EX_REG: return e;
    case EX_LOAD: return ex_load(p, e->tensor, args);
    case EX_FETCH: return ex_fetch(p, e->buffer, e->dtype, args[0], e->lanes, e->i, e->op);
    case EX_UNARY: return ex_unary(p, (UnaryOp)e->op, args[0]);
    case EX_BINARY: return ex_binary(p, (BinaryOp)e->op, args[0], args[1]);
    case EX_FMA: return ex_fma(p, args[0], args[1], args[2]);
    case EX_SELECT: return ex_select(p, args[0], args[1], args[2]);
    case EX_CAST: return ex_cast(p, e->dtype, args[0]);
    case EX_BITCAST: return ex_bitcast(p, e->dtype, args[0]);
    case EX_REDUCE: return renamed_reduce(r, e, args[0]);
    case EX_SPLAT: return args[0]->lanes == e->lanes ? args[0] : ex_splat(p, args[0], e->lanes);
    case EX_ACROSS: return ex_across(p, (ReduceOp)e->op, args[0]);
    case EX_SUMS: return ex_sums(p, args, e->lanes);
    }
    assert(!"a kind of expression");
    return NULL;
}

static Expr *rebuild(const Rewrite *r, Expr *e)
{
    bool changed = r->rename && e->kind == EX_REDUCE;
    Expr *few[4], **args = few;
    if (e->arg_count > (int)COUNT(few)) args = NEW_ARRAY(pool_arena(r->pool), Expr *, e->arg_count);
    for (int i = 0; i < e->arg_count; i++) {
        args[i] = became(r, e->args[i]);
        changed |= args[i] != e->args[i];
    }
    return changed ? with_args(r, e, args) : e;
}

/* `replace` may itself rewrite: nothing but `r` remembers which nodes were seen. */
static Expr *rewrite(Rewrite *r, Expr *root, Expr *(*replace)(Pool *p, Expr *e, void *context))
{
    typedef struct Replaced {
        Expr *from, *to;
    } Replaced;
    Replaced *replaced = NULL;
    size_t count = 0, capacity = 0;
    add_node(&r->nodes, root);
    for (size_t next = 0; next < r->nodes.count; next++) {
        Expr *e = r->nodes.items[next], *to = replace(r->pool, e, r->context);
        if (to) {
            if (count == capacity) {
                capacity = capacity ? 2 * capacity : 16;
                replaced = room(replaced, capacity, sizeof *replaced);
            }
            replaced[count++] = (Replaced){e, to};
            continue;
        }
        for (int i = 0; i < e->arg_count; i++) add_node(&r->nodes, e->args[i]);
    }
    qsort(r->nodes.items, r->nodes.count, sizeof *r->nodes.items, by_id);
    r->became = room(NULL, r->nodes.count, sizeof *r->became);
    memset(r->became, 0, r->nodes.count * sizeof *r->became);
    for (size_t i = 0; i < count; i++) {
        Expr **at = bsearch(&replaced[i].from, r->nodes.items, r->nodes.count, sizeof root, by_id);
        r->became[at - r->nodes.items] = replaced[i].to;
    }
    for (size_t i = 0; i < r->nodes.count; i++)
        if (!r->became[i]) r->became[i] = rebuild(r, r->nodes.items[i]);
    Expr *result = became(r, root);
    free(replaced);
    free(r->became);
    free_nodes(&r->nodes);
    return result;
}

Expr *ex_rewrite(Pool *p, Expr *e, Expr *(*replace)(Pool *p, Expr *e, void *context), void *context)
{
    return rewrite(&(Rewrite){.pool = p, .context = context}, e, replace);
}

typedef struct Substitution {
    Var *const *from;
    Expr *const *to;
    int count;
    uint64_t bits;
} Substitution;

static Expr *substituted(Pool *p, Expr *e, void *context)
{
    (void)p;
    const Substitution *s = context;
    if (!(e->var_bits & s->bits)) return e;
    if (e->kind != EX_VAR) return NULL;
    for (int i = 0; i < s->count; i++)
        if (s->from[i] == e->var) return s->to[i];
    return e;
}

/* A reduction's own variable can be renamed to another variable, nothing else. */
static Var *substituted_var(Var *v, void *context)
{
    const Substitution *s = context;
    for (int i = 0; i < s->count; i++) {
        if (s->from[i] != v) continue;
        assert(s->to[i]->kind == EX_VAR);
        return s->to[i]->var;
    }
    return v;
}

Expr *ex_substitute(Pool *p, Expr *e, Var *const *from, Expr *const *to, int count)
{
    Substitution s = {from, to, count, 0};
    for (int i = 0; i < count; i++) s.bits |= 1ull << (from[i]->id & 63);
    Rewrite r = {.pool = p, .rename = substituted_var, .context = &s};
    return rewrite(&r, e, substituted);
}

typedef struct Replace {
    Expr *from, *to;
} Replace;

static Expr *replace_one(Pool *p, Expr *e, void *context)
{
    const Replace *r = context;
    (void)p;
    return e == r->from ? r->to : NULL;
}

Expr *ex_replace(Pool *p, Expr *e, Expr *from, Expr *to)
{
    Replace r = {from, to};
    return ex_rewrite(p, e, replace_one, &r);
}
