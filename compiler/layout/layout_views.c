/*
 * Buffers: one for every tensor, with the chosen layout. A reshape or slice becomes a view of its
 * source, the pieces of a concatenation are computed where the whole is; what that leaves without
 * work is dropped from the definitions.
 */
#include "layout.h"

/* ---- one buffer a tensor ---- */

static Buffer *new_buffer(Program *p, BufferKind kind, const Tensor *t)
{
    Buffer *b = NEW(p->arena, Buffer);
    b->name = program_name(p, "", t->name);
    b->kind = kind;
    b->dtype = t->stored && kind == BUFFER_CONST ? t->stored : t->dtype;
    b->lasting = t->lasting;
    b->tensor = t;
    LIST_PUSH(p->arena, &p->buffers, b);
    return b;
}

/* What a choice of expressions computes is stored together, at as many places: not at distances
 * that are the same to the cache, which would have room for few of them. */
static void leave_gaps(Layouts *l, const Definition *def, Layout *layout)
{
    enum { SAME_SET = 4096 }; /* bytes */
    for (int d = def->out->rank - 1; d >= 0; d--) {
        layout_strides(layout, def->out->dims);
        if (form_tells_apart(def->body, def->index[d]) &&
            layout->stride[d] * (int64_t)dtype_bytes(def->out->dtype, 1) % SAME_SET == 0)
            layout->gap[d] = l->p->target->lanes;
    }
}

static void add_buffer(Layouts *l, Tensor *t, BufferKind kind, int index)
{
    const Place *place = layout_place(l, t);
    Buffer *b = new_buffer(l->p, kind, t);
    b->index = index;
    b->layout = (Layout){
        .rank = t->rank, .block_dim = place->blocked ? 1 : -1, .block = l->p->target->lanes};
    memcpy(b->layout.before, place->before, sizeof place->before);
    memcpy(b->layout.after, place->after, sizeof place->after);
    memcpy(b->layout.wrap, place->wrap, sizeof place->wrap);
    if (kind == BUFFER_WORK && place->definition && !place->dense)
        leave_gaps(l, place->definition, &b->layout);
    b->elements = layout_strides(&b->layout, t->dims);
    b->rings = place->rings;
    if (b->rings) b->elements *= b->rings;
    t->buffer = b;
}

static void add_constants(Layouts *l, const Definition *def)
{
    Form *form = form_of(l->arena, def);
    for (int s = 0; s < form->sites.count; s++) {
        Tensor *t = form->sites.items[s].load->tensor;
        if (!t->buffer && t->data) add_buffer(l, t, BUFFER_CONST, 0);
        if (!t->buffer && def->call)
            add_buffer(l, t, BUFFER_WORK, 0); /* empty: nothing defines it */
    }
    for (int i = 0; def->call && i < def->call->write_count; i++)
        if (!def->call->writes[i]->buffer) add_buffer(l, def->call->writes[i], BUFFER_WORK, 0);
}

/* ---- views ---- */

static bool owns_memory(const Buffer *b) { return b->kind == BUFFER_WORK && !b->parent; }

static void make_view(Buffer *b, Buffer *parent, int64_t first)
{
    b->parent = parent;
    b->first = first;
}

/* Does `maybe` lie in b? Views must not form a ring. */
static bool lies_in(const Buffer *maybe, const Buffer *b)
{
    for (; maybe; maybe = maybe->parent)
        if (maybe == b) return true;
    return false;
}

static bool view_reshape(Layouts *l, const Definition *def)
{
    Buffer *out = def->out->buffer, *from = def->body->tensor->buffer;
    if (!form_is_view(l->p->pool, def) || from->kind == BUFFER_CONST ||
        !layout_is_dense(&from->layout, from->tensor->dims) ||
        !layout_is_dense(&out->layout, out->tensor->dims))
        return false;
    if (owns_memory(out) && !lies_in(from, out))
        make_view(out, from, 0);
    else if (owns_memory(from) && !lies_in(out, from))
        make_view(from, out, 0);
    else
        return false;
    return true;
}

/* The offset of element 0 of a slice in its source, and its strides, when each output dimension
 * walks one of the source's. */
static bool slice_geometry(Pool *p, const Definition *def, int64_t *first)
{
    const Layout *from = &def->body->tensor->buffer->layout, *out = &def->out->buffer->layout;
    const Tensor *t = def->body->tensor;
    if (t->rank != def->out->rank || from->block_dim != out->block_dim) return false;
    *first = 0;
    for (int d = 0; d < t->rank; d++) {
        Affine a = ex_affine(p, def->body->args[d]);
        if (a.count > 1 ||
            (a.count == 1 && (a.terms[0].coef != 1 || a.terms[0].atom->kind != EX_VAR ||
                              a.terms[0].atom->var != def->index[d])))
            return false;
        if (a.count == 0 && def->out->dims[d] != 1) return false;
        int64_t at = a.constant;
        if (d == from->block_dim) {
            if (at % from->block) return false;
            at /= from->block;
        }
        *first += at * from->stride[d];
    }
    return true;
}

static bool view_slice(Layouts *l, const Definition *def)
{
    Buffer *out = def->out->buffer, *from = def->body->tensor->buffer;
    int64_t first;
    if (!owns_memory(out) || layout_place(l, def->out)->dense || layout_has_halo(&out->layout) ||
        from->kind == BUFFER_CONST || lies_in(from, out) ||
        !slice_geometry(l->p->pool, def, &first))
        return false;
    memcpy(out->layout.stride, from->layout.stride, sizeof out->layout.stride);
    memcpy(out->layout.before, from->layout.before, sizeof out->layout.before);
    memcpy(out->layout.after, from->layout.after, sizeof out->layout.after);
    make_view(out, from, first);
    return true;
}

/* ---- concatenations ---- */

static bool read_piece(Pool *p, const Definition *def, const Expr *load, int dim, int64_t start)
{
    if (load->kind != EX_LOAD || load->tensor->rank != def->out->rank) return false;
    for (int d = 0; d < load->arg_count; d++) {
        Expr *v = ex_var(p, def->index[d]);
        Expr *wanted = d == dim ? ex_add(p, v, ex_int(p, -start)) : v;
        if (load->args[d] != wanted || (d != dim && load->tensor->dims[d] != def->out->dims[d]))
            return false;
    }
    return true;
}

bool layout_concatenation(Pool *p, const Definition *def, Concatenation *out)
{
    Expr *e = def->body;
    *out = (Concatenation){.dim = -1};
    int64_t start = 0;
    for (;; e = e->args[2]) {
        const Expr *load = e->kind == EX_SELECT ? e->args[1] : e;
        int64_t end = -1;
        if (e->kind == EX_SELECT) {
            const Expr *test = e->args[0]; /* i < end */
            if (test->kind != EX_BINARY || test->op != BI_LT || test->args[0]->kind != EX_VAR ||
                test->args[1]->kind != EX_CONST)
                return false;
            for (int d = 0; d < def->out->rank && out->dim < 0; d++)
                if (test->args[0]->var == def->index[d]) out->dim = d;
            if (out->dim < 0 || test->args[0]->var != def->index[out->dim]) return false;
            end = test->args[1]->i;
        } else if (out->dim < 0) {
            return false; /* no select at all */
        } else {
            end = def->out->dims[out->dim];
        }
        if (out->count == (int)COUNT(out->pieces) || !read_piece(p, def, load, out->dim, start) ||
            load->tensor->dims[out->dim] != end - start)
            return false;
        out->pieces[out->count] = load->tensor;
        out->starts[out->count++] = start;
        if (e->kind != EX_SELECT) return true;
        start = end;
    }
}

static int64_t piece_first(const Buffer *whole, int dim, int64_t start)
{
    int64_t at = dim == whole->layout.block_dim ? start / whole->layout.block : start;
    return at * whole->layout.stride[dim];
}

/* The piece takes the strides of the whole. Its last block must be full, or nothing may follow it:
 * whole blocks are stored. */
static void place_piece(Buffer *piece, Buffer *whole, int dim, int64_t start)
{
    memcpy(piece->layout.stride, whole->layout.stride, sizeof piece->layout.stride);
    memcpy(piece->layout.before, whole->layout.before, sizeof piece->layout.before);
    memcpy(piece->layout.after, whole->layout.after, sizeof piece->layout.after);
    piece->layout.block_dim = whole->layout.block_dim;
    make_view(piece, whole, piece_first(whole, dim, start));
}

static bool piece_fits(const Buffer *piece, const Buffer *whole, const Concatenation *c, int k)
{
    bool last = k + 1 == c->count;
    bool blocks_fit =
        whole->layout.block_dim != c->dim || last ||
        (c->starts[k] % whole->layout.block == 0 && c->starts[k + 1] % whole->layout.block == 0);
    return owns_memory(piece) && piece->layout.block_dim == whole->layout.block_dim && blocks_fit &&
           memcmp(piece->layout.before, whole->layout.before, sizeof whole->layout.before) == 0 &&
           memcmp(piece->layout.after, whole->layout.after, sizeof whole->layout.after) == 0 &&
           !lies_in(whole, piece);
}

/* A definition for a piece that cannot be computed in place: a copy into its part of the whole. */
static void copy_piece(Layouts *l, int at, const Definition *concat, const Concatenation *c, int k)
{
    Tensor *piece = (Tensor *)c->pieces[k];
    Definition *copy = layout_insert(l, at, "copy", piece, piece->dims);
    Expr *index[MAX_RANK];
    for (int d = 0; d < piece->rank; d++) index[d] = ex_var(l->p->pool, copy->index[d]);
    copy->body = ex_load(l->p->pool, piece, index);
    copy->node = concat->node;
    add_buffer(l, copy->out, BUFFER_WORK, 0);
    place_piece(copy->out->buffer, concat->out->buffer, c->dim, c->starts[k]);
}

/* Replaces the concatenation at `at` by copies of the pieces that are not computed in place;
 * returns how many. -1: not one, or blocks would straddle pieces. */
static int place_concatenation(Layouts *l, int at)
{
    Definition *def = l->p->definitions.items[at];
    Concatenation c;
    if (!layout_concatenation(l->p->pool, def, &c)) return -1;
    Buffer *whole = def->out->buffer;
    for (int k = 0; whole->layout.block_dim == c.dim && k < c.count; k++)
        if (c.starts[k] % whole->layout.block) return -1;
    int copies = 0;
    for (int k = 0; k < c.count; k++) {
        Buffer *piece = c.pieces[k]->buffer;
        if (!layout_place(l, c.pieces[k])->apart && piece_fits(piece, whole, &c, k))
            place_piece(piece, whole, c.dim, c.starts[k]);
        else
            copy_piece(l, at + copies++, def, &c, k);
    }
    return copies;
}

static void remove_definition(Program *p, int at)
{
    for (int i = at; i + 1 < p->definitions.count; i++)
        p->definitions.items[i] = p->definitions.items[i + 1];
    p->definitions.count--;
}

/* The pieces of a concatenation share the halo of the whole. */
static void join_halos(Layouts *l, const Definition *def)
{
    Concatenation c;
    if (!layout_concatenation(l->p->pool, def, &c)) return;
    Place *whole = layout_place(l, def->out);
    for (int k = 0; k < c.count; k++) {
        Place *piece = layout_place(l, c.pieces[k]);
        if (!piece->definition || piece->is_output || piece->dense ||
            piece->blocked != whole->blocked)
            continue;
        piece->apart |= piece->before[c.dim] || piece->after[c.dim];
        if (piece->apart) continue;
        for (int d = 0; d < def->out->rank; d++) {
            piece->before[d] = max64(piece->before[d], whole->before[d]);
            piece->after[d] = max64(piece->after[d], whole->after[d]);
        }
    }
}

void layout_make_buffers(Layouts *l)
{
    Program *p = l->p;
    for (int i = p->definitions.count - 1; i >= 0; i--) join_halos(l, p->definitions.items[i]);
    for (int i = 0; i < p->inputs.count; i++) add_buffer(l, p->inputs.items[i], BUFFER_INPUT, i);
    for (int i = 0; i < p->outputs.count; i++) add_buffer(l, p->outputs.items[i], BUFFER_OUTPUT, i);
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        if (!def->out->buffer) add_buffer(l, def->out, BUFFER_WORK, 0);
        add_constants(l, def);
    }
    for (int i = p->definitions.count - 1; i >= 0;
         i--) { /* from the outermost whole in: its strides are its pieces' */
        int copies = place_concatenation(l, i);
        if (copies >= 0) remove_definition(p, i + copies);
    }
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        if (form_moves(def) && (view_reshape(l, def) || view_slice(l, def)))
            remove_definition(p, i--);
    }
}
