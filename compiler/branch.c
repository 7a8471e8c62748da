/* Which branch an If takes, when that is known before the network runs. */
#include "branch.h"

Graph *branch_taken(const Node *n)
{
    if (strcmp(n->op_type, "If") != 0 || *n->domain || n->input_count < 1) return NULL;
    const Tensor *condition = n->inputs[0];
    if (!condition || !condition->data || condition->dtype != DT_BOOL ||
        tensor_elements(condition) != 1)
        return NULL;
    bool value = dtype_get_int(condition->dtype, condition->data, 0) != 0;
    const Attr *a = node_attr(n, value ? "then_branch" : "else_branch");
    return a && a->graph && a->graph->outputs.count >= n->output_count ? a->graph : NULL;
}
