/*
 * Comparisons, logic, bits and choice, element by element with broadcasting: one table row each.
 */
#include "row.h"

#include <math.h>

ELEMENT(equal) { return ex_eq(p, x[0], x[1]); }
ELEMENT(greater) { return ex_lt(p, x[1], x[0]); }
ELEMENT(greater_or_equal) { return ex_le(p, x[1], x[0]); }
ELEMENT(less) { return ex_lt(p, x[0], x[1]); }
ELEMENT(less_or_equal) { return ex_le(p, x[0], x[1]); }
ELEMENT(both) { return ex_and(p, x[0], x[1]); }
ELEMENT(either) { return ex_or(p, x[0], x[1]); }
ELEMENT(exclusive_or) { return ex_binary(p, BI_XOR, x[0], x[1]); }
ELEMENT(not_of) { return ex_unary(p, UN_NOT, x[0]); }
ELEMENT(is_nan) { return ex_unary(p, UN_ISNAN, x[0]); }
ELEMENT(where) { return ex_select(p, x[0], x[1], x[2]); }

ELEMENT(is_inf)
{
    bool negative = attr_int(n, "detect_negative"), positive = attr_int(n, "detect_positive");
    if (negative && positive) return ex_unary(p, UN_ISINF, x[0]);
    if (negative || positive) return ex_eq(p, x[0], like(p, x[0], negative ? -INFINITY : INFINITY));
    return ex_int_of(p, DT_BOOL, 0);
}

static bool shifts_left(const Node *n) { return strcmp(attr_text(n, "direction"), "LEFT") == 0; }

ELEMENT(bit_shift) { return ex_binary(p, shifts_left(n) ? BI_SHL : BI_SHR, x[0], x[1]); }

static bool infer_bit_shift(Infer *in)
{
    const char *direction = attr_text(in->node, "direction");
    if (!shifts_left(in->node) && strcmp(direction, "RIGHT"))
        return infer_error(in, "E0306", "direction is \"LEFT\" or \"RIGHT\", not \"%s\"",
                           direction);
    return infer_elementwise(in);
}

/* The output has the type of the values chosen from. */
static bool infer_where(Infer *in)
{
    int rank;
    int64_t dims[MAX_RANK];
    return infer_broadcast(in, &rank, dims) &&
           infer_output(in, 0, in->node->inputs[1]->dtype, rank, dims);
}

#define LEGACY_BROADCAST ATTRS(ATTR("axis", INT, .until = 6), ATTR("broadcast", INT, .until = 6))
#define PREDICATE                                                                                  \
    OUTPUTS(SLOT("C", BOOLS, "T1")), .infer = infer_predicate, .define = define_elementwise
#define LOGICAL                                                                                    \
    VERSIONS(1, 7), INPUTS(SLOT("A", BOOLS, "T"), SLOT("B", BOOLS, "T")), LEGACY_BROADCAST,        \
        PREDICATE
/* Greater and Less: floats at first, all numbers since opset 9. */
#define ORDER_TYPES(name)                                                                          \
    SLOT(name, FLOATS_NO_BF16, "T", .until = 8),                                                   \
        SLOT(name, NUMERIC_NO_BF16, "T", .since = 9, .until = 12),                                 \
        SLOT(name, TYPES_NUMERIC, "T", .since = 13)
#define ORDER                                                                                      \
    VERSIONS(1, 7, 9, 13), INPUTS(ORDER_TYPES("A"), ORDER_TYPES("B")), LEGACY_BROADCAST, PREDICATE
#define ORDER_OR_EQUAL_TYPES(name)                                                                 \
    SLOT(name, NUMERIC_NO_BF16, "T", .until = 15), SLOT(name, TYPES_NUMERIC, "T", .since = 16)
#define ORDER_OR_EQUAL                                                                             \
    VERSIONS(12, 16), INPUTS(ORDER_OR_EQUAL_TYPES("A"), ORDER_OR_EQUAL_TYPES("B")), PREDICATE
#define EQUAL_TYPES(name)                                                                          \
    SLOT(name, TYPES_INDEX | BOOLS, "T", .until = 10),                                             \
        SLOT(name, ANY_NO_BF16, "T", .since = 11, .until = 12),                                    \
        SLOT(name, ANY, "T", .since = 13, .until = 18),                                            \
        SLOT(name, ANY | STRINGS, "T", .since = 19)
#define BITWISE                                                                                    \
    VERSIONS(18), INPUTS(SLOT("A", TYPES_INTEGER, "T"), SLOT("B", TYPES_INTEGER, "T")),            \
        OUTPUTS(SLOT("C", TYPES_INTEGER, "T")), .infer = infer_elementwise,                        \
                                                .define = define_elementwise
#define TEST_OF_ONE                                                                                \
    OUTPUTS(SLOT("Y", BOOLS, "T2")), .infer = infer_predicate, .define = define_elementwise

const Op ops_logic[] = {
    {.name = "And",
     .doc = "True where both are.",
     LOGICAL,
     .element = both,
     EXAMPLES("And(a: bool[2, 3], b: bool[3])")},
    {.name = "BitShift",
     .doc = "The bits of the first tensor moved by the second, towards LEFT or RIGHT.",
     VERSIONS(11),
     INPUTS(SLOT("X", TYPES_UNSIGNED, "T"), SLOT("Y", TYPES_UNSIGNED, "T")),
     OUTPUTS(SLOT("Z", TYPES_UNSIGNED, "T")),
     ATTRS(ATTR("direction", STRING, .required = true)),
     .infer = infer_bit_shift,
     .define = define_elementwise,
     .element = bit_shift,
     EXAMPLES("BitShift(x: u8[4], n: u8[4], direction: \"LEFT\")",
              "BitShift(x: u32[4], n: u32[1], direction: \"RIGHT\")")},
    {.name = "BitwiseAnd",
     .doc = "The bits that both tensors have.",
     BITWISE,
     .element = both,
     EXAMPLES("BitwiseAnd(a: i32[2, 3], b: i32[3])")},
    {.name = "BitwiseOr",
     .doc = "The bits that either tensor has.",
     BITWISE,
     .element = either,
     EXAMPLES("BitwiseOr(a: u8[2, 3], b: u8[3])")},
    {.name = "BitwiseXor",
     .doc = "The bits that one of the tensors has.",
     BITWISE,
     .element = exclusive_or,
     EXAMPLES("BitwiseXor(a: i16[2, 3], b: i16[3])")},
    {.name = "Equal",
     .doc = "True where two tensors are equal.",
     VERSIONS(1, 7, 11, 13, 19),
     INPUTS(EQUAL_TYPES("A"), EQUAL_TYPES("B")),
     LEGACY_BROADCAST,
     PREDICATE,
     .element = equal,
     EXAMPLES("Equal(a: i32[2, 3], b: i32[3])", "Equal(a: f32[3], b: f32[3])",
              "Equal(a: string[2, 6], b: string[6])")},
    {.name = "Greater",
     .doc = "True where the first tensor is greater than the second.",
     ORDER,
     .element = greater,
     EXAMPLES("Greater(a: f32[2, 3], b: f32[3])")},
    {.name = "GreaterOrEqual",
     .doc = "True where the first tensor is greater than or equal to the second.",
     ORDER_OR_EQUAL,
     .element = greater_or_equal,
     EXAMPLES("GreaterOrEqual(a: f32[2, 3], b: f32[3])")},
    {.name = "IsInf",
     .doc = "True where an element is infinite, of the signs asked for.",
     VERSIONS(10, 20),
     INPUTS(SLOT("X", TYPE(DT_F32) | TYPE(DT_F64), "T1", .until = 19),
            SLOT("X", TYPES_FLOAT | FLOATS_8BIT, "T1", .since = 20)),
     ATTRS(ATTR("detect_negative", INT, .i = 1), ATTR("detect_positive", INT, .i = 1)),
     TEST_OF_ONE,
     .element = is_inf,
     EXAMPLES("IsInf(x: f32[2, 3])", "IsInf(x: f32[2, 3], detect_negative: 0)")},
    {.name = "IsNaN",
     .doc = "True where an element is not a number.",
     VERSIONS(9, 13, 20),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T1", .until = 12),
            SLOT("X", TYPES_FLOAT, "T1", .since = 13, .until = 19),
            SLOT("X", TYPES_FLOAT | FLOATS_8BIT, "T1", .since = 20)),
     TEST_OF_ONE,
     .element = is_nan,
     EXAMPLES("IsNaN(x: f32[2, 3])")},
    {.name = "Less",
     .doc = "True where the first tensor is less than the second.",
     ORDER,
     .element = less,
     EXAMPLES("Less(a: f32[2, 3], b: f32[3])", "Less(a: u8[3], b: u8[3])")},
    {.name = "LessOrEqual",
     .doc = "True where the first tensor is less than or equal to the second.",
     ORDER_OR_EQUAL,
     .element = less_or_equal,
     EXAMPLES("LessOrEqual(a: i32[2, 3], b: i32[3])")},
    {.name = "Not",
     .doc = "True where the input is false.",
     VERSIONS(1),
     INPUTS(SLOT("X", BOOLS, "T")),
     OUTPUTS(SLOT("Y", BOOLS, "T")),
     .infer = infer_predicate,
     .define = define_elementwise,
     .element = not_of,
     EXAMPLES("Not(x: bool[2, 3])")},
    {.name = "Or",
     .doc = "True where either is.",
     LOGICAL,
     .element = either,
     EXAMPLES("Or(a: bool[2, 3], b: bool[3])")},
    {.name = "Where",
     .doc = "Elements of X where the condition holds, of Y elsewhere, with broadcasting.",
     VERSIONS(9, 16),
     INPUTS(SLOT("condition", BOOLS, "B"), SLOT("X", ANY_NO_BF16 | STRINGS, "T", .until = 15),
            SLOT("X", ANY | STRINGS, "T", .since = 16), SLOT("Y", ANY | STRINGS, "T")),
     OUTPUTS(SLOT("output", ANY | STRINGS, "T")),
     .infer = infer_where,
     .define = define_elementwise,
     .element = where,
     EXAMPLES("Where(c: bool[2, 3], a: f32[2, 3], b: f32[1])",
              "Where(c: bool[3], a: i64[3], b: i64[3])",
              "Where(c: bool[3], a: string[3], b: string[1])")},
    {.name = "Xor",
     .doc = "True where one is and the other is not.",
     LOGICAL,
     .element = exclusive_or,
     EXAMPLES("Xor(a: bool[2, 3], b: bool[3])")},
    {0},
};
