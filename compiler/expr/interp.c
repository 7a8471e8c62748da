/*
 * The interpreter of definitions: constant folding and the oracle of the tests. It evaluates a row
 * of the output (up to ROW elements along one dimension) at a time, each node of the body as one
 * operation over arrays, and again only when a variable that it depends on has changed; so what
 * does not vary within a loop is computed outside of it.
 */
#include "define.h"

#include "arith.h"
#include "expr_pool.h"
#include "interp_rows.h"

enum { SHORT_ROW = 64, FAR = 256 /* elements */ };
enum { ROW = 256, LONG_ENOUGH = 16, MOST_VARS = 60, MOST_GUARDS = 16 };

/* A variable: a loop around the row, a reduction's, or the row's own; then `value` is that of the
 * row's first element. */
typedef struct Slot {
    const Var *var;
    int64_t value;
    uint64_t changed; /* when, by the clock */
} Slot;

/* An index that should be in 0 <= index < extent: of a dimension of a load, or what a guard
 * compares. */
typedef struct LoadDim {
    struct Cell
        *index;   /* at the row's first element when affine in the row, else for each element */
    bool varies;  /* not affine */
    int64_t step; /* of the index per element of the row, when affine */
    int64_t extent, stride;
} LoadDim;

/* A node of the body. */
typedef struct Cell {
    const Expr *e;
    struct Cell *args[3];
    uint64_t mask;   /* slots it depends on */
    const int *deps; /* the same as a list */
    int dep_count;
    bool row;       /* has a value for each element of the row, else one */
    uint64_t stamp; /* when it was computed; 0: never */
    Value *values;  /* in `own`, or in an argument that stands for it */
    int stride;     /* 1, or 0: one value for the whole row */
    Value *own;
    int *slots;       /* EX_VAR: its own; EX_REDUCE: of its variables */
    const void *data; /* EX_LOAD */
    LoadDim *dims;    /* EX_LOAD: its dimensions; EX_SELECT: its guards */
    int dim_count;
    bool affine; /* no dimension varies */
} Cell;

typedef struct Interp {
    Arena *arena;
    Pool *pool;
    Slot slots[MOST_VARS];
    int slot_count;
    uint64_t clock;
    Var *row_var;   /* NULL: a scalar output */
    Var *first_var; /* stands for the row's first element */
    int row_slot, first_slot;
    int count; /* elements of this row */
    bool far;  /* some load steps over so much that every element is in another cache line */
    bool reduces;
    Cell **cells; /* hash table by expression id */
    size_t size, used;
    const void *(*value)(const Tensor *t, void *context);
    void *context;
} Interp;

/* ---- from expressions to cells ---- */

static int slot_of(Interp *in, const Var *v)
{
    for (int i = 0; i < in->slot_count; i++)
        if (in->slots[i].var == v) return i;
    assert(in->slot_count < MOST_VARS);
    in->slots[in->slot_count] = (Slot){v, v->lo, 1};
    return in->slot_count++;
}

static Cell **cell_place(Interp *in, const Expr *e)
{
    size_t i = (size_t)e->id & (in->size - 1);
    while (in->cells[i] && in->cells[i]->e != e) i = (i + 1) & (in->size - 1);
    return &in->cells[i];
}

static void remember(Interp *in, Cell *c)
{
    if (2 * (in->used + 1) > in->size) {
        Cell **old = in->cells;
        size_t size = in->size;
        in->size = size ? 2 * size : 64;
        in->cells = NEW_ARRAY(in->arena, Cell *, in->size);
        for (size_t i = 0; i < size; i++)
            if (old[i]) *cell_place(in, old[i]->e) = old[i];
    }
    *cell_place(in, c->e) = c;
    in->used++;
}

static const int *slot_list(const Interp *in, uint64_t mask, int *count)
{
    int *list = NEW_ARRAY(in->arena, int, __builtin_popcountll(mask));
    *count = 0;
    for (int i = in->slot_count - 1; i >= 0;
         i--) /* the innermost is the likeliest to have changed */
        if (mask >> i & 1) list[(*count)++] = i;
    return list;
}

static Cell *make_cell(Interp *in, Expr *e);

/* An index that is affine in the row needs its value at the first element only. */
static LoadDim load_dim(Interp *in, Expr *index, int64_t extent, int64_t stride)
{
    LoadDim dim = {.index = make_cell(in, index), .extent = extent, .stride = stride};
    if (!dim.index->row) return dim;
    if (!ex_coefficient(in->pool, index, in->row_var, &dim.step)) {
        dim.varies = true;
        return dim;
    }
    Expr *first = ex_var(in->pool, in->first_var);
    dim.index = make_cell(in, ex_substitute(in->pool, index, &in->row_var, &first, 1));
    return dim;
}

static void depend_on_dims(const Interp *in, Cell *c)
{
    c->affine = true;
    for (int d = 0; d < c->dim_count; d++) {
        c->affine &= !c->dims[d].varies;
        c->mask |= c->dims[d].index->mask;
        if (c->dims[d].step) c->mask |= 1ull << in->row_slot;
    }
}

static void make_load(Interp *in, Cell *c)
{
    const Tensor *t = c->e->tensor;
    int64_t stride = 1, step = 0;
    c->data = in->value(t, in->context);
    assert(c->data || tensor_elements(t) == 0);
    c->dims = NEW_ARRAY(in->arena, LoadDim, t->rank);
    c->dim_count = t->rank;
    for (int d = t->rank - 1; d >= 0; d--) {
        c->dims[d] = load_dim(in, c->e->args[d], t->dims[d], stride);
        step += c->dims[d].step * stride;
        stride *= t->dims[d];
    }
    in->far |= step >= FAR || step <= -FAR;
    depend_on_dims(in, c);
}

/* The conjuncts of a guard as 0 <= index < extent; false when one is something else or not affine
 * in the row. Such a guard holds on one interval of the row. */
static bool add_guards(Interp *in, Cell *c, const Expr *e)
{
    const int64_t far = INT64_MAX / 4;
    if (e->kind != EX_BINARY) return false;
    if (e->op == BI_AND && e->dtype == DT_BOOL)
        return add_guards(in, c, e->args[0]) && add_guards(in, c, e->args[1]);
    if (e->args[0]->dtype != DT_I64 || (e->op != BI_LT && e->op != BI_LE && e->op != BI_EQ))
        return false;
    Expr *index = ex_sub(in->pool, e->op == BI_EQ ? e->args[0] : e->args[1],
                         e->op == BI_EQ ? e->args[1] : e->args[0]);
    if (e->op == BI_LT) index = ex_sub(in->pool, index, ex_int(in->pool, 1));
    Range r = ex_range(index);
    if (c->dim_count == MOST_GUARDS || r.lo < -far || r.hi > far) return false;
    LoadDim dim = load_dim(in, index, e->op == BI_EQ ? 1 : far + 1, 0);
    c->dims[c->dim_count++] = dim;
    return !dim.varies;
}

static void make_select(Interp *in, Cell *c)
{
    c->dims = NEW_ARRAY(in->arena, LoadDim, MOST_GUARDS);
    if (!add_guards(in, c, c->e->args[0])) c->dim_count = 0;
    depend_on_dims(in, c);
    for (int i = c->dim_count ? 1 : 0; i < 3; i++) {
        c->args[i] = make_cell(in, c->e->args[i]);
        c->mask |= c->args[i]->mask;
    }
}

static void make_args(Interp *in, Cell *c)
{
    const Expr *e = c->e;
    assert(e->arg_count <= (int)COUNT(c->args) && e->lanes == 1);
    c->slots = NEW_ARRAY(in->arena, int, e->var_count + 1);
    if (e->kind == EX_VAR) c->mask = 1ull << (c->slots[0] = slot_of(in, e->var));
    for (int i = 0; i < e->arg_count; i++) {
        c->args[i] = make_cell(in, e->args[i]);
        c->mask |= c->args[i]->mask;
    }
    in->reduces |= e->kind == EX_REDUCE;
    for (int i = 0; i < e->var_count; i++) {
        c->slots[i] = slot_of(in, e->vars[i]);
        c->mask &= ~(1ull << c->slots[i]);
    }
}

/* The bits of an element are loaded as what they are to be: no value in between could lose some. */
static Expr *load_as(Interp *in, const Expr *bitcast)
{
    Expr load = *bitcast->args[0];
    load.dtype = bitcast->dtype;
    return pool_intern(in->pool, &load);
}

static Cell *make_cell(Interp *in, Expr *e)
{
    if (e->kind == EX_BITCAST && e->args[0]->kind == EX_LOAD) e = load_as(in, e);
    if (in->size && *cell_place(in, e)) return *cell_place(in, e);
    Cell *c = NEW(in->arena, Cell);
    c->e = e;
    if (e->kind == EX_LOAD)
        make_load(in, c);
    else if (e->kind == EX_SELECT)
        make_select(in, c);
    else
        make_args(in, c);
    c->deps = slot_list(in, c->mask, &c->dep_count);
    c->row = in->row_slot >= 0 && (c->mask >> in->row_slot & 1);
    c->stride = c->row;
    c->own = c->values = NEW_ARRAY(in->arena, Value, c->row ? ROW : 1);
    if (e->kind == EX_CONST && dtype_is_float(e->dtype))
        c->own->f = e->f;
    else if (e->kind == EX_CONST)
        c->own->i = e->i;
    remember(in, c);
    return c;
}

/* ---- evaluation ---- */

static void set_slot(Interp *in, int slot, int64_t value)
{
    in->slots[slot].value = value;
    in->slots[slot].changed = ++in->clock;
}

static void compute(Interp *in, Cell *c);

static inline Cell *eval(Interp *in, Cell *c)
{
    bool valid = c->stamp != 0;
    for (int i = 0; valid && i < c->dep_count; i++)
        valid = in->slots[c->deps[i]].changed <= c->stamp;
    if (!valid) {
        uint64_t now = in->clock; /* a reduction within turns the clock further */
        compute(in, c);
        c->stamp = now;
    }
    return c;
}

static void stand_for(Cell *c, const Cell *other)
{
    c->values = other->values;
    c->stride = other->stride;
}

static void compute_var(const Interp *in, Cell *c)
{
    int64_t first = in->slots[c->slots[0]].value;
    int n = c->row ? in->count : 1;
    for (int k = 0; k < n; k++) c->own[k].i = first + k;
}

/* The elements for which 0 <= first + k * step < extent: [*from, *to). */
static void clip(int64_t first, int64_t step, int64_t extent, int *from, int *to)
{
    int64_t low = 0, high = *to;
    if (step == 0) {
        if (first < 0 || first >= extent) high = 0;
    } else if (step > 0) {
        if (first < 0) low = ceil_div(-first, step);
        high = first >= extent ? 0 : min64(high, ceil_div(extent - first, step));
    } else {
        if (first >= extent) low = ceil_div(first - extent + 1, -step);
        high = first < 0 ? 0 : min64(high, first / -step + 1);
    }
    *from = (int)min64(max64(*from, low), ROW);
    *to = (int)max64(min64(*to, high), 0);
}

/* What a guard keeps from being used reads as zero here. */
static void compute_affine_load(Interp *in, Cell *c)
{
    const Expr *e = c->e;
    int n = c->row ? in->count : 1, from = 0, to = n;
    int64_t first = 0, step = 0;
    for (int d = 0; d < c->dim_count; d++) {
        const LoadDim *dim = &c->dims[d];
        int64_t index = eval(in, dim->index)->values->i;
        clip(index, dim->step, dim->extent, &from, &to);
        if (from >= to) break;
        first += index * dim->stride;
        step += dim->step * dim->stride;
    }
    if (from > 0 || to < n) memset(c->own, 0, (size_t)n * sizeof *c->own);
    if (from < to)
        rows_load(e->dtype, c->data, first + from * step, step, to - from, c->own + from);
}

static void compute_load(Interp *in, Cell *c)
{
    int64_t at[ROW] = {0};
    const Expr *e = c->e;
    int n = in->count;
    for (int d = 0; d < c->dim_count; d++) {
        const LoadDim *dim = &c->dims[d];
        const Cell *index = eval(in, dim->index);
        int64_t step = dim->varies ? 0 : dim->step;
        for (int k = 0; k < n; k++) {
            int64_t i = index->values[k * (dim->varies ? index->stride : 0)].i + k * step;
            at[k] = at[k] < 0 || i < 0 || i >= dim->extent ? -1 : at[k] + i * dim->stride;
        }
    }
    rows_gather(e->dtype, c->data, at, n, c->own);
}

static void compute_unary(Interp *in, Cell *c)
{
    const Cell *x = eval(in, c->args[0]);
    Dtype from = c->e->args[0]->dtype;
    int n = x->stride ? in->count : 1;
    if (c->e->kind == EX_BITCAST)
        arith_bitcast(c->e->dtype, from, n, c->own, x->values);
    else if (c->e->kind == EX_CAST)
        arith_cast(c->e->dtype, from, n, c->own, x->values);
    else
        arith_unary((UnaryOp)c->e->op, from, n, c->own, x->values);
    c->stride = x->stride;
}

static void compute_binary(Interp *in, Cell *c)
{
    const Cell *x = eval(in, c->args[0]), *y = eval(in, c->args[1]);
    c->stride = x->stride | y->stride;
    arith_binary((BinaryOp)c->e->op, c->e->args[0]->dtype, c->stride ? in->count : 1, c->own,
                 x->values, x->stride, y->values, y->stride);
}

static void copy_part(Cell *c, const Cell *x, int from, int to)
{
    if (x->stride)
        memcpy(c->own + from, x->values + from, (size_t)max64(to - from, 0) * sizeof *c->own);
    else
        for (int k = from; k < to; k++) c->own[k] = x->values[0];
}

/* An arm that no element takes is not evaluated. */
static void compute_guarded(Interp *in, Cell *c)
{
    int n = c->row ? in->count : 1, from = 0, to = n;
    for (int d = 0; d < c->dim_count && from < to; d++)
        clip(eval(in, c->dims[d].index)->values->i, c->dims[d].step, c->dims[d].extent, &from, &to);
    if (from >= to || (from == 0 && to == n)) {
        stand_for(c, eval(in, c->args[from < to ? 1 : 2]));
        return;
    }
    const Cell *x = eval(in, c->args[1]), *y = eval(in, c->args[2]);
    copy_part(c, y, 0, from);
    copy_part(c, x, from, to);
    copy_part(c, y, to, n);
    c->values = c->own;
    c->stride = 1;
}

static void compute_select(Interp *in, Cell *c)
{
    const Cell *condition = eval(in, c->args[0]);
    int n = condition->stride ? in->count : 1, taken = 0;
    for (int k = 0; k < n; k++) taken += condition->values[k].i != 0;
    if (taken == n || taken == 0) {
        stand_for(c, eval(in, c->args[taken ? 1 : 2]));
        return;
    }
    const Cell *x = eval(in, c->args[1]), *y = eval(in, c->args[2]);
    for (int k = 0; k < n; k++)
        c->own[k] = condition->values[k].i ? x->values[k * x->stride] : y->values[k * y->stride];
    c->values = c->own;
    c->stride = 1;
}

static void sum_row(int n, Value *restrict sum, const Value *restrict x, int stride)
{
    for (int k = 0; k < n; k++) sum[k].f += x[k * stride].f;
}

static void sum_products(int n, Value *restrict sum, const Value *restrict x, int x_stride,
                         const Value *restrict y, int y_stride)
{
    if (x_stride && y_stride)
        for (int k = 0; k < n; k++) sum[k].f += x[k].f * y[k].f;
    else if (x_stride)
        for (int k = 0; k < n; k++) sum[k].f += x[k].f * y->f;
    else
        for (int k = 0; k < n; k++) sum[k].f += x->f * y[k * y_stride].f;
}

/* own = own op the body's values. */
static void accumulate(Interp *in, Cell *c, int n)
{
    Cell *body = c->args[0];
    bool sum = c->e->op == RE_SUM && dtype_is_float(c->e->dtype);
    if (sum && body->e->kind == EX_BINARY &&
        body->e->op == BI_MUL) { /* without storing the products */
        const Cell *x = eval(in, body->args[0]), *y = eval(in, body->args[1]);
        sum_products(n, c->own, x->values, x->stride, y->values, y->stride);
        return;
    }
    eval(in, body);
    if (sum)
        sum_row(n, c->own, body->values, body->stride);
    else
        arith_binary(reduce_binary((ReduceOp)c->e->op), c->e->dtype, n, c->own, c->own, 1,
                     body->values, body->stride);
}

/* The next values of a reduction's variables; false after the last. */
static bool next_reduced(Interp *in, const Cell *c)
{
    for (int i = c->e->var_count - 1; i >= 0; i--) {
        const Slot *s = &in->slots[c->slots[i]];
        if (s->value + 1 < s->var->hi) {
            set_slot(in, c->slots[i], s->value + 1);
            return true;
        }
        set_slot(in, c->slots[i], s->var->lo);
    }
    return false;
}

static void compute_reduce(Interp *in, Cell *c)
{
    const Expr *identity = ex_identity(in->pool, (ReduceOp)c->e->op, c->e->dtype);
    int n = c->row ? in->count : 1;
    Value start =
        dtype_is_float(identity->dtype) ? (Value){.f = identity->f} : (Value){.i = identity->i};
    int64_t outer[MOST_VARS]; /* values of the same variables in a reduction around this one */
    for (int k = 0; k < n; k++) c->own[k] = start;
    for (int i = 0; i < c->e->var_count; i++) {
        outer[i] = in->slots[c->slots[i]].value;
        set_slot(in, c->slots[i], c->e->vars[i]->lo);
    }
    do accumulate(in, c, n);
    while (next_reduced(in, c));
    for (int i = 0; i < c->e->var_count; i++)
        if (in->slots[c->slots[i]].value != outer[i]) set_slot(in, c->slots[i], outer[i]);
}

static void compute(Interp *in, Cell *c)
{
    switch (c->e->kind) {
    case EX_CONST: return;
    case EX_VAR: compute_var(in, c); return;
    case EX_LOAD:
        if (c->affine)
            compute_affine_load(in, c);
        else
            compute_load(in, c);
        return;
    case EX_UNARY:
    case EX_CAST:
    case EX_BITCAST: compute_unary(in, c); return;
    case EX_BINARY: compute_binary(in, c); return;
    case EX_SELECT:
        if (c->dim_count)
            compute_guarded(in, c);
        else
            compute_select(in, c);
        return;
    case EX_REDUCE: compute_reduce(in, c); return;
    case EX_FETCH:
    case EX_REG:
    case EX_FMA:
    case EX_SPLAT:
    case EX_ACROSS:
    case EX_SUMS: break;
    }
    assert(!"an expression of a definition");
}

/* ---- the loops around the rows ---- */

/* The dimension that rows lie along: the innermost that is long enough, or the longest. */
static int row_dimension(const Tensor *t)
{
    int longest = t->rank - 1;
    for (int d = t->rank - 1; d >= 0; d--) {
        if (t->dims[d] >= LONG_ENOUGH) return d;
        if (t->dims[d] > t->dims[longest]) longest = d;
    }
    return longest;
}

/* What is evaluated: the part from <= index < to of the dimension `along` that rows lie on, for all
 * of the others. */
typedef struct Part {
    const Definition *def;
    Cell *body;
    void *data;
    int along; /* -1: a scalar */
    int64_t from, to;
} Part;

static void run_rows(Interp *in, const Part *part, int64_t first, int64_t step)
{
    const Cell *body = part->body;
    for (int64_t at = part->from; at < part->to; at += ROW) {
        in->count = (int)min64(ROW, part->to - at);
        if (part->along >= 0) {
            set_slot(in, in->row_slot, at);
            set_slot(in, in->first_slot, at);
        }
        eval(in, part->body);
        rows_store(part->def->out->dtype, part->data, first + at * step, step, in->count,
                   body->values, body->stride);
    }
}

static void run_part(Interp *in, const Part *part)
{
    const Tensor *t = part->def->out;
    int64_t index[MAX_RANK] = {0}, strides[MAX_RANK], stride = 1;
    int slots[MAX_RANK];
    for (int d = t->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= t->dims[d];
        slots[d] = slot_of(in, part->def->index[d]);
        set_slot(in, slots[d], 0);
    }
    for (;;) {
        int64_t first = 0;
        for (int d = 0; d < t->rank; d++) first += index[d] * strides[d];
        run_rows(in, part, first, part->along >= 0 ? strides[part->along] : 1);
        int d = t->rank - 1;
        for (; d >= 0; d--) {
            if (d == part->along) continue;
            if (++index[d] < t->dims[d]) break;
            set_slot(in, slots[d], index[d] = 0);
        }
        if (d < 0) return;
        set_slot(in, slots[d], index[d]);
    }
}

/* Rows that gather from far apart are kept short and taken for all the other indices first: their
 * neighbours lie in the same cache lines. */
static void run(Interp *in, Part part)
{
    int64_t extent = part.along >= 0 ? part.def->out->dims[part.along] : 1;
    int64_t length = in->far && !in->reduces ? SHORT_ROW : extent;
    for (int64_t at = 0; at < extent; at += length) {
        part.from = at;
        part.to = min64(at + length, extent);
        run_part(in, &part);
    }
}

void interp_run(Pool *pool, const Definition *def, void *data,
                const void *(*value)(const Tensor *t, void *context), void *context)
{
    const Tensor *t = def->out;
    if (tensor_elements(t) == 0) return;
    int along = row_dimension(t);
    Interp in = {.arena = arena_new(),
                 .pool = pool,
                 .clock = 1,
                 .value = value,
                 .context = context,
                 .row_slot = -1};
    for (int d = 0; d < t->rank; d++) slot_of(&in, def->index[d]); /* the outermost first */
    if (along >= 0) {
        in.row_var = def->index[along];
        in.row_slot = slot_of(&in, in.row_var);
        in.first_var = pool_var(pool, "first", in.row_var->lo, in.row_var->hi);
        in.first_slot = slot_of(&in, in.first_var);
    }
    Cell *body = make_cell(&in, def->body);
    run(&in, (Part){.def = def, .body = body, .data = data, .along = along});
    arena_free(in.arena);
}
