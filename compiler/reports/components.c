/* Tarjan's strongly connected components, with a stack of its own: chains are long. */
#include "components.h"

typedef struct Walk {
    int *first, *next; /* arcs by node: positions in `next`, which holds the targets */
    int *low, *number, *stack, *calls;
    bool *stacked, *found;
    int visited, height;
} Walk;

static void sort_arcs(Walk *w, Arena *arena, int nodes, const Arc *arcs, int count)
{
    w->first = NEW_ARRAY(arena, int, nodes + 2);
    w->next = NEW_ARRAY(arena, int, count + 1);
    for (int i = 0; i < count; i++) w->first[arcs[i].from + 2]++;
    for (int n = 0; n < nodes; n++) w->first[n + 2] += w->first[n + 1];
    for (int i = 0; i < count; i++) w->next[w->first[arcs[i].from + 1]++] = arcs[i].to;
}

static void pop_component(Walk *w, int root)
{
    int bottom = w->height;
    while (w->stack[--bottom] != root) continue;
    for (int i = bottom; i < w->height; i++) {
        w->stacked[w->stack[i]] = false;
        w->found[w->stack[i]] = w->height - bottom > 1;
    }
    w->height = bottom;
}

static void enter(Walk *w, int n)
{
    w->low[n] = w->number[n] = ++w->visited;
    w->stack[w->height++] = n;
    w->stacked[n] = true;
}

/* The next target of n that was not visited yet; -1: there is none. */
static int step(Walk *w, int n, int *at)
{
    for (; at[n] < w->first[n + 1]; at[n]++) {
        int m = w->next[at[n]];
        if (!w->number[m]) return m;
        if (w->stacked[m] && w->low[m] < w->low[n]) w->low[n] = w->low[m];
    }
    return -1;
}

bool *on_circle(Arena *arena, int nodes, const Arc *arcs, int arc_count)
{
    Walk w = {.low = NEW_ARRAY(arena, int, nodes), .number = NEW_ARRAY(arena, int, nodes)};
    w.stack = NEW_ARRAY(arena, int, nodes);
    w.calls = NEW_ARRAY(arena, int, nodes);
    w.stacked = NEW_ARRAY(arena, bool, nodes);
    w.found = NEW_ARRAY(arena, bool, nodes);
    sort_arcs(&w, arena, nodes, arcs, arc_count);
    int *at = arena_copy(arena, w.first, (size_t)(nodes + 1) * sizeof *at);
    for (int root = 0; root < nodes; root++) {
        if (w.number[root]) continue;
        int depth = 0;
        enter(&w, w.calls[depth++] = root);
        while (depth) {
            int n = w.calls[depth - 1], next = step(&w, n, at);
            if (next >= 0) {
                enter(&w, w.calls[depth++] = next);
                continue;
            }
            if (w.low[n] == w.number[n]) pop_component(&w, n);
            depth--;
            if (depth && w.low[n] < w.low[w.calls[depth - 1]]) w.low[w.calls[depth - 1]] = w.low[n];
        }
    }
    return w.found;
}
