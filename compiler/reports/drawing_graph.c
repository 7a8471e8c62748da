/* A graph as a drawing: a box for each input, layer and output, in frames for instances, or for the
 * kernels of its program. Parameters and what is computed from constants alone are not drawn. */
#include "drawing.h"
#include "flow.h"

#include <strings.h>

typedef struct Painter {
    Drawing *d;
    Arena *arena;
    const FigureTable *t;
    int *drawn;               /* by instance id: the instance that is drawn in its place */
    const int *kernel_frames; /* by node id, in place of instances; 0: none. NULL: instances */
    int *box_of;              /* by end of arcs (flow.h) */
    int *group_of;            /* by instance id; 0: not made yet */
} Painter;

static int instance_group(Painter *p, const Instance *in)
{
    if (!in->depth) return 0;
    if (!p->group_of[in->id])
        p->group_of[in->id] =
            drawing_group(p->d, instance_group(p, in->parent), instance_title(p->arena, in));
    return p->group_of[in->id];
}

static int frame_of(Painter *p, const Instance *in)
{
    return p->kernel_frames ? p->kernel_frames[in->node->id] : instance_group(p, in->parent);
}

static int add_interface(Painter *p, const Tensor *t, BoxKind kind)
{
    const char *lines[] = {t->name, tensor_type_text(p->arena, t)};
    return drawing_box(p->d, 0, kind, lines, 2);
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

static int add_layer(Painter *p, const Instance *in)
{
    const char *lines[4];
    const Figures *f = &p->t->of_instances[in->id];
    int count = in->node ? layer_lines(p, in, f, lines) : block_lines(p, in, f, lines);
    BoxKind kind = in->node ? box_kind(in->node->op_type) : BOX_GROUP;
    int box = drawing_box(p->d, frame_of(p, in), kind, lines, count);
    p->d->boxes.items[box].link = in->path;
    return box;
}

static void add_layers(Painter *p, const Flow *f, const int *drawn)
{
    const FigureTable *t = p->t;
    int *known = NEW_ARRAY(p->arena, int, t->instances.count + 1); /* box + 1 */
    for (int i = 0; i < t->nodes.count; i++) {
        int leaf = f->leaves[t->nodes.items[i]->id], as = drawn[leaf];
        if (!known[as]) known[as] = 1 + add_layer(p, t->instances.items[as]);
        p->box_of[leaf] = known[as] - 1;
    }
}

static Drawing *paint(Arena *arena, Painter *p, int depth)
{
    const FigureTable *t = p->t;
    const Graph *g = t->graph;
    Flow f = flow_of(arena, t);
    p->box_of = NEW_ARRAY(arena, int, flow_output(t, g->outputs.count));
    p->group_of = NEW_ARRAY(arena, int, t->instances.count + 1);
    for (int i = 0; i < g->inputs.count; i++)
        p->box_of[flow_input(t, i)] = add_interface(p, g->inputs.items[i], BOX_INPUT);
    bool *open = NEW_ARRAY(arena, bool, t->instances.count + 1);
    add_layers(p, &f, flow_closed(arena, &f, depth, open));
    for (int i = 0; i < g->outputs.count; i++)
        p->box_of[flow_output(t, i)] = add_interface(p, g->outputs.items[i], BOX_OUTPUT);
    for (int i = 0; i < f.arcs.count; i++) {
        int from = p->box_of[f.arcs.items[i].from], to = p->box_of[f.arcs.items[i].to];
        if (from != to) drawing_arrow(p->d, from, to);
    }
    return p->d;
}

Drawing *drawing_of_graph(Arena *arena, const FigureTable *t, int depth)
{
    Painter p = {.d = drawing_new(arena, t->graph->name), .arena = arena, .t = t};
    return paint(arena, &p, depth);
}

/* ---- kernels ---- */

const Node *kernel_leader(const Kernel *k)
{
    if (k->definition && k->definition->node) return k->definition->node;
    return k->nodes.count ? k->nodes.items[0] : NULL;
}

/* Nodes of bodies of loops are no layers of the graph. */
static bool is_layer_of(const Graph *g, const Node *n)
{
    return n && n->id < g->nodes.count && g->nodes.items[n->id] == n;
}

/* Frames for kernels, by the layer they are there for: one frame, where several kernels are. */
static int *kernel_frames(Drawing *d, const Graph *g, const Program *program)
{
    int *frames = NEW_ARRAY(d->arena, int, g->nodes.count + 1);
    int *kernels = NEW_ARRAY(d->arena, int, g->nodes.count + 1);
    for (int i = 0; i < program->kernels.count; i++) {
        const Kernel *k = program->kernels.items[i];
        const Node *lead = kernel_leader(k);
        if (!is_layer_of(g, lead)) continue;
        int many = ++kernels[lead->id];
        const char *label = many > 1 ? arena_format(d->arena, "%s: %d kernels", k->title, many)
                                     : arena_format(d->arena, "%s: %s", k->title, k->schedule);
        if (many == 1)
            frames[lead->id] = drawing_group(d, 0, label);
        else
            d->groups.items[frames[lead->id]].label = label;
    }
    return frames;
}

/* A layer lies in the frame of the kernel that it leads, else of the first that computes it. */
Drawing *drawing_of_program(Arena *arena, const FigureTable *t, const Program *program)
{
    Painter p = {.d = drawing_new(arena, t->graph->name), .arena = arena, .t = t};
    int *frames = kernel_frames(p.d, t->graph, program);
    for (int i = 0; i < program->kernels.count; i++) {
        const Kernel *k = program->kernels.items[i];
        const Node *lead = kernel_leader(k);
        for (int n = 0; is_layer_of(t->graph, lead) && n < k->nodes.count; n++) {
            const Node *node = k->nodes.items[n];
            if (is_layer_of(t->graph, node) && !frames[node->id])
                frames[node->id] = frames[lead->id];
        }
    }
    p.kernel_frames = frames;
    return paint(arena, &p, 0);
}
