/*
 * ScatterElements, ScatterND and Scatter: data with updates written over some of its elements, or
 * added to, multiplied with, compared with them. Turned about, each element asks which updates are
 * for it. Where several would overwrite an element the last one wins, as in a loop over them.
 * Updates whose index is out of range at run time are for no element.
 */
#include "indices.h"

enum { DATA, INDICES, UPDATES };
#define LARGEST_TABLE                                                                              \
    ((int64_t)1 << 24) /* of which update goes where; a larger one is searched for */

static const struct Combination {
    const char *name;
    int since;
    ReduceOp op; /* RE_COUNT: overwrite */
} reductions[] = {{"none", 0, RE_COUNT},
                  {"add", 16, RE_SUM},
                  {"mul", 16, RE_PRODUCT},
                  {"max", 18, RE_MAX},
                  {"min", 18, RE_MIN}};

/* NULL when the node's version has none of that name. */
static const struct Combination *reduction_of(const Node *n)
{
    const char *name = op_attr(n->op, n->version, "reduction") ? attr_text(n, "reduction") : "none";
    for (unsigned i = 0; i < COUNT(reductions); i++)
        if (n->version >= reductions[i].since && strcmp(name, reductions[i].name) == 0)
            return &reductions[i];
    return NULL;
}

static bool check_reduction(Infer *in)
{
    const struct Combination *r = reduction_of(in->node);
    if (!r)
        return infer_error(in, "E0306", "reduction '%s' is not known",
                           attr_text(in->node, "reduction"));
    if (r->op == RE_COUNT || (TYPES_NUMERIC >> in->node->inputs[DATA]->dtype & 1)) return true;
    return infer_error(in, "E0202", "elements of type %s can only be overwritten",
                       dtype_name(in->node->inputs[DATA]->dtype));
}

/* ---- one form for both: candidates for an element, numbered, and whether each is for it ---- */

typedef struct Candidates {
    int rank; /* the candidates of one element form a shape */
    int64_t dims[MAX_RANK];
    /* Whether candidate `which` is for the element at `index`; guards its loads. */
    Expr *(*meant)(Definer *d, Expr *const *which, Expr *const *index);
    /* Where in the updates it is. */
    void (*place)(const Node *n, Expr *const *which, Expr *const *index, Expr **at);
    /* Constant indices: writes into last[] the number of each candidate, in order, where it goes.
     */
    void (*mark)(const Node *n, int64_t *last);
} Candidates;

/* The number of the last candidate for each element, or -1. */
static Expr *last_candidate(Definer *d, const Candidates *c, Expr *const *index)
{
    Pool *p = d->pool;
    Var **vars = define_indices(d, c->rank, c->dims);
    Expr **which = define_index_exprs(d, vars, c->rank);
    Expr *number = define_flatten(p, c->rank, c->dims, which);
    number = ex_select(p, c->meant(d, which, index), number, ex_int(p, -1));
    return ex_max(p, ex_reduce(p, RE_MAX, vars, c->rank, number), ex_int(p, -1));
}

/* Which update each element takes, for the `own` leading dimensions of the data that tell apart
 * elements with different ones: searched for in a definition of its own, or known when the indices
 * are. */
static Tensor *define_last(Definer *d, const Candidates *c, int own)
{
    const Tensor *data = d->node->inputs[DATA];
    Arena *arena = d->graph->arena;
    int64_t count;
    bool counted = checked_elements(data->dims, own, &count);
    assert(counted);
    if (!tensor_is_const(d->node->inputs[INDICES]) || count > LARGEST_TABLE) {
        Tensor *last = define_temporary(d, "last", DT_I64, own, data->dims);
        Var **vars = define_indices(d, own, data->dims);
        define_tensor(d, last, vars, last_candidate(d, c, define_index_exprs(d, vars, own)));
        return last;
    }
    int64_t *last = NEW_ARRAY(arena, int64_t, count);
    for (int64_t i = 0; i < count; i++) last[i] = -1;
    c->mark(d->node, last);
    const char *name = graph_unique_name(d->graph, arena_format(arena, "%s.last", d->node->name));
    return graph_add_const(d->graph, name, DT_I64, own, data->dims, last);
}

static void define_overwrite(Definer *d, const Candidates *c, int own)
{
    Tensor *data = d->node->inputs[DATA], *updates = d->node->inputs[UPDATES],
           *out = d->node->outputs[0];
    Pool *p = d->pool;
    Tensor *last = define_last(d, c, own);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *which[MAX_RANK], *at[MAX_RANK];
    Expr *number = ex_load(p, last, index), *none = ex_lt(p, number, ex_int(p, 0));
    define_unflatten(p, number, c->rank, c->dims, which);
    c->place(d->node, which, index, at);
    define_tensor(d, out, vars,
                  ex_select(p, none, ex_load(p, data, index), ex_load(p, updates, at)));
}

static void define_combine(Definer *d, const Candidates *c, ReduceOp op)
{
    Tensor *data = d->node->inputs[DATA], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, out->rank, out->dims),
        **over = define_indices(d, c->rank, c->dims);
    Expr **index = define_index_exprs(d, vars, out->rank),
         **which = define_index_exprs(d, over, c->rank), *at[MAX_RANK];
    c->place(d->node, which, index, at);
    Expr *update = define_load(d, d->node->inputs[UPDATES], at);
    update = ex_select(p, c->meant(d, which, index), update, ex_identity(p, op, update->dtype));
    Expr *all = ex_reduce(p, op, over, c->rank, update);
    define_rounded(d, out, vars, ex_binary(p, reduce_binary(op), define_load(d, data, index), all));
}

static void define_scatter(Definer *d, const Candidates *c, int own)
{
    ReduceOp op = reduction_of(d->node)->op;
    if (op == RE_COUNT)
        define_overwrite(d, c, own);
    else
        define_combine(d, c, op);
}

/* ---- ScatterElements: update u goes to the element whose index is u's own but along one axis ----
 */

static int axis_of(const Node *n) { return attr_axis(n, n->inputs[0]->rank); }

static bool elements_infer(Infer *in)
{
    const Tensor *data = in->node->inputs[DATA], *indices = in->node->inputs[INDICES],
                 *updates = in->node->inputs[UPDATES];
    Arena *arena = in->graph->arena;
    int axis;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), data->rank, &axis) ||
        !check_reduction(in))
        return false;
    bool fits = indices->rank == data->rank && updates->rank == data->rank;
    for (int i = 0; fits && i < data->rank; i++)
        fits = indices->dims[i] == updates->dims[i] &&
               (i == axis || indices->dims[i] <= data->dims[i]);
    if (!fits)
        return infer_error(in, "E0201", "indices %s and updates %s do not fit data %s",
                           tensor_type_text(arena, indices), tensor_type_text(arena, updates),
                           tensor_type_text(arena, data));
    return indices_check(in, indices, 0, 1, data->dims[axis]) &&
           infer_output(in, 0, data->dtype, data->rank, data->dims);
}

static void elements_place(const Node *n, Expr *const *which, Expr *const *index, Expr **at)
{
    memcpy(at, index, (size_t)n->inputs[DATA]->rank * sizeof *at);
    at[axis_of(n)] = which[0];
}

static Expr *elements_meant(Definer *d, Expr *const *which, Expr *const *index)
{
    Tensor *data = d->node->inputs[DATA], *indices = d->node->inputs[INDICES];
    Pool *p = d->pool;
    int axis = axis_of(d->node);
    Expr *at[MAX_RANK], *inside = ex_int_of(p, DT_BOOL, 1);
    elements_place(d->node, which, index, at);
    for (int i = 0; i < data->rank; i++)
        if (i != axis) inside = ex_and(p, inside, ex_within(p, index[i], 0, indices->dims[i]));
    Expr *target = indices_from_end(p, ex_load(p, indices, at), data->dims[axis]);
    return ex_select(p, inside, ex_eq(p, target, index[axis]), ex_int_of(p, DT_BOOL, 0));
}

/* A constant index counted from the start; false when it is out of range, as indices can be that
 * folding knows only now. */
static bool from_end(const Tensor *indices, int64_t at, int64_t extent, int64_t *index)
{
    int64_t i = dtype_get_int(indices->dtype, indices->data, at);
    if (i < 0) i += extent;
    bool inside = i >= 0 && i < extent;
    *index = inside ? i : 0;
    return inside;
}

static void elements_mark(const Node *n, int64_t *last)
{
    const Tensor *data = n->inputs[DATA], *indices = n->inputs[INDICES];
    int axis = axis_of(n);
    for (int64_t k = 0, count = tensor_elements(indices); k < count; k++) {
        int64_t rest = k, stride = 1, to = 0, which = 0;
        bool inside = true;
        for (int i = data->rank - 1; i >= 0; i--) {
            int64_t at = rest % indices->dims[i];
            if (i == axis) which = at, inside = from_end(indices, k, data->dims[i], &at);
            to += at * stride;
            rest /= indices->dims[i];
            stride *= data->dims[i];
        }
        if (inside) last[to] = which;
    }
}

static void elements_define(Definer *d)
{
    int axis = axis_of(d->node);
    Candidates c = {
        1, {d->node->inputs[INDICES]->dims[axis]}, elements_meant, elements_place, elements_mark};
    define_scatter(d, &c, d->node->inputs[DATA]->rank);
}

/* ---- ScatterND: rows of the indices are positions in data's leading dimensions ---- */

static bool nd_infer(Infer *in)
{
    const Tensor *data = in->node->inputs[DATA], *indices = in->node->inputs[INDICES],
                 *updates = in->node->inputs[UPDATES];
    Arena *arena = in->graph->arena;
    int64_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
    bool fits = depth >= 1 && depth <= data->rank &&
                updates->rank == indices->rank - 1 + data->rank - depth;
    for (int i = 0; fits && i < updates->rank; i++) {
        int from = i - (indices->rank - 1);
        fits = updates->dims[i] == (from < 0 ? indices->dims[i] : data->dims[depth + from]);
    }
    if (!fits)
        return infer_error(in, "E0201", "indices %s and updates %s do not fit data %s",
                           tensor_type_text(arena, indices), tensor_type_text(arena, updates),
                           tensor_type_text(arena, data));
    for (int i = 0; i < depth; i++)
        if (!indices_check(in, indices, i, depth, data->dims[i])) return false;
    return check_reduction(in) && infer_output(in, 0, data->dtype, data->rank, data->dims);
}

static void nd_place(const Node *n, Expr *const *which, Expr *const *index, Expr **at)
{
    const Tensor *data = n->inputs[DATA], *indices = n->inputs[INDICES];
    int rows = indices->rank - 1, depth = (int)indices->dims[rows];
    memcpy(at, which, (size_t)rows * sizeof *at);
    memcpy(at + rows, index + depth, (size_t)(data->rank - depth) * sizeof *at);
}

static Expr *nd_meant(Definer *d, Expr *const *which, Expr *const *index)
{
    Tensor *data = d->node->inputs[DATA], *indices = d->node->inputs[INDICES];
    Pool *p = d->pool;
    int rows = indices->rank - 1;
    Expr *at[MAX_RANK], *meant = ex_int_of(p, DT_BOOL, 1);
    memcpy(at, which, (size_t)rows * sizeof *at);
    for (int i = 0; i < indices->dims[rows]; i++) {
        at[rows] = ex_int(p, i);
        Expr *target = indices_from_end(p, ex_load(p, indices, at), data->dims[i]);
        meant = ex_and(p, meant, ex_eq(p, target, index[i]));
    }
    return meant;
}

static void nd_mark(const Node *n, int64_t *last)
{
    const Tensor *data = n->inputs[DATA], *indices = n->inputs[INDICES];
    int64_t depth = indices->dims[indices->rank - 1];
    for (int64_t row = 0, rows = tensor_elements(indices) / depth; row < rows; row++) {
        int64_t to = 0, at;
        bool inside = true;
        for (int i = 0; i < depth; i++) {
            inside = from_end(indices, row * depth + i, data->dims[i], &at) && inside;
            to = to * data->dims[i] + at;
        }
        if (inside) last[to] = row;
    }
}

static void nd_define(Definer *d)
{
    const Tensor *indices = d->node->inputs[INDICES];
    Candidates c = {indices->rank - 1, {0}, nd_meant, nd_place, nd_mark};
    memcpy(c.dims, indices->dims, (size_t)c.rank * sizeof *c.dims);
    define_scatter(d, &c, (int)indices->dims[c.rank]);
}

#define TYPES_SCATTER (TYPES_NUMERIC | TYPE(DT_BOOL) | TYPE(DT_STRING))

static const Slot inputs[] = {SLOT("data", TYPES_SCATTER, "T"),
                              SLOT("indices", TYPES_INDEX, "Tind"),
                              SLOT("updates", TYPES_SCATTER, "T"),
                              {0}};
static const Slot nd_inputs[] = {SLOT("data", TYPES_SCATTER, "T"),
                                 SLOT("indices", TYPE(DT_I64), NULL),
                                 SLOT("updates", TYPES_SCATTER, "T"),
                                 {0}};
static const Slot outputs[] = {SLOT("output", TYPES_SCATTER, "T"), {0}};
static const AttrSpec attrs[] = {
    ATTR("axis", INT), ATTR("reduction", STRING, .s = "none", .since = 16), {0}};
static const AttrSpec old_attrs[] = {ATTR("axis", INT), {0}};
static const AttrSpec nd_attrs[] = {ATTR("reduction", STRING, .s = "none", .since = 16), {0}};

const Op ops_scatter[] = {
    {.name = "ScatterElements",
     .doc = "Data with updates written to elements that indices along `axis` name, or combined "
            "with them.",
     .versions = (const int[]){11, 13, 16, 18, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = elements_infer,
     .define = elements_define,
     .examples =
         (const char *const[]){
             "ScatterElements(x: f32[3, 3], i: i64[2, 3], u: f32[2, 3])",
             "ScatterElements(x: f32[3, 3], i64[2, 3] [[1, 0, 2], [0, 2, 1]], u: f32[2, 3])",
             "ScatterElements(x: f32[1, 5], i64[1, 2] [[1, 1]], u: f32[1, 2], axis: 1, reduction: "
             "\"add\")",
             0}},
    {.name = "ScatterND",
     .doc = "Data with updates written to the elements or slices that rows of indices name, or "
            "combined with them.",
     .versions = (const int[]){11, 13, 16, 18, 0},
     .inputs = nd_inputs,
     .outputs = outputs,
     .attrs = nd_attrs,
     .infer = nd_infer,
     .define = nd_define,
     .examples =
         (const char *const[]){"ScatterND(x: f32[4, 2], i: i64[3, 1], u: f32[3, 2])",
                               "ScatterND(x: f32[4, 2], i64[2, 1] [[2], [0]], u: f32[2, 2])", 0}},
    {.name = "Scatter",
     .doc = "The old name of ScatterElements.",
     .versions = (const int[]){9, 0},
     .last = 10,
     .inputs = inputs,
     .outputs = outputs,
     .attrs = old_attrs,
     .infer = elements_infer,
     .define = elements_define,
     .examples =
         (const char *const[]){
             "Scatter@9(x: f32[3, 3], i64[2, 3] [[1, 0, 2], [0, 2, 1]], u: f32[2, 3])", 0}},
    {0}};
