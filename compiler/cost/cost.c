/*
 * Counting a kernel's statements into cycles (cost.h). Straight runs of statements are counted with
 * their common subexpressions once, as the C compiler will compute them; loops that are unrolled
 * multiply what depends on their variable.
 */
#include "cost.h"

#include "calls.h"

#include <math.h>
#include <stdlib.h>

/* What a straight run of statements asks of the core. */
typedef struct Block {
    double multiply_adds, operations, shuffles, loads, stores, instructions, chain;
} Block;

enum { SLOTS = 1 << 12, MOST_UNROLLED = 8 };

typedef struct Seen {
    const Expr *e;
    int run;
    double times;
} Seen;

typedef struct Counter {
    const Target *t;
    Traffic *traffic;
    Cost *cost;
    double trips; /* of the loops around */
    int run;      /* number of the straight run being counted */
    Block block;
    const Stmt *unrolled[MOST_UNROLLED]; /* loops of the run */
    int unrolled_count;
    const Buffer *moving[64]; /* local pointers set inside unrolled loops */
    int moving_count;
    Seen seen[SLOTS];
} Counter;

/* ---- expressions ---- */

/* In multiply-adds' time on a vector: polynomials for the functions, as the runtime has them. */
static double unary_price(const Target *t, const Expr *e)
{
    static const double prices[UN_COUNT] = {
        [UN_EXP] = 12,     [UN_LOG] = 18,   [UN_SQRT] = 12, [UN_TANH] = 24, [UN_ERF] = 24,
        [UN_SIGMOID] = 22, [UN_SIN] = 40,   [UN_COS] = 40,  [UN_TAN] = 60,  [UN_ASIN] = 40,
        [UN_ACOS] = 40,    [UN_ATAN] = 40,  [UN_SINH] = 40, [UN_COSH] = 40, [UN_ASINH] = 60,
        [UN_ACOSH] = 60,   [UN_ATANH] = 60,
    };
    double price = prices[e->op] > 0 ? prices[e->op] : 1;
    return e->lanes == 1 && t->lanes > 1 && price > 1 ? 2 * price : price; /* the C library's */
}

static double binary_price(const Target *t, const Expr *e)
{
    switch (e->op) {
    case BI_DIV: return t->division * e->lanes / (t->lanes > 0 ? t->lanes : 1) + 1;
    case BI_POW: return 60;
    case BI_ATAN2: return 60;
    case BI_FLOORDIV:
    case BI_FLOORMOD:
    case BI_TRUNCMOD: return 12;
    default: return 1;
    }
}

static double price_of(const Target *t, const Expr *e)
{
    switch (e->kind) {
    case EX_UNARY: return unary_price(t, e);
    case EX_BINARY: return binary_price(t, e);
    case EX_FMA: return t->fused ? 1 : 2;
    case EX_SELECT:
    case EX_CAST: return 1;
    default: return 0;
    }
}

/* Instructions for one vector in memory: 1, or an element at a time. */
static double pieces(int lanes, int64_t stride, int64_t count)
{
    return lanes > 1 && stride != 1 ? (double)count : 1;
}

static void count_fetch(Counter *c, const Expr *e, double times)
{
    Block *b = &c->block;
    double n = pieces(e->lanes, e->i, e->op) * times;
    b->loads += n;
    b->instructions += n;
    if (n > times) b->shuffles += n;
    if (e->dtype != e->buffer->dtype) b->shuffles += times, b->instructions += times; /* widened */
    if (e->lanes > 1 && e->op < e->lanes && e->i == 1) b->shuffles += times; /* a mask */
    traffic_access(c->traffic, e->buffer, e->args[0], e->op, e->i, false);
}

static void count_operation(Counter *c, const Expr *e, double times)
{
    Block *b = &c->block;
    double price = price_of(c->t, e) * times;
    b->operations += price;
    b->instructions += price;
    if (e->kind == EX_FMA) b->multiply_adds += times;
    if (e->kind == EX_SPLAT && e->args[0]->kind != EX_FETCH && e->args[0]->kind != EX_CONST)
        b->shuffles += times;
    if (e->kind == EX_ACROSS) {
        double steps = log2(e->args[0]->lanes);
        b->shuffles += steps * times;
        b->operations += steps * times;
        b->chain += 2 * steps * c->t->latency;
    }
    if (e->kind == EX_SUMS) { /* vectors are added in pairs, each shuffled */
        double pairs = e->lanes - 1;
        b->shuffles += 2 * pairs * times;
        b->operations += pairs * times;
        b->instructions += 3 * pairs * times;
    }
}

static Seen *seen_slot(Counter *c, const Expr *e)
{
    unsigned slot = (unsigned)e->id * 2654435761u >> 20;
    for (int tries = 0; tries < 16; tries++, slot = (slot + 1) % SLOTS)
        if (c->seen[slot].run != c->run || c->seen[slot].e == e) return &c->seen[slot];
    return &c->seen[slot]; /* crowded: what was there may be counted twice */
}

/* How often the unrolled loops repeat e itself. */
static double repeats(const Counter *c, const Expr *e)
{
    double times = 1;
    bool moving = false;
    for (int i = 0; e->kind == EX_FETCH && i < c->moving_count; i++)
        moving |= c->moving[i] == e->buffer;
    for (int i = 0; i < c->unrolled_count; i++)
        if (moving || e->kind == EX_REG || ex_uses_var(e, c->unrolled[i]->var))
            times *= (double)loop_trips(c->unrolled[i]);
    return times;
}

/* Index arithmetic is free, but for what it loads. Returns how often e is computed in the run. */
static double count_expr(Counter *c, const Expr *e, bool index)
{
    if (e->kind == EX_CONST || e->kind == EX_VAR) return 1;
    if (e->kind == EX_REG) return repeats(c, e);
    Seen *s = seen_slot(c, e);
    if (s->run == c->run && s->e == e) return s->times;
    double times = repeats(c, e);
    for (int i = 0; i < e->arg_count; i++) {
        double inner = count_expr(c, e->args[i], index || e->kind == EX_FETCH);
        times = fmax(times, e->kind == EX_FETCH ? 1 : inner);
    }
    *s = (Seen){e, c->run, times};
    if (e->kind == EX_FETCH)
        count_fetch(c, e, times);
    else if (!index)
        count_operation(c, e, times);
    return times;
}

/* ---- statements ---- */

static double unrolled_times(const Counter *c)
{
    double times = 1;
    for (int i = 0; i < c->unrolled_count; i++) times *= (double)loop_trips(c->unrolled[i]);
    return times;
}

/* reg = f(reg, ...): the next update waits for this one. */
static bool updates(const Stmt *s)
{
    const Expr *e = s->value;
    for (int i = 0; i < e->arg_count; i++)
        if (e->args[i]->kind == EX_REG && e->args[i]->reg == s->reg) return true;
    return false;
}

static void count_store(Counter *c, const Stmt *s)
{
    double times = unrolled_times(c);
    double n = pieces(s->value->lanes, s->stride, s->count) * times;
    c->block.stores += n;
    c->block.instructions += n;
    if (n > times) c->block.shuffles += n;
    int64_t count = s->value->lanes > 1 ? s->count : 1;
    traffic_access(c->traffic, s->buffer, s->offset, count, s->stride, true);
    count_expr(c, s->offset, true);
}

static void count_zero(Counter *c, const Stmt *s)
{
    enum { CALL = 12 };
    double vector = 4.0 * c->t->lanes,
           bytes = (double)s->count * (double)dtype_bytes(s->buffer->dtype, 1);
    c->block.stores += ceil(bytes / vector) * unrolled_times(c);
    c->block.instructions += CALL * unrolled_times(c);
    traffic_access(c->traffic, s->buffer, s->offset, s->count, 1, true);
}

static void count_list(Counter *c, const Stmt *first);

static void count_unrolled(Counter *c, const Stmt *s)
{
    bool room = c->unrolled_count < MOST_UNROLLED;
    if (room) c->unrolled[c->unrolled_count++] = s;
    traffic_enter(c->traffic, s->var, (double)loop_trips(s));
    double trips = c->trips;
    c->trips *= (double)loop_trips(s);
    count_list(c, s->body);
    c->trips = trips;
    traffic_leave(c->traffic);
    if (room) c->unrolled_count--;
}

static bool has_loop(const Stmt *s)
{
    for (; s; s = s->next)
        if ((s->kind == ST_LOOP && s->loop != LOOP_UNROLLED) || has_loop(s->body)) return true;
    return false;
}

static void close_block(Counter *c, const Block *outer);

/* How often the body of a loop is run each time that the loop is come to. */
static double turns(const Stmt *loop)
{
    return (double)loop_trips(loop) / (loop->recurs ? (double)loop->parts : 1);
}

/* A loop that stays one: its body is a run of its own. */
static void count_loop(Counter *c, const Stmt *s)
{
    enum { CONTROL = 2 }; /* instructions to count and to jump */
    double trips = turns(s), before = c->trips, mispredicted = trips > 30 ? 16 : 2;
    Block outer = c->block;
    traffic_enter(c->traffic, s->var, trips);
    c->block = (Block){.instructions = CONTROL};
    c->run++;
    c->cost->overhead += before * mispredicted;
    c->trips = before * trips;
    count_list(c, s->body);
    close_block(c, &outer);
    c->trips = before;
    c->run++; /* what was seen before the loop is not seen any more */
    traffic_leave(c->traffic);
}

static void count_statement(Counter *c, const Stmt *s)
{
    switch (s->kind) {
    case ST_LOOP:
        if (s->loop == LOOP_UNROLLED && !has_loop(s->body))
            count_unrolled(c, s);
        else
            count_loop(c, s);
        break;
    case ST_SET:
        count_expr(c, s->value, false);
        if (updates(s)) c->block.chain = fmax(c->block.chain, c->t->latency * unrolled_times(c));
        break;
    case ST_STORE:
        count_expr(c, s->value, false);
        count_store(c, s);
        break;
    case ST_IF:
        count_expr(c, s->value, false);
        c->block.instructions += 2;
        count_list(c, s->body);
        break;
    case ST_POINT:
        c->block.instructions += unrolled_times(c);
        traffic_point(c->traffic, s->alias, s->buffer, s->offset);
        if (c->unrolled_count && c->moving_count < (int)COUNT(c->moving))
            c->moving[c->moving_count++] = s->alias;
        break;
    case ST_PIN: break;
    case ST_PREFETCH:
        c->cost->prefetches = true;
        c->block.loads += (double)s->count * unrolled_times(c);
        c->block.instructions += (double)s->count * unrolled_times(c);
        break;
    case ST_ZERO: count_zero(c, s); break;
    case ST_CALL: /* roughly: the data say how many steps it takes */
        c->block.instructions += (double)call_cost(s->call) / 4;
        break;
    }
}

static void count_list(Counter *c, const Stmt *first)
{
    for (const Stmt *s = first; s; s = s->next) count_statement(c, s);
}

/* ---- from counts to cycles ---- */

/* The run that was counted takes its busiest part's time, as often as the loops around say. */
static void close_block(Counter *c, const Block *outer)
{
    const Target *t = c->t;
    const Block *b = &c->block;
    const double parts[] = {
        [BOUND_ARITHMETIC] = fmax((b->operations + b->shuffles) / t->arithmetic_ports, b->shuffles),
        [BOUND_LOADS] = b->loads / t->load_ports,
        [BOUND_STORES] = b->stores / t->store_ports,
        [BOUND_DECODER] = b->instructions / t->decode,
        [BOUND_LATENCY] = b->chain,
    };
    double longest = 0;
    for (size_t i = 0; i < COUNT(parts); i++) {
        longest = fmax(longest, parts[i]);
        c->cost->spent[i] += parts[i] * c->trips;
    }
    c->cost->compute += longest * c->trips;
    c->cost->multiply_adds += b->multiply_adds * c->trips;
    c->cost->operations += b->operations * c->trips;
    c->cost->loads += b->loads * c->trips;
    c->cost->stores += b->stores * c->trips;
    if (outer) c->block = *outer;
}

/* Bytes that move into a cache of `capacity`. When all that a run of the network touches fits, it
 * is still there from the last one. Else constants and the places of results come from further out;
 * inputs are there when other kernels have just written them and they are few. */
static double moved(const Counter *c, double capacity, double resident)
{
    double bytes = 0, read = traffic_touched(c->traffic, OF_READ);
    if (resident > capacity) {
        bytes += traffic_moves(c->traffic, capacity, OF_CONSTANTS);
        bytes += traffic_moves(c->traffic, capacity, OF_WRITTEN);
    }
    if (read > capacity || (resident > capacity && read > capacity / 4))
        bytes += traffic_moves(c->traffic, capacity, OF_READ);
    return bytes;
}

static void count_memory(Counter *c, double resident)
{
    const Target *t = c->t;
    Cost *cost = c->cost;
    const double capacity[MOVES] = {(double)t->l1_bytes, (double)t->l2_bytes, (double)t->l3_bytes};
    for (int m = 0; m < MOVES; m++) {
        cost->bytes[m] = moved(c, capacity[m], resident);
        cost->spent[BOUND_L2 + m] = cost->bytes[m] / t->rate[m];
    }
}

/* Arithmetic goes on while data move, but not all of it: what is not prefetched, by the machine or
 * by the kernel, comes on top. */
static double total(Cost *cost)
{
    static const double by_machine[MOVES] = {0.3, 0.5, 1}, by_kernel[MOVES] = {0.3, 0.2, 0.2};
    const double *exposed = cost->prefetches ? by_kernel : by_machine;
    double sum = cost->compute, longest = cost->compute;
    for (int b = 0; b < BOUND_L2; b++)
        if (cost->spent[b] > cost->spent[cost->bound]) cost->bound = (CostBound)b;
    for (int m = 0; m < MOVES; m++) {
        double cycles = cost->spent[BOUND_L2 + m];
        sum += exposed[m] * cycles;
        if (cycles > longest) longest = cycles, cost->bound = (CostBound)(BOUND_L2 + m);
    }
    return fmax(sum, longest);
}

Cost cost_of(Pool *pool, const Kernel *k, const Target *t, double resident)
{
    Cost cost = {0};
    Arena *arena = arena_new();
    Counter *c = NEW(arena, Counter);
    c->t = t;
    c->cost = &cost;
    c->traffic = traffic_new(arena, pool);
    c->trips = 1;
    c->run = 1;
    count_list(c, k->body);
    close_block(c, NULL);
    count_memory(c, resident);
    arena_free(arena);
    cost.compute += cost.overhead;
    cost.cycles = total(&cost);
    return cost;
}

double cost_resident(const Program *p)
{
    return (double)p->weight_bytes + (double)p->workspace_bytes;
}

const char *cost_bound_name(CostBound bound)
{
    static const char *const names[BOUNDS] = {"arithmetic", "loads", "stores", "decoder",
                                              "latency",    "L2",    "L3",     "memory"};
    return names[bound];
}
