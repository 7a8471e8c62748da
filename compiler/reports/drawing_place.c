/*
 * Placing nested groups: each group is placed by itself and is then one node of the group around
 * it. An arrow that crosses a frame passes a port on it, one for each box that it comes from. A
 * group that cannot be one node, because a way leads out of it and in again, is dissolved.
 */
#include "components.h"
#include "drawing.h"

enum {
    RANK_GAP = 22,
    RANK_GAP_SIDEWAYS = 14,
    GAP = 18,
    FRAME_SIDE = 12,
    FRAME_TOP = 6,
    FRAME_TITLE = 20,
    BOLD = 11
};

typedef LIST(int) IntList;
typedef LIST(Arrow) Arrows;

/* A node of a group's placement is a box, a group (after all boxes), or a port (after those). */
typedef struct Port {
    int from; /* the box whose arrows pass */
    bool out;
    double x; /* along the frame, from its left */
} Port;

typedef struct Level {
    Arrows arrows; /* with at least one end inside */
    IntList units; /* boxes, and groups + the number of boxes */
    LIST(Port) ports;
    LIST(LayeredEdge) edges;
    Layered placed;
    int first_port; /* node */
} Level;

typedef struct Place {
    Drawing *d;
    Arena *arena;
    Level *levels;      /* by group */
    int *node;          /* by unit: its node in the level that is looked at */
    IntList *by_source; /* by box: edges of the level that is looked at */
} Place;

static int parent_of(const Place *p, int unit)
{
    int boxes = p->d->boxes.count;
    return unit < boxes ? p->d->boxes.items[unit].group : p->d->groups.items[unit - boxes].parent;
}

/* The child of `group` that a box is in; -1: it is outside. */
static int unit_in(const Place *p, int group, int box)
{
    int unit = box, parent;
    while ((parent = parent_of(p, unit)) != group) {
        if (parent < 0) return -1;
        unit = parent + p->d->boxes.count;
    }
    return unit;
}

static void list_units(Place *p, int group)
{
    const Drawing *d = p->d;
    Level *level = &p->levels[group];
    level->units.count = 0;
    for (int u = 0; u < d->boxes.count + d->groups.count; u++) {
        bool gone = u >= d->boxes.count && d->groups.items[u - d->boxes.count].dissolved;
        if (!gone && parent_of(p, u) == group) LIST_PUSH(p->arena, &level->units, u);
    }
}

/* ---- groups that are on a circle of units ---- */

static void dissolve(Place *p, int group)
{
    Drawing *d = p->d;
    int parent = d->groups.items[group].parent;
    d->groups.items[group].dissolved = true;
    for (int b = 0; b < d->boxes.count; b++)
        if (d->boxes.items[b].group == group) d->boxes.items[b].group = parent;
    for (int g = 0; g < d->groups.count; g++)
        if (d->groups.items[g].parent == group) d->groups.items[g].parent = parent;
}

/* False when some had to be dissolved, so that the units are others now. */
static bool circle_free(Place *p, int group)
{
    const Level *level = &p->levels[group];
    const IntList *units = &level->units;
    Arena *arena = arena_new();
    Arc *arcs = NEW_ARRAY(arena, Arc, level->arrows.count);
    int count = 0;
    for (int i = 0; i < units->count; i++) p->node[units->items[i]] = i;
    for (int i = 0; i < level->arrows.count; i++) {
        int from = unit_in(p, group, level->arrows.items[i].from);
        int to = unit_in(p, group, level->arrows.items[i].to);
        if (from >= 0 && to >= 0 && from != to) arcs[count++] = (Arc){p->node[from], p->node[to]};
    }
    const bool *found = on_circle(arena, units->count, arcs, count);
    bool free = true;
    for (int i = 0; i < units->count; i++) {
        if (!found[i] || units->items[i] < p->d->boxes.count) continue;
        dissolve(p, units->items[i] - p->d->boxes.count);
        free = false;
    }
    arena_free(arena);
    return free;
}

/* ---- one level ---- */

static int find_port(Place *p, Level *level, int from, bool out)
{
    for (int i = 0; i < level->ports.count; i++)
        if (level->ports.items[i].from == from && level->ports.items[i].out == out) return i;
    Port port = {.from = from, .out = out};
    LIST_PUSH(p->arena, &level->ports, port);
    return level->ports.count - 1;
}

/* How far from the middle of a unit an arrow touches it. */
static double touch(Place *p, int unit, int from, bool out)
{
    if (unit < p->d->boxes.count) return p->d->boxes.items[unit].anchor;
    int group = unit - p->d->boxes.count;
    Level *inner = &p->levels[group];
    return inner->ports.items[find_port(p, inner, from, out)].x - p->d->groups.items[group].w / 2;
}

/* Several arrows from one box to what is one unit here are one edge. */
static void add_edge(Place *p, Level *level, LayeredEdge edge, int source)
{
    IntList *known = &p->by_source[source];
    for (int i = 0; i < known->count; i++) {
        const LayeredEdge *e = &level->edges.items[known->items[i]];
        if (e->from == edge.from && e->to == edge.to) return;
    }
    LIST_PUSH(p->arena, known, level->edges.count);
    LIST_PUSH(p->arena, &level->edges, edge);
}

static void add_edges(Place *p, int group)
{
    Level *level = &p->levels[group];
    for (int i = 0; i < level->arrows.count; i++) {
        Arrow a = level->arrows.items[i];
        int from = unit_in(p, group, a.from), to = unit_in(p, group, a.to);
        if (from == to) continue;
        LayeredEdge e = {0};
        if (from >= 0) {
            e.from = p->node[from];
            e.from_dx = touch(p, from, a.from, true);
        } else {
            e.from = level->first_port + find_port(p, level, a.from, false);
        }
        if (to >= 0) {
            e.to = p->node[to];
            e.to_dx = touch(p, to, a.from, false);
        } else {
            e.to = level->first_port + find_port(p, level, a.from, true);
        }
        add_edge(p, level, e, a.from);
    }
    for (int i = 0; i < level->arrows.count; i++)
        p->by_source[level->arrows.items[i].from].count = 0;
}

static LayeredNode unit_node(const Place *p, int unit)
{
    const Drawing *d = p->d;
    if (unit >= d->boxes.count) {
        const Group *g = &d->groups.items[unit - d->boxes.count];
        return (LayeredNode){.w = g->w, .h = g->h};
    }
    const Box *b = &d->boxes.items[unit];
    return d->sideways ? (LayeredNode){.w = b->h, .h = b->w} : (LayeredNode){.w = b->w, .h = b->h};
}

static void size_group(Place *p, int group, const Level *level)
{
    Group *g = &p->d->groups.items[group];
    bool frame = group > 0;
    g->w = level->placed.w + (frame ? 2 * FRAME_SIDE : 0);
    g->h = level->placed.h + (frame ? FRAME_TITLE + FRAME_TOP : 0);
    double label = frame ? text_span(g->label, BOLD) + 2 * FRAME_SIDE : 0;
    if (g->w < label) g->w = label;
}

/* Where the placed level lies within its frame. */
static Point level_origin(const Place *p, int group)
{
    const Group *g = &p->d->groups.items[group];
    if (!group) return (Point){0, 0};
    return (Point){(g->w - p->levels[group].placed.w) / 2, FRAME_TITLE};
}

static void place_level(Place *p, int group)
{
    Level *level = &p->levels[group];
    Layered *l = &level->placed;
    *l = (Layered){.gap = GAP, .rank_gap = p->d->sideways ? RANK_GAP_SIDEWAYS : RANK_GAP};
    level->first_port = level->units.count;
    for (int i = 0; i < level->units.count; i++) p->node[level->units.items[i]] = i;
    add_edges(p, group);
    l->edges = level->edges.items;
    l->edge_count = level->edges.count;
    l->node_count = level->units.count + level->ports.count;
    l->nodes = NEW_ARRAY(p->arena, LayeredNode, l->node_count);
    for (int i = 0; i < level->units.count; i++) l->nodes[i] = unit_node(p, level->units.items[i]);
    for (int i = 0; i < level->ports.count; i++)
        l->nodes[level->first_port + i].pin = level->ports.items[i].out ? RANK_LAST : RANK_FIRST;
    layered_place(p->arena, l);
    size_group(p, group, level);
    for (int i = 0; i < level->ports.count; i++)
        level->ports.items[i].x = level_origin(p, group).x + l->nodes[level->first_port + i].x;
}

/* The arrows that a child's level has to do with. */
static void hand_down(Place *p, int group)
{
    const Level *level = &p->levels[group];
    int boxes = p->d->boxes.count;
    for (int i = 0; i < level->arrows.count; i++) {
        Arrow a = level->arrows.items[i];
        int from = unit_in(p, group, a.from), to = unit_in(p, group, a.to);
        if (from >= boxes) LIST_PUSH(p->arena, &p->levels[from - boxes].arrows, a);
        if (to >= boxes && to != from) LIST_PUSH(p->arena, &p->levels[to - boxes].arrows, a);
    }
}

static void place_group(Place *p, int group)
{
    Level *level = &p->levels[group];
    do list_units(p, group);
    while (!circle_free(p, group));
    hand_down(p, group);
    for (int i = 0; i < level->units.count; i++)
        if (level->units.items[i] >= p->d->boxes.count)
            place_group(p, level->units.items[i] - p->d->boxes.count);
    place_level(p, group);
}

/* ---- from places within groups to places in the picture ---- */

static Point turned(const Drawing *d, double x, double y)
{
    return d->sideways ? (Point){y, x} : (Point){x, y};
}

/* An arrow ends at the body of an outline, not at the box around its lines. */
static void meet_body(const Drawing *d, const Level *level, int node, Point *end, int side)
{
    int unit = node < level->first_port ? level->units.items[node] : d->boxes.count;
    const Box *b = unit < d->boxes.count ? &d->boxes.items[unit] : NULL;
    if (!b || b->body.w == 0) return;
    end->x -= side * (b->w - b->body.w - body_shift(&b->body)) / 2;
    if (side > 0) end->x -= body_shift(&b->body); /* from its front */
}

static void add_routes(Place *p, int group, Point at)
{
    Drawing *d = p->d;
    const Level *level = &p->levels[group];
    for (int i = 0; i < level->placed.edge_count; i++) {
        const LayeredEdge *e = &level->placed.edges[i];
        bool to_port = e->to >= level->first_port;
        Route r = {.points = NEW_ARRAY(d->arena, Point, e->count + 2)};
        if (!e->branches && e->from >= level->first_port) /* from the frame */
            r.points[r.count++] = turned(d, at.x + e->points[0].x, at.y - FRAME_TITLE);
        for (int k = 0; k < e->count; k++)
            r.points[r.count++] = turned(d, at.x + e->points[k].x, at.y + e->points[k].y);
        if (to_port)
            r.points[r.count++] =
                turned(d, at.x + e->points[e->count - 1].x, at.y + level->placed.h + FRAME_TOP);
        if (!e->branches) meet_body(d, level, e->from, &r.points[0], 1);
        meet_body(d, level, e->to, &r.points[r.count - 1], -1);
        r.head = !to_port && level->units.items[e->to] < d->boxes.count;
        LIST_PUSH(d->arena, &d->routes, r);
    }
}

static void spread(Place *p, int group, Point corner)
{
    Drawing *d = p->d;
    const Level *level = &p->levels[group];
    Point origin = level_origin(p, group), at = {corner.x + origin.x, corner.y + origin.y};
    add_routes(p, group, at);
    for (int i = 0; i < level->units.count; i++) {
        const LayeredNode *n = &level->placed.nodes[i];
        double x = at.x + n->x - n->w / 2, y = at.y + n->y - n->h / 2;
        int unit = level->units.items[i], inner = unit - d->boxes.count;
        Point place = turned(d, x, y);
        if (inner < 0) {
            d->boxes.items[unit].x = place.x;
            d->boxes.items[unit].y = place.y;
            continue;
        }
        spread(p, inner, (Point){x, y});
        Group *g = &d->groups.items[inner];
        g->x = place.x;
        g->y = place.y;
        if (d->sideways) g->w = n->h, g->h = n->w;
    }
}

void drawing_place(Drawing *d)
{
    Place p = {.d = d, .arena = arena_new()};
    p.levels = NEW_ARRAY(p.arena, Level, d->groups.count);
    p.node = NEW_ARRAY(p.arena, int, d->boxes.count + d->groups.count);
    p.by_source = NEW_ARRAY(p.arena, IntList, d->boxes.count);
    for (int i = 0; i < d->arrows.count; i++)
        LIST_PUSH(p.arena, &p.levels[0].arrows, d->arrows.items[i]);
    place_group(&p, 0);
    spread(&p, 0, (Point){0, 0});
    const Layered *whole = &p.levels[0].placed;
    Point size = turned(d, whole->w, whole->h);
    d->w = size.x;
    d->h = size.y;
    arena_free(p.arena);
}
