/* Ranks and edges; the order within ranks and the positions are in layered_order.c and
 * layered_position.c. */
#include "layered_slots.h"

#include <math.h>
#include <stdlib.h>

/* How far an edge goes that leaves a node. */
typedef struct Reach {
    double dx;
    int rank, edge;
} Reach;

enum { MOST_BENDS = 100000 }; /* points of long edges; edges beyond are drawn straight through */

/* Predecessors before successors. */
static int *topological(Slots *s)
{
    const Layered *g = s->g;
    int *order = NEW_ARRAY(s->arena, int, g->node_count),
        *waits = NEW_ARRAY(s->arena, int, g->node_count);
    int done = 0, known = 0;
    for (int e = 0; e < g->edge_count; e++) waits[g->edges[e].to]++;
    for (int n = 0; n < g->node_count; n++)
        if (!waits[n]) order[known++] = n;
    for (; done < known; done++)
        for (int i = 0; i < s->leaving[order[done]].count; i++) {
            int to = g->edges[s->leaving[order[done]].items[i]].to;
            if (--waits[to] == 0) order[known++] = to;
        }
    assert(known == g->node_count);
    return order;
}

static void list_leaving(Slots *s)
{
    s->leaving = NEW_ARRAY(s->arena, IntList, s->g->node_count);
    for (int e = 0; e < s->g->edge_count; e++)
        LIST_PUSH(s->arena, &s->leaving[s->g->edges[e].from], e);
}

/* By longest paths from above; a source goes down to just above what it leads to. */
static void find_ranks(Slots *s)
{
    const Layered *g = s->g;
    const int *order = topological(s);
    int least = 0, last = 0;
    for (int n = 0; n < g->node_count; n++) least |= g->nodes[n].pin == RANK_FIRST;
    bool *entered = NEW_ARRAY(s->arena, bool, g->node_count);
    for (int i = 0; i < g->node_count; i++) {
        int n = order[i];
        if (g->nodes[n].pin != RANK_FIRST) s->rank[n] = s->rank[n] > least ? s->rank[n] : least;
        for (int k = 0; k < s->leaving[n].count; k++) {
            int to = g->edges[s->leaving[n].items[k]].to;
            entered[to] = true;
            if (s->rank[to] <= s->rank[n]) s->rank[to] = s->rank[n] + 1;
        }
        if (s->rank[n] > last) last = s->rank[n];
    }
    for (int n = 0; n < g->node_count; n++) {
        if (g->nodes[n].pin == RANK_LAST) s->rank[n] = last;
        if (entered[n] || g->nodes[n].pin || !s->leaving[n].count) continue;
        int nearest = last;
        for (int k = 0; k < s->leaving[n].count; k++) {
            int below = s->rank[g->edges[s->leaving[n].items[k]].to];
            if (below < nearest) nearest = below;
        }
        s->rank[n] = nearest - 1;
    }
    s->ranks = g->node_count ? last + 1 : 0;
}

static int add_slot(Slots *s, int node, int rank, double width)
{
    Slot slot = {.node = node, .width = width, .rank = rank, .order = s->layer[rank].count};
    LIST_PUSH(s->arena, &s->layer[rank], s->slots.count);
    LIST_PUSH(s->arena, &s->slots, slot);
    return s->slots.count - 1;
}

static void link(Slots *s, int upper, int lower, double upper_dx, double lower_dx)
{
    Slot *u = &s->slots.items[upper], *l = &s->slots.items[lower];
    bool bends = u->node < 0 || l->node < 0;
    Link down = {lower, upper_dx, lower_dx, u->node < 0 && l->node < 0 ? 8 : bends ? 0.05 : 1};
    Link up = {upper, lower_dx, upper_dx, down.weight};
    LIST_PUSH(s->arena, &u->down, down);
    LIST_PUSH(s->arena, &l->up, up);
}

static int by_reach(const void *a, const void *b)
{
    const Reach *x = a, *y = b;
    if (x->dx != y->dx) return x->dx < y->dx ? -1 : 1;
    return x->rank != y->rank ? x->rank - y->rank : x->edge - y->edge;
}

/* Edges that leave a node at the same place share their bends, as far as they go together. */
static void bend_edges(Slots *s, int node, Reach *reach)
{
    const Layered *g = s->g;
    const IntList *leaving = &s->leaving[node];
    int at = node, drawn = 0;
    for (int k = 0; k < leaving->count; k++) {
        const LayeredEdge *e = &g->edges[leaving->items[k]];
        reach[k] = (Reach){e->from_dx, s->rank[e->to], leaving->items[k]};
    }
    qsort(reach, (size_t)leaving->count, sizeof *reach, by_reach);
    for (int k = 0; k < leaving->count; k++) {
        int edge = reach[k].edge, from = k ? reach[k - 1].edge : edge;
        if (!k || reach[k].dx != reach[k - 1].dx)
            at = node, drawn = 0;
        else
            s->bends[edge] = s->bends[from];
        s->branch[edge] = drawn;
        for (int r = s->rank[node] + 1 + drawn; r < reach[k].rank; r++, drawn++) {
            if (s->slots.count - g->node_count >= MOST_BENDS) break;
            int bend = add_slot(s, -1, r, 0);
            IntList *bends = &s->bends[edge];
            LIST_PUSH(s->arena, bends, bend);
            link(s, at, bend, at == node ? reach[k].dx : 0, 0);
            at = bend;
        }
        link(s, at, g->edges[edge].to, at == node ? reach[k].dx : 0, g->edges[edge].to_dx);
    }
}

/* The slots of nodes are their numbers; those of bends come behind. */
static void make_slots(Slots *s)
{
    const Layered *g = s->g;
    s->layer = NEW_ARRAY(s->arena, IntList, s->ranks + 1);
    s->bends = NEW_ARRAY(s->arena, IntList, g->edge_count);
    s->branch = NEW_ARRAY(s->arena, int, g->edge_count);
    Reach *reach = NEW_ARRAY(s->arena, Reach, g->edge_count);
    for (int n = 0; n < g->node_count; n++) add_slot(s, n, s->rank[n], g->nodes[n].w);
    for (int n = 0; n < g->node_count; n++) bend_edges(s, n, reach);
}

/* ---- the result ---- */

static void place_nodes(Slots *s)
{
    Layered *g = s->g;
    double y = 0;
    s->top = NEW_ARRAY(s->arena, double, s->ranks + 1);
    s->height = NEW_ARRAY(s->arena, double, s->ranks + 1);
    for (int n = 0; n < g->node_count; n++)
        s->height[s->rank[n]] = fmax(s->height[s->rank[n]], g->nodes[n].h);
    for (int r = 0; r < s->ranks; r++) {
        s->top[r] = y;
        y += s->height[r] + (r + 1 < s->ranks ? g->rank_gap : 0);
    }
    double left = 0, right = 0;
    for (int i = 0; i < s->slots.count; i++) {
        const Slot *slot = &s->slots.items[i];
        left = i ? fmin(left, slot->x - slot->width / 2) : slot->x - slot->width / 2;
        right = i ? fmax(right, slot->x + slot->width / 2) : slot->x + slot->width / 2;
    }
    for (int i = 0; i < s->slots.count; i++) s->slots.items[i].x -= left;
    for (int n = 0; n < g->node_count; n++) {
        g->nodes[n].x = s->slots.items[n].x;
        g->nodes[n].y = s->top[s->rank[n]] + s->height[s->rank[n]] / 2;
    }
    g->w = right - left;
    g->h = y;
}

/* Straight down to the end of its rank, through the bends, straight down to where it enters. What
 * it shares with an edge that goes less far is left to that one. */
static void place_edge(Arena *arena, Slots *s, int e)
{
    LayeredEdge *edge = &s->g->edges[e];
    const LayeredNode *from = &s->g->nodes[edge->from], *to = &s->g->nodes[edge->to];
    const IntList *bends = &s->bends[e];
    double x = from->x + edge->from_dx, end = to->x + edge->to_dx;
    int above = s->rank[edge->from], below = s->rank[edge->to], first = s->branch[e];
    Point *p = edge->points = NEW_ARRAY(arena, Point, 4 + 2 * bends->count);
    edge->branches = first > 0;
    if (!edge->branches) {
        *p++ = (Point){x, from->y + from->h / 2};
        *p++ = (Point){x, s->top[above] + s->height[above]};
    }
    for (int i = first ? first - 1 : 0; i < bends->count; i++) {
        const Slot *bend = &s->slots.items[bends->items[i]];
        if (i >= first) *p++ = (Point){bend->x, s->top[bend->rank]};
        *p++ = (Point){bend->x, s->top[bend->rank] + s->height[bend->rank]};
    }
    *p++ = (Point){end, s->top[below]};
    *p++ = (Point){end, to->y - to->h / 2};
    edge->count = (int)(p - edge->points);
}

void layered_place(Arena *arena, Layered *g)
{
    Slots s = {.g = g, .arena = arena_new()};
    s.rank = NEW_ARRAY(s.arena, int, g->node_count);
    list_leaving(&s);
    find_ranks(&s);
    make_slots(&s);
    layered_order(&s);
    layered_position(&s);
    place_nodes(&s);
    for (int e = 0; e < g->edge_count; e++) place_edge(arena, &s, e);
    arena_free(s.arena);
}
