/*
 * Rebase: the constant that all accesses of a kernel to one buffer have in common moves into the
 * pointer that is passed, so that kernels which differ only in where they read and write (the steps
 * of a recurrence, the parts of a concatenation) are one function.
 */
#include "program.h"

typedef struct Access {
    Buffer *buffer, *view;
    int64_t least; /* the smallest constant of its offsets */
} Access;

typedef struct Rebase {
    Program *p;
    Arena *arena;
    LIST(Access) accesses;
} Rebase;

static Access *find(Rebase *r, const Buffer *b)
{
    for (int i = 0; i < r->accesses.count; i++)
        if (r->accesses.items[i].buffer == b) return &r->accesses.items[i];
    return NULL;
}

static void note(Rebase *r, Buffer *b, Expr *offset)
{
    if (b->kind == BUFFER_LOCAL) return;
    Affine a = ex_affine(r->p->pool, offset);
    Access *access = find(r, b);
    Access fresh = {b, NULL, a.constant};
    if (!access)
        LIST_PUSH(r->arena, &r->accesses, fresh);
    else
        access->least = min64(access->least, a.constant);
}

static void note_fetch(Expr *e, void *context)
{
    if (e->kind == EX_FETCH) note(context, e->buffer, e->args[0]);
}

static void note_statements(Rebase *r, const Stmt *s)
{
    for (; s; s = s->next) {
        if (s->value) ex_visit(s->value, note_fetch, r);
        if (s->offset) ex_visit(s->offset, note_fetch, r);
        if (s->kind == ST_STORE || s->kind == ST_ZERO || s->kind == ST_POINT)
            note(r, s->buffer, s->offset);
        note_statements(r, s->body);
    }
}

/* ---- moving it ---- */

static Expr *moved_offset(Rebase *r, Expr *offset, const Access *a)
{
    return ex_add(r->p->pool, offset, ex_int(r->p->pool, -a->least));
}

static Expr *move_fetch(Pool *p, Expr *e, void *context)
{
    Rebase *r = context;
    const Access *a = e->kind == EX_FETCH ? find(r, e->buffer) : NULL;
    if (!a || !a->view) return NULL;
    Expr *offset = ex_rewrite(p, moved_offset(r, e->args[0], a), move_fetch, context);
    return ex_fetch(p, a->view, e->dtype, offset, e->lanes, e->i, e->op);
}

static void move_statements(Rebase *r, Stmt *s)
{
    for (; s; s = s->next) {
        if (s->value) s->value = ex_rewrite(r->p->pool, s->value, move_fetch, r);
        if (s->offset) s->offset = ex_rewrite(r->p->pool, s->offset, move_fetch, r);
        const Access *a = s->buffer ? find(r, s->buffer) : NULL;
        if (a && a->view) {
            s->offset = moved_offset(r, s->offset, a);
            s->buffer = a->view;
            if (s->kind == ST_POINT) s->alias->parent = a->view;
        }
        move_statements(r, s->body);
    }
}

void rebase(Program *p, Stmt *body)
{
    Rebase r = {.p = p, .arena = arena_new()};
    note_statements(&r, body);
    bool any = false;
    for (int i = 0; i < r.accesses.count; i++) {
        Access *a = &r.accesses.items[i];
        if (a->least <= 0) continue; /* negative where a variable part makes up for it */
        a->view = NEW(p->arena, Buffer);
        *a->view = *a->buffer;
        a->view->name = arena_format(p->arena, "%s+%lld", a->buffer->name, (long long)a->least);
        a->view->parent = a->buffer;
        a->view->first = a->least;
        a->view->elements -= a->least;
        LIST_PUSH(p->arena, &p->buffers, a->view);
        any = true;
    }
    if (any) move_statements(&r, body);
    arena_free(r.arena);
}
