/*
 * A network as a paper would draw it: from left to right, in bodies of the size of what is
 * computed. Blocks are closed where that keeps the picture small; what follows a layer without a
 * shape of its own (normalisations, activations) is drawn with it, and repetitions are one body
 * with a number.
 */
#include "drawing.h"
#include "flow.h"
#include "op.h"

#include <math.h>

enum {
    MOST = 24, /* bodies, to open a block */
    FEW = 6,   /* bodies that say too little */
    LONG = 16, /* bodies in a row of which poolings do not get their own */
    LABEL_LINE = 12
};

/* What may become a body: an input of the graph, or what is drawn of a layer. */
typedef struct Unit {
    BoxKind kind;
    const char *name, *same; /* `same`: those that agree and follow each other are repetitions */
    const Tensor *out;
    const char *link;
    int times;
    int into;         /* the unit that it is drawn with; -1: its own */
    int before, ways; /* how many it reads, how many read it */
    int reads;        /* one that it reads */
    bool pooled;
} Unit;

typedef struct Outline {
    Arena *arena;
    const FigureTable *t;
    Flow flow;
    int *drawn;   /* by instance id */
    int *unit_of; /* by end of arcs */
    LIST(Unit) units;
} Outline;

/* ---- which blocks are closed ---- */

static void count_layers(const FigureTable *t, const int *drawn, int *layers, int *units)
{
    *units = 0;
    for (int i = 0; i < t->instances.count; i++) layers[i] = 0;
    for (int i = 0; i < t->instances.count; i++)
        if (t->instances.items[i]->node && layers[drawn[i]]++ == 0) ++*units;
}

/* The largest block, if opening it tells more and keeps the picture small. */
static int block_to_open(const FigureTable *t, const int *layers, int units)
{
    int largest = -1;
    for (int i = 0; i < t->instances.count; i++)
        if (!t->instances.items[i]->node && layers[i] &&
            (largest < 0 || layers[i] > layers[largest]))
            largest = i;
    if (largest < 0) return -1;
    bool small = units - 1 + t->instances.items[largest]->children.count <= MOST;
    bool tells = units < FEW || 5 * layers[largest] > 2 * t->nodes.count;
    return small && tells ? largest : -1;
}

static void close_blocks(Outline *o)
{
    const FigureTable *t = o->t;
    bool *open = NEW_ARRAY(o->arena, bool, t->instances.count + 1);
    int *layers = NEW_ARRAY(o->arena, int, t->instances.count + 1);
    for (int block = 0, units; block >= 0;) {
        o->drawn = flow_closed(o->arena, &o->flow, 1, open);
        count_layers(t, o->drawn, layers, &units);
        block = block_to_open(t, layers, units);
        if (block >= 0) open[block] = true;
    }
}

/* ---- units ---- */

static const char *short_name(const Node *node)
{
    static const char *const names[][2] = {
        {"Add", "add"},
        {"AveragePool", "avg pool"},
        {"BatchNormalization", "batch norm"},
        {"Concat", "concat"},
        {"Conv", "conv"},
        {"ConvTranspose", "deconv"},
        {"Div", "div"},
        {"Gemm", "linear"},
        {"GlobalAveragePool", "global avg"},
        {"GlobalMaxPool", "global max"},
        {"GroupNormalization", "group norm"},
        {"InstanceNormalization", "instance norm"},
        {"LayerNormalization", "layer norm"},
        {"LpPool", "Lp pool"},
        {"MatMul", "matmul"},
        {"MaxPool", "max pool"},
        {"Mul", "mul"},
        {"Neg", "neg"},
        {"ReduceMax", "max"},
        {"ReduceMean", "mean"},
        {"ReduceSum", "sum"},
        {"Split", "split"},
        {"Sqrt", "sqrt"},
        {"Sub", "sub"},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(node->op_type, names[i][0]) == 0) return names[i][1];
    return node->op_type;
}

/* "3×3" for "3x3". */
static const char *with_crosses(Arena *arena, const char *text)
{
    const char *result = "";
    for (; *text; text++)
        result = *text == 'x' ? arena_format(arena, "%s\xc3\x97", result)
                              : arena_format(arena, "%s%c", result, *text);
    return result;
}

/* What is in a block, to compare it with another. */
static const char *contents(Arena *arena, const Instance *in)
{
    if (in->node) {
        const char *window = window_text(arena, in->node);
        return window ? arena_format(arena, "%s %s", in->node->op_type, window) : in->node->op_type;
    }
    const char *text = "(";
    for (int c = 0; c < in->children.count; c++)
        text = arena_format(arena, "%s, %s", text, contents(arena, in->children.items[c]));
    return arena_format(arena, "%s)", text);
}

/* "[3]", or "layer1.3" as PyTorch names what is exported. */
static bool is_numbered(const char *name)
{
    const char *point = strrchr(name, '.');
    return *name == '[' || (point && point[1] && !point[1 + strspn(point + 1, "0123456789")]);
}

/* Numbered blocks, or numbered layers that are all the same: how many; 0: it is something else. */
static int rounds(Arena *arena, const Instance *in)
{
    bool blocks = true, same = true;
    for (int c = 0; c < in->children.count; c++) {
        const Instance *child = in->children.items[c], *first = in->children.items[0];
        if (!is_numbered(child->name)) return 0;
        blocks &= !child->node;
        same &= strcmp(contents(arena, child), contents(arena, first)) == 0;
    }
    return in->children.count > 1 && (blocks || same) ? in->children.count : 0;
}

static const char *block_name(Arena *arena, const Instance *in)
{
    const char *name = instance_title(arena, in);
    while (in->children.count == 1 && !in->children.items[0]->node) in = in->children.items[0];
    int times = rounds(arena, in);
    return times ? arena_format(arena, "%s \xc3\x97%d", name, times) : name;
}

static int add_unit(Outline *o, Unit u)
{
    u.into = -1;
    u.times = 1;
    LIST_PUSH(o->arena, &o->units, u);
    return o->units.count - 1;
}

static int add_drawn(Outline *o, const Instance *in)
{
    const Figures *f = &o->t->of_instances[in->id];
    Unit u = {.kind = BOX_GROUP, .link = in->path};
    if (in->node) {
        const char *window = window_text(o->arena, in->node);
        u.kind = box_kind(in->node->op_type);
        u.name = short_name(in->node);
        if (window)
            u.name = arena_format(o->arena, "%s %s", u.name, with_crosses(o->arena, window));
    } else {
        u.name = block_name(o->arena, in);
    }
    u.same = arena_format(o->arena, "%s %s %lld", contents(o->arena, in), f->output,
                          in->node ? 0 : (long long)f->parameters);
    return add_unit(o, u);
}

static void add_units(Outline *o)
{
    const FigureTable *t = o->t;
    const Graph *g = t->graph;
    int *known = NEW_ARRAY(o->arena, int, t->instances.count + 1); /* unit + 1 */
    o->unit_of = NEW_ARRAY(o->arena, int, flow_output(t, g->outputs.count));
    for (int i = 0; i < g->inputs.count; i++)
        o->unit_of[flow_input(t, i)] = add_unit(o, (Unit){.kind = BOX_INPUT,
                                                          .name = g->inputs.items[i]->name,
                                                          .same = g->inputs.items[i]->name,
                                                          .out = g->inputs.items[i]});
    for (int i = 0; i < t->nodes.count; i++) {
        int leaf = o->flow.leaves[t->nodes.items[i]->id], as = o->drawn[leaf];
        if (!known[as]) known[as] = 1 + add_drawn(o, t->instances.items[as]);
        o->unit_of[leaf] = known[as] - 1;
    }
}

/* What leaves a unit, the largest where it is several tensors. */
static void find_outputs(Outline *o)
{
    const FigureTable *t = o->t;
    for (int i = 0; i < o->flow.arcs.count; i++) {
        Arc a = o->flow.arcs.items[i];
        if (a.from >= t->instances.count) continue; /* an input: it has its tensor */
        Unit *u = &o->units.items[o->unit_of[a.from]];
        bool leaves = a.to >= flow_output(t, 0) || o->unit_of[a.to] != o->unit_of[a.from];
        const Tensor *out = node_output(t->instances.items[a.from]->node, 0);
        if (leaves && out && (!u->out || tensor_elements(out) > tensor_elements(u->out)))
            u->out = out;
    }
}

/* ---- units that are drawn with the one before them ---- */

static int own(const Outline *o, int unit)
{
    while (o->units.items[unit].into >= 0) unit = o->units.items[unit].into;
    return unit;
}

/* How many different units each reads, and is read by; outputs of the graph count as a reader. */
static void count_ways(Outline *o)
{
    int outputs = flow_output(o->t, 0), count = o->flow.arcs.count;
    Map *seen = map_new(o->arena);
    for (int i = 0; i < count; i++) {
        Arc a = o->flow.arcs.items[i];
        int from = o->unit_of[a.from], to = a.to < outputs ? o->unit_of[a.to] : -1 - a.to;
        const char *key = arena_format(o->arena, "%d %d", from, to);
        if (from == to || map_get(seen, key)) continue;
        map_set(seen, key, o);
        o->units.items[from].ways++;
        if (to < 0) continue;
        o->units.items[to].before++;
        o->units.items[to].reads = from;
    }
}

/* The same numbers under another shape. */
static bool is_view(const Unit *v)
{
    static const char *const views[] = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"};
    for (size_t i = 0; i < COUNT(views); i++)
        if (strcmp(v->name, views[i]) == 0) return true;
    return false;
}

static bool is_small(const Unit *v, const Unit *u)
{
    (void)u;
    return v->kind == BOX_NORM || v->kind == BOX_ACTIVATION || is_view(v);
}

static bool repeats(const Unit *v, const Unit *u) { return strcmp(v->same, u->same) == 0; }

static bool pools(const Unit *v, const Unit *u)
{
    return v->kind == BOX_POOL && u->kind == BOX_CONV && v->out && v->out->rank > 2 && !u->pooled;
}

/* A unit that reads one other, which nothing else reads, joins it if it may. */
static void join(Outline *o, bool (*may)(const Unit *v, const Unit *u))
{
    for (int i = 0; i < o->units.count; i++) {
        Unit *v = &o->units.items[i];
        if (v->into >= 0 || v->before != 1) continue;
        int into = own(o, v->reads);
        Unit *u = &o->units.items[into];
        if (u->ways != 1 || u->kind == BOX_INPUT || !may(v, u)) continue;
        v->into = into;
        u->ways = v->ways;
        if (may == repeats) u->times += v->times;
        if (may == pools) u->pooled = true;
        if (!is_view(v)) u->out = v->out;
    }
}

static int count_own(const Outline *o)
{
    int count = 0;
    for (int i = 0; i < o->units.count; i++) count += o->units.items[i].into < 0;
    return count;
}

/* ---- the drawing ---- */

typedef struct Scale {
    double tallest; /* pixels of the largest plane */
    double plane;   /* its side */
} Scale;

static double extent(const Tensor *t, int d)
{
    return t && t->rank > d ? (double)(t->dims[d] > 0 ? t->dims[d] : 1) : 1;
}

/* Pixels of the largest plane: less where many bodies are side by side. */
static double tallest(const Outline *o)
{
    int most = 0;
    for (int i = 0; i < o->units.count; i++)
        if (o->units.items[i].into < 0 && o->units.items[i].ways > most)
            most = o->units.items[i].ways;
    return most > 5 ? 32 : most > 2 ? 48 : 84;
}

static double largest_plane(const Outline *o)
{
    double largest = 1;
    for (int i = 0; i < o->units.count; i++)
        for (int d = 2; o->units.items[i].into < 0 && d < 5; d++)
            largest = fmax(largest, extent(o->units.items[i].out, d));
    return largest;
}

/* As high and as deep as the plane, as thick as there are channels; vectors are lines. The scales
 * bend, so that 7 beside 224 and 3 beside 512 can be seen. */
static Body body_of(const Tensor *t, const Scale *s)
{
    double channels = 4 + 2.4 * log2(extent(t, 1));
    if (!t || t->rank < 3)
        return (Body){.w = 6,
                      .h = s->tallest * fmin(1, 0.15 + 0.07 * log2(extent(t, t ? t->rank - 1 : 0))),
                      .d = 4};
    int last = t->rank - 1, high = t->rank > 3 ? last - 1 : last;
    double scale = s->tallest / pow(s->plane, 0.45);
    return (Body){.w = channels,
                  .h = fmax(8, scale * pow(extent(t, high), 0.45)),
                  .d = t->rank > 3 ? 0.6 * fmax(8, scale * pow(extent(t, last), 0.45)) : 6};
}

/* The body's left and right side, and half its height, around the anchor. */
static void add_body(Outline *o, Drawing *d, const Unit *u, const Scale *s)
{
    const Tensor *t = u->out;
    bool batch = t && t->rank > 1;
    const char *lines[2] = {
        u->name,
        t ? with_crosses(o->arena, dims_text(o->arena, t->dims + batch, t->rank - batch)) : ""};
    if (u->pooled) lines[0] = arena_format(o->arena, "%s, pool", lines[0]);
    if (u->times > 1) lines[0] = arena_format(o->arena, "%s \xc3\x97%d", lines[0], u->times);
    int box = drawing_box(d, 0, u->kind, lines, 2);
    Box *b = &d->boxes.items[box];
    b->body = body_of(t, s);
    b->link = u->link;
    double height = b->body.h + body_rise(&b->body);
    b->w = fmax(b->body.w + body_shift(&b->body),
                fmax(text_span(lines[0], 10.5), text_span(lines[1], 10)));
    b->h = height + 4 + 2 * LABEL_LINE;
    b->anchor = height / 2 - b->h / 2;
}

Drawing *drawing_outline(Arena *arena, const FigureTable *t)
{
    Outline o = {.arena = arena, .t = t, .flow = flow_of(arena, t)};
    close_blocks(&o);
    add_units(&o);
    find_outputs(&o);
    count_ways(&o);
    join(&o, is_small);
    join(&o, repeats);
    if (count_own(&o) > LONG) {
        join(&o, pools);
        join(&o, repeats);
    }
    Drawing *d = drawing_new(arena, t->graph->name);
    d->sideways = true;
    Scale scale = {tallest(&o), largest_plane(&o)};
    int *box = NEW_ARRAY(arena, int, o.units.count + 1);
    for (int i = 0; i < o.units.count; i++) {
        if (o.units.items[i].into >= 0) continue;
        box[i] = d->boxes.count;
        add_body(&o, d, &o.units.items[i], &scale);
    }
    for (int i = 0; i < o.flow.arcs.count; i++) {
        Arc a = o.flow.arcs.items[i];
        if (a.to >= flow_output(t, 0)) continue;
        int from = own(&o, o.unit_of[a.from]), to = own(&o, o.unit_of[a.to]);
        if (from != to) drawing_arrow(d, box[from], box[to]);
    }
    return d;
}
