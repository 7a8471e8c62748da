/*
 * Values: a logical expression becomes a kernel expression. Loads become fetches from buffers,
 * contiguous where the lane moves them by one element, scalar where it does not move them. What
 * occurs more than once gets a register.
 */
#include "nest.h"

/* ---- a map from expressions, for one conversion ---- */

typedef struct ExprMap {
    Arena *arena;
    Expr **keys;
    Expr **values;
    int *counts;
    int size, used;
} ExprMap;

static void map_allocate(ExprMap *m, int size)
{
    m->keys = NEW_ARRAY(m->arena, Expr *, size);
    m->values = NEW_ARRAY(m->arena, Expr *, size);
    m->counts = NEW_ARRAY(m->arena, int, size);
    m->size = size;
}

static int map_slot(const ExprMap *m, const Expr *key)
{
    int i = (int)((uint32_t)key->id * 2654435769u >> 7) & (m->size - 1);
    while (m->keys[i] && m->keys[i] != key) i = (i + 1) & (m->size - 1);
    return i;
}

static int map_add(ExprMap *m, Expr *key)
{
    if (!m->size) map_allocate(m, 64);
    if (2 * m->used >= m->size) {
        ExprMap old = *m;
        map_allocate(m, 2 * old.size);
        for (int i = 0; i < old.size; i++) {
            if (!old.keys[i]) continue;
            int slot = map_slot(m, old.keys[i]);
            m->keys[slot] = old.keys[i];
            m->values[slot] = old.values[i];
            m->counts[slot] = old.counts[i];
        }
    }
    int slot = map_slot(m, key);
    if (!m->keys[slot]) m->keys[slot] = key, m->used++;
    return slot;
}

static void map_put(ExprMap *m, Expr *key, Expr *value)
{
    int slot = map_add(m, key); /* may move the table */
    m->values[slot] = value;
}

/* ---- rebuilding ---- */

static Expr *in_lanes(Nest *n, Expr *e)
{
    return e->lanes == 1 ? ex_splat(n->pool, e, n->lanes) : e;
}

static void agree(Nest *n, Expr **x, Expr **y)
{
    if ((*x)->lanes == (*y)->lanes) return;
    *x = in_lanes(n, *x);
    *y = in_lanes(n, *y);
}

/* The same operation on other arguments, in lanes where one of them is. */
static Expr *rebuild(Nest *n, const Expr *e, Expr **x)
{
    Pool *p = n->pool;
    switch (e->kind) {
    case EX_UNARY: return ex_unary(p, e->op, x[0]);
    case EX_BINARY: agree(n, &x[0], &x[1]); return ex_binary(p, e->op, x[0], x[1]);
    case EX_FMA:
        for (int i = 0; i < 3; i++) agree(n, &x[i], &x[(i + 1) % 3]);
        agree(n, &x[0], &x[1]);
        return ex_fma(p, x[0], x[1], x[2]);
    case EX_SELECT:
        agree(n, &x[1], &x[2]);
        if (x[0]->lanes > 1) x[1] = in_lanes(n, x[1]), x[2] = in_lanes(n, x[2]);
        return ex_select(p, x[0], x[1], x[2]);
    case EX_CAST: return e->dtype == x[0]->dtype ? x[0] : ex_cast(p, e->dtype, x[0]);
    case EX_BITCAST:
        n->failed |= x[0]->lanes > 1;
        return n->failed ? x[0] : ex_bitcast(p, e->dtype, x[0]);
    case EX_SPLAT: return in_lanes(n, x[0]);
    case EX_ACROSS: return ex_across(p, e->op, x[0]);
    default: assert(!"an expression that values do not have"); return NULL;
    }
}

/* Vectors hold f32, and conditions made of them. */
static bool computes_in_lanes(const Expr *e)
{
    if (e->dtype == DT_F32) return e->kind != EX_CAST;
    if (e->dtype != DT_BOOL) return false;
    switch (e->kind) {
    case EX_BINARY:
        return e->args[0]->dtype == DT_F32 ||
               (e->args[0]->dtype == DT_BOOL && e->op >= BI_AND && e->op <= BI_XOR);
    case EX_UNARY: return e->op == UN_NOT || e->op == UN_ISNAN || e->op == UN_ISINF;
    case EX_SPLAT: return true;
    default: return false;
    }
}

static Expr *fetch(Nest *n, Expr *load, Expr *const *index)
{
    Pool *p = n->pool;
    Buffer *b = load->tensor->buffer;
    assert(b);
    Expr *offset = buffer_offset(p, b, index);
    int64_t stride = 0;
    if (n->lane && !ex_coefficient(p, offset, n->lane, &stride)) n->failed = true;
    if (!stride || n->failed) return ex_fetch(p, b, load->dtype, offset, 1, 1, 1);
    if (load->dtype != DT_F32) n->failed = true;
    Expr *zero = ex_int(p, 0);
    n->strided |= n->inside_reduction && stride != 1;
    bool roomy = b->packing || (b->layout.block_dim >= 0 &&
                                !n->each); /* whole vectors lie in it, whatever the extent; what is
                                              past that may be anything, but is not summed up */
    return ex_fetch(p, b, load->dtype, ex_substitute(p, offset, &n->lane, &zero, 1), n->lanes,
                    stride, roomy && stride == 1 ? n->lanes : n->count);
}

static Expr *convert(Nest *n, ExprMap *done, Expr *e)
{
    if (e->kind == EX_CONST || e->kind == EX_VAR || e->kind == EX_REG || e->kind == EX_FETCH)
        return e;
    int slot = map_add(done, e);
    if (done->values[slot]) return done->values[slot];
    Expr *result = NULL, *args[MAX_RANK];
    if (e->kind == EX_REDUCE) {
        for (int i = 0; i < n->reduced.count; i++)
            if (n->reduced.items[i].reduce == e) result = n->reduced.items[i].result;
        assert(result || n->failed);
        if (!result) return e;
    } else {
        assert(e->arg_count <= MAX_RANK);
        for (int i = 0; i < e->arg_count; i++) args[i] = convert(n, done, e->args[i]);
        if (n->failed) return e;
        if (e->kind == EX_LOAD)
            result = fetch(n, e, args);
        else
            result = rebuild(n, e, args);
        if (result->lanes > 1 && result->kind != EX_FETCH && !computes_in_lanes(result))
            n->failed = true;
    }
    map_put(done, e, result);
    return result;
}

bool nest_is_vector(const Nest *n, const Expr *e) { return n->lane && ex_uses_var(e, n->lane); }

Expr *nest_value(Nest *n, Expr *e)
{
    ExprMap done = {.arena = n->arena};
    Expr *value = convert(n, &done, e);
    if (n->lane && ex_uses_var(value, n->lane))
        n->failed = true; /* the lane itself as a value or in a condition */
    return value;
}

/* ---- sharing ---- */

static bool is_index(const Expr *e)
{
    if (e->kind == EX_FETCH || e->kind == EX_REG) return false;
    for (int i = 0; i < e->arg_count; i++)
        if (!is_index(e->args[i])) return false;
    return true;
}

static bool worth_naming(const Expr *e)
{
    return e->kind != EX_CONST && e->kind != EX_VAR && e->kind != EX_REG &&
           !(e->kind == EX_SPLAT && e->args[0]->kind == EX_CONST) && !is_index(e);
}

/* Counts uses outside the arms of scalar selects: those are evaluated only where their condition
 * holds. */
static void count_uses(ExprMap *m, Expr *e)
{
    int slot = map_add(m, e);
    if (m->counts[slot]++) return;
    bool lazy = e->kind == EX_SELECT && e->args[0]->lanes == 1;
    for (int i = 0; i < (lazy ? 1 : e->arg_count); i++) count_uses(m, e->args[i]);
}

static Expr *named(Pool *p, Expr *e, void *context)
{
    const ExprMap *names = context;
    (void)p;
    return names->size ? names->values[map_slot(names, e)] : NULL;
}

static const char *stem(const Expr *e)
{
    if (e->kind == EX_SPLAT) return "x";
    if (e->kind == EX_FETCH) return e->buffer->kind == BUFFER_CONST ? "w" : "v";
    return "t";
}

typedef struct Sharing {
    Nest *n;
    ExprMap uses, names; /* names: the registers of shared expressions that have been set */
} Sharing;

static void set_shared(Expr *e, void *context)
{
    Sharing *s = context;
    Nest *n = s->n;
    int slot = map_slot(&s->uses, e); /* what stands only in arms of selects has no entry */
    if (s->uses.keys[slot] != e || s->uses.counts[slot] < 2 || !worth_naming(e)) return;
    if (s->names.size && s->names.values[map_slot(&s->names, e)]) return;
    const Reg *reg = pool_reg(n->pool, arena_format(n->p->arena, "%s%d", stem(e), n->names++),
                              e->dtype, e->lanes);
    nest_set(n, reg, true, ex_rewrite(n->pool, e, named, &s->names));
    map_put(&s->names, e, ex_reg(n->pool, reg));
}

void nest_share(Nest *n, Expr **values, int count,
                void (*use)(Nest *n, int k, Expr *value, void *context), void *context)
{
    Sharing s = {.n = n, .uses = {.arena = n->arena}, .names = {.arena = n->arena}};
    for (int k = 0; k < count; k++) count_uses(&s.uses, values[k]);
    for (int k = 0; k < count; k++) {
        ex_visit(values[k], set_shared, &s);
        use(n, k, ex_rewrite(n->pool, values[k], named, &s.names), context);
    }
}
