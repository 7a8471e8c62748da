/*
 * Schedule: every definition becomes a kernel. The schedules are tried in order; the first that
 * suits the definition makes it. Buffers with a halo get a kernel that zeroes it before their first
 * writer.
 */
#include "schedule.h"
#include "nest.h"

#include <stdlib.h>

static const Schedule *const schedules[] = {&schedule_choice, &schedule_row, &schedule_each,
                                            &schedule_tile};

/* ---- what a kernel touches ---- */

static void note_buffer(Program *p, Kernel *k, Buffer *b, bool write)
{
    while (b->kind == BUFFER_LOCAL) b = b->parent;
    for (int i = 0; i < k->writes.count; i++)
        if (k->writes.items[i] == b) return;
    if (write) {
        LIST_PUSH(p->arena, &k->writes, b);
        return;
    }
    for (int i = 0; i < k->reads.count; i++)
        if (k->reads.items[i] == b) return;
    LIST_PUSH(p->arena, &k->reads, b);
}

typedef struct Touch {
    Program *p;
    Kernel *k;
} Touch;

static void touch_fetch(Expr *e, void *context)
{
    Touch *t = context;
    if (e->kind == EX_FETCH) note_buffer(t->p, t->k, e->buffer, false);
}

/* Writes first, so that a buffer that is also read counts as written. */
static void note_writes(Touch *t, const Stmt *s)
{
    for (; s; s = s->next) {
        if (s->kind == ST_STORE || s->kind == ST_ZERO) note_buffer(t->p, t->k, s->buffer, true);
        for (int i = 0; s->kind == ST_CALL && i < s->call->write_count; i++)
            note_buffer(t->p, t->k, s->call->writes[i]->buffer, true);
        note_writes(t, s->body);
    }
}

static void note_reads(Touch *t, const Stmt *s)
{
    for (; s; s = s->next) {
        if (s->value) ex_visit(s->value, touch_fetch, t);
        if (s->offset) ex_visit(s->offset, touch_fetch, t);
        if (s->kind == ST_POINT) note_buffer(t->p, t->k, s->buffer, false);
        for (int i = 0; s->kind == ST_CALL && i < s->call->read_count; i++)
            note_buffer(t->p, t->k, s->call->reads[i]->buffer, false);
        note_reads(t, s->body);
    }
}

static Kernel *add_kernel(Program *p, const char *stem)
{
    Kernel *k = NEW(p->arena, Kernel);
    k->title = stem;
    k->name = program_name(p, "run_", stem);
    LIST_PUSH(p->arena, &p->kernels, k);
    return k;
}

static void finish_kernel(Program *p, Kernel *k)
{
    rebase(p, k->body);
    Touch t = {p, k};
    note_writes(&t, k->body);
    note_reads(&t, k->body);
}

/* ---- halos ---- */

typedef struct HaloCode {
    Program *p;
    Buffer *b;
    Stmt **end;
} HaloCode;

static Stmt *halo_stmt(HaloCode *h, StmtKind kind)
{
    Stmt *s = NEW(h->p->arena, Stmt);
    s->kind = kind;
    *h->end = s;
    h->end = &s->next;
    return s;
}

static void zero_run(HaloCode *h, Expr *offset, int64_t count)
{
    if (count == 0) return;
    Stmt *s = halo_stmt(h, ST_ZERO);
    s->buffer = h->b;
    s->offset = offset;
    s->count = count;
}

static void zero_halo(HaloCode *h, int d, Expr *offset);

/* The rows between the first and the last have their own halo inside. */
static void zero_inside(HaloCode *h, int d, int64_t rows, Expr *offset)
{
    Pool *p = h->p->pool;
    if (d + 1 == h->b->layout.rank) return;
    if (rows == 1) {
        zero_halo(h, d + 1, offset);
        return;
    }
    Var *v = pool_var(p, "row", 0, rows);
    Stmt *body = NULL;
    HaloCode inner = {h->p, h->b, &body};
    Expr *step = ex_mul(p, ex_var(p, v), ex_int(p, h->b->layout.stride[d]));
    zero_halo(&inner, d + 1, ex_add(p, offset, step));
    if (!body) return;
    Stmt *loop = halo_stmt(h, ST_LOOP);
    loop->var = v;
    loop->step = 1;
    loop->independent = true;
    loop->dim = d + 1;
    loop->body = body;
}

/* Dimension d at `offset`: its first and last rows are zeroed whole. */
static void zero_halo(HaloCode *h, int d, Expr *offset)
{
    Pool *p = h->p->pool;
    const Layout *l = &h->b->layout;
    bool inner = false;
    for (int k = d; k < l->rank; k++) inner |= l->before[k] || l->after[k];
    if (!inner) return;
    int64_t dim = l->wrap[d] ? l->wrap[d] : h->b->tensor->dims[d],
            rows = d == l->block_dim ? ceil_div(dim, l->block) : dim;
    int64_t before = l->before[d] * l->stride[d], inside = rows * l->stride[d];
    zero_run(h, offset, before);
    zero_inside(h, d, rows, ex_add(p, offset, ex_int(p, before)));
    zero_run(h, ex_add(p, offset, ex_int(p, before + inside)), l->after[d] * l->stride[d]);
}

Stmt *schedule_halo(Program *p, Buffer *b, Expr *offset)
{
    Stmt *first = NULL;
    HaloCode h = {p, b, &first};
    zero_halo(&h, 0, offset);
    return first;
}

static void add_halo_kernel(Program *p, Buffer *root)
{
    Kernel *k = add_kernel(p, arena_format(p->arena, "halo of %s", root->tensor->name));
    k->body = schedule_halo(p, root, ex_int(p->pool, 0));
    k->schedule = "zeroes the halo";
    finish_kernel(p, k);
}

/* ---- all definitions ---- */

static int64_t definition_macs(const Definition *def)
{
    const Expr *sum = form_products(def);
    if (!sum) return 0;
    int64_t macs = tensor_elements(def->out);
    for (int v = 0; v < sum->var_count; v++)
        if (!checked_mul(macs, sum->vars[v]->hi - sum->vars[v]->lo, &macs)) return INT64_MAX;
    return macs;
}

static int by_position(const void *a, const void *b)
{
    return (*(const Node *const *)a)->id - (*(const Node *const *)b)->id;
}

static void note_node(Program *p, Kernel *k, const Node *n)
{
    for (int i = 0; i < k->nodes.count; i++)
        if (k->nodes.items[i] == n) return;
    LIST_PUSH(p->arena, &k->nodes, n);
}

static void note_nodes(Program *p, Kernel *k, const Definition *def)
{
    if (def->node) note_node(p, k, def->node);
    for (int i = 0; i < def->fused.count; i++) note_node(p, k, def->fused.items[i]);
    if (k->nodes.count)
        qsort(k->nodes.items, (size_t)k->nodes.count, sizeof *k->nodes.items, by_position);
}

static void make_call(Program *p, const Definition *def, Kernel *k)
{
    k->body = NEW(p->arena, Stmt);
    *k->body = (Stmt){.kind = ST_CALL, .call = def->call};
    k->schedule = "calls the runtime";
}

void schedule_body(Program *p, const Definition *def, Kernel *k, Arena *arena)
{
    if (def->call) {
        make_call(p, def, k);
        return;
    }
    bool made = false;
    if (def->rows) made = schedule_tile.make(p, def, k, arena); /* it alone can leave rows out */
    for (size_t i = 0; i < COUNT(schedules) && !made; i++)
        made = (schedules[i]->exact || !p->exact) && schedules[i]->make(p, def, k, arena);
    assert(made);
}

static void schedule_control(Program *p, const Definition *def)
{
    const Call *call = def->call;
    Kernel *k = add_kernel(p, def->node->name);
    k->control = call->kind;
    k->schedule = call->kind == CONTROL_LOOP ? "what follows runs while a condition holds"
                                             : "the end of what a condition repeats";
    k->definition = def;
    for (int i = 0; i < call->read_count; i++) note_buffer(p, k, call->reads[i]->buffer, false);
}

static void schedule_definition(Program *p, const Definition *def)
{
    if (def->call && def->call->kind != CONTROL_NONE) {
        schedule_control(p, def);
        return;
    }
    Arena *arena = arena_new();
    Kernel *k = add_kernel(p, def->node ? def->node->name : def->out->name);
    schedule_body(p, def, k, arena);
    note_nodes(p, k, def);
    k->definition = def;
    k->macs = definition_macs(def);
    finish_kernel(p, k);
    arena_free(arena);
}

/* ---- all of them ---- */

static void schedule_band(Program *p, const Band *band)
{
    Arena *arena = arena_new();
    const Definition *first = band->members[0], *last = band->members[band->count - 1];
    Kernel *k = add_kernel(p, last->node->name);
    if (first->node != last->node)
        k->title = arena_format(p->arena, "%s .. %s", first->node->name, last->node->name);
    band_body(p, band, k, arena);
    for (int m = 0; m < band->count; m++) {
        note_nodes(p, k, band->members[m]);
        k->macs += definition_macs(band->members[m]);
    }
    k->definition = last;
    finish_kernel(p, k);
    arena_free(arena);
}

static const Band *band_of(const Program *p, const Definition *def)
{
    for (int i = 0; i < p->bands.count; i++)
        for (int m = 0; m < p->bands.items[i]->count; m++)
            if (p->bands.items[i]->members[m] == def) return p->bands.items[i];
    return NULL;
}

static void zero_halo_once(Program *p, const Definition *def, bool *zeroed, int buffers)
{
    if (def->call) return; /* its tensors have none */
    Buffer *root = (Buffer *)buffer_root(def->out->buffer, NULL);
    if (root->rings) return; /* the band's own business */
    for (int b = 0; b < buffers; b++)
        if (p->buffers.items[b] == root && !zeroed[b] && layout_has_halo(&root->layout))
            zeroed[b] = true, add_halo_kernel(p, root);
}

void schedule(Program *p)
{
    bool *zeroed = NEW_ARRAY(p->arena, bool, p->buffers.count + 1);
    int buffers = p->buffers.count; /* packed constants come after these and have no halo */
    for (int i = 0; i < p->definitions.count; i++) {
        const Definition *def = p->definitions.items[i];
        const Band *band = band_of(p, def);
        zero_halo_once(p, def, zeroed, buffers);
        if (!band)
            schedule_definition(p, def);
        else if (def == band->members[band->count - 1])
            schedule_band(p, band);
    }
}
