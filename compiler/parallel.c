/*
 * Parallel: kernels with enough work are cut into parts along one dimension of their output, for
 * threads to take (runtime/netc_threads.h). The dimension is chosen so that the shares are even and
 * a thread finds most of what it reads where it wrote it itself: fetching a line that another core
 * has written costs more than one from the shared cache. Every element is still computed by one
 * thread in one order, so results do not depend on the number of threads.
 */
#include "cost.h"
#include "form.h"

enum {
    LEAST_CYCLES = 4000, /* for less, sharing is not worth while */
    MEETING = 800,       /* cycles until all threads know that a kernel is done */
    START = 40000,  /* cycles for starting and waiting for them: no run that gains less is shared */
    MOST_PARTS = 8, /* for each thread: then the others can take over from one that is held up */
};

typedef struct Parallel {
    Program *p;
    Arena *arena;
    double resident; /* bytes that a run touches, roughly */
} Parallel;

/* ---- the loops along a dimension ---- */

/* Statements that a run of this one executes. */
static double work(const Stmt *s)
{
    double sum = 0;
    for (const Stmt *inner = s->body; inner; inner = inner->next) sum += work(inner);
    return s->kind == ST_LOOP ? (double)loop_trips(s) * sum : 1 + sum;
}

static bool writes(const Stmt *s)
{
    if (s->kind == ST_STORE || s->kind == ST_ZERO || s->kind == ST_CALL) return true;
    for (const Stmt *inner = s->body; inner; inner = inner->next)
        if (writes(inner)) return true;
    return false;
}

static bool walks(const Stmt *s, int dim)
{
    return s->kind == ST_LOOP && s->independent && s->dim == dim + 1;
}

/* Is there a loop along the dimension in it, with none around but those whose iterations may run in
 * any order? */
static bool has_walk(const Stmt *s, int dim)
{
    if (walks(s, dim)) return true;
    if (s->kind == ST_LOOP && !s->independent) return false;
    for (const Stmt *inner = s->body; inner; inner = inner->next)
        if (has_walk(inner, dim)) return true;
    return false;
}

static int64_t longest_walk(const Stmt *s, int dim)
{
    int64_t most = 0;
    for (; s; s = s->next)
        most = max64(most, walks(s, dim) ? loop_trips(s) : longest_walk(s->body, dim));
    return most;
}

/* The work of each part: of a loop along the dimension its share; what stands before such loops
 * belongs to the first part, what stands behind to the last. */
static void add_work(const Stmt *s, int dim, double times, int parts, double *sums)
{
    bool passed = false;
    for (; s; s = s->next) {
        int64_t trips = s->kind == ST_LOOP ? loop_trips(s) : 1;
        if (walks(s, dim)) {
            for (int k = 0; k < parts; k++)
                sums[k] += times * work(s) / (double)trips *
                           (double)(ceil_div((k + 1) * trips, parts) - ceil_div(k * trips, parts));
        } else if (has_walk(s, dim)) {
            add_work(s->body, dim, times * (double)trips, parts, sums);
        } else {
            sums[passed ? parts - 1 : 0] += times * work(s);
        }
        passed |= has_walk(s, dim);
    }
}

/* ---- can it be cut there? ---- */

typedef struct Use {
    const Reg *reg;
    const Buffer *alias;
    bool found;
} Use;

static void find_use(Expr *e, void *context)
{
    Use *use = context;
    use->found |= (e->kind == EX_REG && e->reg == use->reg) ||
                  (e->kind == EX_FETCH && e->buffer == use->alias);
}

static void look_for_use(const Stmt *s, Use *use)
{
    if (s->value) ex_visit(s->value, find_use, use);
    if (s->offset) ex_visit(s->offset, find_use, use);
    for (const Stmt *inner = s->body; inner; inner = inner->next) look_for_use(inner, use);
}

/* Does anything from `rest` on use what s sets? */
static bool is_used(const Stmt *s, const Stmt *rest)
{
    Use use = {.reg = s->kind == ST_SET ? s->reg : NULL,
               .alias = s->kind == ST_POINT ? s->alias : NULL};
    for (; rest && (use.reg || use.alias); rest = rest->next) look_for_use(rest, &use);
    for (const Stmt *inner = s->body; inner && !use.found; inner = inner->next)
        use.found = inner->kind == ST_SET && !inner->declares && is_used(inner, rest);
    return use.found;
}

/* The end of the statements from s on among which there is no loop along the dimension. */
static Stmt **run_end(Stmt **s, int dim, bool *write)
{
    for (*write = false; *s && !has_walk(*s, dim); s = &(*s)->next) *write |= writes(*s);
    return s;
}

/* Every store is under a loop along the dimension, or can be left to one part: nothing else uses
 * what is set beside it. */
static bool can_cut(Stmt *list, int dim)
{
    bool walk = false, write;
    for (Stmt *s = list; s;) {
        const Stmt *end = *run_end(&s, dim, &write);
        for (; s != end; s = s->next)
            if (write && is_used(s, end)) return false;
        if (!s) break;
        walk = true;
        if (!walks(s, dim) && !can_cut(s->body, dim)) return false;
        s = s->next;
    }
    return walk;
}

/* ---- cutting ---- */

typedef struct Cut {
    Program *p;
    Var *part; /* its range: the parts */
    int dim;
} Cut;

/* Where part `k` begins: k * trips / parts iterations, rounded up, from the first: the last part is
 * more often the one with something left over behind the loop. */
static Expr *part_bound(const Cut *c, const Stmt *loop, Expr *k)
{
    Pool *p = c->p->pool;
    int64_t trips = loop_trips(loop), parts = c->part->hi;
    Expr *first =
        trips % parts == 0
            ? ex_mul(p, k, ex_int(p, trips / parts))
            : ex_floordiv(p, ex_add(p, ex_mul(p, k, ex_int(p, trips)), ex_int(p, parts - 1)),
                          ex_int(p, parts));
    return ex_add(p, ex_mul(p, first, ex_int(p, loop->step)), ex_int(p, loop->var->lo));
}

static void cut_loop(const Cut *c, Stmt *loop)
{
    Pool *p = c->p->pool;
    Expr *part = ex_var(p, c->part);
    loop->from = part_bound(c, loop, part);
    loop->parts = c->part->hi;
    loop->to = part_bound(c, loop, ex_add(p, part, ex_int(p, 1)));
}

/* The statements from *at up to *end become those of one part; returns what follows. */
static Stmt **leave_to(const Cut *c, Stmt **at, Stmt **end, int64_t part)
{
    Pool *p = c->p->pool;
    Stmt *only = NEW(c->p->arena, Stmt);
    *only = (Stmt){.kind = ST_IF, .body = *at, .next = *end};
    only->value = ex_eq(p, ex_var(p, c->part), ex_int(p, part));
    *end = NULL;
    *at = only;
    return &only->next;
}

static void cut_list(const Cut *c, Stmt **at)
{
    bool passed = false, write;
    while (*at) {
        Stmt **end = run_end(at, c->dim, &write);
        at = write ? leave_to(c, at, end, passed ? c->part->hi - 1 : 0) : end;
        if (!*at) break;
        passed = true;
        if (walks(*at, c->dim))
            cut_loop(c, *at);
        else
            cut_list(c, &(*at)->body);
        at = &(*at)->next;
    }
}

/* ---- choosing the dimension ---- */

typedef struct Choice {
    int dim, parts;
    double cycles; /* of the thread that has most to do */
} Choice;

/* What one thread does at most, as a share of all. */
static double largest_share(const Parallel *q, const Kernel *k, const Choice *c)
{
    double *sums = NEW_ARRAY(q->arena, double, c->parts), all = 0, most = 0;
    int threads = q->p->threads, each = c->parts / threads;
    add_work(k->body, c->dim, 1, c->parts, sums);
    for (int t = 0; t < threads; t++) {
        double mine = 0;
        for (int i = 0; i < each; i++) mine += sums[t * each + i];
        all += mine;
        if (mine > most) most = mine;
    }
    return all > 0 ? most / all : 1;
}

/* Are there loops around those along the dimension? */
static bool is_nested(const Stmt *list, int dim)
{
    for (const Stmt *s = list; s; s = s->next)
        if (has_walk(s, dim) && !walks(s, dim)) return true;
    return false;
}

/* Cycles for what one thread fetches of a tensor: constants from where they lie, the rest from
 * other cores, but for what this one has written itself. Parts inside other loops fetch what they
 * have in common again for each. */
static double fetching(const Parallel *q, const Expr *load, const Var *v, int parts, bool nested)
{
    const double overlapped = 0.25, across = 0.4; /* exposed; of the shared cache's rate */
    const Target *t = q->p->target;
    const Buffer *root = buffer_root(load->tensor->buffer, NULL);
    double bytes = (double)buffer_offset_bytes(root, tensor_elements(load->tensor));
    double threads = q->p->threads, cycles = 0;
    bool uses = form_load_uses(load, v), work = root->kind == BUFFER_WORK;
    bool own = root->shared_dim && load->tensor->rank == root->layout.rank &&
               form_index_uses(load, root->shared_dim - 1, v);
    double mine = uses ? bytes / threads : bytes;
    if (work && !own) cycles = mine * (threads - 1) / threads / (across * t->rate[1]);
    if (!work && q->resident > (double)t->l2_bytes)
        cycles = overlapped * mine / t->rate[q->resident > (double)t->l3_bytes ? 2 : 1];
    if (!uses && nested)
        cycles += overlapped * bytes * (parts / threads - 1) / t->rate[bytes > (double)t->l2_bytes];
    return cycles;
}

static double fetching_all(const Parallel *q, const Kernel *k, const Form *form, const Choice *c)
{
    double cycles = 0;
    bool nested = is_nested(k->body, c->dim);
    for (int s = 0; s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        bool known = !load->tensor->buffer;
        for (int i = 0; i < s; i++) known |= form->sites.items[i].load->tensor == load->tensor;
        if (!known) cycles += fetching(q, load, k->definition->index[c->dim], c->parts, nested);
    }
    return cycles;
}

/* Cycles for the ends of runs, where a part writes many of them: lines that the machine does not
 * fetch ahead, or worse, that two threads write. */
static double scattering(const Parallel *q, const Kernel *k, const Choice *c)
{
    enum { SHORT = 1024, MISS = 40, CONTENDED = 400 };
    const Tensor *out = k->definition->out;
    const Layout *l = &out->buffer->layout;
    int64_t steps = out->dims[c->dim];
    if (c->dim == l->block_dim) steps = ceil_div(steps, l->block);
    int64_t whole = (int64_t)buffer_offset_bytes(out->buffer, l->stride[c->dim] * steps);
    double bytes = (double)buffer_offset_bytes(out->buffer, tensor_elements(out));
    double run = (double)whole / c->parts, runs = bytes / q->p->threads / run;
    if (run >= SHORT || !is_nested(k->body, c->dim)) return 0;
    return runs * (whole % (CACHE_LINE * (int64_t)c->parts) ? CONTENDED : MISS);
}

/* The best number of parts along a dimension, in cycles; a few for each thread leave less waiting
 * for one that is held up. */
static void try_dimension(const Parallel *q, const Kernel *k, const Form *form, double cycles,
                          int dim, Choice *best)
{
    const double held_up = 0.04;
    int64_t trips = longest_walk(k->body, dim);
    if (!can_cut(k->body, dim)) return;
    for (int each = 1; each <= MOST_PARTS && (each == 1 || each * q->p->threads <= trips);
         each *= 2) {
        Choice c = {.dim = dim, .parts = each * q->p->threads};
        c.cycles = cycles * (largest_share(q, k, &c) + held_up / c.parts) +
                   fetching_all(q, k, form, &c) + scattering(q, k, &c) + MEETING;
        if (c.cycles < best->cycles) *best = c;
    }
}

/* The best choice, which may be not to cut it; the cycles that saves. */
static double choose(const Parallel *q, const Kernel *k, Choice *best)
{
    double cycles = cost_of(q->p->pool, k, q->p->target, q->resident).cycles;
    *best = (Choice){.dim = -1, .parts = 1, .cycles = cycles};
    if (cycles < LEAST_CYCLES) return 0;
    const Form *form = form_of(q->arena, k->definition);
    for (int d = 0; d < k->definition->out->rank; d++) try_dimension(q, k, form, cycles, d, best);
    return cycles - best->cycles;
}

/* ---- all kernels ---- */

static void cut(const Parallel *q, Kernel *k, const Choice *choice)
{
    Cut c = {.p = q->p, .dim = choice->dim};
    if (choice->parts < 2) return;
    k->part = c.part = pool_var(q->p->pool, "part", 0, choice->parts);
    cut_list(&c, &k->body);
}

static bool is_loop_nest(const Kernel *k)
{
    return k->control == CONTROL_NONE && k->definition && !k->definition->call;
}

/* For each kernel; cycles saved in all. */
static double choose_all(const Parallel *q, Choice *choices)
{
    double saved = 0;
    for (int i = 0; i < q->p->kernels.count; i++) {
        const Kernel *k = q->p->kernels.items[i];
        choices[i] = (Choice){.parts = 1};
        if (!is_loop_nest(k)) continue;
        saved += choose(q, k, &choices[i]);
        for (int b = 0; b < k->writes.count && choices[i].parts > 1; b++)
            ((Buffer *)buffer_root(k->writes.items[b], NULL))->shared_dim = choices[i].dim + 1;
    }
    return saved;
}

static bool zeroes_halo(const Kernel *k) { return k->control == CONTROL_NONE && !k->definition; }

/* The halo is zeroed by the first kernel that writes inside it, each thread's share by itself. */
static void join(const Parallel *q, const Kernel *halo, Kernel *k, const Choice *choice)
{
    Cut c = {.p = q->p, .part = k->part, .dim = choice->dim};
    Stmt *body = halo->body, **end = &body;
    bool write;
    if (k->part && can_cut(body, c.dim)) {
        cut_list(&c, &body);
    } else if (k->part) {
        leave_to(&c, &body, run_end(&body, -1, &write), 0);
    }
    while (*end) end = &(*end)->next;
    *end = k->body;
    k->body = body;
    for (int i = 0; i < k->writes.count; i++)
        if (k->writes.items[i] == halo->writes.items[0]) return;
    LIST_PUSH(q->p->arena, &k->writes, halo->writes.items[0]);
}

/* As chosen; kernels that zero halos vanish into others. */
static void cut_all(const Parallel *q, const Choice *choices)
{
    Program *p = q->p;
    int kept = 0, waiting = 0; /* kernels that zero halos, behind those that are kept */
    for (int i = 0; i < p->kernels.count; i++) {
        Kernel *k = p->kernels.items[i];
        p->kernels.items[kept + waiting] = k;
        if (zeroes_halo(k)) {
            waiting++;
            continue;
        }
        cut(q, k, &choices[i]);
        if (is_loop_nest(k))
            while (waiting) join(q, p->kernels.items[kept + --waiting], k, &choices[i]);
        kept += waiting;
        waiting = 0;
        p->kernels.items[kept++] = k;
    }
    p->kernels.count = kept;
}

void parallel(Program *p)
{
    if (p->threads < 2) return;
    Parallel q = {p, arena_new(), (double)program_constant_bytes(p)};
    Choice *choices = NEW_ARRAY(q.arena, Choice, p->kernels.count + 1);
    if (choose_all(&q, choices) > START)
        cut_all(&q, choices);
    else
        p->threads = 1;
    arena_free(q.arena);
}
