/*
 * Parallel: the outermost independent loops of kernels with enough work are shared out among
 * threads. Every element is still computed by one thread in one order, so results do not depend on
 * the number of threads.
 */
#include "program.h"

enum {
    LEAST_WORK = 20000, /* vector operations, roughly: some microseconds, against half a one for
                           starting the threads */
    CHUNKS =
        8, /* for each thread: small ones let the others take over from a thread that is held up */
};

/* Statements that a run of these executes; saturates. */
static double work(const Stmt *s)
{
    double sum = 0;
    for (; s; s = s->next)
        sum += s->kind == ST_LOOP ? (double)loop_trips(s) * work(s->body) : 1 + work(s->body);
    return sum;
}

static bool only_loop(const Stmt *s)
{
    return s && !s->next && s->kind == ST_LOOP && s->independent;
}

static void share_out(Stmt *loop, int threads)
{
    int64_t all = loop_trips(loop);
    loop->collapse = 1;
    for (Stmt *s = loop->body; all < (int64_t)threads * CHUNKS && only_loop(s); s = s->body) {
        all *= loop_trips(s);
        loop->collapse++;
    }
    if (all < 2) return;
    loop->loop = LOOP_PARALLEL;
    loop->chunk = max64(1, all / ((int64_t)threads * CHUNKS));
}

/* The outermost independent loop with work for several threads; those inside one that is shared out
 * stay as they are. */
static void visit(Stmt *s, int threads)
{
    for (; s; s = s->next) {
        if (s->kind != ST_LOOP || !s->independent ||
            (double)loop_trips(s) * work(s->body) < LEAST_WORK)
            continue;
        if (loop_trips(s) > 1)
            share_out(s, threads);
        else
            visit(s->body, threads);
    }
}

void parallel(Program *p)
{
    if (p->threads < 2) return;
    for (int k = 0; k < p->kernels.count; k++) visit(p->kernels.items[k]->body, p->threads);
}
