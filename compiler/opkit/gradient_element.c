/*
 * The derivative of an operator that is one expression, element by element: the expression over
 * placeholders is differentiated, and the result spelled as nodes, for every operation of an
 * expression is an operator of ONNX too.
 */
#include "gradient.h"

#include <math.h>

typedef struct Derivation {
    Pool *p;
    const Expr *by; /* the placeholder */
} Derivation;

/* ---- the derivative; NULL: 0 ---- */

static Expr *derive(Derivation *d, Expr *e);

static Expr *number(Derivation *d, const Expr *like, double value)
{
    return ex_const(d->p, like->dtype, value);
}

static Expr *sum(Derivation *d, Expr *a, Expr *b)
{
    return a && b ? ex_add(d->p, a, b) : a ? a : b;
}

static Expr *product(Derivation *d, Expr *a, Expr *b) { return a && b ? ex_mul(d->p, a, b) : NULL; }

static Expr *negative(Derivation *d, Expr *a) { return a ? ex_unary(d->p, UN_NEG, a) : NULL; }
static Expr *square(Derivation *d, Expr *a) { return ex_mul(d->p, a, a); }

/* What the derivative of the argument is multiplied by: y = op(a). */
static Expr *slope(Derivation *d, UnaryOp op, Expr *a, Expr *y)
{
    Pool *p = d->p;
    Expr *one = number(d, y, 1);
    switch (op) {
    case UN_NEG: return number(d, y, -1);
    case UN_ABS:
        return ex_select(p, ex_lt(p, a, number(d, a, 0)), number(d, y, -1),
                         ex_select(p, ex_lt(p, number(d, a, 0), a), one, number(d, y, 0)));
    case UN_EXP: return y;
    case UN_LOG: return ex_div(p, one, a);
    case UN_SQRT: return ex_div(p, number(d, y, 0.5), y);
    case UN_SIN: return ex_unary(p, UN_COS, a);
    case UN_COS: return negative(d, ex_unary(p, UN_SIN, a));
    case UN_TAN: return ex_add(p, one, square(d, y));
    case UN_ASIN: return ex_div(p, one, ex_unary(p, UN_SQRT, ex_sub(p, one, square(d, a))));
    case UN_ACOS:
        return ex_div(p, number(d, y, -1), ex_unary(p, UN_SQRT, ex_sub(p, one, square(d, a))));
    case UN_ATAN: return ex_div(p, one, ex_add(p, one, square(d, a)));
    case UN_SINH: return ex_unary(p, UN_COSH, a);
    case UN_COSH: return ex_unary(p, UN_SINH, a);
    case UN_TANH: return ex_sub(p, one, square(d, y));
    case UN_ASINH: return ex_div(p, one, ex_unary(p, UN_SQRT, ex_add(p, square(d, a), one)));
    case UN_ACOSH: return ex_div(p, one, ex_unary(p, UN_SQRT, ex_sub(p, square(d, a), one)));
    case UN_ATANH: return ex_div(p, one, ex_sub(p, one, square(d, a)));
    case UN_ERF:
        return ex_mul(p, number(d, y, M_2_SQRTPI), ex_unary(p, UN_EXP, negative(d, square(d, a))));
    case UN_SIGMOID: return ex_mul(p, y, ex_sub(p, one, y));
    default: return NULL; /* steps */
    }
}

/* At a tie the mean of both sides; where one side is constant, that one. */
static Expr *derive_extreme(Derivation *d, Expr *e, Expr *da, Expr *db)
{
    Pool *p = d->p;
    Expr *a = e->args[0], *b = e->args[1], *zero = number(d, e, 0);
    Expr *a_wins = e->op == BI_MAX ? ex_lt(p, b, a) : ex_lt(p, a, b);
    Expr *b_wins = e->op == BI_MAX ? ex_lt(p, a, b) : ex_lt(p, b, a);
    Expr *tie = da && db ? ex_mul(p, number(d, e, 0.5), ex_add(p, da, db)) : zero;
    if (!da && !db) return NULL;
    return ex_select(p, a_wins, da ? da : zero, ex_select(p, b_wins, db ? db : zero, tie));
}

/* Of a power: b a^(b-1) da + a^b log(a) db, the logarithm being 0 where a is not positive. */
static Expr *derive_power(Derivation *d, Expr *e, Expr *da, Expr *db)
{
    Pool *p = d->p;
    Expr *a = e->args[0], *b = e->args[1], *one = number(d, e, 1), *zero = number(d, e, 0);
    Expr *left =
        da ? product(d, ex_mul(p, b, ex_binary(p, BI_POW, a, ex_sub(p, b, one))), da) : NULL;
    Expr *log = ex_select(p, ex_lt(p, zero, a), ex_unary(p, UN_LOG, a), zero);
    return sum(d, left, db ? product(d, ex_mul(p, e, log), db) : NULL);
}

static Expr *derive_binary(Derivation *d, Expr *e)
{
    Expr *a = e->args[0], *b = e->args[1];
    if (!dtype_is_float(e->dtype) || !dtype_is_float(a->dtype)) return NULL;
    Expr *da = derive(d, a), *db = derive(d, b);
    switch ((BinaryOp)e->op) {
    case BI_ADD: return sum(d, da, db);
    case BI_SUB: return sum(d, da, negative(d, db));
    case BI_MUL: return sum(d, product(d, da, b), product(d, a, db));
    case BI_DIV: {
        Expr *right = db ? negative(d, ex_mul(d->p, ex_div(d->p, e, b), db)) : NULL;
        return sum(d, da ? ex_div(d->p, da, b) : NULL, right);
    }
    case BI_MIN:
    case BI_MAX: return derive_extreme(d, e, da, db);
    case BI_POW: return derive_power(d, e, da, db);
    case BI_TRUNCMOD: {
        Expr *whole = ex_unary(d->p, UN_TRUNC, ex_div(d->p, a, b));
        return sum(d, da, db ? negative(d, ex_mul(d->p, whole, db)) : NULL);
    }
    default: return NULL;
    }
}

static Expr *derive_select(Derivation *d, Expr *e)
{
    Expr *a = derive(d, e->args[1]), *b = derive(d, e->args[2]), *zero = number(d, e, 0);
    return a || b ? ex_select(d->p, e->args[0], a ? a : zero, b ? b : zero) : NULL;
}

static Expr *derive(Derivation *d, Expr *e)
{
    if (e == d->by) return number(d, e, 1);
    if (!dtype_is_float(e->dtype)) return NULL;
    switch (e->kind) {
    case EX_UNARY: {
        Expr *inner = derive(d, e->args[0]);
        return inner ? product(d, slope(d, (UnaryOp)e->op, e->args[0], e), inner) : NULL;
    }
    case EX_BINARY: return derive_binary(d, e);
    case EX_SELECT: return derive_select(d, e);
    case EX_CAST: {
        Expr *inner = dtype_is_float(e->args[0]->dtype) ? derive(d, e->args[0]) : NULL;
        return inner ? ex_cast(d->p, e->dtype, inner) : NULL;
    }
    default: return NULL;
    }
}

/* ---- as nodes ---- */

typedef struct Spelling {
    Gradient *g;
    Expr **placeholders;
    Tensor **values; /* of the placeholders */
    int count;
    LIST(struct Spelled {
        const Expr *e;
        Tensor *t;
    })
    done;
} Spelling;

/* clang-format off */
static const char *const unary_ops[UN_COUNT] = {
    [UN_NEG] = "Neg", [UN_ABS] = "Abs", [UN_NOT] = "Not", [UN_EXP] = "Exp", [UN_LOG] = "Log",
    [UN_SQRT] = "Sqrt", [UN_SIN] = "Sin", [UN_COS] = "Cos", [UN_TAN] = "Tan", [UN_ASIN] = "Asin",
    [UN_ACOS] = "Acos", [UN_ATAN] = "Atan", [UN_SINH] = "Sinh", [UN_COSH] = "Cosh",
    [UN_TANH] = "Tanh", [UN_ASINH] = "Asinh", [UN_ACOSH] = "Acosh", [UN_ATANH] = "Atanh",
    [UN_ERF] = "Erf", [UN_SIGMOID] = "Sigmoid", [UN_FLOOR] = "Floor", [UN_CEIL] = "Ceil",
    [UN_ROUND] = "Round", [UN_ISNAN] = "IsNaN", [UN_ISINF] = "IsInf"};
static const char *const binary_ops[BI_COUNT] = {
    [BI_ADD] = "Add", [BI_SUB] = "Sub", [BI_MUL] = "Mul", [BI_DIV] = "Div", [BI_POW] = "Pow",
    [BI_MIN] = "Min", [BI_MAX] = "Max", [BI_AND] = "And", [BI_OR] = "Or", [BI_XOR] = "Xor",
    [BI_EQ] = "Equal", [BI_LT] = "Less", [BI_LE] = "LessOrEqual"};
/* clang-format on */

static Tensor *spell(Spelling *s, const Expr *e);

static Tensor *spell_cast(Spelling *s, Tensor *x, Dtype to)
{
    if (!x || x->dtype == to) return x;
    Node *n = expand_node(s->g->in, "Cast", 1);
    n->inputs[0] = x;
    return expand_done(s->g->in, gradient_int(s->g, n, "to", to));
}

static Tensor *spell_constant(Spelling *s, const Expr *e)
{
    if (dtype_is_float(e->dtype)) return expand_number(s->g->in, e->dtype, e->f);
    if (e->dtype == DT_BOOL) return expand_bool(s->g->in, e->i != 0);
    return NULL;
}

/* Towards 0: the sign times the floor of the magnitude. */
static Tensor *spell_trunc(Spelling *s, Tensor *x)
{
    Tensor *floor = gradient_1(s->g, "Floor", gradient_1(s->g, "Abs", x));
    return gradient_2(s->g, "Mul", gradient_1(s->g, "Sign", x), floor);
}

static Tensor *spell_new(Spelling *s, const Expr *e)
{
    Tensor *x[3] = {0};
    for (int i = 0; i < s->count; i++)
        if (e == s->placeholders[i]) return spell_cast(s, s->values[i], e->dtype);
    for (int i = 0; i < e->arg_count && i < 3; i++)
        if (!(x[i] = spell(s, e->args[i]))) return NULL;
    switch (e->kind) {
    case EX_CONST: return spell_constant(s, e);
    case EX_UNARY:
        if (e->op == UN_TRUNC) return spell_trunc(s, x[0]);
        return unary_ops[e->op] ? gradient_1(s->g, unary_ops[e->op], x[0]) : NULL;
    case EX_BINARY:
        if (e->op == BI_NE) return gradient_1(s->g, "Not", gradient_2(s->g, "Equal", x[0], x[1]));
        return binary_ops[e->op] ? gradient_2(s->g, binary_ops[e->op], x[0], x[1]) : NULL;
    case EX_SELECT: return gradient_3(s->g, "Where", x[0], x[1], x[2]);
    case EX_CAST: return spell_cast(s, x[0], e->dtype);
    default: return NULL;
    }
}

static Tensor *spell(Spelling *s, const Expr *e)
{
    for (int i = 0; i < s->done.count; i++)
        if (s->done.items[i].e == e) return s->done.items[i].t;
    struct Spelled spelled = {e, spell_new(s, e)};
    LIST_PUSH(s->g->in->graph->arena, &s->done, spelled);
    return spelled.t;
}

/* ---- the rule ---- */

/* The inputs broadcast from the right; before opset 7 that was asked for, and may have been from an
 * axis: then the second is reshaped to what broadcasts so. */
static Tensor *aligned(Gradient *g, int i)
{
    const Node *n = g->node;
    Tensor *x = n->inputs[i];
    if (i != 1 || !op_attr(n->op, n->version, "broadcast") || !attr_given(n, "axis")) return x;
    int64_t dims[MAX_RANK], axis = attr_int(n, "axis");
    int rank = n->inputs[0]->rank;
    if (axis < 0) axis += rank;
    for (int k = 0; k < rank - axis; k++) dims[k] = k < x->rank ? x->dims[k] : 1;
    return expand_reshape(g->in, x, rank - (int)axis, dims);
}

static bool derive_input(Gradient *g, Spelling *s, Pool *p, Expr *body, int i)
{
    Derivation d = {p, s->placeholders[i]};
    const Tensor *x = g->node->inputs[i];
    Expr *slope = derive(&d, body);
    if (!slope) return true;
    Tensor *dy = spell_cast(s, g->dy[0], slope->dtype), *dx = dy;
    if (!(slope->kind == EX_CONST && slope->f == 1)) {
        Tensor *t = spell(s, slope);
        if (!t) return gradient_refuse(g, "its expression has a part that no operator has");
        dx = gradient_2(g, "Mul", dy, t);
    }
    Tensor *form = aligned(g, i);
    dx = spell_cast(s, gradient_sum_to(g, dx, form->rank, form->dims), x->dtype);
    g->dx[i] = gradient_reshape(g, dx, x);
    return g->dx[i] != NULL;
}

bool gradient_element(Gradient *g)
{
    const Node *n = g->node;
    Arena *arena = g->in->graph->arena;
    Pool *p = pool_new(arena);
    Expr **x = NEW_ARRAY(arena, Expr *, n->input_count + 1);
    Spelling s = {.g = g, .placeholders = x, .count = n->input_count};
    s.values = NEW_ARRAY(arena, Tensor *, n->input_count + 1);
    for (int i = 0; i < n->input_count; i++) {
        if (!n->inputs[i]) continue;
        x[i] = ex_reg(p, pool_reg(p, "x", define_wide(n->inputs[i]->dtype), 1));
        s.values[i] = aligned(g, i);
        if (!s.values[i]) return false;
    }
    Expr *body = n->op->element(p, n, x, n->input_count);
    for (int i = 0; i < n->input_count; i++)
        if (g->wanted[i] && !derive_input(g, &s, p, body, i)) return false;
    return true;
}
