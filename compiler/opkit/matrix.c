/*
 * Matrix products: the shape of a product of stacked matrices and the sum that each of its elements
 * is. Comes in: two factors. Rounding and scaling are the operator's.
 */
#include "matrix.h"

static bool check_inner(Infer *in, const Tensor *a, const Tensor *b)
{
    Arena *arena = in->graph->arena;
    if (a->rank == 0 || b->rank == 0)
        return infer_error(in, "E0203",
                           "'%s' is a scalar; a matrix product needs vectors or matrices",
                           a->rank == 0 ? a->name : b->name);
    int64_t left = a->dims[a->rank - 1], right = b->dims[max64(b->rank - 2, 0)];
    if (left == right) return true;
    infer_error(in, "E0211", "the inner dimensions differ: %lld and %lld", (long long)left,
                (long long)right);
    Diagnostic *e = infer_last_error(in);
    diag_note(e, "left '%s' is %s: its last dimension is %lld", a->name, tensor_type_text(arena, a),
              (long long)left);
    diag_note(e, "right '%s' is %s: its %s dimension is %lld", b->name, tensor_type_text(arena, b),
              b->rank == 1 ? "only" : "last but one", (long long)right);
    if (b->rank >= 2 && b->dims[b->rank - 1] == left)
        diag_help(e, "transpose the right factor's last two dimensions");
    return false;
}

/* Dimension i (from the left) of the `rank` leading dimensions that both stacks broadcast to; 1
 * where t has none. */
static int64_t stack_dim(const Tensor *t, int i, int rank)
{
    int own = (int)max64(t->rank - 2, 0), at = i - (rank - own);
    return at < 0 ? 1 : t->dims[at];
}

bool matrix_infer(Infer *in, const Tensor *a, const Tensor *b, int *rank, int64_t dims[MAX_RANK])
{
    if (!check_inner(in, a, b)) return false;
    int stack = (int)max64(max64(a->rank, b->rank) - 2, 0);
    for (int i = 0; i < stack; i++) {
        int64_t left = stack_dim(a, i, stack), right = stack_dim(b, i, stack);
        if (left != right && left != 1 && right != 1)
            return infer_error(
                in, "E0201",
                "the stacks of matrices do not broadcast: %s and %s differ in %lld and %lld",
                tensor_type_text(in->graph->arena, a), tensor_type_text(in->graph->arena, b),
                (long long)left, (long long)right);
        dims[i] = left == 1 ? right : left;
    }
    *rank = stack;
    if (a->rank > 1) dims[(*rank)++] = a->dims[a->rank - 2];
    if (b->rank > 1) dims[(*rank)++] = b->dims[b->rank - 1];
    return true;
}

/* The index of t's matrix in the product's stack, without the matrix's own indices. Returns how
 * many there are. */
static int stack_index(Pool *p, const Tensor *t, int stack, Expr *const *index, Expr **at)
{
    int own = (int)max64(t->rank - 2, 0);
    for (int i = 0; i < own; i++) at[i] = t->dims[i] == 1 ? ex_int(p, 0) : index[stack - own + i];
    return own;
}

Expr *matrix_sum(Definer *d, Tensor *a, Tensor *b, int rank, Expr *const *index, MatrixValue *value)
{
    Pool *p = d->pool;
    int stack = rank - (a->rank > 1) - (b->rank > 1);
    Var *k = define_var(d, "k", a->dims[a->rank - 1]);
    Expr *a_at[MAX_RANK], *b_at[MAX_RANK];
    int i = stack_index(p, a, stack, index, a_at);
    if (a->rank > 1) a_at[i++] = index[stack];
    a_at[i] = ex_var(p, k);
    i = stack_index(p, b, stack, index, b_at);
    b_at[i++] = ex_var(p, k);
    if (b->rank > 1) b_at[i] = index[rank - 1];
    Expr *x = define_load(d, a, a_at), *y = define_load(d, b, b_at);
    if (value) x = value(d, x, 0, a_at), y = value(d, y, 1, b_at);
    return ex_reduce(p, RE_SUM, &k, 1, ex_mul(p, x, y));
}

int64_t matrix_macs(const Tensor *out, const Tensor *a)
{
    int64_t macs;
    return checked_mul(tensor_elements(out), a->dims[a->rank - 1], &macs) ? macs : INT64_MAX;
}
