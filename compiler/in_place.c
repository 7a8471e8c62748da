/*
 * In place: a kernel whose result takes, element by element, the place of an input that nobody
 * reads later (a residual sum, an activation) writes it there. Comes in: kernels with lifetimes of
 * their buffers; goes out: such results as views of those inputs, so that the kernel reads and
 * writes through one pointer. Where buffers lie is plan.c's decision.
 */
#include "program.h"

typedef struct Pair {
    const Buffer *in, *out;
    const Stmt *list; /* the straight run of statements that is looked at */
    const Stmt *here; /* the statement in it */
    bool good;
} Pair;

/* Is the element that e reads the one that a statement from `here` on writes, in the same lanes? */
static void check_fetch(Expr *e, void *context)
{
    Pair *q = context;
    if (e->kind != EX_FETCH || e->buffer != q->in) return;
    bool found = false;
    for (const Stmt *s = q->here; s && !found; s = s->next)
        found = s->kind == ST_STORE && s->buffer == q->out && s->offset == e->args[0] &&
                s->value->lanes == e->lanes && (e->lanes == 1 || s->stride == e->i);
    q->good &= found;
}

static void reject_fetch(Expr *e, void *context)
{
    Pair *q = context;
    q->good &= e->kind != EX_FETCH || e->buffer != q->in;
}

static void check_list(Pair *q, const Stmt *list)
{
    for (const Stmt *s = list; s && q->good; s = s->next) {
        q->here = s;
        if (s->value) ex_visit(s->value, s->kind == ST_IF ? reject_fetch : check_fetch, q);
        if (s->offset) ex_visit(s->offset, reject_fetch, q);
        if (s->kind == ST_ZERO || s->kind == ST_POINT)
            q->good &= s->buffer != q->in && s->buffer != q->out;
        q->good &= s->kind != ST_CALL;
        check_list(q, s->body);
    }
}

/* A buffer of the workspace that is whole: no view of another. */
static bool is_own(const Buffer *b) { return b->kind == BUFFER_WORK && !b->parent && !b->lasting; }

static bool alone(const Kernel *k, const Buffer *in)
{
    const Buffer *root = buffer_root(in, NULL);
    int users = 0;
    for (int i = 0; i < k->reads.count; i++) users += buffer_root(k->reads.items[i], NULL) == root;
    for (int i = 0; i < k->writes.count; i++)
        users += buffer_root(k->writes.items[i], NULL) == root;
    return users == 1;
}

/* Kernel number `at` is the last to use `in` and the first to use `out`. */
static bool can_replace(const Kernel *k, int at, const Buffer *in, const Buffer *out)
{
    int64_t first;
    const Buffer *root = buffer_root(in, &first);
    if (!is_own(root) || !is_own(out) || first != 0 || root->last_use != at ||
        root->first_use >= at || out->first_use != at || in->dtype != out->dtype ||
        in->elements != out->elements || !alone(k, in))
        return false;
    Pair q = {.in = in, .out = out, .good = true};
    check_list(&q, k->body);
    return q.good;
}

/* ---- replacing ---- */

static Expr *moved(Pool *p, Expr *e, void *context)
{
    const Pair *q = context;
    if (e->kind != EX_FETCH || e->buffer != q->in) return NULL;
    return ex_fetch(p, (Buffer *)q->out, e->dtype, e->args[0], e->lanes, e->i, e->op);
}

static void move_fetches(Pool *p, Stmt *s, Pair *q)
{
    for (; s; s = s->next) {
        if (s->value) s->value = ex_rewrite(p, s->value, moved, q);
        move_fetches(p, s->body, q);
    }
}

static void replace(Program *p, Kernel *k, int read, Buffer *out)
{
    Buffer *in = k->reads.items[read], *root = (Buffer *)buffer_root(in, NULL);
    move_fetches(p->pool, k->body, &(Pair){.in = in, .out = out});
    k->reads.count--;
    for (int i = read; i < k->reads.count; i++) k->reads.items[i] = k->reads.items[i + 1];
    root->last_use = out->last_use;
    out->parent = in;
    out->first = 0;
}

static void replace_one(Program *p, int at)
{
    Kernel *k = p->kernels.items[at];
    for (int w = 0; w < k->writes.count; w++)
        for (int r = 0; r < k->reads.count; r++)
            if (can_replace(k, at, k->reads.items[r], k->writes.items[w])) {
                replace(p, k, r, k->writes.items[w]);
                return;
            }
}

void in_place(Program *p)
{
    for (int k = 0; k < p->kernels.count; k++)
        if (p->kernels.items[k]->control == CONTROL_NONE) replace_one(p, k);
}
