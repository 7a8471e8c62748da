/* Elementwise operators of one, two, three and any number of operands, broadcast every way, over
 * every element type, with NaN, infinities, overflow and empty tensors; and casts. */
#include "case.h"

#include <math.h>

enum { REAL = TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_F16), TWO = TYPE(DT_F32) | TYPE(DT_F64) };

static void draw_shape(Case *c, int *rank, int64_t *dims)
{
    *rank = below(c, 5);
    draw_dims(c, *rank, dims, chance(c, 4) ? 0 : 1, 5);
}

/* A shape that broadcasts to dims, with dims. */
static void draw_partner(Case *c, int rank, const int64_t *dims, int *own_rank, int64_t *own)
{
    int dropped = chance(c, 40) ? below(c, rank + 1) : 0;
    *own_rank = rank - dropped;
    for (int i = 0; i < *own_rank; i++) own[i] = chance(c, 30) ? 1 : dims[i + dropped];
}

static Fill draw_fill(Case *c)
{
    return chance(c, 35) ? FILL_ANY : chance(c, 40) ? FILL_ROUGH : FILL_SMALL;
}

/* ---- one operand ---- */

typedef struct Unary {
    const char *name;
    uint32_t types;
    int since;
    const char *floats[3]; /* attributes that may be set */
    double slack;
} Unary;

static const Unary unaries[] = {
    {"Abs", TYPES_NUMERIC, 13, {0}, 0},
    {"Acos", REAL, 7, {0}, 4},
    {"Acosh", REAL, 9, {0}, 4},
    {"Asin", REAL, 7, {0}, 4},
    {"Asinh", REAL, 9, {0}, 4},
    {"Atan", REAL, 7, {0}, 4},
    {"Atanh", REAL, 9, {0}, 4},
    {"Ceil", REAL, 6, {0}, 0},
    {"Cos", REAL, 7, {0}, 4},
    {"Cosh", REAL, 9, {0}, 4},
    {"Elu", REAL, 6, {"alpha"}, 4},
    {"Erf", REAL, 9, {0}, 4},
    {"Exp", REAL, 6, {0}, 4},
    {"Floor", REAL, 6, {0}, 0},
    {"HardSigmoid", REAL, 6, {"alpha", "beta"}, 0},
    {"HardSwish", REAL, 14, {0}, 0},
    {"IsNaN", REAL, 9, {0}, 0},
    {"LeakyRelu", REAL, 6, {"alpha"}, 0},
    {"Log", REAL, 6, {0}, 4},
    {"Mish", REAL, 18, {0}, 4},
    {"Neg", REAL | TYPES_SIGNED, 6, {0}, 0},
    {"Not", TYPE(DT_BOOL), 1, {0}, 0},
    {"Reciprocal", REAL, 6, {0}, 0},
    {"Relu", REAL | TYPES_SIGNED, 14, {0}, 0},
    {"Round", REAL, 11, {0}, 0},
    {"Selu", REAL, 6, {"alpha", "gamma"}, 4},
    {"Sigmoid", REAL, 6, {0}, 4},
    {"Sign", TYPES_NUMERIC, 9, {0}, 0},
    {"Sin", REAL, 7, {0}, 4},
    {"Sinh", REAL, 9, {0}, 4},
    {"Softplus", REAL, 1, {0}, 4},
    {"Softsign", REAL, 1, {0}, 0},
    {"Sqrt", REAL, 6, {0}, 0},
    {"Tan", REAL, 7, {0}, 8},
    {"Tanh", REAL, 6, {0}, 4},
    {"ThresholdedRelu", REAL, 10, {"alpha"}, 0},
    {"Celu", TYPE(DT_F32), 12, {"alpha"}, 4},
    {"Gelu", REAL, 20, {0}, 4},
    {"Identity", TYPES_NUMERIC | TYPE(DT_BOOL), 13, {0}, 0},
    {"BitwiseNot", TYPES_INTEGER, 18, {0}, 0},
};

static void unary(Case *c)
{
    const Unary *u = &unaries[below(c, COUNT(unaries))];
    int rank;
    int64_t dims[MAX_RANK];
    c->op = u->name;
    c->opset = (int)between(c, max64(7, u->since), 22);
    c->slack = u->slack;
    for (size_t i = 0; i < COUNT(u->floats) && u->floats[i]; i++)
        if (chance(c, 50)) set_float(c, u->floats[i], (double)between(c, 1, 8) / 4);
    if (strcmp(c->op, "Gelu") == 0 && chance(c, 50))
        set_text(c, "approximate", chance(c, 50) ? "tanh" : "none");
    draw_shape(c, &rank, dims);
    put_input(c, draw_type(c, u->types), rank, dims, draw_fill(c));
}

static void is_inf(Case *c)
{
    int rank;
    int64_t dims[MAX_RANK];
    c->op = "IsInf";
    c->opset = 20;
    if (chance(c, 50)) set_int(c, "detect_negative", below(c, 2));
    if (chance(c, 50)) set_int(c, "detect_positive", below(c, 2));
    draw_shape(c, &rank, dims);
    put_input(c, draw_type(c, TWO), rank, dims, FILL_ANY);
}

static void clip(Case *c)
{
    int rank;
    int64_t dims[MAX_RANK];
    Dtype dtype = draw_type(c, TYPES_NUMERIC);
    c->op = "Clip";
    c->opset = draw_version(c, (const int[]){12, 13, 0});
    draw_shape(c, &rank, dims);
    put_input(c, dtype, rank, dims, draw_fill(c));
    bool least = chance(c, 70), most = chance(c, 70);
    if (least)
        put_input(c, dtype, 0, NULL, FILL_SMALL);
    else if (most)
        put_omitted(c);
    if (most) put_input(c, dtype, 0, NULL, FILL_SMALL);
}

/* ---- two operands ---- */

typedef struct Binary {
    const char *name;
    uint32_t types;
    int since;
    Fill second; /* FILL_ANY: as the first */
} Binary;

static const Binary binaries[] = {
    {"Add", TYPES_NUMERIC, 14, FILL_ANY},
    {"Sub", TYPES_NUMERIC, 14, FILL_ANY},
    {"Mul", TYPES_NUMERIC, 14, FILL_ANY},
    {"Div", TYPES_FLOAT, 14, FILL_ANY},
    {"Div", TYPES_INTEGER, 14, FILL_POSITIVE},
    {"And", TYPE(DT_BOOL), 7, FILL_ANY},
    {"Or", TYPE(DT_BOOL), 7, FILL_ANY},
    {"Xor", TYPE(DT_BOOL), 7, FILL_ANY},
    {"Equal", TYPES_NUMERIC | TYPE(DT_BOOL), 13, FILL_ANY},
    {"Less", TYPES_NUMERIC, 13, FILL_ANY},
    {"Greater", TYPES_NUMERIC, 13, FILL_ANY},
    {"LessOrEqual", TYPES_NUMERIC, 16, FILL_ANY},
    {"GreaterOrEqual", TYPES_NUMERIC, 16, FILL_ANY},
    {"BitwiseAnd", TYPES_INTEGER, 18, FILL_ANY},
    {"BitwiseOr", TYPES_INTEGER, 18, FILL_ANY},
    {"BitwiseXor", TYPES_INTEGER, 18, FILL_ANY},
    {"PRelu", TYPES_FLOAT | TYPE(DT_I32) | TYPE(DT_I64) | TYPE(DT_U32) | TYPE(DT_U64), 16,
     FILL_ANY},
};

static void two(Case *c, Dtype first, Dtype second, Fill fill, Fill second_fill, bool one_way)
{
    int rank, other_rank;
    int64_t dims[MAX_RANK], other[MAX_RANK];
    draw_shape(c, &rank, dims);
    draw_partner(c, rank, dims, &other_rank, other);
    for (int i = 0; i < rank && !one_way; i++)
        if (other_rank == rank && chance(c, 20)) dims[i] = 1;
    bool swap = !one_way && chance(c, 50);
    put_input(c, first, swap ? other_rank : rank, swap ? other : dims, fill);
    put_input(c, second, swap ? rank : other_rank, swap ? dims : other, second_fill);
}

static void binary(Case *c)
{
    const Binary *b = &binaries[below(c, COUNT(binaries))];
    Dtype dtype = draw_type(c, b->types);
    Fill fill = draw_fill(c);
    c->op = b->name;
    c->opset = (int)between(c, b->since, 22);
    two(c, dtype, dtype, fill, b->second == FILL_ANY ? fill : b->second,
        strcmp(c->op, "PRelu") == 0);
}

static void mod(Case *c)
{
    bool fmod = chance(c, 50);
    Dtype dtype = draw_type(c, fmod ? TYPES_NUMERIC : TYPES_INTEGER);
    c->op = "Mod";
    c->opset = draw_version(c, (const int[]){10, 13, 0});
    if (fmod) set_int(c, "fmod", 1);
    two(c, dtype, dtype, chance(c, 50) ? FILL_ANY : FILL_SMALL, FILL_POSITIVE, false);
    for (int64_t i = 0; i < case_elements(&c->inputs[1]); i++)
        if (dtype_info(dtype)->class != CLASS_UNSIGNED && chance(c, 50))
            set_element(&c->inputs[1], i, -dtype_get_double(dtype, c->inputs[1].data, i));
}

/* A power that no integer can hold, or of a negative number that is no number. */
static bool is_no_integer(const Case *c)
{
    for (int64_t i = 0; i < case_elements(&c->inputs[1]); i++) {
        double e = dtype_get_double(c->inputs[1].dtype, c->inputs[1].data, i);
        if (e != floor(e) || e < 0) return true;
    }
    return false;
}

static void power(Case *c)
{
    uint32_t types = TWO | TYPE(DT_I32) | TYPE(DT_I64);
    Dtype base = draw_type(c, types), exponent = chance(c, 50) ? base : draw_type(c, types);
    c->op = "Pow";
    c->opset = draw_version(c, (const int[]){12, 13, 15, 0});
    c->slack = 8;
    bool whole = dtype_is_integer(base);
    two(c, base, exponent, whole ? FILL_SMALL : draw_fill(c), whole ? FILL_POSITIVE : FILL_SMALL,
        false);
    if (whole && is_no_integer(c)) c->undefined = "a power that is no integer";
}

static void shift(Case *c)
{
    Dtype dtype = draw_type(c, TYPES_UNSIGNED);
    c->op = "BitShift";
    c->opset = 11;
    set_text(c, "direction", chance(c, 50) ? "LEFT" : "RIGHT");
    two(c, dtype, dtype, FILL_ANY, FILL_SMALL, false);
    for (int64_t i = 0; i < case_elements(&c->inputs[1]); i++)
        set_element(&c->inputs[1], i, (double)between(c, 0, dtype_info(dtype)->bits - 1));
}

/* ---- more operands ---- */

static void variadic(Case *c)
{
    static const char *const names[] = {"Max", "Min", "Sum", "Mean"};
    int which = below(c, COUNT(names)), count = 1 + below(c, 4), rank, own_rank;
    Dtype dtype = draw_type(c, which < 2 ? TYPES_NUMERIC : TWO);
    Fill fill = draw_fill(c);
    int64_t dims[MAX_RANK], own[MAX_RANK];
    c->op = names[which];
    c->opset = 13;
    draw_shape(c, &rank, dims);
    for (int i = 0; i < count; i++) {
        draw_partner(c, rank, dims, &own_rank, own);
        put_input(c, dtype, own_rank, own, fill);
    }
}

static void where(Case *c)
{
    Dtype dtype = draw_type(c, TYPES_NUMERIC | TYPE(DT_BOOL));
    int rank, own_rank;
    int64_t dims[MAX_RANK], own[MAX_RANK];
    c->op = "Where";
    c->opset = draw_version(c, (const int[]){9, 16, 0});
    draw_shape(c, &rank, dims);
    for (int i = 0; i < 3; i++) {
        draw_partner(c, rank, dims, &own_rank, own);
        put_input(c, i ? dtype : DT_BOOL, own_rank, own, FILL_ANY);
    }
}

/* ---- casts ---- */

/* A float beyond the range of an integer type, or NaN, has no value there. */
static bool is_out_of_range(const CaseInput *in, Dtype to)
{
    const DtypeInfo *info = dtype_info(to);
    if (!dtype_is_float(in->dtype) || !dtype_is_integer(to)) return false;
    bool is_signed = info->class == CLASS_SIGNED;
    double least = is_signed ? -ldexp(1, info->bits - 1) : 0;
    double most = ldexp(1, is_signed ? info->bits - 1 : info->bits);
    for (int64_t i = 0; i < case_elements(in); i++) {
        double x = dtype_get_double(in->dtype, in->data, i);
        if (!(trunc(x) >= least && trunc(x) < most)) return true;
    }
    return false;
}

static const uint32_t small_types = TYPE(DT_F8E4M3FN) | TYPE(DT_F8E4M3FNUZ) | TYPE(DT_F8E5M2) |
                                    TYPE(DT_F8E5M2FNUZ) | TYPE(DT_U4) | TYPE(DT_I4);

static void cast(Case *c)
{
    bool narrow = chance(c, 25);
    uint32_t types = TYPES_NUMERIC | TYPE(DT_BOOL);
    Dtype from = draw_type(c, narrow ? TYPE(DT_F32) | TYPE(DT_F16) | TYPE(DT_BF16) : types);
    Dtype to = draw_type(c, narrow ? small_types : types);
    if (narrow && chance(c, 40)) from = to, to = DT_F32;
    int rank;
    int64_t dims[MAX_RANK];
    c->op = "Cast";
    c->opset = narrow ? 21 : draw_version(c, (const int[]){13, 19, 21, 0});
    set_int(c, "to", to);
    if (narrow && chance(c, 30) && dtype_is_float(to) && to != DT_F32) set_int(c, "saturate", 0);
    draw_shape(c, &rank, dims);
    const CaseInput *in = put_input(c, from, rank, dims, chance(c, 50) ? FILL_ANY : FILL_SMALL);
    if (is_out_of_range(in, to)) c->undefined = "a float outside of the range of the integer type";
}

const Family families_elements[] = {{"Unary", 16, unary},
                                    {"IsInf", 1, is_inf},
                                    {"Clip", 4, clip},
                                    {"Binary", 16, binary},
                                    {"Mod", 4, mod},
                                    {"Pow", 4, power},
                                    {"BitShift", 2, shift},
                                    {"Variadic", 6, variadic},
                                    {"Where", 4, where},
                                    {"Cast", 8, cast},
                                    {0}};
