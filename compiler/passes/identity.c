/*
 * Removes nodes that hand an input on unchanged: Identity, Dropout at inference, casts to the same
 * type, reshapes to the same shape, transposes that move only dimensions of extent 1, paddings of
 * nothing, slices of everything, joins of one input.
 */
#include "optimise.h"

static bool same_type(const Tensor *a, const Tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

/* infer refuses a Dropout that trains. */
static bool always(const Node *n)
{
    (void)n;
    return true;
}

static bool mask_is_unread(const Node *n) { return !node_output(n, 1); }

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
static bool steps_are_one(const Node *n) { return all_are(node_input(n, 4), 1); }

static bool one_input(const Node *n) { return n->input_count == 1; }
static bool one_output(const Node *n) { return n->output_count == 1; }

static const struct Rule {
    const char *op;
    bool (*holds)(const Node *n); /* given that type and shape are the same */
} rules[] = {
    {"Identity", always},     {"Dropout", mask_is_unread},  {"Cast", always},
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

void identity_remove(Graph *g)
{
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    forget_unread_masks(g);
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        drop[i] = is_identity(n) && node_bypass(g, n, n->inputs[0]);
    }
    graph_remove_nodes(g, drop);
}
