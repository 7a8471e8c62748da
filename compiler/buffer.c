/*
 * Buffers: the map from logical indices to element offsets, and the contents of constant ones.
 * Which layout a tensor gets is layout.c's decision, where it lies plan.c's.
 */
#include "program.h"
#include "weights.h"

#include <ctype.h>

const char *program_name(Program *p, const char *prefix, const char *text)
{
    if (!p->names) p->names = map_new(p->arena);
    Text id = {0}; /* runs of other characters become one '_' */
    text_add(&id, "%s", prefix);
    for (const char *c = text; *c; c++) {
        bool letter = isalnum((unsigned char)*c),
             after_name = id.length && id.data[id.length - 1] != '_';
        if (letter && !id.length && isdigit((unsigned char)*c)) text_add(&id, "t");
        if (letter || (after_name && c[1])) text_add(&id, "%c", letter ? *c : '_');
    }
    char *name = arena_string(p->arena, id.length ? id.data : "t");
    text_free(&id);
    const char *unique = name;
    for (int tries = 2; map_get(p->names, unique); tries++)
        unique = arena_format(p->arena, "%s_%d", name, tries);
    map_set(p->names, unique, p);
    return unique;
}

const Buffer *buffer_root(const Buffer *b, int64_t *first)
{
    int64_t offset = 0;
    for (; b->parent; b = b->parent) offset += b->first;
    if (first) *first = offset;
    return b;
}

size_t buffer_offset_bytes(const Buffer *b, int64_t elements)
{
    return array_bytes((size_t)elements, dtype_bytes(b->dtype, 1));
}

size_t buffer_bytes(const Buffer *b) { return buffer_offset_bytes(b, b->elements); }

int64_t program_constant_bytes(const Program *p)
{
    Arena *arena = arena_new();
    bool *packed = NEW_ARRAY(arena, bool, p->graph->tensors.count + 1);
    int64_t bytes = 0;
    for (int i = 0; i < p->buffers.count; i++)
        if (p->buffers.items[i]->packing) packed[p->buffers.items[i]->tensor->id] = true;
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        if (buffer_is_weight(b) && !b->parent && (b->packing || !packed[b->tensor->id]))
            bytes += (int64_t)buffer_bytes(b);
    }
    arena_free(arena);
    return bytes;
}

Expr *buffer_offset(Pool *p, const Buffer *b, Expr *const *index)
{
    const Layout *l = &b->layout;
    Expr *offset = ex_int(p, 0);
    for (int d = 0; d < l->rank; d++) {
        Expr *i = l->wrap[d] ? ex_floormod(p, index[d], ex_int(p, l->wrap[d]))
                             : ex_add(p, index[d], ex_int(p, l->before[d]));
        if (d == l->block_dim) {
            Expr *block = ex_int(p, l->block);
            offset = ex_add(p, offset, ex_floormod(p, i, block));
            i = ex_floordiv(p, i, block);
        }
        offset = ex_add(p, offset, ex_mul(p, i, ex_int(p, l->stride[d])));
    }
    if (b->ring) offset = ex_add(p, offset, ex_mul(p, b->ring, ex_int(p, b->elements / b->rings)));
    return offset;
}

/* ---- layouts ---- */

void layout_dense(Layout *l, int rank, const int64_t *dims)
{
    *l = (Layout){.rank = rank, .block_dim = -1};
    int64_t stride = 1;
    for (int d = rank - 1; d >= 0; d--) {
        l->stride[d] = stride;
        stride *= dims[d];
    }
}

/* Strides from the innermost out: the lanes of a block, then the dimensions from last to first,
 * each with its halo. */
int64_t layout_strides(Layout *l, const int64_t *dims)
{
    int64_t stride = l->block_dim >= 0 ? l->block : 1;
    for (int d = l->rank - 1; d >= 0; d--) {
        int64_t extent = l->wrap[d] ? l->wrap[d] : l->before[d] + dims[d] + l->after[d];
        stride += l->gap[d];
        l->stride[d] = stride;
        stride *= d == l->block_dim ? ceil_div(extent, l->block) : extent;
    }
    return stride;
}

bool layout_has_halo(const Layout *l)
{
    for (int d = 0; d < l->rank; d++)
        if (l->before[d] || l->after[d]) return true;
    return false;
}

bool layout_is_dense(const Layout *l, const int64_t *dims)
{
    int64_t stride = 1;
    for (int d = l->rank - 1; d >= 0; d--) {
        if (l->before[d] || l->after[d] || l->wrap[d]) return false;
        if (dims[d] != 1 && l->stride[d] != stride) return false;
        if (d == l->block_dim && dims[d] > l->block) return false;
        stride *= dims[d];
    }
    return true;
}

/* ---- contents ---- */

/* One packed row: the innermost dimension, copied element by element with bounds on its source
 * dimension. */
typedef struct Packer {
    const Packing *packing;
    const Tensor *source;
    int64_t stride[MAX_RANK];
    size_t size; /* of an element, bytes */
    Dtype stored;
    char *out;
} Packer;

/* `count` elements from index on, rounded where they are stored in a narrower type. */
static void put_elements(const Tensor *t, int64_t index, int64_t count, Dtype stored, void *out)
{
    if (stored != t->dtype)
        weights_round(stored, (const float *)t->data + index, count, out);
    else
        memcpy(out, (const char *)t->data + dtype_bytes(stored, index), dtype_bytes(stored, count));
}

static void pack_dim(Packer *k, int d, int64_t at[MAX_RANK])
{
    const struct PackedDim *dim = &k->packing->dims[d];
    const Tensor *t = k->source;
    int64_t before = dim->source >= 0 ? at[dim->source] : 0;
    for (int64_t j = 0; j < dim->extent; j++) {
        if (dim->source >= 0) at[dim->source] = before + j * dim->factor;
        if (d + 1 < k->packing->rank) {
            pack_dim(k, d + 1, at);
            continue;
        }
        int64_t offset = 0;
        bool inside = true;
        for (int s = 0; s < t->rank; s++) {
            inside &= at[s] < t->dims[s];
            offset += at[s] * k->stride[s];
        }
        if (inside)
            put_elements(t, offset, 1, k->stored, k->out);
        else
            memset(k->out, 0, k->size);
        k->out += k->size;
    }
    if (dim->source >= 0) at[dim->source] = before;
}

void buffer_contents(const Buffer *b, void *out)
{
    assert(b->kind == BUFFER_CONST && b->tensor->data);
    if (!b->packing) {
        put_elements(b->tensor, 0, b->elements, b->dtype, out);
        return;
    }
    Layout dense;
    layout_dense(&dense, b->tensor->rank, b->tensor->dims);
    Packer k = {.packing = b->packing,
                .source = b->tensor,
                .size = dtype_bytes(b->dtype, 1),
                .stored = b->dtype,
                .out = out};
    memcpy(k.stride, dense.stride, sizeof k.stride);
    int64_t at[MAX_RANK] = {0};
    if (b->packing->rank == 0)
        put_elements(b->tensor, 0, 1, b->dtype, out);
    else if (b->elements)
        pack_dim(&k, 0, at);
}
