/* Counting a network's layers; sums over instances. Nothing is printed here. */
#include "figures.h"

#include "op.h"
#include "receptive_field.h"

static int64_t tensor_size(const Tensor *t)
{
    return (int64_t)dtype_bytes(t->dtype, tensor_elements(t));
}

static bool is_layer(const Node *node)
{
    if (strcmp(node->op_type, "Identity") == 0) return false;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] && !tensor_is_const(node->outputs[i])) return true;
    return false;
}

const char *count_text(Arena *arena, int64_t value, bool commas)
{
    const char *text = "";
    for (; commas && value >= 1000; value /= 1000)
        text = arena_format(arena, ",%03d%s", (int)(value % 1000), text);
    return arena_format(arena, "%lld%s", (long long)value, text);
}

/* PREFIX and the numbers of a list: one where all are the same, none where all are 1. */
static const char *per_dimension(Arena *arena, const char *prefix, const Attr *a, int spatial)
{
    if (!a || a->kind != ATTR_INTS || a->count < spatial) return "";
    bool same = true;
    for (int d = 1; d < spatial; d++) same &= a->ints[d] == a->ints[0];
    if (same && (spatial == 0 || a->ints[0] == 1)) return "";
    const char *text = prefix;
    for (int d = 0; d < (same ? 1 : spatial); d++)
        text = arena_format(arena, "%s%s%lld", text, d ? "x" : "", (long long)a->ints[d]);
    return text;
}

const char *window_text(Arena *arena, const Node *node)
{
    int spatial = window_rank(node);
    if (spatial < 1) return NULL;
    const char *text = "";
    for (int d = 0; d < spatial; d++)
        text =
            arena_format(arena, "%s%s%lld", text, d ? "x" : "", (long long)window_extent(node, d));
    const Attr *group = node_attr(node, "group");
    return arena_format(
        arena, "%s%s%s%s", text, per_dimension(arena, "/", node_attr(node, "strides"), spatial),
        group && group->i > 1 ? arena_format(arena, " g%lld", (long long)group->i) : "",
        per_dimension(arena, " d", node_attr(node, "dilations"), spatial));
}

static void add_parameters(const Node *node, bool *counted, Figures *f)
{
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *t = node->inputs[i];
        if (!t || t->kind != TENSOR_PARAM || counted[t->id]) continue;
        counted[t->id] = true;
        if (t->trainable) f->parameters += tensor_elements(t);
        f->weights += tensor_size(t);
    }
}

static Figures of_node(Arena *arena, const Node *node, bool *counted, const Field *fields)
{
    Figures f = {
        .op = node->op_type, .output = "-", .kernel = window_text(arena, node), .field = "-"};
    if (!f.kernel) f.kernel = "-";
    for (int i = node->output_count - 1; i >= 0; i--) {
        const Tensor *t = node->outputs[i];
        if (!t) continue;
        f.out = t;
        f.activation += tensor_size(t);
        f.output = dims_text(arena, t->dims, t->rank);
        f.field = field_text(arena, &fields[t->id]);
    }
    if (node->op && node->op->macs) f.macs = node->op->macs(node);
    add_parameters(node, counted, &f);
    return f;
}

static void add_up(Figures *sum, const Figures *f)
{
    sum->parameters += f->parameters;
    sum->macs += f->macs;
    sum->activation += f->activation;
    sum->weights += f->weights;
}

/* Children are behind their parents in the list: from its end, each is complete when it is added.
 */
static void sum_instances(FigureTable *t, const Figures *const *by_node)
{
    for (int i = t->instances.count - 1; i >= 0; i--) {
        const Instance *in = t->instances.items[i];
        Figures *f = &t->of_instances[i];
        if (in->node) {
            *f = *by_node[in->node->id];
        } else {
            const Figures *last = &t->of_instances[in->children.items[in->children.count - 1]->id];
            f->op = "";
            f->output = last->output;
            f->field = last->field;
            f->kernel = "";
        }
        if (in->parent->depth) add_up(&t->of_instances[in->parent->id], f);
    }
}

FigureTable *figures(Arena *arena, const Graph *g)
{
    FigureTable *t = NEW(arena, FigureTable);
    *t = (FigureTable){.graph = g, .total = {.op = "", .output = "", .kernel = "", .field = ""}};
    bool *counted = NEW_ARRAY(arena, bool, g->tensors.count + 1);
    const Figures **by_node = NEW_ARRAY(arena, const Figures *, g->nodes.count + 1);
    const Field *fields = receptive_fields(arena, g);
    t->layers = NEW_ARRAY(arena, Figures, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *node = g->nodes.items[i];
        if (!is_layer(node)) continue;
        Figures *f = &t->layers[t->nodes.count];
        *f = of_node(arena, node, counted, fields);
        by_node[node->id] = f;
        add_up(&t->total, f);
        LIST_PUSH(arena, &t->nodes, node);
    }
    t->root = instances_of(arena, g->name, &t->nodes);
    t->instances = instances_list(arena, t->root);
    t->of_instances = NEW_ARRAY(arena, Figures, t->instances.count + 1);
    sum_instances(t, by_node);
    return t;
}
