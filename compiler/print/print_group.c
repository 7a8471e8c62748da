/*
 * In: the calls of a net. Out: the same with repeated structure as blocks. A candidate is the
 * extent of a scope: calls in a row whose names begin alike, as exporters and instance paths name
 * the parts of a module. Candidates that do the same with the same wiring are instances of one
 * block; inner scopes come first, so that blocks call blocks.
 */
#include "print_group.h"

enum {
    LEAST_CALLS = 3,
    MANY_CALLS = 5,
    LEAST_WEIGHTED = 2,
    MOST_CALLS = 200,
    MOST_INPUTS = 4,
    MOST_OUTPUTS = 3,
    MOST_SEARCHED = 5000 /* calls among which forks are looked for */
};

/* ---- scopes ---- */

static bool is_separator(char c) { return c == '/' || c == '.' || c == '['; }

/* Calls [first, last] are all that have the prefix when count says so. */
typedef struct Scope {
    const char *prefix;
    int first, last, count;
} Scope;

typedef struct Grouping {
    const CallMaker *m;
    Arena *arena; /* of one round */
    PrintCalls *calls;
    PrintBlocks *blocks;
    int *reads;  /* by tensor id: calls that read it, and outputs of the net */
    int *inside; /* likewise, of the calls that are described; 0 in between */
    Map *scopes;
    LIST(Scope *) list;
} Grouping;

static void note_scope(Grouping *g, const char *prefix, int at)
{
    Scope *s = map_get(g->scopes, prefix);
    if (!s) {
        s = NEW(g->arena, Scope);
        *s = (Scope){prefix, at, at, 0};
        map_set(g->scopes, prefix, s);
        LIST_PUSH(g->arena, &g->list, s);
    }
    s->last = at;
    s->count++;
}

static void note_scopes(Grouping *g, int at)
{
    const PrintCall *c = g->calls->items[at];
    for (const char *end = c->scope + 1; *c->scope && *end; end++)
        if (is_separator(*end))
            note_scope(g, arena_format(g->arena, "%.*s", (int)(end - c->scope), c->scope), at);
    if (c->kind == CALL_BLOCK) note_scope(g, c->scope, at);
}

static void count_reads(Grouping *g)
{
    const Graph *graph = g->m->graph;
    g->reads = NEW_ARRAY(g->arena, int, graph->tensors.count + 1);
    g->inside = NEW_ARRAY(g->arena, int, graph->tensors.count + 1);
    for (int i = 0; i < g->calls->count; i++)
        for (int k = 0; k < g->calls->items[i]->inputs.count; k++)
            g->reads[g->calls->items[i]->inputs.items[k]->id]++;
    for (int i = 0; i < graph->outputs.count; i++) g->reads[graph->outputs.items[i]->id]++;
}

/* ---- candidates ---- */

static bool is_weighted(const PrintCall *c)
{
    static const char *const layers[] = {"conv", "conv_transpose", "linear", "embedding"};
    for (size_t i = 0; c->kind == CALL_LAYER && i < COUNT(layers); i++)
        if (!strcmp(c->callee, layers[i])) return true;
    for (int i = 0; i < c->args.count; i++)
        if (c->args.items[i].given == GIVEN_WEIGHT) return true;
    return c->kind == CALL_BLOCK;
}

/* Worth a name: not a convolution and its activation, not blocks alone. */
static bool is_worthwhile(const Grouping *g, const Scope *s)
{
    int weighted = 0, plain = 0, calls = s->last - s->first + 1;
    if (s->count != calls || calls < LEAST_CALLS || calls > MOST_CALLS) return false;
    for (int i = s->first; i <= s->last; i++) {
        weighted += is_weighted(g->calls->items[i]);
        plain += g->calls->items[i]->kind != CALL_BLOCK;
    }
    return plain && (weighted >= LEAST_WEIGHTED || calls >= MANY_CALLS);
}

/* What a run of calls reads from outside and gives to it; and what it does, as text that is the
 * same for each instance. */
static bool describe(const Grouping *g, int first, int last, PrintTensors *inputs,
                     PrintTensors *outputs, const char **what)
{
    Arena *arena = g->arena;
    Map *known = map_new(arena); /* by tensor name: the text of an operand */
    int *inside = g->inside;
    Text text = {0};
    for (int i = first; i <= last; i++) {
        const PrintCall *c = g->calls->items[i];
        for (int k = 0; k < c->inputs.count; k++) {
            const Tensor *t = c->inputs.items[k];
            inside[t->id]++;
            if (map_get(known, t->name)) continue;
            map_set(known, t->name, arena_format(arena, "in%d", inputs->count));
            LIST_PUSH(g->m->arena, inputs, t);
        }
        print_group_describe(c, known, &text);
        for (int k = 0; k < c->output_count; k++)
            if (c->outputs[k])
                map_set(known, c->outputs[k]->name, arena_format(arena, "%d.%d", i - first, k));
    }
    for (int i = first; i <= last; i++)
        for (int k = 0; k < g->calls->items[i]->output_count; k++) {
            const Tensor *t = g->calls->items[i]->outputs[k];
            if (!t || g->reads[t->id] == inside[t->id]) continue;
            text_add(&text, "out %s\n", (const char *)map_get(known, t->name));
            LIST_PUSH(g->m->arena, outputs, t);
        }
    for (int i = first; i <= last; i++)
        for (int k = 0; k < g->calls->items[i]->inputs.count; k++)
            inside[g->calls->items[i]->inputs.items[k]->id] = 0;
    *what = arena_string(arena, text.data);
    text_free(&text);
    return inputs->count && inputs->count <= MOST_INPUTS && outputs->count &&
           outputs->count <= MOST_OUTPUTS;
}

/* ---- forks: where names say nothing ---- */

static int reads_within(const Grouping *g, const Tensor *t, int first, int last)
{
    int reads = 0;
    for (int i = first; i <= last; i++)
        for (int k = 0; k < g->calls->items[i]->inputs.count; k++)
            reads += g->calls->items[i]->inputs.items[k] == t;
    return reads;
}

/* All that is made of one value is one value again. */
static bool is_joined(const Grouping *g, const Tensor *from, int first, int last)
{
    const char *what;
    PrintTensors inputs = {0}, outputs = {0};
    const PrintCall *c = g->calls->items[last];
    return c->output_count == 1 && reads_within(g, from, first, last) == g->reads[from->id] &&
           describe(g, first, last, &inputs, &outputs, &what) && inputs.count == 1 &&
           outputs.count == 1 && outputs.items[0] == c->outputs[0];
}

static bool is_activation(const PrintCall *c)
{
    return c->kind == CALL_LAYER && c->inputs.count == 1 && !is_weighted(c) &&
           strstr(c->callee, "relu");
}

/* From the first call that reads a value which others read too, to where what they make is joined,
 * and its activation. */
static void note_fork(Grouping *g, int first)
{
    enum { MOST_FORKED = 60 };
    const PrintCalls *calls = g->calls;
    const Tensor *from =
        calls->items[first]->inputs.count ? calls->items[first]->inputs.items[0] : NULL;
    if (!from || g->reads[from->id] < 2 || reads_within(g, from, 0, first - 1)) return;
    for (int last = first + 1; last < calls->count && last < first + MOST_FORKED; last++) {
        if (!is_joined(g, from, first, last)) continue;
        bool act = last + 1 < calls->count && is_activation(calls->items[last + 1]) &&
                   is_joined(g, from, first, last + 1);
        Scope *s = NEW(g->arena, Scope);
        *s = (Scope){"", first, last + act, last + act - first + 1};
        LIST_PUSH(g->arena, &g->list, s);
        return;
    }
}

typedef LIST(PrintInstance *) Instances;

static PrintInstance *instance(const Grouping *g, const Scope *s, const char **what)
{
    PrintInstance *n = NEW(g->m->arena, PrintInstance);
    n->first = s->first, n->last = s->last;
    n->scope = arena_string(g->m->arena, s->prefix);
    return describe(g, s->first, s->last, &n->inputs, &n->outputs, what) ? n : NULL;
}

/* Two scopes of the same extent are one instance. */
static void add_instance(const Grouping *g, Instances *list, PrintInstance *n)
{
    for (int i = 0; i < list->count; i++)
        if (list->items[i]->first <= n->last && n->first <= list->items[i]->last) return;
    LIST_PUSH(g->m->arena, list, n);
}

/* The instances of the smallest block among the candidates; none when there is none. */
static Instances find(const Grouping *g)
{
    Map *groups = map_new(g->arena);
    LIST(Instances *) all = {0};
    for (int i = 0; i < g->list.count; i++) {
        const char *what;
        PrintInstance *n =
            is_worthwhile(g, g->list.items[i]) ? instance(g, g->list.items[i], &what) : NULL;
        if (!n) continue;
        Instances *list = map_get(groups, what);
        if (!list) {
            list = NEW(g->arena, Instances);
            map_set(groups, what, list);
            LIST_PUSH(g->arena, &all, list);
        }
        add_instance(g, list, n);
    }
    Instances best = {0};
    for (int i = 0; i < all.count; i++) {
        const Instances *list = all.items[i];
        if (list->count < 2) continue;
        int calls = list->items[0]->last - list->items[0]->first;
        if (!best.count || calls < best.items[0]->last - best.items[0]->first) best = *list;
    }
    return best;
}

/* ---- replacing ---- */

static void replace(Grouping *g, const PrintInstance *const *instances, int count,
                    const PrintBlock *block)
{
    PrintCalls calls = {0};
    for (int i = 0; i < g->calls->count; i++) {
        const PrintInstance *at = NULL;
        for (int k = 0; k < count; k++)
            if (instances[k]->first <= i && i <= instances[k]->last) at = instances[k];
        if (!at)
            LIST_PUSH(g->m->arena, &calls, g->calls->items[i]);
        else if (at->first == i)
            LIST_PUSH(g->m->arena, &calls, print_block_call(g->m, block, at));
    }
    *g->calls = calls;
}

static bool round_of(const CallMaker *m, PrintCalls *calls, PrintBlocks *blocks, int *by_scope)
{
    Grouping g = {.m = m, .arena = arena_new(), .calls = calls, .blocks = blocks};
    g.scopes = map_new(g.arena);
    count_reads(&g);
    for (int i = 0; i < calls->count; i++) note_scopes(&g, i);
    Instances found = find(&g);
    if (!found.count && *by_scope == 0 && calls->count <= MOST_SEARCHED) {
        for (int i = 0; i < calls->count; i++) note_fork(&g, i);
        found = find(&g);
    } else {
        ++*by_scope;
    }
    if (found.count) {
        const PrintInstance *const *instances = (const PrintInstance *const *)found.items;
        PrintBlock *block = print_block(m, calls, instances, found.count, blocks);
        LIST_PUSH(m->arena, blocks, block);
        replace(&g, instances, found.count, block);
    }
    arena_free(g.arena);
    return found.count > 0;
}

void print_group(const CallMaker *m, PrintCalls *calls, PrintBlocks *blocks)
{
    enum { MOST_BLOCKS = 50 };
    int by_scope = 0;
    while (blocks->count < MOST_BLOCKS && round_of(m, calls, blocks, &by_scope)) continue;
}
