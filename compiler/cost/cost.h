/*
 * The cost model: how many cycles of one core a kernel takes on a target, counted from its
 * statements, before anything is compiled or run. It explains what the schedules chose, by rules
 * of their own: --emit schedule prints it, reports show it, and `netc bench --profile` sets it
 * beside the measurement.
 *
 * Arithmetic: of each straight run of statements the busiest of the arithmetic ports, the load and
 * store ports, the decoder and the longest chain of updates of one register counts; loops multiply.
 * For a contraction's register tile of R rows by B vectors that is steps * max(R*B/2, (R+B)/2) with
 * two ports each, and its epilogue. Memory: the distinct bytes that each loop touches decide which
 * of its data stay in which cache; what does not stay moves again. Moves overlap with arithmetic,
 * so the slowest of them all is the bound.
 */
#ifndef NETC_COST_H
#define NETC_COST_H

#include "program.h"

/* Where bytes move to: the first-level cache from the second, the second from the third, the third
 * from memory. */
enum { MOVE_L2, MOVE_L3, MOVE_MEMORY, MOVES };

typedef enum CostBound {
    BOUND_ARITHMETIC, /* ports of multiply-adds, shuffles and the like */
    BOUND_LOADS,
    BOUND_STORES,
    BOUND_DECODER, /* instructions in a cycle */
    BOUND_LATENCY, /* one result waits for another */
    BOUND_L2,
    BOUND_L3,
    BOUND_MEMORY,
    BOUNDS,
} CostBound;

typedef struct Cost {
    double multiply_adds; /* vector ones, executed */
    double operations;    /* all vector arithmetic, in multiply-adds' time */
    double loads, stores; /* vector ones */
    double spent[BOUNDS]; /* cycles if nothing but this held it up */
    double overhead;      /* cycles of starting and leaving loops */
    double bytes[MOVES];  /* moved */
    double compute;       /* cycles of everything but memory */
    bool prefetches;      /* what it needs next is on the way while it works */
    double cycles;        /* of the kernel */
    CostBound bound;      /* what holds it up most */
} Cost;

/* `resident`: the bytes that a run of the whole network touches, which say where this kernel's data
 * lie when it begins: in the second cache, the third, or weights in memory. The pool is for index
 * arithmetic. */
Cost cost_of(Pool *pool, const Kernel *k, const Target *t, double resident);
/* Weights and workspace of a planned program. */
double cost_resident(const Program *p);
const char *cost_bound_name(CostBound bound);

/* --emit schedule: what was chosen for each kernel, what that costs and why. */
void print_schedule(const Program *p, Text *out);

/* ---- traffic.c: the part of it that is about memory ---- */

typedef struct Traffic Traffic;
/* Collects the accesses of a kernel: loops are entered and left as they nest. */
Traffic *traffic_new(Arena *arena, Pool *pool);
void traffic_enter(Traffic *t, const Var *v, double trips);
void traffic_leave(Traffic *t);
/* `count` elements, `apart` from one another, from offset on. The buffer may be a local one that
 * traffic_point has set. */
void traffic_access(Traffic *t, const Buffer *b, Expr *offset, int64_t count, int64_t apart,
                    bool store);
void traffic_point(Traffic *t, const Buffer *local, const Buffer *b, Expr *offset);
/* Which accesses are counted: of constants, of other buffers by what is done to them. */
typedef enum TrafficOf { OF_CONSTANTS, OF_READ, OF_WRITTEN, OF_ALL } TrafficOf;
/* The distinct bytes that are touched. */
double traffic_touched(const Traffic *t, TrafficOf of);
/* The bytes that move into a cache of `capacity`. */
double traffic_moves(const Traffic *t, double capacity, TrafficOf of);

#endif
