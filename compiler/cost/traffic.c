/*
 * What a kernel moves between caches: its accesses as affine functions of the loops around them. An
 * access touches, over some loops, as many distinct bytes as its strides say; the outermost loop
 * whose bytes all fit into a cache fetches them once, every loop around it again.
 */
#include "cost.h"

#include <stdlib.h>

enum { MOST_LOOPS = 24 };

typedef struct LoopLevel {
    const Var *var;
    double trips;
    int parent;      /* -1: none */
    int first, last; /* loops inside it: first..last of the list of loops, itself the first */
} LoopLevel;

/* `count` places, `stride` bytes from one another. */
typedef struct Span {
    double stride, count;
} Span;

typedef struct Access {
    const Buffer *buffer; /* a root */
    int loop;             /* innermost, -1: none */
    double stride[MOST_LOOPS];
    double run;          /* bytes side by side */
    double apart;        /* bytes between the runs of one vector, */
    double lanes;        /* and how many there are; 1: it is one run */
    LIST(double) starts; /* where runs begin that differ in nothing else, bytes */
    Span near, far;      /* the same as groups of places */
    bool ready;          /* near and far are known */
    bool store, wild;    /* wild: the data say where it goes */
} Access;

typedef struct LocalPointer {
    const Buffer *local, *buffer;
    Expr *offset;
} LocalPointer;

struct Traffic {
    Arena *arena;
    Pool *pool;
    LIST(LoopLevel) loops;
    LIST(Access) accesses;
    LIST(LocalPointer) locals;
    int loop; /* the innermost one entered */
};

Traffic *traffic_new(Arena *arena, Pool *pool)
{
    Traffic *t = NEW(arena, Traffic);
    t->arena = arena;
    t->pool = pool;
    t->loop = -1;
    return t;
}

void traffic_enter(Traffic *t, const Var *v, double trips)
{
    LoopLevel level = {v, trips, t->loop, t->loops.count, t->loops.count};
    LIST_PUSH(t->arena, &t->loops, level);
    t->loop = t->loops.count - 1;
}

void traffic_leave(Traffic *t)
{
    t->loops.items[t->loop].last = t->loops.count - 1;
    t->loop = t->loops.items[t->loop].parent;
}

void traffic_point(Traffic *t, const Buffer *local, const Buffer *b, Expr *offset)
{
    LocalPointer pointer = {local, b, offset};
    LIST_PUSH(t->arena, &t->locals, pointer);
}

static const LocalPointer *find_local(const Traffic *t, const Buffer *b)
{
    for (int i = t->locals.count - 1; i >= 0; i--)
        if (t->locals.items[i].local == b) return &t->locals.items[i];
    return NULL;
}

/* ---- accesses ---- */

static int depth_of(const Traffic *t, int loop)
{
    int depth = 0;
    for (; loop >= 0; loop = t->loops.items[loop].parent) depth++;
    return depth;
}

/* The position of the variable among the loops around, from the outermost; -1: none of them. */
static int position_of(const Traffic *t, const Var *v)
{
    int depth = depth_of(t, t->loop);
    for (int l = t->loop; l >= 0; l = t->loops.items[l].parent, depth--)
        if (t->loops.items[l].var == v) return depth - 1;
    return -1;
}

/* The position of the loop that an atom of an index goes along with, and how far it goes in one
 * step: quotients and remainders of a loop's variable, on average. -1: it goes its own ways. */
static int walks(const Traffic *t, const Expr *atom, double *steps)
{
    *steps = 1;
    if (atom->kind == EX_VAR) return position_of(t, atom->var);
    Range range = ex_range(atom);
    int position = depth_of(t, t->loop) - 1;
    for (int l = t->loop; l >= 0; l = t->loops.items[l].parent, position--) {
        const LoopLevel *level = &t->loops.items[l];
        if (!ex_uses_var(atom, level->var)) continue;
        if (range.lo == INT64_MIN || range.hi == INT64_MAX || level->trips < 2) return -1;
        *steps = (double)(range.hi - range.lo) / (level->trips - 1);
        return atom->kind == EX_BINARY ? position : -1;
    }
    return -1;
}

static bool same_pattern(const Access *a, const Access *b)
{
    return a->buffer == b->buffer && a->loop == b->loop && a->store == b->store &&
           a->run == b->run && a->wild == b->wild && a->apart == b->apart && a->lanes == b->lanes &&
           memcmp(a->stride, b->stride, sizeof a->stride) == 0;
}

static void add_access(Traffic *t, const Access *a, double start)
{
    Access *known = NULL;
    for (int i = 0; i < t->accesses.count && !known; i++)
        if (same_pattern(a, &t->accesses.items[i])) known = &t->accesses.items[i];
    if (!known) {
        LIST_PUSH(t->arena, &t->accesses, *a);
        known = &t->accesses.items[t->accesses.count - 1];
    }
    known->ready = false;
    for (int i = 0; i < known->starts.count; i++)
        if (known->starts.items[i] == start) return;
    LIST_PUSH(t->arena, &known->starts, start);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The rows of a tile lie near each other, its blocks far apart: the first gap is the rows', and as
 * many as follow without a larger one are a group. */
static void group_starts(Access *a)
{
    double *c = a->starts.items, n = a->starts.count;
    qsort(c, (size_t)a->starts.count, sizeof *c, by_value);
    a->near = (Span){n > 1 ? c[1] - c[0] : 0, 1};
    int group = 1;
    while (group < a->starts.count && c[group] - c[group - 1] <= 2 * a->near.stride) group++;
    a->near.count = group;
    double groups = (double)ceil_div(a->starts.count, group);
    a->far = (Span){groups > 1 ? (c[a->starts.count - 1] - c[0]) / groups : 0, groups};
    a->ready = true;
}

void traffic_access(Traffic *t, const Buffer *b, Expr *offset, int64_t count, int64_t apart,
                    bool store)
{
    for (const LocalPointer *l; b->kind == BUFFER_LOCAL; b = l->buffer) {
        l = find_local(t, b);
        if (!l) return;
        offset = ex_add(t->pool, offset, l->offset);
    }
    int64_t first;
    Access a = {.buffer = buffer_root(b, &first), .loop = t->loop, .store = store};
    double size = (double)dtype_bytes(b->dtype, 1);
    Affine f = ex_affine(t->pool, offset);
    for (int k = 0; k < f.count; k++) {
        double coefficient = (double)f.terms[k].coef * size, steps;
        int at = walks(t, f.terms[k].atom, &steps);
        if (at >= 0 && at < MOST_LOOPS)
            a.stride[at] += coefficient * steps;
        else
            a.wild = true;
    }
    bool dense = count == 1 || apart == 1;
    a.run = dense ? (double)count * size : size;
    a.lanes = dense ? 1 : (double)count;
    a.apart = (double)(apart < 0 ? -apart : apart) * size;
    add_access(t, &a, (double)(f.constant + first) * size);
}

/* ---- distinct bytes ---- */

static int by_stride(const void *a, const void *b)
{
    double x = ((const Span *)a)->stride, y = ((const Span *)b)->stride;
    return (x > y) - (x < y);
}

/* The distinct bytes of runs at the sums of stride * 0..count-1: strides that fall into what is
 * there already lengthen it, larger ones repeat it. */
static double distinct(Span *spans, int count, double run)
{
    double bytes = 1, last = 0, copies = 1;
    qsort(spans, (size_t)count, sizeof *spans, by_stride);
    for (int k = 0; k < count; k++) {
        double s = spans[k].stride, n = spans[k].count;
        if (s <= run && last == 0) {
            run += s * (n - 1);
        } else if (last > 0 && s < last * copies) {
            copies += s / last * (n - 1);
        } else {
            bytes *= copies;
            last = s;
            copies = n;
        }
    }
    return bytes * copies * (run < CACHE_LINE ? CACHE_LINE : run);
}

/* What the access touches while the loops from position `from` on run. */
static double touched(const Traffic *t, Access *a, int from)
{
    Span spans[MOST_LOOPS + 3];
    int count = 0, depth = depth_of(t, a->loop);
    double all = (double)buffer_bytes(a->buffer);
    double wild = a->run < CACHE_LINE ? CACHE_LINE : a->run;
    for (int l = a->loop; l >= 0 && depth > from; l = t->loops.items[l].parent, depth--) {
        wild *= t->loops.items[l].trips;
        if (depth > MOST_LOOPS) continue;
        double s = a->stride[depth - 1] < 0 ? -a->stride[depth - 1] : a->stride[depth - 1];
        if (s > 0 && t->loops.items[l].trips > 1)
            spans[count++] = (Span){s, t->loops.items[l].trips};
    }
    if (!a->ready) group_starts(a);
    if (a->near.count > 1) spans[count++] = a->near;
    if (a->far.count > 1) spans[count++] = a->far;
    if (a->lanes > 1) spans[count++] = (Span){a->apart, a->lanes};
    double bytes = a->wild ? wild * a->lanes : distinct(spans, count, a->run);
    return bytes < all ? bytes : all;
}

static bool counts(const Access *a, TrafficOf of)
{
    TrafficOf own = a->buffer->kind == BUFFER_CONST ? OF_CONSTANTS
                    : a->store                      ? OF_WRITTEN
                                                    : OF_READ;
    return of == OF_ALL || of == own;
}

static bool inside(const Traffic *t, const Access *a, int loop)
{
    return loop < 0 || (a->loop >= loop && a->loop <= t->loops.items[loop].last);
}

/* What an access adds to those of the same buffer before it: no buffer has more bytes than it has.
 */
static double added(const Traffic *t, int access, int loop, int from)
{
    Access *a = &t->accesses.items[access];
    double bytes = touched(t, a, from), room = (double)buffer_bytes(a->buffer);
    for (int k = 0; k < access; k++)
        if (t->accesses.items[k].buffer == a->buffer && inside(t, &t->accesses.items[k], loop))
            room -= touched(t, &t->accesses.items[k], from);
    return bytes < room ? bytes : room > 0 ? room : 0;
}

/* Of the accesses under a loop (-1: all), over the loops from position `from` on; `moved`: a store
 * moves its line in and out. */
static double footprint(const Traffic *t, int loop, int from, TrafficOf of, bool moved)
{
    double sum = 0;
    for (int i = 0; i < t->accesses.count; i++) {
        Access *a = &t->accesses.items[i];
        if (inside(t, a, loop) && counts(a, of))
            sum += added(t, i, loop, from) * (moved && a->store ? 2 : 1);
    }
    return sum;
}

double traffic_touched(const Traffic *t, TrafficOf of) { return footprint(t, -1, 0, of, false); }

/* ---- what moves ---- */

/* Over the whole run of a loop at position `depth` from the outermost. When all of it stays in the
 * cache, or all of one iteration, so that the next finds what they have in common, it moves once.
 */
static double moves(const Traffic *t, int loop, int depth, double capacity, TrafficOf of)
{
    if (footprint(t, loop, depth, OF_ALL, false) <= capacity ||
        (loop >= 0 && footprint(t, loop, depth + 1, OF_ALL, false) <= capacity))
        return footprint(t, loop, depth, of, true);
    double body = 0;
    int last = loop < 0 ? t->loops.count - 1 : t->loops.items[loop].last,
        inner = loop < 0 ? 0 : depth + 1;
    for (int l = loop + 1; l <= last; l++)
        if (t->loops.items[l].parent == loop) body += moves(t, l, inner, capacity, of);
    for (int i = 0; i < t->accesses.count; i++) {
        Access *a = &t->accesses.items[i];
        if (a->loop == loop && counts(a, of)) body += touched(t, a, inner) * (a->store ? 2 : 1);
    }
    return loop < 0 ? body : body * t->loops.items[loop].trips;
}

double traffic_moves(const Traffic *t, double capacity, TrafficOf of)
{
    return moves(t, -1, 0, capacity, of);
}
