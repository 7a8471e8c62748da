/*
 * Prefetch of inputs: a contraction over many channels reads, for each step of its loop over
 * blocks of channels, lines that lie far from those of the step before, where no hardware expects
 * them. Where the input comes from beyond the second cache, each step fetches the lines of the
 * next. Comes in: scheduled kernels; goes out: ST_PREFETCH into the nearest cache. Weights are
 * prefetch.c's.
 */
#include "program.h"

enum {
    LEAST_STEPS = 4, /* of a loop: the last one fetches for nothing */
    MOST_LINES = 32  /* of a step: a tile's rows, and what an odd start adds */
};

typedef struct Lines {
    const Buffer *alias; /* through which a step reads */
    int64_t per_line;    /* elements */
    int64_t at[MOST_LINES + 1];
    int count; /* more than MOST_LINES: too many */
} Lines;

static void add_line(Lines *l, int64_t line)
{
    int i = 0;
    while (i < l->count && l->at[i] < line) i++;
    if (l->count > MOST_LINES || (i < l->count && l->at[i] == line)) return;
    for (int k = l->count; k > i; k--) l->at[k] = l->at[k - 1];
    l->at[i] = line;
    l->count++;
}

static void note_fetch(Expr *e, void *context)
{
    Lines *l = context;
    if (e->kind != EX_FETCH || e->buffer != l->alias) return;
    Range r = ex_range(e->args[0]);
    if (r.hi - r.lo > MOST_LINES * l->per_line) {
        l->count = MOST_LINES + 1;
        return;
    }
    for (int64_t line = r.lo / l->per_line; line <= r.hi / l->per_line; line++) add_line(l, line);
}

static void note_fetches(const Stmt *s, Lines *l)
{
    for (; s; s = s->next) {
        if (s->value) ex_visit(s->value, note_fetch, l);
        note_fetches(s->body, l);
    }
}

/* Runs of lines evenly apart, one statement each, behind `after`. */
static void insert(Program *p, Stmt *after, const Stmt *point, const Lines *l, int64_t ahead)
{
    for (int i = 0, n; i < l->count; i += n) {
        int64_t apart = i + 1 < l->count ? l->at[i + 1] - l->at[i] : 1;
        for (n = 1; i + n < l->count && l->at[i + n] - l->at[i + n - 1] == apart;) n++;
        Stmt *fetch = NEW(p->arena, Stmt);
        *fetch = (Stmt){.kind = ST_PREFETCH, .next = after->next, .count = n, .near = true};
        fetch->buffer = point->alias;
        fetch->offset = ex_int(p->pool, ahead + l->at[i] * l->per_line);
        fetch->stride = apart * l->per_line;
        after->next = fetch;
        after = fetch;
    }
}

static bool is_far(const Program *p, const Buffer *b)
{
    const Buffer *root = buffer_root(b, NULL);
    return root->kind != BUFFER_CONST && (int64_t)buffer_bytes(root) > p->target->l2_bytes;
}

/* The pointers of one step of `loop`: behind the last of them (and of what pins them) goes what
 * fetches the next step's lines. */
static void fetch_next(Program *p, const Stmt *loop)
{
    const Stmt *input = NULL;
    Stmt *last = NULL;
    bool weights = false;
    for (Stmt *s = loop->body; s; s = s->next) {
        if (s->kind != ST_POINT && s->kind != ST_PIN) continue;
        last = s;
        if (s->kind == ST_POINT && buffer_root(s->buffer, NULL)->packing)
            weights = true;
        else if (s->kind == ST_POINT && is_far(p, s->buffer))
            input = s;
    }
    int64_t ahead;
    if (!input || !weights || !ex_coefficient(p->pool, input->offset, loop->var, &ahead)) return;
    Lines lines = {.alias = input->alias,
                   .per_line = CACHE_LINE / (int64_t)buffer_offset_bytes(input->buffer, 1)};
    note_fetches(last, &lines);
    if (lines.count == 0 || lines.count > MOST_LINES || ahead % lines.per_line ||
        ahead / lines.per_line <= lines.at[lines.count - 1] - lines.at[0])
        return; /* steps near each other have lines in common */
    insert(p, last, input, &lines, ahead);
}

static void visit(Program *p, Stmt *s)
{
    for (; s; s = s->next) {
        visit(p, s->body);
        if (s->kind == ST_LOOP && s->step == 1 && s->var->hi - s->var->lo >= LEAST_STEPS)
            fetch_next(p, s);
    }
}

void prefetch_inputs(Program *p, Kernel *k) { visit(p, k->body); }
