/* Reductions, arg-reductions, TopK, cumulative sums and softmax: over any axes, given as attribute
 * or input, with ties, NaN and empty tensors. */
#include "case.h"

static const CaseInput *put_data(Case *c, Dtype dtype, int least_rank, Fill fill)
{
    int rank = least_rank + below(c, 5 - least_rank);
    int64_t dims[MAX_RANK];
    draw_dims(c, rank, dims, 1, chance(c, 10) ? 17 : 5);
    for (int i = 0; i < rank; i++)
        if (rank > 3 && dims[i] > 7) dims[i] = 7;
    return put_input(c, dtype, rank, dims, fill);
}

static void reduce(Case *c)
{
    static const char *const names[] = {
        "ReduceSum", "ReduceMean", "ReduceMax",    "ReduceMin",       "ReduceProd",
        "ReduceL1",  "ReduceL2",   "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"};
    int which = below(c, COUNT(names));
    bool extremes = which == 2 || which == 3;
    uint32_t types = TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I64);
    c->op = names[which];
    c->opset = draw_version(c, (const int[]){11, 13, 18, 20, 0});
    int as_input = which == 0 ? 13 : 18;
    Dtype dtype =
        chance(c, 60) ? DT_F32 : draw_type(c, types | (extremes ? TYPE(DT_I8) | TYPE(DT_U8) : 0));
    Fill fill = which == 7 ? FILL_POSITIVE : chance(c, 15) ? FILL_ANY : FILL_SMALL;
    if (dtype_is_integer(dtype) && fill == FILL_ANY && !extremes) fill = FILL_SMALL;
    const CaseInput *x = put_data(c, dtype, 0, fill);
    c->slack = 4;
    if (which == 4 && dtype_is_integer(dtype)) /* what overflows is not defined */
        for (int64_t i = 0; i < case_elements(x); i++)
            set_element(&c->inputs[0], i, (double)between(c, -1, i < 12 ? 4 : 1));
    if (chance(c, 60)) set_int(c, "keepdims", below(c, 2));
    if (c->opset >= as_input && chance(c, 25)) set_int(c, "noop_with_empty_axes", below(c, 2));
    if (x->rank == 0 || chance(c, 25)) return;
    int count = 1 + below(c, x->rank);
    int64_t axes[MAX_RANK];
    draw_axes(c, x->rank, count, axes);
    if (c->opset >= as_input)
        put_ints(c, DT_I64, chance(c, 8) ? 0 : count, axes);
    else
        set_ints(c, "axes", count, axes);
}

static void arg_extreme(Case *c)
{
    c->op = chance(c, 50) ? "ArgMax" : "ArgMin";
    c->opset = draw_version(c, (const int[]){11, 12, 13, 0});
    const CaseInput *x = put_data(
        c, draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I8) | TYPE(DT_U8)), 1,
        FILL_SMALL);
    if (chance(c, 75)) set_int(c, "axis", between(c, -x->rank, x->rank - 1));
    if (chance(c, 60)) set_int(c, "keepdims", below(c, 2));
    if (c->opset >= 12 && chance(c, 50)) set_int(c, "select_last_index", below(c, 2));
}

static void top_k(Case *c)
{
    c->op = "TopK";
    c->opset = draw_version(c, (const int[]){10, 11, 24, 0});
    const CaseInput *x = put_data(
        c,
        c->opset == 10 ? DT_F32
                       : draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I64) | TYPE(DT_I32)),
        1, chance(c, 50) ? FILL_SMALL : FILL_DISTINCT);
    int64_t axis = below(c, x->rank), k = between(c, chance(c, 10) ? 0 : 1, x->dims[axis]);
    c->output_count = 2;
    put_ints(c, DT_I64, 1, &k);
    set_int(c, "axis", chance(c, 50) ? axis - x->rank : axis);
    if (c->opset > 10 && chance(c, 60)) set_int(c, "largest", below(c, 2));
    if (c->opset > 10 && chance(c, 20)) set_int(c, "sorted", 1);
}

static void cum_sum(Case *c)
{
    c->op = "CumSum";
    c->opset = draw_version(c, (const int[]){11, 14, 0});
    const CaseInput *x = put_data(
        c, draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I64)), 1, FILL_SMALL);
    put_scalar(c, chance(c, 50) ? DT_I32 : DT_I64, (double)between(c, -x->rank, x->rank - 1));
    if (chance(c, 50)) set_int(c, "exclusive", below(c, 2));
    if (chance(c, 50)) set_int(c, "reverse", below(c, 2));
}

/* Before version 13 all axes from `axis` on are one. */
static void softmax(Case *c)
{
    static const char *const names[] = {"Softmax", "LogSoftmax", "Hardmax"};
    c->op = names[below(c, COUNT(names))];
    c->opset = draw_version(c, (const int[]){8, 11, 13, 0});
    const CaseInput *x =
        put_data(c, chance(c, 80) ? DT_F32 : DT_F64, 1, chance(c, 50) ? FILL_SMALL : FILL_ROUGH);
    c->slack = 4;
    int64_t least = c->opset >= 11 ? -x->rank : 0;
    if (chance(c, 80) || (c->opset < 13 && x->rank == 1))
        set_int(c, "axis", between(c, least, x->rank - 1));
}

const Family families_reduce[] = {{"Reduce", 14, reduce},  {"ArgMax", 5, arg_extreme},
                                  {"TopK", 4, top_k},      {"CumSum", 3, cum_sum},
                                  {"Softmax", 6, softmax}, {0}};
