/*
 * Packed types at the edges of a Program. In: definitions over the graph's tensors. Out: the same,
 * with inputs, outputs and constants whose elements share bytes (4 and 2 bits, the first in the low
 * bits) as arrays of bytes, and definitions that unpack and pack them.
 *
 * So only whole bytes are ever loaded and stored. Inside the program each element has a byte of its
 * own: views may start anywhere, no two kernels or iterations write to one byte, and fusion puts
 * the unpacking and packing into the loops that use them.
 */
#include "form.h"

/* The unsigned integer type of a packed type's bits. */
static Dtype code_type(Dtype t) { return dtype_info(t)->bits == 4 ? DT_U4 : DT_U2; }

static Tensor *new_tensor(Program *p, const Tensor *like, const char *suffix, TensorKind kind,
                          Dtype dtype, int rank, const int64_t *dims)
{
    Graph *g = p->graph;
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.%s", like->name, suffix));
    return graph_add_tensor(g, kind, name, dtype, rank, dims);
}

/* The bytes of t. A constant's are its data as it is. */
static Tensor *bytes_of(Program *p, const Tensor *t)
{
    int64_t dims[] = {(int64_t)dtype_bytes(t->dtype, tensor_elements(t))};
    Tensor *bytes = new_tensor(p, t, "bytes", t->kind, DT_U8, 1, dims);
    bytes->data = t->data;
    return bytes;
}

static Definition *new_definition(Program *p, Tensor *out, Expr **index)
{
    Definition *def = NEW(p->arena, Definition);
    def->out = out;
    def->index = NEW_ARRAY(p->arena, Var *, out->rank);
    for (int d = 0; d < out->rank; d++) {
        def->index[d] = pool_var(p->pool, arena_format(p->arena, "i%d", d), 0, out->dims[d]);
        index[d] = ex_var(p->pool, def->index[d]);
    }
    return def;
}

/* Where in its byte the element at a row-major position starts, in bits. */
static Expr *shift_at(Pool *p, Expr *position, int bits)
{
    Expr *place = ex_floormod(p, position, ex_int(p, 8 / bits));
    return ex_cast(p, DT_U8, ex_mul(p, place, ex_int(p, bits)));
}

/* The elements of t, computed from its bytes. */
static Definition *unpack(Program *p, const Tensor *t, Tensor *bytes)
{
    Expr *index[MAX_RANK];
    int bits = dtype_info(t->dtype)->bits;
    Definition *def = new_definition(
        p, new_tensor(p, t, "elements", TENSOR_VALUE, t->dtype, t->rank, t->dims), index);
    Expr *position = define_flatten(p->pool, t->rank, t->dims, index);
    Expr *byte = ex_floordiv(p->pool, position, ex_int(p->pool, 8 / bits));
    byte = ex_binary(p->pool, BI_SHR, ex_load(p->pool, bytes, &byte),
                     shift_at(p->pool, position, bits));
    Dtype code =
        dtype_is_float(t->dtype) ? code_type(t->dtype) : t->dtype; /* integers wrap to their bits */
    def->body = ex_bitcast(p->pool, t->dtype, ex_cast(p->pool, code, byte));
    return def;
}

/* The bytes of t, computed from its elements; what the last byte has beyond them is 0. */
static Definition *pack(Program *p, Tensor *t, Tensor *bytes)
{
    Pool *pool = p->pool;
    Expr *byte, *at[MAX_RANK];
    int bits = dtype_info(t->dtype)->bits;
    Definition *def = new_definition(p, bytes, &byte);
    def->body = ex_int_of(pool, DT_U8, 0);
    for (int k = 0; k < 8 / bits; k++) {
        Expr *position = ex_add(pool, ex_mul(pool, byte, ex_int(pool, 8 / bits)), ex_int(pool, k));
        define_unflatten(pool, position, t->rank, t->dims, at);
        Expr *code =
            ex_cast(pool, DT_U8, ex_bitcast(pool, code_type(t->dtype), ex_load(pool, t, at)));
        code = ex_binary(pool, BI_SHL, code, ex_int_of(pool, DT_U8, k * bits));
        Expr *inside = ex_within(pool, position, 0, tensor_elements(t));
        code = ex_select(pool, inside, code, ex_int_of(pool, DT_U8, 0));
        def->body = ex_or(pool, def->body, code);
    }
    return def;
}

/* ---- definitions read the unpacked elements ---- */

typedef struct Unpacked {
    Program *p;
    Tensor **elements; /* by the id of a packed tensor; NULL: none yet */
    int count;
    const Node *reader; /* of the definition being rewritten */
    int depth, outside; /* of loops around it; where the outermost begins in `definitions` */
    LIST(Definition *) definitions;
} Unpacked;

static bool is_packed_edge(const Tensor *t)
{
    return dtype_is_packed(t->dtype) && t->kind != TENSOR_VALUE;
}

static Tensor *input_bytes(Unpacked *u, const Tensor *t)
{
    const Graph *g = u->p->graph;
    for (int i = 0; i < g->inputs.count; i++)
        if (g->inputs.items[i] == t) return u->p->inputs.items[i];
    return bytes_of(u->p, t);
}

/* Before what reads it, and outside of loops: others may read it behind one that never runs. */
static void insert(Unpacked *u, Definition *def)
{
    LIST_PUSH(u->p->arena, &u->definitions, def);
    if (!u->depth) return;
    for (int i = u->definitions.count - 1; i > u->outside; i--)
        u->definitions.items[i] = u->definitions.items[i - 1];
    u->definitions.items[u->outside++] = def;
}

static Expr *read_elements(Pool *pool, Expr *e, void *context)
{
    Unpacked *u = context;
    if (e->kind != EX_LOAD || !is_packed_edge(e->tensor)) return NULL;
    assert(e->tensor->id < u->count);
    Tensor **elements = &u->elements[e->tensor->id];
    if (!*elements) {
        Definition *def = unpack(u->p, e->tensor, input_bytes(u, e->tensor));
        def->node = u->reader;
        insert(u, def);
        *elements = def->out;
    }
    Expr *at[MAX_RANK];
    for (int d = 0; d < e->arg_count; d++) at[d] = ex_rewrite(pool, e->args[d], read_elements, u);
    return ex_load(pool, *elements, at);
}

static void pack_output(Program *p, Tensor *t, Tensor *bytes)
{
    if (t == bytes || tensor_elements(t) == 0) return;
    Definition *def = pack(p, t, bytes);
    def->node = t->producer;
    LIST_PUSH(p->arena, &p->definitions, def);
}

void narrow(Program *p)
{
    const Graph *g = p->graph;
    Unpacked u = {.p = p, .count = g->tensors.count};
    u.elements = NEW_ARRAY(p->arena, Tensor *, u.count + 1);
    for (int i = 0; i < g->inputs.count; i++) {
        Tensor *t = g->inputs.items[i];
        LIST_PUSH(p->arena, &p->inputs, dtype_is_packed(t->dtype) ? bytes_of(p, t) : t);
    }
    for (int i = 0; i < g->outputs.count; i++) {
        Tensor *t = g->outputs.items[i];
        LIST_PUSH(p->arena, &p->outputs, dtype_is_packed(t->dtype) ? bytes_of(p, t) : t);
    }
    int count = p->definitions.count;
    for (int i = 0; i < count; i++) {
        Definition *def = p->definitions.items[i];
        u.reader = def->node;
        ControlKind kind = def->call ? def->call->kind : CONTROL_NONE;
        if (kind == CONTROL_LOOP && u.depth++ == 0) u.outside = u.definitions.count;
        u.depth -= kind == CONTROL_END;
        def->body = ex_rewrite(p->pool, def->body, read_elements, &u);
        LIST_PUSH(p->arena, &u.definitions, def); /* after the ones that unpack what it reads */
    }
    p->definitions.count = 0;
    for (int i = 0; i < u.definitions.count; i++)
        LIST_PUSH(p->arena, &p->definitions, u.definitions.items[i]);
    for (int i = 0; i < g->outputs.count; i++)
        pack_output(p, g->outputs.items[i], p->outputs.items[i]);
}
