/*
 * Prefetch: the weights of a network that is larger than the cache come from memory on every run.
 * While a group of output channels is computed from weights in cache, those of the next group (of
 * the next kernel, after the last: weights lie in the order of their use) are fetched, a few lines
 * at a time; weights that are used once are fetched a little ahead of their use, those that each
 * step of a band reads first during the step before. Nothing depends on it but time. Inputs:
 * prefetch_inputs.c.
 */
#include "program.h"

#include <stdlib.h>

enum {
    MOST_LOOPS = 32,
    AHEAD = 4096,         /* bytes: beyond the page, where the hardware's prefetcher stops */
    LEAST_CHUNK = 1 << 12 /* bytes of weights that are worth it */
};

/* A place where weights are read, with the loops around it, outermost first. Of those
 * [0, reuse) choose the group, [reuse, inner) use it again and [inner, count) walk through it. */
typedef struct Site {
    const Stmt *point;
    Stmt *loops[MOST_LOOPS];
    int64_t step[MOST_LOOPS]; /* what one iteration adds to the offset, elements */
    int count, reuse, inner;
    int64_t first, span; /* elements that are read at one offset: from first on */
    int64_t work;        /* operations on what is read there: how long they take */
    Expr *start; /* where the weights begin: the offset at the first iterations of [inner, count) */
} Site;

typedef struct Sites {
    Program *p;
    Arena *arena;
    LIST(Site *) list;
    int64_t after; /* bytes of weights with which the next kernel that has some begins */
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

static int64_t work_of(const Stmt *stmt)
{
    int64_t work = 0;
    for (; stmt; stmt = stmt->next) {
        if (stmt->kind == ST_SET) work++;
        if (stmt->kind == ST_LOOP) work += loop_trips(stmt) * work_of(stmt->body);
    }
    return work;
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
    s->work = work_of(s->point->next);
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
        if (stmt->kind == ST_POINT && buffer_is_weight(buffer_root(stmt->buffer, NULL))) {
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

/* The offset at the first iterations of the loops from `from` on. */
static Expr *start_at(Pool *p, const Site *s, int from)
{
    Var *vars[MOST_LOOPS];
    Expr *first[MOST_LOOPS];
    for (int k = from; k < s->count; k++) {
        vars[k - from] = s->loops[k]->var;
        first[k - from] = first_of(p, s->loops[k]);
    }
    return ex_substitute(p, s->point->offset, vars, first, s->count - from);
}

/* A piece of one row has no loop over rows: its group is known from the other pieces. Pieces that
 * all have one row, and walk through the same weights, share the loops that choose the group. */
static void find_group(const Sites *q, Site *s)
{
    Pool *p = q->p->pool;
    for (int i = 0; i < q->list.count && s->reuse == s->inner; i++) {
        const Site *other = q->list.items[i];
        if (other == s || other->point->buffer != s->point->buffer) continue;
        int shared = other->reuse;
        if (other->reuse == other->inner)
            for (shared = 0; same_loops(s, other, shared + 1);) shared++;
        if (same_loops(s, other, shared) &&
            (other->reuse < other->inner || start_at(p, s, shared) == start_at(p, other, shared)))
            s->reuse = s->inner = shared;
    }
}

static bool same_group(const Site *a, const Site *b)
{
    return a->point->buffer == b->point->buffer && a->reuse == b->reuse &&
           same_loops(a, b, a->reuse);
}

/* Pieces that read parts of the same weights count as reading all that they read together. */
static void join_spans(Sites *q)
{
    Pool *p = q->p->pool;
    for (int i = 0; i < q->list.count; i++)
        q->list.items[i]->start = start_at(p, q->list.items[i], q->list.items[i]->inner);
    for (int i = 0; i < q->list.count; i++) {
        Site *s = q->list.items[i];
        for (int j = 0; j < q->list.count; j++) {
            Site *other = q->list.items[j];
            if (!same_group(s, other) || s->start != other->start ||
                llabs(s->first - other->first) >=
                    min64(s->step[s->count - 1], other->step[other->count - 1]))
                continue;
            int64_t end = max64(s->first + s->span, other->first + other->span);
            s->first = other->first = min64(s->first, other->first);
            s->span = other->span = end - s->first;
        }
    }
    for (int i = 0; i < q->list.count; i++) {
        Site *s = q->list.items[i];
        s->start = ex_add(p, s->start, ex_int(p, s->first));
    }
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
static void insert(Sites *q, const Site *s, int depth, const Buffer *buffer, Expr *offset,
                   int64_t lines)
{
    Stmt *fetch = NEW(q->p->arena, Stmt), *loop = s->loops[depth - 1];
    Expr *first = first_time(q->p, s);
    *fetch = (Stmt){.kind = ST_PREFETCH, .count = lines};
    fetch->buffer = (Buffer *)buffer;
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

static int64_t group_bytes(const Site *s)
{
    int64_t elements = s->span * trips_of(s, s->inner, s->count);
    return (int64_t)buffer_offset_bytes(s->point->buffer, elements);
}

static int64_t uses_of(const Site *s) { return trips_of(s, s->reuse, s->inner); }

static double work_in(const Site *s)
{
    return (double)s->work * (double)trips_of(s, s->reuse, s->count);
}

static bool same_weights(const Site *a, const Site *b)
{
    return same_group(a, b) && a->start == b->start;
}

/* How often these weights are used, in the pieces of the output before this one and in all. */
static int64_t uses(const Sites *q, const Site *s, int64_t *before)
{
    int64_t all = 0;
    for (int i = 0; i < q->list.count; i++) {
        const Site *other = q->list.items[i];
        if (other == s) *before = all;
        if (same_weights(other, s)) all += uses_of(other);
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

/* What one piece of the output fetches of the next weights. */
typedef struct Slice {
    int depth;      /* of the loops at whose steps it fetches */
    int64_t places; /* such steps in one use */
    int64_t share;  /* lines at each */
    int64_t before; /* lines that earlier pieces fetch */
} Slice;

/* `lines` spread over the outermost loops inside a use that have enough iterations; the last piece
 * fetches what rounding has left. */
static Slice spread(const Site *s, int64_t lines, bool last)
{
    Slice slice = {.depth = s->count};
    int64_t uses = uses_of(s);
    while (slice.depth > s->inner && uses * trips_of(s, s->inner, slice.depth) > lines)
        slice.depth--;
    slice.places = trips_of(s, s->inner, slice.depth);
    int64_t all = uses * slice.places;
    if (all <= lines) slice.share = (lines + (last ? all - 1 : all / 2)) / all;
    return slice;
}

/* Each piece fetches in proportion to its work, so that memory is asked for evenly. */
static Slice slice_of(const Sites *q, const Site *s, int64_t lines)
{
    double work = 0;
    int64_t before = 0;
    for (int i = 0; i < q->list.count; i++)
        if (same_weights(q->list.items[i], s)) work += work_in(q->list.items[i]);
    for (int i = 0;; i++) {
        const Site *other = q->list.items[i];
        if (!same_weights(other, s)) continue;
        double left = (double)(lines - before), mine = work_in(other);
        Slice slice = spread(other, (int64_t)(left * mine / work), mine == work);
        slice.before = before;
        if (other == s) return slice;
        before = min64(lines, before + slice.share * slice.places * uses_of(other));
        work -= mine;
    }
}

/* A kernel that begins with more weights than one group of this one has: so many lines more than
 * its own with each group, until the last has fetched all that the next kernel begins with. */
static int64_t extra_lines(const Sites *q, const Site *s, int64_t lines)
{
    int64_t groups = 1;
    for (int k = 0; k < s->reuse; k++) {
        if (s->loops[k]->from || !s->step[k]) return 0;
        groups *= loop_trips(s->loops[k]);
    }
    for (int i = 0; i < q->list.count; i++)
        if (same_group(q->list.items[i], s) && !same_weights(q->list.items[i], s)) return 0;
    return ceil_div(max64(0, q->after / CACHE_LINE - lines), groups);
}

static void fetch_slices(Sites *q, const Site *s, int64_t size)
{
    Pool *p = q->p->pool;
    int64_t lines = ceil_div(group_bytes(s), CACHE_LINE), extra = extra_lines(q, s, lines);
    Slice slice = slice_of(q, s, lines + extra);
    if (slice.share == 0 || slice.depth == 0) return;
    Expr *place = ex_add(p, ex_mul(p, position(p, s, s->reuse, s->inner), ex_int(p, slice.places)),
                         position(p, s, s->inner, slice.depth));
    Expr *line = ex_add(p, ex_mul(p, place, ex_int(p, slice.share)), ex_int(p, slice.before));
    line = ex_add(p, line, ex_mul(p, position(p, s, 0, s->reuse), ex_int(p, extra)));
    insert(q, s, slice.depth, s->point->buffer,
           ex_add(p, next_start(q, s), ex_mul(p, line, ex_int(p, CACHE_LINE / size))), slice.share);
}

/* Weights with holes between the steps: each use fetches its share of every step's. */
static void fetch_shares(Sites *q, const Site *s, int64_t size, int64_t before, int64_t all)
{
    Pool *p = q->p->pool;
    int64_t share = ceil_div(ceil_div(s->span * size, CACHE_LINE), all);
    Expr *use = ex_add(p, position(p, s, s->reuse, s->inner), ex_int(p, before));
    Expr *step = ex_sub(p, ex_add(p, s->point->offset, ex_int(p, s->first)), s->start);
    insert(q, s, s->count, s->point->buffer,
           ex_add(p, ex_add(p, next_start(q, s), step),
                  ex_mul(p, use, ex_int(p, share * (CACHE_LINE / size)))),
           share);
}

static void fetch_ahead(Sites *q, const Site *s, int64_t size)
{
    Pool *p = q->p->pool;
    insert(q, s, s->count, s->point->buffer,
           ex_add(p, s->point->offset, ex_int(p, s->first + AHEAD / size)),
           ceil_div(s->span * size, CACHE_LINE));
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
    int64_t bytes = group_bytes(s), all = uses(q, s, &before);
    if (bytes < LEAST_CHUNK) return;
    if (all == 1 || bytes > q->p->target->l2_bytes / 4 * 3)
        fetch_ahead(q, s, size);
    else if (!has_holes(s))
        fetch_slices(q, s, size);
    else if (all <= s->span * size / CACHE_LINE)
        fetch_shares(q, s, size, before, all);
}

/* ---- bands: weights that are read once in each step, before they are used ---- */

/* What one step of a band reads of a weight, in fetches that no pointer stands for. */
typedef struct Stream {
    Pool *p;
    const Stmt *band;
    const Buffer *buffer;
    Expr *start;           /* of what this step reads */
    int64_t step, span;    /* to the next step's; elements */
    Var *vars[MOST_LOOPS]; /* of the loops inside the band */
    Expr *first[MOST_LOOPS];
    int count;
} Stream;

static void find_fetch(Expr *e, void *context)
{
    Stream *s = context;
    int64_t step;
    if (e->kind != EX_FETCH || !buffer_is_weight(buffer_root(e->buffer, NULL)) ||
        (s->buffer && e->buffer != s->buffer) ||
        !ex_coefficient(s->p, e->args[0], s->band->var, &step) || step <= 0)
        return;
    Expr *start = ex_substitute(s->p, e->args[0], s->vars, s->first, s->count);
    if (!s->buffer || ex_range(ex_sub(s->p, start, s->start)).hi < 0) s->start = start;
    s->buffer = e->buffer;
    s->step = step;
    Range r = ex_range(ex_sub(s->p, e->args[0], s->start));
    if (r.hi < INT32_MAX) s->span = max64(s->span, r.hi + e->lanes);
}

static void find_stream(Stream *s, const Stmt *stmt)
{
    for (; stmt && s->count < MOST_LOOPS; stmt = stmt->next) {
        if (stmt->value) ex_visit(stmt->value, find_fetch, s);
        if (stmt->kind != ST_LOOP) continue;
        s->vars[s->count] = stmt->var;
        s->first[s->count++] = ex_int(s->p, stmt->var->lo);
        find_stream(s, stmt->body);
        s->count--;
    }
}

/* The loops inside the band, `from` on, around the pointers that most iterations set. */
static void find_busiest(Stmt *stmt, Site *here, int from, Site *busiest)
{
    for (; stmt; stmt = stmt->next) {
        here->point = stmt;
        if (stmt->kind == ST_POINT &&
            (!busiest->point ||
             trips_of(here, from, here->count) > trips_of(busiest, from, busiest->count)))
            *busiest = *here;
        if (stmt->kind == ST_LOOP && here->count < MOST_LOOPS) {
            here->loops[here->count++] = stmt;
            find_busiest(stmt->body, here, from, busiest);
            here->count--;
        }
    }
}

/* While the products of one step are computed, the weights that `reader` reads are fetched for the
 * next. */
static void fetch_band(Sites *q, Stmt *band, const Stmt *reader)
{
    Pool *p = q->p->pool;
    Stmt only = *reader, *product = reader->next;
    only.next = NULL;
    Stream s = {.p = p, .band = band};
    Site here = {.loops = {band}, .count = 1}, busiest = {0};
    find_stream(&s, &only);
    find_busiest(product, &here, 1, &busiest);
    if (!s.buffer || !busiest.point) return;
    int64_t size = (int64_t)buffer_offset_bytes(s.buffer, 1),
            lines = ceil_div(s.span * size, CACHE_LINE);
    int depth = busiest.count;
    while (depth > 1 && trips_of(&busiest, 1, depth) > lines) depth--;
    if (lines * CACHE_LINE < LEAST_CHUNK || depth == 1) return;
    int64_t share = ceil_div(lines, trips_of(&busiest, 1, depth));
    Expr *at = ex_mul(p, position(p, &busiest, 1, depth), ex_int(p, share * (CACHE_LINE / size)));
    insert(q, &busiest, depth, s.buffer, ex_add(p, ex_add(p, s.start, ex_int(p, s.step)), at),
           share);
}

static void find_bands(Sites *q, Stmt *stmt)
{
    for (; stmt; stmt = stmt->next) {
        if (stmt->kind != ST_LOOP && stmt->kind != ST_IF) continue;
        if (stmt->kind == ST_LOOP && stmt->body->kind == ST_LOOP && stmt->body->next)
            fetch_band(q, stmt, stmt->body);
        find_bands(q, stmt->body);
    }
}

/* ---- all kernels ---- */

void prefetch(Program *p)
{
    if (p->target->lanes == 1) return;
    for (int k = 0; k < p->kernels.count; k++) prefetch_inputs(p, p->kernels.items[k]);
    if (program_constant_bytes(p) <= p->target->l2_bytes) return;
    int64_t after = 0;
    for (int k = p->kernels.count - 1; k >= 0; k--) {
        Sites q = {.p = p, .arena = arena_new(), .after = after};
        Site here = {0};
        find_sites(&q, p->kernels.items[k]->body, &here);
        for (int i = 0; i < q.list.count; i++) find_group(&q, q.list.items[i]);
        join_spans(&q);
        for (int i = 0; i < q.list.count; i++) fetch(&q, q.list.items[i]);
        if (q.list.count) after = min64(group_bytes(q.list.items[0]), p->target->l2_bytes / 4);
        find_bands(&q, p->kernels.items[k]->body);
        arena_free(q.arena);
    }
}
