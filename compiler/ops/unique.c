/*
 * Unique: the distinct elements, or slices along an axis. Each element becomes an i64 key of the
 * same order, NaN behind all and equal to itself as in NumPy, strings by their rank; the runtime's
 * netc_unique sorts rows of keys and says where each first occurs, which the output is gathered by.
 */
#include "extents.h"
#include "row.h"

enum { VALUES, FIRST, INVERSE, COUNTS, COUNT_OUTPUT };

/* How many rows there are, and how long each is. */
static int64_t row_count(const Node *n)
{
    const Tensor *x = n->inputs[0];
    return attr_given(n, "axis") ? x->dims[attr_axis(n, x->rank)] : tensor_elements(x);
}

static bool infer_unique(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int64_t dims[MAX_RANK];
    int axis = 0, rank = 1;
    if (attr_given(n, "axis")) {
        if (!infer_axis(in, "axis", attr_int(n, "axis"), x->rank, &axis)) return false;
        rank = x->rank;
        memcpy(dims, x->dims, (size_t)rank * sizeof *dims);
    }
    int64_t rows = dims[axis] = row_count(n);
    if (!infer_output(in, VALUES, x->dtype, rank, dims) ||
        !infer_output(in, FIRST, DT_I64, 1, &rows) ||
        !infer_output(in, INVERSE, DT_I64, 1, &rows) ||
        !infer_output(in, COUNTS, DT_I64, 1, &rows) || !extents_count(in, COUNT_OUTPUT))
        return false;
    Tensor *count = n->outputs[COUNT_OUTPUT];
    extents_set(in, VALUES, axis, count);
    extents_set(in, FIRST, 0, count);
    extents_set(in, COUNTS, 0, count);
    return true;
}

/* The bits of a double, in order but for the sign: those of negative ones run backwards. */
static Expr *key_of_float(Pool *p, Expr *x)
{
    x = ex_cast(p, DT_F64, x);
    Expr *zero = ex_const(p, DT_F64, 0);
    Expr *bits = ex_bitcast(p, DT_I64, ex_select(p, ex_eq(p, x, zero), zero, x));
    Expr *most = ex_int(p, INT64_MAX);
    Expr *key = ex_select(p, ex_lt(p, bits, ex_int(p, 0)), ex_binary(p, BI_XOR, bits, most), bits);
    return ex_select(p, ex_unary(p, UN_ISNAN, x), most, key);
}

static Expr *key_of(Pool *p, Expr *x)
{
    if (dtype_is_float(x->dtype)) return key_of_float(p, x);
    Expr *key = ex_cast(p, DT_I64, x);
    return x->dtype == DT_U64 ? ex_binary(p, BI_XOR, key, ex_int(p, INT64_MIN)) : key;
}

/* The elements to make keys of: of strings their ranks. */
static Tensor *define_ranks(Definer *d, Tensor *x)
{
    if (x->dtype != DT_STRING) return x;
    int64_t count = tensor_elements(x), twice = 2 * count;
    Tensor *ranks = define_temporary(d, "ranks", DT_I64, x->rank, x->dims);
    define_call(d, "netc_rank_strings", CALL_TENSORS(x),
                CALL_TENSORS(ranks, define_temporary(d, "ranking", DT_I64, 1, &twice)),
                CALL_NUMBERS(count));
    return ranks;
}

/* keys[row][element of it], the rest of the dimensions in order. */
static Tensor *define_keys(Definer *d, int64_t rows, int64_t length)
{
    const Node *n = d->node;
    Tensor *x = define_ranks(d, n->inputs[0]);
    Tensor *keys = define_temporary(d, "keys", DT_I64, 2, (int64_t[]){rows, length});
    Var **vars = define_indices(d, 2, keys->dims);
    Expr *row = ex_var(d->pool, vars[0]), *at[MAX_RANK];
    if (attr_given(n, "axis")) {
        int axis = attr_axis(n, x->rank), rest = 0;
        int64_t dims[MAX_RANK];
        for (int i = 0; i < x->rank; i++)
            if (i != axis) dims[rest++] = x->dims[i];
        define_unflatten(d->pool, ex_var(d->pool, vars[1]), rest, dims, at);
        for (int i = rest; i > axis; i--) at[i] = at[i - 1];
        at[axis] = row;
    } else {
        define_unflatten(d->pool, row, x->rank, x->dims, at);
    }
    define_tensor(d, keys, vars, key_of(d->pool, define_load(d, x, at)));
    return keys;
}

/* The rows that lead, in the order of `first`. */
static void define_values(Definer *d, Tensor *first, int64_t rows)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = node_output(n, VALUES);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK];
    int axis = attr_given(n, "axis") ? attr_axis(n, x->rank) : 0;
    Expr *row = define_wrap(d->pool, ex_load(d->pool, first, &index[axis]), rows);
    if (attr_given(n, "axis")) {
        memcpy(at, index, (size_t)x->rank * sizeof(Expr *));
        at[axis] = row;
    } else {
        define_unflatten(d->pool, row, x->rank, x->dims, at);
    }
    define_tensor(d, out, vars, ex_load(d->pool, x, at));
}

static void define_unique(Definer *d)
{
    const Node *n = d->node;
    int64_t rows = row_count(n), length = rows ? tensor_elements(n->inputs[0]) / rows : 1;
    int64_t twice = 2 * rows;
    Tensor *keys = define_keys(d, rows, length);
    Tensor *first = define_target(d, FIRST, "first", DT_I64, 1, &rows);
    define_call(d, "netc_unique", CALL_TENSORS(keys),
                CALL_TENSORS(first, define_target(d, INVERSE, "inverse", DT_I64, 1, &rows),
                             define_target(d, COUNTS, "counts", DT_I64, 1, &rows),
                             define_target(d, COUNT_OUTPUT, "count", DT_I64, 0, NULL),
                             define_temporary(d, "order", DT_I64, 1, &twice)),
                CALL_NUMBERS(rows, length, attr_int(n, "sorted") != 0));
    define_values(d, first, rows);
}

const Op ops_unique[] = {
    {.name = "Unique",
     .doc = "The distinct elements, or slices along `axis`, where each is first, and how often.",
     VERSIONS(11),
     INPUTS(SLOT("X", ANY_2BIT | STRINGS, "T")),
     OUTPUTS(SLOT("Y", ANY_2BIT | STRINGS, "T"),
             SLOT("indices", TYPE(DT_I64), NULL, .optional = true),
             SLOT("inverse_indices", TYPE(DT_I64), NULL, .optional = true),
             SLOT("counts", TYPE(DT_I64), NULL, .optional = true),
             SLOT("count", TYPE(DT_I64), NULL, .optional = true)),
     ATTRS(ATTR("axis", INT), ATTR("sorted", INT, .i = 1)),
     .infer = infer_unique,
     .define = define_unique,
     EXAMPLES("Unique(x: i32[6])", "Unique(x: f32[4, 2], axis: 0)", "Unique(x: u8[5], sorted: 0)",
              "y, i = Unique(x: string[7])", "Unique(x: string[4, 2], axis: 0)")},
    {0},
};
