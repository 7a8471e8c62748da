/*
 * Removes nodes that hand an input on unchanged: Identity, Dropout that drops nothing, casts to the
 * same type, reshapes to the same shape, transposes that move only dimensions of extent 1, paddings
 * of nothing, slices of everything, joins of one input.
 */
#include "optimise.h"

static bool same_type(const Tensor *a, const Tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static bool always(const Node *n)
{
    (void)n;
    return true;
}

static bool moves_nothing(const Node *n)
{
    int count, last = -1;
    const int64_t *perm = attr_ints(n, "perm", &count);
    const Tensor *x = n->inputs[0];
    for (int i = 0; i < x->rank; i++) {
        int from = perm ? (int)perm[i] : x->rank - 1 - i;
        if (x->dims[from] == 1) continue;
        if (from < last) return false;
        last = from;
    }
    return true;
}

/* Every integer of a constant input is `want`; an absent one counts as such. */
static bool all_are(const Tensor *t, int64_t want)
{
    if (!t) return true;
    if (!t->data) return false;
    for (int64_t i = 0; i < tensor_elements(t); i++)
        if (dtype_get_int(t->dtype, t->data, i) != want) return false;
    return true;
}

static bool pads_nothing(const Node *n)
{
    int count;
    const int64_t *pads = attr_ints(n, node_attr(n, "paddings") ? "paddings" : "pads", &count);
    for (int i = 0; i < count; i++)
        if (pads[i]) return false;
    return all_are(node_input(n, 1), 0);
}

/* The shape being the same, a step of 1 takes everything in order. */
static bool drops_nothing(const Node *n)
{
    const Tensor *ratio = node_input(n, 1), *training = node_input(n, 2);
    bool no_ratio = ratio && ratio->data && dtype_get_double(ratio->dtype, ratio->data, 0) == 0;
    return !node_output(n, 1) && (all_are(training, 0) || (training->data && no_ratio));
}

static bool steps_are_one(const Node *n) { return all_are(node_input(n, 4), 1); }

static bool one_input(const Node *n) { return n->input_count == 1; }
static bool one_output(const Node *n) { return n->output_count == 1; }

static const struct Rule {
    const char *op;
    bool (*holds)(const Node *n); /* given that type and shape are the same */
} rules[] = {
    {"Identity", always},     {"Dropout", drops_nothing},   {"Cast", always},
    {"CastLike", always},     {"Reshape", always},          {"Flatten", always},
    {"Squeeze", always},      {"Unsqueeze", always},        {"Expand", always},
    {"Tile", always},         {"Transpose", moves_nothing}, {"Pad", pads_nothing},
    {"Slice", steps_are_one}, {"Concat", one_input},        {"Sum", one_input},
    {"Max", one_input},       {"Min", one_input},           {"Mean", one_input},
    {"Split", one_output},
};

static bool is_identity(const Node *n)
{
    const Tensor *x = node_input(n, 0), *y = node_output(n, 0);
    if (!x || !y || !same_type(x, y)) return false;
    for (size_t i = 0; i < COUNT(rules); i++)
        if (is_op(n, rules[i].op)) return rules[i].holds(n);
    return false;
}

/* A mask that nobody reads does not keep a Dropout. */
static void forget_unread_masks(Graph *g)
{
    const int *uses = graph_uses(g);
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        Tensor *mask = node_output(n, 1);
        if (is_op(n, "Dropout") && mask && uses[mask->id] == 0) n->output_count = 1;
    }
}

/* What is to be read in place of t: by tensor id, NULL where it is t itself. */
typedef struct Renaming {
    Graph *graph;
    Tensor **instead;
} Renaming;

static Tensor *renamed(const Renaming *r, Tensor *t)
{
    while (graph_owns(r->graph, t) && r->instead[t->id]) t = r->instead[t->id];
    return t;
}

static void rename_reads(const Renaming *r, Node *n)
{
    for (int i = 0; i < n->input_count; i++) n->inputs[i] = renamed(r, n->inputs[i]);
    for (int a = 0; a < n->attr_count; a++) {
        Graph *inner = n->attrs[a].graph;
        for (int k = 0; inner && k < inner->nodes.count; k++)
            rename_reads(r, inner->nodes.items[k]);
        for (int k = 0; inner && k < inner->outputs.count; k++)
            inner->outputs.items[k] = renamed(r, inner->outputs.items[k]);
    }
}

/* An output of the graph keeps its name: what computes x then computes y itself, before all that
 * read either, so the order stays right. False when x is not computed here or is an output itself.
 */
static bool take_over(const Renaming *r, Tensor *y, Tensor *x)
{
    Graph *g = r->graph;
    if (x->kind != TENSOR_VALUE || !x->producer || !graph_owns(g, x) || graph_is_output(g, x))
        return false;
    Node *producer = x->producer;
    for (int i = 0; i < producer->output_count; i++)
        if (producer->outputs[i] == x) node_set_output(producer, i, y);
    graph_replace_uses(g, x, y);
    r->instead[x->id] = y;
    return true;
}

/* True when nothing reads the node's output any more. */
static bool bypass(const Renaming *r, const Node *n)
{
    Tensor *x = n->inputs[0], *y = n->outputs[0];
    if (graph_is_output(r->graph, y)) return take_over(r, y, x);
    r->instead[y->id] = x;
    return true;
}

void identity_remove(Graph *g)
{
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    Renaming r = {g, NEW_ARRAY(g->arena, Tensor *, g->tensors.count + 1)};
    forget_unread_masks(g);
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        rename_reads(&r, n);
        drop[i] = is_identity(n) && bypass(&r, n);
    }
    graph_remove_nodes(g, drop);
}
