/* The graph passes in their order, and what they share. */
#include "optimise.h"

/* clang-format off */
static const struct Pass {
    void (*run)(Graph *g);
    bool exact; /* what a run computes it computes by the same operations, rounded as before */
} passes[] = {
    {inline_branches, true},
    {identity_remove, true},
    {fold_constants, true}, /* in double, rounded once: for every target alike */
    {affine_absorb, false}, /* weights are multiplied in place of results */
    {identity_remove, true},
    {dead_remove, true},
};
/* clang-format on */

void optimise(Graph *g, bool exact)
{
    for (size_t i = 0; i < COUNT(passes); i++) {
        if (exact && !passes[i].exact) continue;
        passes[i].run(g);
        check_graph(g, true);
    }
}

bool is_op(const Node *n, const char *op_type)
{
    return !*n->domain && strcmp(n->op_type, op_type) == 0;
}

static void count_uses(const Graph *g, const Graph *of, int *uses)
{
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        for (int i = 0; i < node->input_count; i++) {
            const Tensor *t = node->inputs[i];
            if (graph_owns(of, t)) uses[t->id]++;
        }
        for (int a = 0; a < node->attr_count; a++)
            if (node->attrs[a].graph) count_uses(node->attrs[a].graph, of, uses);
    }
    for (int i = 0; i < g->outputs.count; i++) {
        const Tensor *t = g->outputs.items[i];
        if (graph_owns(of, t)) uses[t->id]++;
    }
}

int *graph_uses(const Graph *g)
{
    int *uses = NEW_ARRAY(g->arena, int, g->tensors.count + 1);
    count_uses(g, g, uses);
    return uses;
}
