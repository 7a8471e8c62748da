/*
 * If: one of two graphs. Comes in: a condition and the branches as attributes. When the condition
 * is known only the branch that it takes is inferred; else both must give the same types and
 * shapes. passes/inline.c puts the branches in its place.
 */
#include "branch.h"
#include "infer.h"
#include "row.h"

static bool infer_branch(Infer *in, const char *name, Graph **branch)
{
    const Attr *a = node_attr(in->node, name);
    *branch = a->graph;
    if (!a->graph || a->graph->outputs.count != in->node->output_count)
        return infer_error(in, "E0305", "%s has %d outputs, but the If has %d", name,
                           a->graph ? a->graph->outputs.count : 0, in->node->output_count);
    return infer_graph(a->graph, in->diags);
}

static bool set_outputs(Infer *in, const Graph *branch)
{
    for (int i = 0; i < in->node->output_count; i++) {
        const Tensor *t = branch->outputs.items[i];
        if (t->poisoned || !infer_output(in, i, t->dtype, t->rank, t->dims)) return false;
    }
    return true;
}

static bool same_outputs(Infer *in, const Graph *a, const Graph *b)
{
    Arena *arena = in->graph->arena;
    for (int i = 0; i < in->node->output_count; i++) {
        const Tensor *x = a->outputs.items[i], *y = b->outputs.items[i];
        if (x->poisoned || y->poisoned) return false;
        if (x->dtype == y->dtype && x->rank == y->rank &&
            memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) == 0)
            continue;
        return infer_error(in, "E0201",
                           "output %d is %s in the then branch, but %s in the else branch", i,
                           tensor_type_text(arena, x), tensor_type_text(arena, y));
    }
    return true;
}

static bool infer_if(Infer *in)
{
    Graph *then_branch, *else_branch, *taken = branch_taken(in->node);
    const Tensor *condition = in->node->inputs[0];
    if (tensor_elements(condition) != 1)
        return infer_error(in, "E0203", "the condition '%s' must be one value, its shape is %s",
                           condition->name,
                           dims_text(in->graph->arena, condition->dims, condition->rank));
    if (taken) {
        const Attr *a = node_attr(in->node, "then_branch");
        return infer_branch(in, a->graph == taken ? "then_branch" : "else_branch", &taken) &&
               set_outputs(in, taken);
    }
    return infer_branch(in, "then_branch", &then_branch) &&
           infer_branch(in, "else_branch", &else_branch) &&
           same_outputs(in, then_branch, else_branch) && set_outputs(in, then_branch);
}

const Op ops_if[] = {
    {.name = "If",
     .doc = "One of two graphs, as a condition says.",
     VERSIONS(1, 11, 13, 16, 19, 21, 23, 24, 25),
     INPUTS(SLOT("cond", BOOLS, "B")),
     OUTPUTS(SLOT("outputs", TYPES_ALL, NULL, .variadic = true)),
     ATTRS(ATTR("then_branch", GRAPH, .required = true),
           ATTR("else_branch", GRAPH, .required = true)),
     .infer = infer_if},
    {0},
};
