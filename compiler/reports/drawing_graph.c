/* A graph as a drawing: a box for each input, layer and output, in frames for instances, or for the
 * kernels of its program. Parameters and what is computed from constants alone are not drawn. */
#include "components.h"
#include "drawing.h"

#include <strings.h>

typedef struct Painter {
    Drawing *d;
    Arena *arena;
    const FigureTable *t;
    int *drawn;               /* by instance id: the instance that is drawn in its place */
    const int *kernel_frames; /* by node id, in place of instances; 0: none. NULL: instances */
    int *box_of;              /* by tensor id: the box it comes from; -1 */
    int *group_of;            /* by instance id; -1: not made yet */
    int *one_box;             /* by instance id: the box it is drawn as; -1 */
} Painter;

/* "layer1[0]": an index says nothing alone. */
static const char *instance_title(Arena *arena, const Instance *in)
{
    bool index = *in->name == '[' && in->parent->depth;
    return index ? arena_format(arena, "%s%s", instance_title(arena, in->parent), in->name)
                 : in->name;
}

static int instance_group(Painter *p, const Instance *in)
{
    if (!in->depth) return 0;
    if (p->group_of[in->id] < 0)
        p->group_of[in->id] =
            drawing_group(p->d, instance_group(p, in->parent), instance_title(p->arena, in));
    return p->group_of[in->id];
}

static int frame_of(Painter *p, const Instance *in)
{
    return p->kernel_frames ? p->kernel_frames[in->node->id] : instance_group(p, in->parent);
}

static void add_interface(Painter *p, const Tensor *t, BoxKind kind)
{
    const char *lines[] = {t->name, tensor_type_text(p->arena, t)};
    int box = drawing_box(p->d, 0, kind, lines, 2);
    if (kind == BOX_INPUT)
        p->box_of[t->id] = box;
    else
        drawing_arrow(p->d, p->box_of[t->id], box);
}

static const char *parameter_line(Arena *arena, const Figures *f)
{
    return arena_format(arena, "%s parameters", count_text(arena, f->parameters, true));
}

/* The name, the operator with its kernel, the output where it is another shape than the input, the
 * parameters. A name such as relu1 says the operator. */
static int layer_lines(Painter *p, const Instance *in, const Figures *f, const char **lines)
{
    const Node *node = in->node;
    const Tensor *from = node->input_count ? node->inputs[0] : NULL;
    int count = 0;
    lines[count++] = p->kernel_frames ? in->path : in->name;
    size_t length = strlen(node->op_type);
    bool says = strncasecmp(in->name, node->op_type, length) == 0 &&
                strspn(in->name + length, "_0123456789") == strlen(in->name + length);
    bool window = strcmp(f->kernel, "-") != 0;
    if (!says || window)
        lines[count++] = arena_format(p->arena, "%s%s%s", node->op_type, window ? " " : "",
                                      window ? f->kernel : "");
    if (!from || strcmp(dims_text(p->arena, from->dims, from->rank), f->output) != 0)
        lines[count++] = f->output;
    if (f->parameters) lines[count++] = parameter_line(p->arena, f);
    return count;
}

static int block_lines(Painter *p, const Instance *in, const Figures *f, const char **lines)
{
    int count = 0;
    lines[count++] = in->path;
    lines[count++] = f->output;
    if (f->parameters) lines[count++] = parameter_line(p->arena, f);
    return count;
}

static int add_layer(Painter *p, const Instance *leaf)
{
    const Instance *in = p->t->instances.items[p->drawn[leaf->id]];
    if (p->one_box[in->id] >= 0) return p->one_box[in->id];
    const char *lines[4];
    const Figures *f = &p->t->of_instances[in->id];
    int count = in->node ? layer_lines(p, in, f, lines) : block_lines(p, in, f, lines);
    BoxKind kind = in->node ? box_kind(in->node->op_type) : BOX_GROUP;
    int box = drawing_box(p->d, frame_of(p, in), kind, lines, count);
    p->d->boxes.items[box].link = in->path;
    return p->one_box[in->id] = box;
}

static const Instance **leaves_by_node(Arena *arena, const FigureTable *t)
{
    const Instance **leaves = NEW_ARRAY(arena, const Instance *, t->graph->nodes.count + 1);
    for (int i = 0; i < t->instances.count; i++)
        if (t->instances.items[i]->node)
            leaves[t->instances.items[i]->node->id] = t->instances.items[i];
    return leaves;
}

/* Nodes that are no layers pass on where their input comes from. */
static void add_node(Painter *p, const Node *node, const Instance *leaf)
{
    int box = -1;
    if (leaf) box = add_layer(p, leaf);
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *t = node->inputs[i];
        if (!t || !graph_owns(p->t->graph, t) || p->box_of[t->id] < 0) continue;
        if (!leaf)
            box = p->box_of[t->id];
        else if (p->box_of[t->id] != box)
            drawing_arrow(p->d, p->box_of[t->id], box);
    }
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i]) p->box_of[node->outputs[i]->id] = box;
}

static int *minus_ones(Arena *arena, int count)
{
    int *list = NEW_ARRAY(arena, int, count + 1);
    for (int i = 0; i < count; i++) list[i] = -1;
    return list;
}

/* ---- instances as one box ---- */

static void draw_as(int *drawn, const FigureTable *t, int depth, const bool *open)
{
    for (int i = 0; i < t->instances.count; i++) { /* parents before children */
        const Instance *parent = t->instances.items[i]->parent;
        drawn[i] = i;
        if (!parent->depth) continue;
        bool closed = depth && parent->depth >= depth && !open[parent->id];
        if (closed || drawn[parent->id] != parent->id) drawn[i] = drawn[parent->id];
    }
}

/* A way that leads out of a box and in again cannot be drawn: such instances are opened. */
static bool open_circles(Arena *arena, const FigureTable *t, const Instance *const *leaves,
                         const int *drawn, bool *open)
{
    LIST(Arc) arcs = {0};
    const Graph *g = t->graph;
    int *from = minus_ones(arena, g->tensors.count);
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *node = g->nodes.items[i];
        int to = leaves[i] ? drawn[leaves[i]->id] : -1;
        for (int k = 0; k < node->input_count; k++) {
            const Tensor *x = node->inputs[k];
            if (!x || !graph_owns(g, x) || from[x->id] < 0) continue;
            if (!leaves[i])
                to = from[x->id];
            else if (from[x->id] != to)
                LIST_PUSH(arena, &arcs, ((Arc){from[x->id], to}));
        }
        for (int k = 0; k < node->output_count; k++)
            if (node->outputs[k]) from[node->outputs[k]->id] = to;
    }
    const bool *found = on_circle(arena, t->instances.count, arcs.items, arcs.count);
    bool more = false;
    for (int i = 0; i < t->instances.count; i++)
        if (found[i] && !t->instances.items[i]->node) open[i] = more = true;
    return more;
}

static int *choose_drawn(Arena *arena, const FigureTable *t, const Instance *const *leaves,
                         int depth)
{
    int *drawn = NEW_ARRAY(arena, int, t->instances.count + 1);
    bool *open = NEW_ARRAY(arena, bool, t->instances.count + 1);
    do draw_as(drawn, t, depth, open);
    while (depth && open_circles(arena, t, leaves, drawn, open));
    return drawn;
}

static Drawing *paint(Arena *arena, Painter *p, int depth)
{
    const FigureTable *t = p->t;
    const Graph *g = t->graph;
    const Instance **leaves = leaves_by_node(arena, t);
    p->drawn = choose_drawn(arena, t, leaves, depth);
    p->box_of = minus_ones(arena, g->tensors.count);
    p->group_of = minus_ones(arena, t->instances.count);
    p->one_box = minus_ones(arena, t->instances.count);
    for (int i = 0; i < g->inputs.count; i++) add_interface(p, g->inputs.items[i], BOX_INPUT);
    for (int i = 0; i < g->nodes.count; i++)
        add_node(p, g->nodes.items[i], leaves[g->nodes.items[i]->id]);
    for (int i = 0; i < g->outputs.count; i++) add_interface(p, g->outputs.items[i], BOX_OUTPUT);
    return p->d;
}

Drawing *drawing_of_graph(Arena *arena, const FigureTable *t, int depth)
{
    Painter p = {.d = drawing_new(arena, t->graph->name), .arena = arena, .t = t};
    return paint(arena, &p, depth);
}

/* ---- kernels ---- */

static const Node *leader(const Kernel *k)
{
    return k->definition && k->definition->node ? k->definition->node : k->nodes.items[0];
}

/* A layer lies in the frame of the kernel that it leads, else of the first that computes it. */
Drawing *drawing_of_program(Arena *arena, const FigureTable *t, const Program *program)
{
    Painter p = {.d = drawing_new(arena, t->graph->name), .arena = arena, .t = t};
    int *frames = NEW_ARRAY(arena, int, t->graph->nodes.count + 1);
    for (int i = 0; i < program->kernels.count; i++) {
        const Kernel *k = program->kernels.items[i];
        if (!k->nodes.count) continue;
        int *frame = &frames[leader(k)->id];
        const char *label = arena_format(arena, "%s: %s", k->title, k->schedule);
        if (!*frame)
            *frame = drawing_group(p.d, 0, label);
        else
            p.d->groups.items[*frame].label =
                arena_format(arena, "%s, %s", p.d->groups.items[*frame].label, k->schedule);
    }
    for (int i = 0; i < program->kernels.count; i++) {
        const Kernel *k = program->kernels.items[i];
        for (int n = 0; n < k->nodes.count; n++)
            if (!frames[k->nodes.items[n]->id])
                frames[k->nodes.items[n]->id] = frames[leader(k)->id];
    }
    p.kernel_frames = frames;
    return paint(arena, &p, 0);
}
