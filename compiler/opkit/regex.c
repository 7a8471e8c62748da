/*
 * In: the tree of a regular expression. Out: the automaton as a table. The tree becomes steps that
 * each read a byte, branch or test what is around them; sets of steps, with what the byte before
 * was, become states. Sizes are bounded: an expression may be short and its automaton vast.
 */
#include "regex.h"

#include <stdlib.h>

enum {
    MOST_STEPS = 1 << 16,
    MOST_STATES = 1 << 12,
    MOST_TABLE = 1 << 20, /* states times classes */
    MOST_WORK = 1 << 28,  /* steps looked at */
    SLOTS = 4 * MOST_STATES,
    MATCH = 0, /* the number of the step that all others lead to */
};

typedef enum StepKind { STEP_BYTE, STEP_BRANCH, STEP_TEST, STEP_MATCH } StepKind;

typedef struct Step {
    StepKind kind;
    int next, other;        /* other: of a branch */
    unsigned char from, to; /* of a byte */
    RegexAssertion assertion;
} Step;

/* What a position in a text has before it and after it. */
typedef enum Side { SIDE_END, SIDE_NEWLINE, SIDE_WORD, SIDE_OTHER, SIDES } Side;

typedef struct State {
    Side before;
    int count;
    const int *steps; /* sorted */
} State;

typedef struct Machine {
    Arena *arena;
    LIST(Step) steps;
    LIST(State) states;
    int *slots; /* hash table of states by their steps; 0: empty */
    int *seen;  /* per step: the closure that reached it last */
    int closure;
    int *stack, *active; /* steps to look at; those that read */
    int active_count;
    bool tests; /* some step tests what is around it */
    bool too_large;
    int64_t work;
    RegexTable *table;
    unsigned char sample[256]; /* a byte of each class */
} Machine;

/* ---- from the tree to steps, from the end backwards ---- */

static int add_step(Machine *m, Step step)
{
    if (m->steps.count >= MOST_STEPS) m->too_large = true;
    if (m->too_large) return 0;
    LIST_PUSH(m->arena, &m->steps, step);
    return m->steps.count - 1;
}

static int add_branch(Machine *m, int first, int second)
{
    return add_step(m, (Step){.kind = STEP_BRANCH, .next = first, .other = second});
}

/* Characters that take the same number of bytes and vary in the last ones through all values. */
static int add_bytes(Machine *m, uint32_t from, uint32_t to, int next)
{
    char first[4], last[4];
    size_t bytes = utf8_encode(first, from);
    utf8_encode(last, to);
    while (bytes-- > 0)
        next = add_step(m, (Step){.kind = STEP_BYTE,
                                  .next = next,
                                  .from = (unsigned char)first[bytes],
                                  .to = (unsigned char)last[bytes]});
    return next;
}

typedef struct Alternatives {
    int next;  /* what follows each */
    int first; /* of those so far */
    bool any;
} Alternatives;

static void add_alternative(Machine *m, Alternatives *a, int step)
{
    a->first = a->any ? add_branch(m, step, a->first) : step;
    a->any = true;
}

/* Splits a range of characters where their bytes do: by length, then by what the last bytes span.
 */
static void add_range(Machine *m, Alternatives *a, uint32_t from, uint32_t to)
{
    static const uint32_t lasts[] = {0x7f, 0x7ff, 0xffff};
    for (size_t i = 0; i < COUNT(lasts); i++)
        if (from <= lasts[i] && to > lasts[i]) {
            add_range(m, a, from, lasts[i]);
            add_range(m, a, lasts[i] + 1, to);
            return;
        }
    for (int tail = 1; to >= 0x80 && tail < 4; tail++) {
        uint32_t low = (1u << 6 * tail) - 1;
        if ((from & ~low) == (to & ~low)) break;
        if (from & low) {
            add_range(m, a, from, from | low);
            add_range(m, a, (from | low) + 1, to);
            return;
        }
        if ((to & low) != low) {
            add_range(m, a, from, (to & ~low) - 1);
            add_range(m, a, to & ~low, to);
            return;
        }
    }
    add_alternative(m, a, add_bytes(m, from, to, a->next));
}

static int add_set(Machine *m, const CharSet *set, int next)
{
    Alternatives a = {.next = next};
    for (int i = 0; i < set->count && !m->too_large; i++)
        add_range(m, &a, set->items[i].from, set->items[i].to);
    return a.any ? a.first : add_step(m, (Step){.kind = STEP_BYTE, .from = 1, .to = 0});
}

static int add_node(Machine *m, const RegexNode *n, int next);

static int add_repeat(Machine *m, const RegexNode *n, int next)
{
    const RegexNode *inner = n->children.items[0];
    int least = n->least, entry = next;
    if (n->most < 0) {
        int loop = add_branch(m, 0, next), body = add_node(m, inner, loop);
        if (!m->too_large) m->steps.items[loop].next = body;
        entry = least ? body : loop;
        least -= least > 0;
    }
    for (int i = n->least; i < n->most && !m->too_large; i++)
        entry = add_branch(m, add_node(m, inner, entry), next);
    for (int i = 0; i < least && !m->too_large; i++) entry = add_node(m, inner, entry);
    return entry;
}

static int add_node(Machine *m, const RegexNode *n, int next)
{
    Alternatives a = {.next = next};
    switch (n->kind) {
    case RX_EMPTY: return next;
    case RX_SET: return add_set(m, &n->set, next);
    case RX_CONCATENATION:
        for (int i = n->children.count - 1; i >= 0; i--)
            next = add_node(m, n->children.items[i], next);
        return next;
    case RX_ALTERNATION:
        for (int i = 0; i < n->children.count; i++)
            add_alternative(m, &a, add_node(m, n->children.items[i], next));
        return a.first;
    case RX_REPEAT: return add_repeat(m, n, next);
    case RX_ASSERTION: break;
    }
    m->tests = true;
    return add_step(m, (Step){.kind = STEP_TEST, .next = next, .assertion = n->assertion});
}

/* ---- classes of bytes ---- */

static Side side_of(int byte)
{
    bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                (byte >= 'a' && byte <= 'z') || byte == '_';
    return byte == '\n' ? SIDE_NEWLINE : word ? SIDE_WORD : SIDE_OTHER;
}

/* Bytes between two neighbouring starts of a class behave alike. */
static void find_classes(Machine *m)
{
    bool starts[257] = {[0] = true};
    for (int i = 0; i < m->steps.count; i++) {
        const Step *s = &m->steps.items[i];
        if (s->kind == STEP_BYTE && s->from <= s->to) starts[s->from] = starts[s->to + 1] = true;
    }
    for (int b = 1; m->tests && b < 256; b++) starts[b] |= side_of(b) != side_of(b - 1);
    for (int b = 0; b < 256; b++) {
        if (starts[b]) m->sample[m->table->classes++] = (unsigned char)b;
        m->table->class_of[b] = (uint8_t)(m->table->classes - 1);
    }
}

/* ---- states ---- */

static bool holds(RegexAssertion assertion, Side before, Side after)
{
    bool boundary = (before == SIDE_WORD) != (after == SIDE_WORD);
    switch (assertion) {
    case RX_TEXT_BEGIN: return before == SIDE_END;
    case RX_TEXT_END: return after == SIDE_END;
    case RX_LINE_BEGIN: return before == SIDE_END || before == SIDE_NEWLINE;
    case RX_LINE_END: return after == SIDE_END || after == SIDE_NEWLINE;
    case RX_BOUNDARY: return boundary;
    case RX_NO_BOUNDARY: break;
    }
    return !boundary;
}

/* The steps that read, of those that a state leads to without reading; whether one of those is the
 * match. */
static bool close_over(Machine *m, const State *s, Side after)
{
    int depth = 0;
    m->closure++;
    m->active_count = 0;
    for (int i = 0; i < s->count; i++) m->seen[m->stack[depth++] = s->steps[i]] = m->closure;
    while (depth) {
        int at = m->stack[--depth];
        const Step *step = &m->steps.items[at];
        bool branches = step->kind == STEP_BRANCH;
        bool passes =
            branches || (step->kind == STEP_TEST && holds(step->assertion, s->before, after));
        const int to[] = {step->next, step->other};
        for (int i = 0; i < passes + branches; i++)
            if (m->seen[to[i]] != m->closure) m->seen[m->stack[depth++] = to[i]] = m->closure;
        if (step->kind == STEP_BYTE) m->active[m->active_count++] = at;
        m->work++;
    }
    return m->seen[MATCH] == m->closure;
}

static bool same_state(const State *a, const State *b)
{
    return a->before == b->before && a->count == b->count &&
           memcmp(a->steps, b->steps, (size_t)a->count * sizeof *a->steps) == 0;
}

/* The number of a state, which is new or not. State 0 has no steps. */
static int state_number(Machine *m, const State *s)
{
    uint32_t hash = (uint32_t)s->before;
    for (int i = 0; i < s->count; i++) hash = (hash ^ (uint32_t)s->steps[i]) * 0x9e3779b1u;
    size_t slot = hash >> 16 & (SLOTS - 1);
    for (; m->slots[slot]; slot = (slot + 1) & (SLOTS - 1))
        if (same_state(&m->states.items[m->slots[slot]], s)) return m->slots[slot];
    if (m->states.count >= MOST_STATES || m->states.count >= MOST_TABLE / m->table->classes)
        m->too_large = true;
    if (m->too_large) return 0;
    State own = *s;
    own.steps = arena_copy(m->arena, s->steps, (size_t)s->count * sizeof *s->steps);
    LIST_PUSH(m->arena, &m->states, own);
    return m->slots[slot] = m->states.count - 1;
}

static int by_number(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Where a byte leads to from the active steps. */
static int successor(Machine *m, int byte)
{
    State s = {m->tests ? side_of(byte) : SIDE_OTHER, 0, m->stack};
    m->closure++; /* marks what is in the list */
    for (int i = 0; i < m->active_count; i++) {
        const Step *step = &m->steps.items[m->active[i]];
        if (byte < step->from || byte > step->to || m->seen[step->next] == m->closure) continue;
        m->seen[step->next] = m->closure;
        m->stack[s.count++] = step->next;
    }
    m->work += m->active_count;
    if (s.count > 1) qsort(m->stack, (size_t)s.count, sizeof *m->stack, by_number);
    return s.count ? state_number(m, &s) : 0;
}

static void fill_row(Machine *m, int state)
{
    RegexTable *t = m->table;
    const State s = m->states.items[state];
    t->accepts[state] = close_over(m, &s, SIDE_END);
    for (Side after = SIDE_NEWLINE; after < SIDES; after++) {
        if (!m->tests && after != SIDE_OTHER) continue;
        close_over(m, &s, after);
        for (int c = 0; c < t->classes && !m->too_large; c++)
            if (!m->tests || side_of(m->sample[c]) == after)
                t->next[state * t->classes + c] = (uint16_t)successor(m, m->sample[c]);
    }
    m->too_large |= m->work > MOST_WORK;
}

static void find_states(Machine *m, int first)
{
    RegexTable *t = m->table;
    size_t most =
        (size_t)(MOST_TABLE / t->classes < MOST_STATES ? MOST_TABLE / t->classes : MOST_STATES);
    t->next = NEW_ARRAY(m->arena, uint16_t, most * (size_t)t->classes);
    t->accepts = NEW_ARRAY(m->arena, uint8_t, most);
    m->slots = NEW_ARRAY(m->arena, int, SLOTS);
    m->seen = NEW_ARRAY(m->arena, int, m->steps.count);
    m->stack = NEW_ARRAY(m->arena, int, m->steps.count);
    m->active = NEW_ARRAY(m->arena, int, m->steps.count);
    LIST_PUSH(m->arena, &m->states, (State){.count = 0});
    state_number(m, &(State){SIDE_END, 1, &first});
    for (int i = 1; i < m->states.count && !m->too_large; i++) fill_row(m, i);
    t->states = m->states.count;
}

const RegexTable *regex_compile(Arena *arena, const char *pattern, const char **why, size_t *at)
{
    Arena *scratch = arena_new();
    const RegexNode *tree = regex_parse(scratch, pattern, why, at);
    Machine m = {.arena = scratch, .table = NEW(scratch, RegexTable)};
    RegexTable *result = NULL;
    if (tree) {
        add_step(&m, (Step){.kind = STEP_MATCH});
        int first = add_node(&m, tree, MATCH);
        find_classes(&m);
        if (!m.too_large) find_states(&m, first);
        if (m.too_large) *why = "its automaton would be too large", *at = 0;
    }
    if (tree && !m.too_large) {
        size_t entries = (size_t)m.table->states * (size_t)m.table->classes;
        result = arena_copy(arena, m.table, sizeof *m.table);
        result->next = arena_copy(arena, m.table->next, entries * sizeof *result->next);
        result->accepts = arena_copy(arena, m.table->accepts, (size_t)m.table->states);
    }
    arena_free(scratch);
    return result;
}
