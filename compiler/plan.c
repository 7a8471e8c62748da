/*
 * Plan: every buffer in use gets its place: lifetimes from the order of kernels, offsets in one
 * workspace by best fit, in an order that comes near the lower bound, which is the largest sum of
 * buffers that are alive at once. Constants get offsets in the weights.
 */
#include "program.h"

#include <stdlib.h>

enum { ALIGNMENT = 64 };

static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static void use(Buffer *b, int kernel)
{
    Buffer *root = (Buffer *)buffer_root(b, NULL);
    if (root->first_use < 0) root->first_use = kernel;
    root->last_use = kernel;
}

/* What lives across an end of the loop lives through all of its runs: it is read again, or written
 * again, when the first kernel follows the last. */
static void stretch(Program *p, int first, int last)
{
    for (int i = 0; i < p->buffers.count; i++) {
        Buffer *b = p->buffers.items[i];
        if (b->first_use < 0 || b->first_use > last || b->last_use < first) continue;
        if (b->first_use >= first && b->last_use <= last) continue;
        if (b->first_use > first) b->first_use = first;
        if (b->last_use < last) b->last_use = last;
    }
}

/* Of loops in loops the inner ones first. */
static int stretch_loops(Program *p, int from)
{
    int k = from + 1;
    for (; p->kernels.items[k]->control != CONTROL_END; k++)
        if (p->kernels.items[k]->control == CONTROL_LOOP) k = stretch_loops(p, k);
    stretch(p, from, k);
    return k;
}

static void find_lifetimes(Program *p)
{
    for (int i = 0; i < p->buffers.count; i++)
        p->buffers.items[i]->first_use = p->buffers.items[i]->last_use = -1;
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        for (int i = 0; i < kernel->reads.count; i++) use(kernel->reads.items[i], k);
        for (int i = 0; i < kernel->writes.count; i++) use(kernel->writes.items[i], k);
    }
    for (int k = 0; k < p->kernels.count; k++)
        if (p->kernels.items[k]->control == CONTROL_LOOP) k = stretch_loops(p, k);
    for (int i = 0; i < p->buffers.count; i++) { /* to the end and, for the caller, beyond */
        Buffer *b = p->buffers.items[i];
        if (b->first_use >= 0 && b->lasting) b->last_use = p->kernels.count - 1;
    }
}

static int by_first_use(const void *a, const void *b)
{
    const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
    return x->first_use != y->first_use ? x->first_use - y->first_use : x->id - y->id;
}

static int by_size(const void *a, const void *b)
{
    const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
    size_t m = buffer_bytes(x), n = buffer_bytes(y);
    if (m != n) return m < n ? 1 : -1;
    return by_first_use(a, b);
}

static int by_offset(const void *a, const void *b)
{
    const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* The smallest gap that fits among the placed buffers alive at the same time; past the last one
 * where none does. */
static size_t best_place(Arena *arena, Buffer *const *placed, int count, const Buffer *b)
{
    size_t want = aligned(buffer_bytes(b)), at = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    Buffer **alive = NEW_ARRAY(arena, Buffer *, count + 1);
    int n = 0;
    for (int i = 0; i < count; i++)
        if (placed[i]->first_use <= b->last_use && b->first_use <= placed[i]->last_use)
            alive[n++] = placed[i];
    qsort(alive, (size_t)n, sizeof *alive, by_offset);
    for (int i = 0; i < n; i++) {
        if (alive[i]->offset >= at + want && alive[i]->offset - at < best_gap)
            best = at, best_gap = alive[i]->offset - at;
        size_t end = alive[i]->offset + aligned(buffer_bytes(alive[i]));
        if (end > at) at = end;
    }
    return best == SIZE_MAX ? at : best;
}

/* Places all in this order; the bytes that takes. */
static size_t place_in_order(Arena *arena, Buffer **order, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++) {
        order[i]->offset = best_place(arena, order, i, order[i]);
        size_t end = order[i]->offset + aligned(buffer_bytes(order[i]));
        if (end > bytes) bytes = end;
    }
    return bytes;
}

/* What lies at the end of the workspace goes first the next time. */
static void promote_last(Buffer **order, int count)
{
    int last = 0;
    for (int i = 1; i < count; i++)
        if (order[i]->offset + buffer_bytes(order[i]) >
            order[last]->offset + buffer_bytes(order[last]))
            last = i;
    Buffer *b = order[last];
    memmove(order + 1, order, (size_t)last * sizeof *order);
    order[0] = b;
}

/* Largest first is nearly always as good as can be; where it is not, other orders are tried. */
static size_t place_well(Buffer **work, int count, size_t bound)
{
    enum { WORK = 1 << 22 }; /* tries * buffers^2, roughly: not long even for large networks */
    Arena *arena = arena_new();
    size_t *best = NEW_ARRAY(arena, size_t, count + 1), least = SIZE_MAX;
    int64_t tries = 2 + min64(64, WORK / ((int64_t)count * count + 1));
    qsort(work, (size_t)count, sizeof *work, by_size);
    for (int64_t t = 0; t < tries && least > bound; t++) {
        Arena *scratch = arena_new();
        if (t == tries / 2) qsort(work, (size_t)count, sizeof *work, by_first_use);
        size_t bytes = place_in_order(scratch, work, count);
        for (int i = 0; i < count && bytes < least; i++) best[work[i]->id] = work[i]->offset;
        if (bytes < least) least = bytes;
        promote_last(work, count);
        arena_free(scratch);
    }
    for (int i = 0; i < count; i++) work[i]->offset = best[work[i]->id];
    arena_free(arena);
    return count ? least : 0;
}

/* The largest sum of buffers that are alive at once. */
static size_t lower_bound(const Program *p, Buffer *const *work, int count)
{
    size_t bound = 0;
    for (int k = 0; k < p->kernels.count; k++) {
        size_t live = 0;
        for (int i = 0; i < count; i++)
            if (work[i]->first_use <= k && k <= work[i]->last_use)
                live += aligned(buffer_bytes(work[i]));
        if (live > bound) bound = live;
    }
    return bound;
}

static void place_work(Program *p)
{
    Arena *arena = arena_new();
    Buffer **work = NEW_ARRAY(arena, Buffer *, p->buffers.count + 1);
    int count = 0;
    for (int i = 0; i < p->buffers.count; i++) {
        Buffer *b = p->buffers.items[i];
        if (b->kind != BUFFER_WORK || b->parent || b->first_use < 0) continue;
        b->id = count;
        work[count++] = b;
    }
    p->lower_bound = lower_bound(p, work, count);
    p->workspace_bytes = place_well(work, count, p->lower_bound);
    arena_free(arena);
}

/* In the order of first use: a run reads the weights from front to back. */
static void place_constants(Program *p)
{
    Arena *arena = arena_new();
    bool *placed = NEW_ARRAY(arena, bool, p->buffers.count + 1);
    for (int i = 0; i < p->buffers.count; i++) p->buffers.items[i]->id = i;
    for (int k = 0; k < p->kernels.count; k++)
        for (int i = 0; i < p->kernels.items[k]->reads.count; i++) {
            Buffer *b = (Buffer *)buffer_root(p->kernels.items[k]->reads.items[i], NULL);
            if (b->kind != BUFFER_CONST || !buffer_is_weight(b) || b->first_use != k ||
                placed[b->id])
                continue;
            placed[b->id] = true;
            b->offset = p->weight_bytes;
            p->weight_bytes += aligned(buffer_bytes(b));
        }
    arena_free(arena);
}

void plan(Program *p)
{
    find_lifetimes(p);
    in_place(p);
    place_work(p);
    place_constants(p);
    int kept = 0; /* what no kernel touches has no place; views stay for the dumps */
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *root = buffer_root(p->buffers.items[i], NULL);
        if (root->first_use >= 0 || root->kind == BUFFER_INPUT || root->kind == BUFFER_OUTPUT)
            p->buffers.items[kept++] = p->buffers.items[i];
    }
    p->buffers.count = kept;
}
