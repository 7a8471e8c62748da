/* Random elementwise operators with broadcasting, casts, reductions. */
#include "operators.h"

/* ---- elementwise ---- */

void add_unary(Network *n)
{
    static const struct Unary {
        const char *call;
        Wanted wanted;
        bool exact;
    } calls[] = {{"Relu($%d)", is_real, true},
                 {"Relu($%d)", is_real, true},
                 {"LeakyRelu($%d, alpha: 0.25)", is_real, true},
                 {"Sigmoid($%d)", is_real, false},
                 {"Tanh($%d)", is_real, false},
                 {"Exp($%d)", is_real, false},
                 {"Abs($%d)", is_number, true},
                 {"Neg($%d)", is_real, true},
                 {"Clip($%d, f32[] -1.5, f32[] 2.0)", is_f32, true},
                 {"Clip($%d, f32[] 0.0, f32[] 6.0)", is_f32, true},
                 {"HardSwish($%d)", is_real, false},
                 {"Gelu($%d)", is_real, false},
                 {"Erf($%d)", is_real, false},
                 {"Softplus($%d)", is_real, false},
                 {"Elu($%d)", is_real, false},
                 {"Selu($%d)", is_real, false},
                 {"Mish($%d)", is_real, false},
                 {"HardSigmoid($%d)", is_real, false},
                 {"Softsign($%d)", is_real, false},
                 {"Floor($%d)", is_exact, true},
                 {"Ceil($%d)", is_exact, true},
                 {"Round($%d)", is_exact, true},
                 {"Sign($%d)", is_comparable, true},
                 {"Not($%d)", is_bool, true},
                 {"BitwiseNot($%d)", is_integer, true},
                 {"Sin($%d)", is_real, false},
                 {"Cos($%d)", is_real, false},
                 {"Atan($%d)", is_real, false},
                 {"Sqrt($%d)", is_real, false},
                 {"Log($%d)", is_real, false},
                 {"ThresholdedRelu($%d, alpha: 0.5)", is_exact, true},
                 {"Reciprocal($%d)", is_real, false},
                 {"Asinh($%d)", is_real, false},
                 {"Celu($%d)", is_f32, false},
                 {"Identity($%d)", is_any, true},
                 {"IsNaN($%d)", is_real, true},
                 {"Shrink($%d)", is_exact, true}};
    const struct Unary *u = &calls[random_below(n, (int)COUNT(calls))];
    int x = pick(n, u->wanted);
    if (x < 0) return;
    char text[200];
    snprintf(text, sizeof text, u->call, x);
    network_add(n, 1, u->exact, text);
}

void add_binary(Network *n)
{
    static const struct Binary {
        const char *name;
        Wanted wanted;
        bool exact, discrete;
    } calls[] = {
        {"Add", is_number, true, false},         {"Add", is_number, true, false},
        {"Sub", is_number, true, false},         {"Mul", is_number, true, false},
        {"Mul", is_number, true, false},         {"Max", is_number, true, false},
        {"Min", is_number, true, false},         {"Equal", is_comparable, true, true},
        {"Less", is_comparable, true, true},     {"GreaterOrEqual", is_comparable, true, true},
        {"And", is_bool, true, false},           {"Xor", is_bool, true, false},
        {"Div", is_number, false, false},        {"Mod", is_integer, true, false},
        {"BitwiseAnd", is_integer, true, false}, {"PRelu", is_real, true, false},
        {"Pow", is_real, false, false},          {"BitwiseXor", is_integer, true, false}};
    const struct Binary *b = &calls[random_below(n, (int)COUNT(calls))];
    int x = pick(n, b->wanted);
    if (x < 0) return;
    int y = operand(n, x, b->discrete);
    bool swap = random_chance(n, 40) && strcmp(b->name, "PRelu") != 0;
    CallText c = {0};
    put(&c, "%s($%d, $%d)", b->name, swap ? y : x, swap ? x : y);
    add(n, 1, b->exact, &c);
}

void add_where(Network *n)
{
    int x = pick(n, is_any), test = pick(n, is_bool);
    Value v = n->values.items[x], b = n->values.items[test < 0 ? x : test];
    CallText c = {0};
    v.dtype = DT_BOOL;
    if (test < 0 || !broadcasts_to(&b, &v))
        test = network_leaf(n, DT_BOOL, v.rank, v.dims, FILL_INDEX);
    int y = operand(n, x, false);
    put(&c, "Where($%d, $%d, $%d)", test, x, y);
    add(n, 1, true, &c);
}

void add_cast(Network *n)
{
    static const char *const types[] = {
        "f32", "f32",    "f32",    "f32",      "f32",        "f64",        "i32",   "i64",
        "u8",  "bool",   "f16",    "i8",       "i4",         "u4",         "i4",    "i2",
        "u2",  "f4e2m1", "f8e5m2", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2fnuz", "f8e8m0"};
    int x = pick(n, random_chance(n, 50) ? is_comparable : is_any);
    if (x < 0) return;
    const char *type = types[random_below(n, (int)COUNT(types))];
    Value v = n->values.items[x];
    bool narrow = dtype_is_packed(dtype_by_name(type)) || strncmp(type, "f8", 2) == 0;
    if (dtype_is_float(v.dtype) && !v.exact && (type[0] != 'f' || narrow)) return;
    if (type[0] == 'u' && !is_integer(&v))
        return; /* a negative float as an unsigned integer has no meaning in C */
    CallText c = {0};
    put(&c, "Cast%s($%d, to: %s)", narrow ? "@25" : "", x, type);
    add(n, 1, true, &c);
}

/* ---- reductions ---- */

void add_reduction(Network *n)
{
    static const char *const names[] = {
        "ReduceSum", "ReduceMean",      "ReduceMax", "ReduceMin",       "ReduceProd",
        "ReduceL2",  "ReduceSumSquare", "ReduceL1",  "ReduceLogSumExp", "ReduceMean"};
    int which = random_below(n, (int)COUNT(names));
    int x = pick(n, which < 4 ? is_number : is_real);
    if (x < 0 || n->values.items[x].rank == 0) return;
    int rank = n->values.items[x].rank, count = 0;
    int64_t axes[MAX_RANK];
    for (int d = 0; d < rank; d++)
        if (random_chance(n, 50)) axes[count++] = random_chance(n, 20) ? d - rank : d;
    CallText c = {0};
    put(&c, "%s($%d", names[which], x);
    if (count) put_indices(&c, axes, count);
    put(&c, ", keepdims: %d)", random_below(n, 2));
    add(n, 1, which != 1 && which < 4, &c);
}

void add_extremes(Network *n)
{
    int x = pick(n, is_number);
    if (x < 0 || n->values.items[x].rank == 0) return;
    int64_t axis = random_below(n, n->values.items[x].rank);
    CallText c = {0};
    put(&c, "%s($%d", random_chance(n, 50) ? "ReduceMax" : "ReduceMin", x);
    put_indices(&c, &axis, 1);
    put(&c, ", keepdims: %d)", random_below(n, 2));
    add(n, 1, true, &c);
}

void add_scan(Network *n)
{
    static const char *const names[] = {"ArgMax", "ArgMin", "CumSum"};
    int which = random_below(n, (int)COUNT(names)), x = pick(n, is_comparable);
    if (x < 0 || n->values.items[x].rank == 0) return;
    int axis = random_below(n, n->values.items[x].rank);
    CallText c = {0};
    if (which == 2)
        put(&c, "CumSum($%d, i64[] %d, reverse: %d, exclusive: %d)", x, axis, random_below(n, 2),
            random_below(n, 2));
    else
        put(&c, "%s($%d, axis: %d, keepdims: %d, select_last_index: %d)", names[which], x, axis,
            random_below(n, 2), random_below(n, 2));
    add(n, 1, true, &c);
}
