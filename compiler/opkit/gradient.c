/* Nodes that gradients are made of, and where an operator's rule is found. */
#include "gradient.h"

bool gradient_refuse(Gradient *g, const char *what)
{
    infer_error(g->in, "E0306", "there is no derivative of %s '%s'%s%s", g->node->op_type,
                g->node->name, *what ? ": " : "", what);
    return false;
}

bool gradient_of(Gradient *g)
{
    const Op *op = g->node->op;
    if (op->gradient) return op->gradient(g);
    if (op->element) return gradient_element(g);
    return gradient_refuse(g, "the operator has no rule");
}

/* ---- nodes ---- */

static Tensor *node_of(Gradient *g, const char *op, int count, Tensor *const *inputs)
{
    Node *n = expand_node(g->in, op, count);
    memcpy(n->inputs, inputs, (size_t)count * sizeof *inputs);
    return expand_done(g->in, n);
}

Tensor *gradient_1(Gradient *g, const char *op, Tensor *x) { return node_of(g, op, 1, &x); }
Tensor *gradient_2(Gradient *g, const char *op, Tensor *x, Tensor *y)
{
    return node_of(g, op, 2, (Tensor *[]){x, y});
}
Tensor *gradient_3(Gradient *g, const char *op, Tensor *x, Tensor *y, Tensor *z)
{
    return node_of(g, op, 3, (Tensor *[]){x, y, z});
}

Tensor *gradient_scaled(Gradient *g, Tensor *x, double factor)
{
    if (!x || factor == 1) return x;
    return gradient_2(g, "Mul", x, expand_number(g->in, x->dtype, factor));
}

Tensor *gradient_zeros(Gradient *g, const Tensor *like)
{
    Tensor *zero = expand_number(g->in, like->dtype, 0);
    return like->rank ? gradient_2(g, "Expand", zero, expand_ints(g->in, 1, like->rank, like->dims))
                      : zero;
}

Node *gradient_int(Gradient *g, Node *n, const char *name, int64_t value)
{
    node_add_attr(g->in->graph, n, name, ATTR_INT)->i = value;
    return n;
}

Node *gradient_ints(Gradient *g, Node *n, const char *name, int count, const int64_t *values)
{
    Attr *a = node_add_attr(g->in->graph, n, name, ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(g->in->graph->arena, values, (size_t)count * sizeof *values);
    return n;
}

Tensor *gradient_sum(Gradient *g, Tensor *x, int count, const int64_t *axes)
{
    Node *n = expand_node(g->in, "ReduceSum", count ? 2 : 1);
    n->inputs[0] = x;
    if (count) n->inputs[1] = expand_ints(g->in, 1, count, axes);
    return expand_done(g->in, n);
}

Tensor *gradient_sum_to(Gradient *g, Tensor *x, int rank, const int64_t *dims)
{
    int64_t axes[MAX_RANK];
    int count = 0;
    if (!x) return NULL;
    for (int i = 0; i < x->rank; i++) {
        int own = i - (x->rank - rank);
        if (own < 0 || (dims[own] == 1 && x->dims[i] != 1)) axes[count++] = i;
    }
    if (count) x = gradient_sum(g, x, count, axes);
    return x ? expand_reshape(g->in, x, rank, dims) : NULL;
}

Tensor *gradient_transpose(Gradient *g, Tensor *x, const int64_t *order)
{
    if (!x) return NULL;
    Node *n = expand_node(g->in, "Transpose", 1);
    n->inputs[0] = x;
    return expand_done(g->in, gradient_ints(g, n, "perm", x->rank, order));
}

Tensor *gradient_swap(Gradient *g, Tensor *x)
{
    int64_t order[MAX_RANK];
    if (!x) return NULL;
    for (int i = 0; i < x->rank; i++) order[i] = i;
    order[x->rank - 1] = x->rank - 2;
    order[x->rank - 2] = x->rank - 1;
    return gradient_transpose(g, x, order);
}

bool gradient_reshaped(Gradient *g)
{
    if (g->wanted[0]) g->dx[0] = gradient_reshape(g, g->dy[0], g->node->inputs[0]);
    return true;
}
