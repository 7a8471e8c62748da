/*
 * Arithmetic of a .net file: on numbers and lists, done here with every overflow checked; on
 * tensors, a node with broadcasting, whose shapes are checked first so that the message can point
 * at both sides.
 */
#include "read_net.h"

#include <math.h>

static const char *operand_text(Reader *r, const Value *v)
{
    if (v->kind == VALUE_LIST) return arena_format(r->arena, "a list of %d", v->list.count);
    return v->kind == VALUE_TENSOR ? tensor_type_text(r->arena, v->tensor) : value_kind_name(v);
}

static Value not_defined(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    Diagnostic *d = net_error(r, "E0407", e->source, "`%s` is not defined for %s%s%s",
                              net_operator_text(e->binary.op), a ? value_kind_name(a) : "",
                              a ? " and " : "", value_kind_name(b));
    if (a) net_label(d, a->source, "%s", operand_text(r, a));
    net_label(d, b->source, "%s", operand_text(r, b));
    if (a && a->kind == VALUE_LIST && b->kind == VALUE_LIST)
        net_help(d,
                 "arithmetic goes element by element between a list and a number; append(list, v) "
                 "makes a list longer");
    return poison;
}

/* ---- numbers ---- */

static Value bad_division(Reader *r, const NetExpr *e, int64_t a, int64_t b)
{
    Diagnostic *d;
    if (b == 0) {
        net_error(r, "E0408", e->source, "division by zero");
        return poison;
    }
    d = net_error(r, "E0408", e->source, "%lld / %lld is not a whole number", (long long)a,
                  (long long)b);
    net_help(d, "`//` rounds down; a point makes the numbers real: %lld.0 / %lld", (long long)a,
             (long long)b);
    return poison;
}

static bool int_divide(NetOperator op, int64_t a, int64_t b, int64_t *result)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    if (op == NET_DIV && a % b) return false;
    *result = op == NET_MOD ? floor_mod(a, b) : floor_div(a, b);
    return true;
}

static Value int_arith(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    int64_t result;
    bool good = !a->huge && !b->huge;
    switch (e->binary.op) {
    case NET_ADD: good = good && !__builtin_add_overflow(a->i, b->i, &result); break;
    case NET_SUB: good = good && !__builtin_sub_overflow(a->i, b->i, &result); break;
    case NET_MUL: good = good && !__builtin_mul_overflow(a->i, b->i, &result); break;
    default:
        if (!int_divide(e->binary.op, a->i, b->i, &result)) return bad_division(r, e, a->i, b->i);
    }
    if (good) return value_int(result, e->source);
    net_error(r, "E0408", e->source, "the result does not fit 64 bits");
    return poison;
}

static Value float_arith(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    double x = value_number(a), y = value_number(b);
    switch (e->binary.op) {
    case NET_ADD: return value_float(x + y, e->source);
    case NET_SUB: return value_float(x - y, e->source);
    case NET_MUL: return value_float(x * y, e->source);
    case NET_DIV: return value_float(x / y, e->source);
    case NET_FLOORDIV: return value_float(floor(x / y), e->source);
    default: return not_defined(r, e, a, b);
    }
}

static Value order(const NetExpr *e, const Value *a, const Value *b)
{
    bool ints = a->kind == VALUE_INT && b->kind == VALUE_INT && !a->huge && !b->huge;
    bool less = ints ? a->i < b->i : value_number(a) < value_number(b);
    bool more = ints ? a->i > b->i : value_number(a) > value_number(b);
    NetOperator op = e->binary.op;
    return value_bool(op == NET_LT   ? less
                      : op == NET_LE ? !more
                      : op == NET_GT ? more
                                     : !less,
                      e->source);
}

static Value number_arith(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    if (e->binary.op >= NET_LT && e->binary.op <= NET_GE) return order(e, a, b);
    if (a->kind == VALUE_INT && b->kind == VALUE_INT) return int_arith(r, e, a, b);
    return float_arith(r, e, a, b);
}

/* A list with a number: each element with it, so that a filter can be written as [[1, 2, 1], ...]
 * / 16.0. Whole numbers that do not divide become real: an element of a list is data, not a
 * dimension. */
static Value list_arith(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    if (a->kind == VALUE_LIST && b->kind == VALUE_LIST) return not_defined(r, e, a, b);
    if (a->kind != VALUE_LIST && b->kind != VALUE_LIST) {
        if (!value_is_number(a) || !value_is_number(b)) return not_defined(r, e, a, b);
        int64_t whole;
        bool real = e->binary.op == NET_DIV && a->kind == VALUE_INT && b->kind == VALUE_INT &&
                    !int_divide(NET_DIV, a->i, b->i, &whole);
        return real ? float_arith(r, e, a, b) : number_arith(r, e, a, b);
    }
    const Value *list = a->kind == VALUE_LIST ? a : b;
    Value *items = NEW_ARRAY(r->arena, Value, list->list.count);
    for (int i = 0; i < list->list.count; i++) {
        const Value *item = &list->list.items[i];
        items[i] = list_arith(r, e, list == a ? item : a, list == b ? item : b);
        if (items[i].kind == VALUE_POISON) return poison;
    }
    return value_list(items, list->list.count, e->source);
}

/* ---- tensors ---- */

static bool dims_broadcast(const Tensor *a, const Tensor *b)
{
    for (int i = 1; i <= a->rank && i <= b->rank; i++) {
        int64_t m = a->dims[a->rank - i], n = b->dims[b->rank - i];
        if (m != n && m != 1 && n != 1) return false;
    }
    return true;
}

/* A stride that makes each spatial size of `from` that of `to`; 0 when there is none. */
static int64_t stride_between(const Tensor *from, const Tensor *to)
{
    int64_t stride = 0;
    for (int i = 2; i < from->rank; i++) {
        int64_t own = to->dims[i] > 0 ? ceil_div(from->dims[i], to->dims[i]) : 0;
        if (own < 2 || ceil_div(from->dims[i], own) != to->dims[i] || (stride && own != stride))
            return 0;
        stride = own;
    }
    return stride;
}

/* What the mistake probably is, by which dimensions differ. */
static void help_broadcast(Diagnostic *d, const Tensor *a, const Tensor *b)
{
    if (a->rank != b->rank || a->rank < 2) {
        int i = 1;
        while (a->dims[a->rank - i] == b->dims[b->rank - i] || a->dims[a->rank - i] == 1 ||
               b->dims[b->rank - i] == 1)
            i++;
        net_help(
            d,
            "shapes are aligned at the right, where dimensions must be equal or 1: counted from "
            "there, number %d is %lld and %lld",
            i, (long long)a->dims[a->rank - i], (long long)b->dims[b->rank - i]);
        return;
    }
    int64_t left = stride_between(a, b), right = stride_between(b, a);
    bool channels = a->dims[1] != b->dims[1], spatial = false;
    for (int i = 2; i < a->rank; i++) spatial |= a->dims[i] != b->dims[i];
    if (channels)
        net_help(
            d,
            "the channels differ: a conv(%lld, kernel: 1) on the right side would make them %lld%s",
            (long long)a->dims[1], (long long)a->dims[1],
            spatial ? ", and a stride the same size" : "");
    else if (left || right)
        net_help(d,
                 "the sizes differ: a stride of %lld on the %s side, as in conv(%lld, kernel: 1, "
                 "stride: %lld), would make them the same",
                 (long long)(left ? left : right), left ? "left" : "right", (long long)a->dims[1],
                 (long long)(left ? left : right));
    else if (spatial)
        net_help(d, "the channels agree but the sizes do not: one side lacks a stride, a pad or a "
                    "pooling that the other has");
}

static bool check_operands(Reader *r, const NetExpr *e, const Value *a, const Value *b)
{
    const Tensor *x = a->tensor, *y = b->tensor;
    bool types = x->dtype == y->dtype, shapes = x->rank < 0 || y->rank < 0 || dims_broadcast(x, y);
    if (types && shapes) return true;
    Diagnostic *d = net_error(r, types ? "E0201" : "E0202", e->source,
                              "`%s` of tensors whose %s do not agree: %s and %s",
                              net_operator_text(e->binary.op), types ? "shapes" : "types",
                              tensor_type_text(r->arena, x), tensor_type_text(r->arena, y));
    net_label(d, a->source, "%s", tensor_type_text(r->arena, x));
    net_label(d, b->source, "%s", tensor_type_text(r->arena, y));
    if (types)
        help_broadcast(d, x, y);
    else
        net_help(d, "Cast(x, to: %s) converts", dtype_name(x->dtype));
    return false;
}

/* A number or list beside a tensor becomes a constant of the tensor's type. */
static Value as_operand(Reader *r, Scope *s, const Value *v, const Tensor *beside)
{
    if (v->kind == VALUE_TENSOR) return *v;
    Tensor *t = literal_tensor(r, v, beside->dtype, arena_format(r->arena, "%sconst", s->path));
    return t ? value_tensor(t, v->source) : poison;
}

static Value tensor_arith(Reader *r, Scope *s, const NetExpr *e, Value a, Value b,
                          const Naming *naming)
{
    static const char *const operators[NET_OPERATOR_COUNT] = {
        [NET_ADD] = "Add", [NET_SUB] = "Sub", [NET_MUL] = "Mul", [NET_DIV] = "Div"};
    static const char *const other[NET_OPERATOR_COUNT] = {
        [NET_MOD] = "Mod",        [NET_EQ] = "Equal",   [NET_LT] = "Less",
        [NET_LE] = "LessOrEqual", [NET_GT] = "Greater", [NET_GE] = "GreaterOrEqual"};
    NetOperator op = e->binary.op;
    if (assert_computes(r, e->source)) return poison;
    if (!operators[op]) {
        Diagnostic *d = net_error(r, "E0407", e->source,
                                  "`%s` works on what is known while reading, not on tensors",
                                  net_operator_text(op));
        if (other[op]) net_help(d, "%s(a, b) is the operator on tensors", other[op]);
        return poison;
    }
    const Tensor *model = a.kind == VALUE_TENSOR ? a.tensor : b.tensor;
    a = as_operand(r, s, &a, model), b = as_operand(r, s, &b, model);
    if (a.kind == VALUE_POISON || b.kind == VALUE_POISON || !check_operands(r, e, &a, &b))
        return poison;
    static const char *const kinds[NET_OPERATOR_COUNT] = {
        [NET_ADD] = "add", [NET_SUB] = "sub", [NET_MUL] = "mul", [NET_DIV] = "div"};
    NetAs none = {0};
    Node *n = node_new(r, e->source, operators[op], 7,
                       net_scope_instance(r, s, kinds[op], &none, naming), 2, 1);
    n->inputs[0] = a.tensor, n->inputs[1] = b.tensor;
    return node_finish(r, s, n, naming);
}

static bool is_literal(const Value *v) { return value_is_number(v) || v->kind == VALUE_LIST; }

Value net_arith_binary(Reader *r, Scope *s, const NetExpr *e, Value a, Value b,
                       const Naming *naming)
{
    if (value_has_poison(&a) || value_has_poison(&b)) return poison;
    bool tensors = a.kind == VALUE_TENSOR || b.kind == VALUE_TENSOR;
    if (tensors && (a.kind == VALUE_TENSOR || is_literal(&a)) &&
        (b.kind == VALUE_TENSOR || is_literal(&b)))
        return tensor_arith(r, s, e, a, b, naming);
    if (!tensors && (e->binary.op == NET_EQ || e->binary.op == NET_NE))
        return value_bool(value_equal(&a, &b) == (e->binary.op == NET_EQ), e->source);
    if (value_is_number(&a) && value_is_number(&b)) return number_arith(r, e, &a, &b);
    if (is_literal(&a) && is_literal(&b) && e->binary.op <= NET_MOD)
        return list_arith(r, e, &a, &b);
    return not_defined(r, e, &a, &b);
}

Value net_arith_unary(Reader *r, Scope *s, const NetExpr *e, Value a, const Naming *naming)
{
    if (value_has_poison(&a)) return poison;
    if (a.kind == VALUE_FLOAT) return value_float(-a.f, e->source);
    if (a.kind == VALUE_INT && !a.huge && a.i != INT64_MIN) return value_int(-a.i, e->source);
    if (a.kind == VALUE_LIST) {
        NetExpr times = {.kind = NET_BINARY, .source = e->source, .binary.op = NET_MUL};
        Value minus = value_int(-1, e->source);
        return list_arith(r, &times, &a, &minus);
    }
    if (a.kind != VALUE_TENSOR) return not_defined(r, e, NULL, &a);
    if (assert_computes(r, e->source)) return poison;
    NetAs none = {0};
    Node *n =
        node_new(r, e->source, "Neg", 6, net_scope_instance(r, s, "neg", &none, naming), 1, 1);
    n->inputs[0] = a.tensor;
    return node_finish(r, s, n, naming);
}
