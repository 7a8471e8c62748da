/* The invariants of a Program after plan, asserted: registers set before use, offsets inside their
 * buffers, buffers apart in time or space. */
#include "program.h"

typedef struct Check {
    const Program *p;
    bool *set; /* per register id: has a value in scope */
    int registers;
} Check;

/* What one access touches, in elements of the buffer that owns the memory. */
static void check_access(const Buffer *b, const Expr *offset, int64_t stride, int64_t count)
{
    if (b->kind == BUFFER_LOCAL)
        return; /* its offset is relative: the pointer was checked as a view of its parent */
    int64_t first;
    const Buffer *root = buffer_root(b, &first);
    Range r = ex_range(offset);
    if (r.lo < -(INT64_C(1) << 50) || r.hi > INT64_C(1) << 50)
        return; /* loaded indices: bounded by their definition */
    assert(first + r.lo >= 0);
    assert(first + r.hi + stride * (count - 1) < (root->elements ? root->elements : 1));
}

static void count_register(Expr *e, void *context)
{
    Check *c = context;
    if (e->kind == EX_REG && e->reg->id >= c->registers) c->registers = e->reg->id + 1;
    assert(e->kind != EX_LOAD && e->kind != EX_REDUCE);
}

static void count_registers(Check *c, const Stmt *s)
{
    for (; s; s = s->next) {
        if (s->value) ex_visit(s->value, count_register, c);
        if (s->reg && s->reg->id >= c->registers) c->registers = s->reg->id + 1;
        count_registers(c, s->body);
    }
}

static void check_reads(Expr *e, void *context)
{
    const Check *c = context;
    if (e->kind == EX_REG) assert(c->set[e->reg->id]);
}

static bool may_fetch(Dtype as, Dtype from)
{
    return as == from || (as == DT_F32 && (from == DT_F16 || from == DT_BF16));
}

/* Fetches in the arms of a scalar select are guarded: their range says nothing. */
static void check_fetches(const Expr *e)
{
    if (e->kind == EX_FETCH) {
        assert(may_fetch(e->dtype, e->buffer->dtype));
        check_access(e->buffer, e->args[0], e->i, e->op);
    }
    bool guarded = e->kind == EX_SELECT && e->args[0]->lanes == 1;
    for (int i = 0; i < (guarded ? 1 : e->arg_count); i++) check_fetches(e->args[i]);
}

/* Whole tensors, without holes. */
static void check_call(const Call *c)
{
    for (int i = 0; i < c->read_count + c->write_count; i++) {
        const Tensor *t = i < c->read_count ? c->reads[i] : c->writes[i - c->read_count];
        assert(t->buffer && layout_is_dense(&t->buffer->layout, t->dims) && !t->buffer->packing);
        if (tensor_elements(t))
            check_access(t->buffer, &(Expr){.kind = EX_CONST, .dtype = DT_I64, .lanes = 1}, 1,
                         tensor_elements(t));
    }
}

static void check_statements(Check *c, const Stmt *s, bool guarded)
{
    for (; s; s = s->next) {
        if (s->value) {
            ex_visit(s->value, check_reads, c);
            if (!guarded) check_fetches(s->value);
        }
        if (s->kind == ST_SET) {
            assert(s->declares != c->set[s->reg->id] || s->declares);
            c->set[s->reg->id] = true;
        }
        if (s->kind == ST_STORE && !guarded)
            check_access(s->buffer, s->offset, s->stride, s->count);
        if (s->kind == ST_CALL) check_call(s->call);
        if (s->kind == ST_ZERO) check_access(s->buffer, s->offset, 1, s->count);
        check_statements(c, s->body, guarded || s->kind == ST_IF);
    }
}

/* Loops open and close as brackets do; what they ask is a bool. */
static void check_control(const Program *p)
{
    int open = 0;
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        open += (kernel->control == CONTROL_LOOP) - (kernel->control == CONTROL_END);
        assert(open >= 0 && (kernel->control == CONTROL_NONE || !kernel->body));
        if (kernel->control != CONTROL_LOOP) continue;
        assert(kernel->reads.count == 1 && kernel->reads.items[0]->dtype == DT_BOOL);
    }
    assert(open == 0);
}

static void check_places(const Program *p)
{
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *a = p->buffers.items[i];
        if (a->kind != BUFFER_WORK || a->parent) continue;
        assert(a->offset + buffer_bytes(a) <= p->workspace_bytes);
        for (int k = 0; k < i; k++) {
            const Buffer *b = p->buffers.items[k];
            if (b->kind != BUFFER_WORK || b->parent) continue;
            bool apart = a->last_use < b->first_use || b->last_use < a->first_use ||
                         a->offset + buffer_bytes(a) <= b->offset ||
                         b->offset + buffer_bytes(b) <= a->offset;
            assert(apart);
        }
    }
}

void check_program(const Program *p)
{
    Check c = {.p = p};
    for (int k = 0; k < p->kernels.count; k++) count_registers(&c, p->kernels.items[k]->body);
    Arena *arena = arena_new();
    c.set = NEW_ARRAY(arena, bool, c.registers + 1);
    for (int k = 0; k < p->kernels.count; k++)
        check_statements(&c, p->kernels.items[k]->body, false);
    check_control(p);
    check_places(p);
    arena_free(arena);
}
