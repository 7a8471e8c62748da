/*
 * Pointers of reductions: what the offsets of an innermost loop's steps have in common is added
 * once, before it. Comes in: a step's values, whose fetches are by offsets into buffers; goes out:
 * the same through local pointers, and the statements that set and pin them.
 */
#include "nest_group.h"

static void split_offset(Pointers *q, Expr *offset, Expr **base, Expr **rest)
{
    Pool *p = q->n->pool;
    Affine a = ex_affine(p, offset);
    *base = *rest = ex_int(p, 0);
    for (int i = 0; i < a.count; i++) {
        Expr *term = ex_mul(p, a.terms[i].atom, ex_int(p, a.terms[i].coef));
        Expr **to = ex_uses_var(a.terms[i].atom, q->inner) ? rest : base;
        *to = ex_add(p, *to, term);
    }
    *rest = ex_add(p, *rest, ex_int(p, a.constant));
    Range r = ex_range(*base); /* the pointer itself stays inside the buffer */
    if (r.lo >= 0 || r.lo == INT64_MIN)
        return; /* INT64_MIN: a computed index, of which nothing is known */
    *base = ex_add(p, *base, ex_int(p, -r.lo));
    *rest = ex_add(p, *rest, ex_int(p, r.lo));
}

static Buffer *pointer_for(Pointers *q, Buffer *b, Expr *base)
{
    for (int i = 0; i < q->list.count; i++)
        if (q->list.items[i].buffer == b && q->list.items[i].base == base)
            return q->list.items[i].alias;
    Nest *n = q->n;
    Buffer *alias = NEW(n->p->arena, Buffer);
    *alias = (Buffer){.kind = BUFFER_LOCAL, .dtype = b->dtype, .parent = b};
    alias->name = arena_format(n->p->arena, "p%d", n->names++);
    Pointer pointer = {b, alias, base};
    LIST_PUSH(n->arena, &q->list, pointer);
    return alias;
}

static Expr *through_pointer(Pool *p, Expr *e, void *context)
{
    Pointers *q = context;
    if (e->kind != EX_FETCH || e->buffer->kind == BUFFER_LOCAL) return NULL;
    Expr *base, *rest;
    split_offset(q, e->args[0], &base, &rest);
    if (base->kind == EX_CONST) return e;
    return ex_fetch(p, pointer_for(q, e->buffer, base), e->dtype, rest, e->lanes, e->i, e->op);
}

Expr *nest_pointers_rewrite(Pointers *q, Expr *value)
{
    return ex_rewrite(q->n->pool, value, through_pointer, q);
}

/* ---- what the C compiler is not to keep ---- */

typedef struct Elements {
    Nest *n;
    const Var *inner;
    LIST(Expr *) fetches; /* of single elements, by the inner variable */
} Elements;

static void find_element(Expr *e, void *context)
{
    Elements *q = context;
    if (e->kind == EX_FETCH && e->lanes == 1 && ex_uses_var(e->args[0], q->inner))
        LIST_PUSH(q->n->arena, &q->fetches, e);
}

/* Does a step fetch what a later step fetches again? */
static bool meet(Pool *p, const Expr *a, const Expr *b, const Var *inner)
{
    int64_t step, ahead;
    Expr *apart = ex_sub(p, a->args[0], b->args[0]);
    if (a->buffer != b->buffer || apart->kind != EX_CONST || !apart->i ||
        !ex_coefficient(p, a->args[0], inner, &step) || !step || apart->i % step)
        return false;
    ahead = apart->i / step;
    return ahead < extent(inner) && -ahead < extent(inner);
}

bool nest_pointers_meet(const Pointers *q, Expr *const *terms, int count)
{
    Nest *n = q->n;
    if (2 * count <= n->p->target->registers) return false;
    Elements found = {.n = n, .inner = q->inner};
    for (int k = 0; k < count; k++) ex_visit(terms[k], find_element, &found);
    for (int i = 0; i < found.fetches.count; i++)
        if (meet(n->pool, found.fetches.items[0], found.fetches.items[i], q->inner)) return true;
    return false;
}

void nest_pointers_pin(const Pointers *q)
{
    for (int i = 0; q->n->lanes > 1 && i < q->list.count; i++)
        nest_stmt(q->n, ST_PIN)->alias = q->list.items[i].alias;
}

void nest_pointers_set(const Pointers *q)
{
    for (int i = 0; i < q->list.count; i++) {
        Stmt *s = nest_stmt(q->n, ST_POINT);
        s->alias = q->list.items[i].alias;
        s->buffer = q->list.items[i].buffer;
        s->offset = q->list.items[i].base;
    }
    nest_pointers_pin(q);
}
