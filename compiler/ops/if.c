/*
 * If: one of two graphs. Comes in: a condition and the branches as attributes. When the condition
 * is known, only the branch that it takes is inferred, and takes the If's place; else both must
 * give the same types and shapes, and passes/inline.c chooses between them, or it is done here
 * where the values are lists.
 */
#include "expand.h"
#include "row.h"

static bool take_branch(Infer *in, const char *name)
{
    Body body;
    if (!expand_body_of(in, name, 0, in->node->output_count, &body)) return false;
    Tensor **outputs = expand_run(in, &body, NULL);
    for (int i = 0; outputs && i < in->node->output_count; i++)
        if (!expand_bind(in, i, outputs[i])) return false;
    return outputs != NULL;
}

static bool infer_branch(Infer *in, const char *name, Body *body)
{
    return expand_body_of(in, name, 0, in->node->output_count, body) &&
           infer_graph(body->graph, in->diags);
}

static bool has_lists(const Graph *branch)
{
    for (int i = 0; i < branch->outputs.count; i++)
        if (expand_resolve(branch->outputs.items[i])->expansion) return true;
    return false;
}

static bool choose(Infer *in, Body *a, Body *b)
{
    Tensor **x = expand_run(in, a, NULL), **y = x ? expand_run(in, b, NULL) : NULL;
    for (int i = 0; y && i < in->node->output_count; i++) {
        Tensor *value = expand_choose(in, in->node->inputs[0], x[i], y[i]);
        if (!value || !expand_bind(in, i, value)) return false;
    }
    return y != NULL;
}

/* The If stays. */
static bool set_outputs(Infer *in, Graph *a, Graph *b)
{
    Arena *arena = in->graph->arena;
    expand_outputs(a, in->diags);
    expand_outputs(b, in->diags);
    for (int i = 0; i < in->node->output_count; i++) {
        const Tensor *x = a->outputs.items[i], *y = b->outputs.items[i];
        if (x->poisoned || y->poisoned) return false;
        bool same = x->dtype == y->dtype && x->rank == y->rank && !tensor_varies(x) &&
                    !tensor_varies(y) && memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) == 0;
        if (x->dtype != y->dtype)
            return infer_error(in, "E0202",
                               "output %d is %s in the then branch, but %s in the else branch", i,
                               tensor_type_text(arena, x), tensor_type_text(arena, y));
        if (!same) return expand_undecided(in, in->node->inputs[0], x, y);
        if (!infer_output(in, i, x->dtype, x->rank, x->dims)) return false;
    }
    return true;
}

static bool infer_if(Infer *in)
{
    Body yes, no;
    const Tensor *condition = in->node->inputs[0];
    bool value;
    if (tensor_elements(condition) != 1)
        return infer_error(in, "E0203", "the condition '%s' must be one value, its shape is %s",
                           condition->name,
                           dims_text(in->graph->arena, condition->dims, condition->rank));
    if (expand_known(condition, &value))
        return take_branch(in, value ? "then_branch" : "else_branch");
    if (!infer_branch(in, "then_branch", &yes) || !infer_branch(in, "else_branch", &no))
        return false;
    if (has_lists(yes.graph) || has_lists(no.graph)) return choose(in, &yes, &no);
    return set_outputs(in, yes.graph, no.graph);
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
