/*
 * Prefetch: the weights of a network that is larger than the cache come from memory on every run.
 * While a group of output channels is computed from weights in cache, those of the next group (of
 * the next kernel, after the last: weights lie in the order of their use) are fetched, a few lines
 * at a time; weights that are used once are fetched a little ahead of their use. Nothing depends
 * on it but time. Inputs: prefetch_inputs.c.
 */
#include "program.h"

enum {
    MOST_LOOPS = 32,
    LINE = 64,            /* bytes of a cache line */
    AHEAD = 4096,         /* bytes: beyond the page, where the hardware's prefetcher stops */
    LEAST_CHUNK = 1 << 12 /* bytes of weights that are worth it */
};

/* A place where packed weights are read, with the loops around it, outermost first. Of those
 * [0, reuse) choose the group, [reuse, inner) use it again and [inner, count) walk through it. */
typedef struct Site {
    const Stmt *point;
    Stmt *loops[MOST_LOOPS];
    int64_t step[MOST_LOOPS]; /* what one iteration adds to the offset, elements */
    int count, reuse, inner;
    int64_t first, span; /* elements that are read at one offset: from first on */
    Expr *start; /* where the weights begin: the offset at the first iterations of [inner, count) */
} Site;

typedef struct Sites {
    Program *p;
    Arena *arena;
    LIST(Site *) list;
} Sites;

/* How often the body of a loop is run in one part of the kernel. */
static int64_t part_trips(const Stmt *loop)
{
    return loop->from ? max64(1, loop_trips(loop) / loop->parts) : loop_trips(loop);
}

/* The value of its variable that a loop begins with. */
static Expr *first_of(Pool *p, const Stmt *loop)
{
    return loop->from ? loop->from : ex_int(p, loop->var->lo);
}

static int64_t trips_of(const Site *s, int from, int to)
{
    int64_t product = 1;
    for (int k = from; k < to; k++) product *= part_trips(s->loops[k]);
    return product;
}

/* ---- finding them ---- */

static bool same_loops(const Site *a, const Site *b, int count)
{
    return a->count >= count && b->count >= count &&
           memcmp(a->loops, b->loops, (size_t)count * sizeof *a->loops) == 0;
}

typedef struct Span {
    const Buffer *alias;
    int64_t begin, end;
} Span;

static void widen(Expr *e, void *context)
{
    Span *span = context;
    if (e->kind != EX_FETCH || e->buffer != span->alias) return;
    Range r = ex_range(e->args[0]);
    if (r.lo < 0 || r.hi > INT32_MAX) return;
    span->begin = min64(span->begin, r.lo);
    span->end = max64(span->end, r.hi + e->lanes);
}

static void find_span(const Stmt *stmt, Span *span)
{
    for (; stmt; stmt = stmt->next) {
        if (stmt->value) ex_visit(stmt->value, widen, span);
        find_span(stmt->body, span);
    }
}

static bool read_site(Pool *p, Site *s)
{
    for (int k = 0; k < s->count; k++)
        if (s->loops[k]->step != 1 ||
            !ex_coefficient(p, s->point->offset, s->loops[k]->var, &s->step[k]))
            return false;
    s->inner = s->count;
    while (s->inner > 0 && s->step[s->inner - 1]) s->inner--;
    s->reuse = s->inner;
    while (s->reuse > 0 && !s->step[s->reuse - 1]) s->reuse--;
    Span span = {s->point->alias, INT64_MAX, 0};
    find_span(s->point->next, &span);
    s->first = span.begin;
    s->span = span.end - span.begin;
    return s->inner < s->count && span.end > 0;
}

static void add_site(Sites *q, const Site *here)
{
    Site *s = arena_copy(q->arena, here, sizeof *here);
    if (read_site(q->p->pool, s)) LIST_PUSH(q->arena, &q->list, s);
}

static void find_sites(Sites *q, Stmt *stmt, Site *here)
{
    for (; stmt; stmt = stmt->next) {
        if (stmt->kind == ST_POINT && buffer_root(stmt->buffer, NULL)->packing) {
            here->point = stmt;
            add_site(q, here);
        }
        if (stmt->kind == ST_IF) find_sites(q, stmt->body, here);
        if (stmt->kind == ST_LOOP && here->count < MOST_LOOPS) {
            here->loops[here->count++] = stmt;
            find_sites(q, stmt->body, here);
            here->count--;
        }
    }
}

/* A piece of one row has no loop over rows: its group is known from the other pieces. */
static void find_group(const Sites *q, Site *s)
{
    for (int i = 0; i < q->list.count && s->reuse == s->inner; i++) {
        const Site *other = q->list.items[i];
        if (other->point->buffer == s->point->buffer && other->reuse < other->inner &&
            same_loops(other, s, other->reuse))
            s->reuse = s->inner = other->reuse;
    }
}

static void find_start(Pool *p, Site *s)
{
    Var *vars[MOST_LOOPS];
    Expr *first[MOST_LOOPS];
    for (int k = s->inner; k < s->count; k++) {
        vars[k - s->inner] = s->loops[k]->var;
        first[k - s->inner] = first_of(p, s->loops[k]);
    }
    s->start = ex_add(p, ex_substitute(p, s->point->offset, vars, first, s->count - s->inner),
                      ex_int(p, s->first));
}

/* ---- fetching ---- */

/* Loops around those that choose the group go through all weights again. When all stay in the
 * second cache, they come from memory the first time only. NULL: always. */
static Expr *first_time(const Program *pr, const Site *s)
{
    Pool *p = pr->pool;
    if ((int64_t)buffer_bytes(buffer_root(s->point->buffer, NULL)) > pr->target->l2_bytes / 2)
        return NULL;
    Expr *first = NULL;
    for (int k = 0; k < s->reuse; k++) {
        if (s->step[k]) continue;
        Expr *at = ex_var(p, s->loops[k]->var),
             *test = ex_binary(p, BI_EQ, at, first_of(p, s->loops[k]));
        first = first ? ex_and(p, first, test) : test;
    }
    return first;
}

/* At the start of the body of the innermost of `depth` loops. */
static void insert(Sites *q, const Site *s, int depth, Expr *offset, int64_t lines)
{
    Stmt *fetch = NEW(q->p->arena, Stmt), *loop = s->loops[depth - 1];
    Expr *first = first_time(q->p, s);
    *fetch = (Stmt){.kind = ST_PREFETCH, .count = lines};
    fetch->buffer = s->point->buffer;
    fetch->offset = offset;
    if (first) {
        Stmt *test = NEW(q->p->arena, Stmt);
        *test = (Stmt){.kind = ST_IF, .value = first, .body = fetch};
        fetch = test;
    }
    fetch->next = loop->body;
    loop->body = fetch;
}

/* The number of the iteration that loops [from, to) are at. */
static Expr *position(Pool *p, const Site *s, int from, int to)
{
    Expr *at = ex_int(p, 0);
    for (int k = from; k < to; k++)
        at = ex_add(p, ex_mul(p, at, ex_int(p, part_trips(s->loops[k]))),
                    ex_sub(p, ex_var(p, s->loops[k]->var), first_of(p, s->loops[k])));
    return at;
}

static bool same_group(const Site *a, const Site *b)
{
    return a->point->buffer == b->point->buffer && a->reuse == b->reuse &&
           same_loops(a, b, a->reuse);
}

/* How often these weights are used, in the pieces of the output before this one and in all. */
static int64_t uses(const Sites *q, const Site *s, int64_t *before)
{
    int64_t all = 0;
    for (int i = 0; i < q->list.count; i++) {
        const Site *other = q->list.items[i];
        if (other == s) *before = all;
        if (same_group(other, s) && other->start == s->start)
            all += trips_of(other, other->reuse, other->inner);
    }
    return all;
}

/* Where the weights lie that are used next: of the next phase of this group, else the first of the
 * next group. */
static Expr *next_start(Sites *q, const Site *s)
{
    const Site *first = NULL;
    bool passed = false;
    for (int i = 0; i < q->list.count; i++) {
        const Site *other = q->list.items[i];
        if (!same_group(other, s)) continue;
        if (!first) first = other;
        if (passed && other->start != s->start) return other->start;
        passed |= other == s;
    }
    int64_t group = s->reuse > 0 && s->step[s->reuse - 1] > 0
                        ? s->step[s->reuse - 1]
                        : buffer_root(s->point->buffer, NULL)->elements;
    return ex_add(q->p->pool, first->start, ex_int(q->p->pool, group));
}

/* Each use of these weights fetches its share of the next, spread over the outermost loops inside
 * it that have enough iterations. */
static void fetch_slices(Sites *q, const Site *s, int64_t size, int64_t before, int64_t all)
{
    Pool *p = q->p->pool;
    int64_t lines = ceil_div(s->span * trips_of(s, s->inner, s->count) * size, LINE);
    int depth = s->count;
    while (depth > s->inner && all * trips_of(s, s->inner, depth) > lines) depth--;
    int64_t places = trips_of(s, s->inner, depth);
    if (all * places > lines || depth == 0) return;
    int64_t share = ceil_div(lines, all * places);
    Expr *use = ex_add(p, position(p, s, s->reuse, s->inner), ex_int(p, before));
    Expr *place = ex_add(p, ex_mul(p, use, ex_int(p, places)), position(p, s, s->inner, depth));
    insert(q, s, depth,
           ex_add(p, next_start(q, s), ex_mul(p, place, ex_int(p, share * (LINE / size)))), share);
}

/* Weights with holes between the steps: each use fetches its share of every step's. */
static void fetch_shares(Sites *q, const Site *s, int64_t size, int64_t before, int64_t all)
{
    Pool *p = q->p->pool;
    int64_t share = ceil_div(ceil_div(s->span * size, LINE), all);
    Expr *use = ex_add(p, position(p, s, s->reuse, s->inner), ex_int(p, before));
    Expr *step = ex_sub(p, ex_add(p, s->point->offset, ex_int(p, s->first)), s->start);
    insert(q, s, s->count,
           ex_add(p, ex_add(p, next_start(q, s), step),
                  ex_mul(p, use, ex_int(p, share * (LINE / size)))),
           share);
}

static void fetch_ahead(Sites *q, const Site *s, int64_t size)
{
    Pool *p = q->p->pool;
    insert(q, s, s->count, ex_add(p, s->point->offset, ex_int(p, s->first + AHEAD / size)),
           ceil_div(s->span * size, LINE));
}

static bool has_holes(const Site *s)
{
    int64_t last = s->span;
    for (int k = s->inner; k < s->count; k++) last += s->step[k] * (part_trips(s->loops[k]) - 1);
    return last > s->span * trips_of(s, s->inner, s->count);
}

static void fetch(Sites *q, const Site *s)
{
    int64_t size = (int64_t)buffer_offset_bytes(s->point->buffer, 1), before = 0;
    int64_t bytes = s->span * trips_of(s, s->inner, s->count) * size, all = uses(q, s, &before);
    if (bytes < LEAST_CHUNK) return;
    if (all == 1 || bytes > q->p->target->l2_bytes / 4 * 3)
        fetch_ahead(q, s, size);
    else if (!has_holes(s))
        fetch_slices(q, s, size, before, all);
    else if (all <= s->span * size / LINE)
        fetch_shares(q, s, size, before, all);
}

/* ---- all kernels ---- */

static int64_t constant_bytes(const Program *p)
{
    int64_t bytes = 0;
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        if (b->kind == BUFFER_CONST && !b->parent && b->packing) bytes += (int64_t)buffer_bytes(b);
    }
    return bytes;
}

void prefetch(Program *p)
{
    if (p->target->lanes == 1) return;
    for (int k = 0; k < p->kernels.count; k++) prefetch_inputs(p, p->kernels.items[k]);
    if (constant_bytes(p) <= p->target->l2_bytes) return;
    for (int k = 0; k < p->kernels.count; k++) {
        Sites q = {.p = p, .arena = arena_new()};
        Site here = {0};
        find_sites(&q, p->kernels.items[k]->body, &here);
        for (int i = 0; i < q.list.count; i++) find_group(&q, q.list.items[i]);
        for (int i = 0; i < q.list.count; i++) find_start(p->pool, q.list.items[i]);
        for (int i = 0; i < q.list.count; i++) fetch(&q, q.list.items[i]);
        arena_free(q.arena);
    }
}
