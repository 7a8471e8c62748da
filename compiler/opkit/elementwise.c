/*
 * Operators that are one expression of their inputs, element by element: the shared infer and
 * define of their table rows. Comes in: a node whose row has `element`. Inputs broadcast by numpy's
 * rule, or by the `broadcast` and `axis` attributes that the arithmetic operators had before
 * opset 7. Does not know what the operators compute.
 */
#include "op.h"

/* The schema at the node's version is of the time when broadcasting was asked for by attribute. */
static bool broadcasts_by_attribute(const Node *n)
{
    return op_attr(n->op, n->version, "broadcast") != NULL;
}

/* The dimension of input 0, of this rank, at which the first of t lies; unchecked when the axis is
 * given. */
static int64_t first_dimension(const Node *n, const Tensor *t, int rank)
{
    if (t == n->inputs[0] || !broadcasts_by_attribute(n) || !attr_int(n, "broadcast") ||
        !attr_given(n, "axis"))
        return rank - t->rank;
    int64_t axis = attr_int(n, "axis");
    return axis < 0 ? axis + rank : axis;
}

static bool infer_broadcast_by_attribute(Infer *in, int *rank, int64_t dims[MAX_RANK])
{
    Node *n = in->node;
    const Tensor *a = n->inputs[0], *b = n->inputs[1];
    bool broadcast = attr_int(n, "broadcast") != 0;
    int64_t first = first_dimension(n, b, a->rank);
    bool fits = first >= 0 && first <= a->rank - b->rank && (broadcast || a->rank == b->rank);
    for (int i = 0; fits && i < b->rank; i++)
        fits = b->dims[i] == a->dims[first + i] || (broadcast && b->dims[i] == 1);
    if (!fits)
        return infer_error(
            in, "E0201", "%s and %s do not agree%s", tensor_type_text(in->graph->arena, a),
            tensor_type_text(in->graph->arena, b),
            broadcast ? " from the given axis" : " and the node does not set broadcast");
    *rank = a->rank;
    memcpy(dims, a->dims, (size_t)a->rank * sizeof *dims);
    return true;
}

static bool infer_shape(Infer *in, int *rank, int64_t dims[MAX_RANK])
{
    return broadcasts_by_attribute(in->node) ? infer_broadcast_by_attribute(in, rank, dims)
                                             : infer_broadcast(in, rank, dims);
}

bool infer_elementwise(Infer *in)
{
    int rank;
    int64_t dims[MAX_RANK];
    return infer_shape(in, &rank, dims) &&
           infer_output(in, 0, in->node->inputs[0]->dtype, rank, dims);
}

bool infer_predicate(Infer *in)
{
    int rank;
    int64_t dims[MAX_RANK];
    return infer_shape(in, &rank, dims) && infer_output(in, 0, DT_BOOL, rank, dims);
}

/* Input i where the output is at `index`; a single element serves every index, whatever its rank.
 */
static Expr *load_input(Definer *d, int i, int rank, Expr *const *index)
{
    Tensor *t = d->node->inputs[i];
    int first = (int)first_dimension(d->node, t, rank);
    bool single = tensor_elements(t) == 1;
    Expr *at[MAX_RANK];
    for (int j = 0; j < t->rank; j++)
        at[j] = single || t->dims[j] == 1 ? ex_int(d->pool, 0) : index[first + j];
    return define_load(d, t, at);
}

void define_elementwise(Definer *d)
{
    const Node *n = d->node;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr **x = NEW_ARRAY(pool_arena(d->pool), Expr *, n->input_count);
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i]) x[i] = load_input(d, i, out->rank, index);
    define_rounded(d, out, vars, n->op->element(d->pool, n, x, n->input_count));
}
