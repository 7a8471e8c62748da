/* Expressions as text for dumps and messages: infix, with only the parentheses that are needed. */
#include "expr.h"

#include "graph.h"
#include "program.h"

#include <math.h>

#define NAME(NAME, name) #name,
static const char *const unary_names[] = {UNARY_OPS(NAME)};
static const char *const binary_names[] = {BINARY_OPS(NAME)};
#undef NAME

const char *unary_name(UnaryOp op) { return unary_names[op]; }
const char *binary_name(BinaryOp op) { return binary_names[op]; }

const char *reduce_name(ReduceOp op)
{
    static const char *const names[RE_COUNT] = {"sum", "product", "max", "min", "and", "or"};
    return names[op];
}

/* How tightly what is printed binds; operators print infix when they have a symbol. */
enum {
    BINDS_CHOICE,
    BINDS_OR,
    BINDS_AND,
    BINDS_COMPARE,
    BINDS_SUM,
    BINDS_PRODUCT,
    BINDS_UNARY,
    BINDS_ATOM
};
/* clang-format off */
static const struct Infix {
    const char *symbol;
    int binds;
} infix[BI_COUNT] = {
    [BI_ADD] = {"+", BINDS_SUM},           [BI_SUB] = {"-", BINDS_SUM},      [BI_MUL] = {"*", BINDS_PRODUCT},
    [BI_DIV] = {"/", BINDS_PRODUCT},       [BI_FLOORDIV] = {"//", BINDS_PRODUCT}, [BI_FLOORMOD] = {"%", BINDS_PRODUCT},
    [BI_AND] = {"&", BINDS_AND},           [BI_OR] = {"|", BINDS_OR},        [BI_EQ] = {"==", BINDS_COMPARE},
    [BI_NE] = {"!=", BINDS_COMPARE},       [BI_LT] = {"<", BINDS_COMPARE},   [BI_LE] = {"<=", BINDS_COMPARE},
};
/* clang-format on */

/* Shared parts are printed where they are used: past this many characters the rest is "...". */
enum { LONGEST = 1 << 16, DEEPEST = 1000 };

typedef struct Printer {
    Text *out;
    size_t limit;
    int depth;
} Printer;

static void print(Printer *p, const Expr *e, int outer);

static void print_list(Printer *p, Expr *const *items, int count)
{
    for (int i = 0; i < count; i++) {
        if (i) text_add(p->out, ", ");
        print(p, items[i], BINDS_CHOICE);
    }
}

static void print_call(Printer *p, const char *name, const Expr *e)
{
    text_add(p->out, "%s(", name);
    print_list(p, e->args, e->arg_count);
    text_add(p->out, ")");
}

static void print_const(Printer *p, const Expr *e)
{
    if (!dtype_is_float(e->dtype)) {
        if (e->dtype == DT_BOOL)
            text_add(p->out, e->i ? "true" : "false");
        else if (e->dtype == DT_U64)
            text_add(p->out, "%llu", (unsigned long long)e->i);
        else
            text_add(p->out, "%lld", (long long)e->i);
        return;
    }
    Text digits = {0};
    text_add(&digits, "%.9g", e->f);
    if (e->dtype == DT_F64) digits.length = 0, text_add(&digits, "%.17g", e->f);
    text_add(p->out, "%s%s", digits.data,
             isfinite(e->f) && !strpbrk(digits.data, ".e") ? ".0" : "");
    text_free(&digits);
}

static bool is_negated(const Expr *e)
{
    return e->kind == EX_BINARY && e->op == BI_MUL && e->dtype == DT_I64 &&
           e->args[1]->kind == EX_CONST && e->args[1]->i == -1;
}

/* "y - 2" for y + -2, "y - x" for y + x * -1, "3 * i" for i * 3. */
static void print_binary(Printer *p, const Expr *e, int outer)
{
    const struct Infix *form = &infix[e->op];
    const Expr *x = e->args[0], *y = e->args[1];
    if (!form->symbol) {
        print_call(p, binary_name((BinaryOp)e->op), e);
        return;
    }
    bool number = y->kind == EX_CONST && y->dtype == DT_I64;
    bool parenthesis = form->binds < outer;
    if (parenthesis) text_add(p->out, "(");
    if (number && e->op == BI_ADD && y->i < 0 && y->i > INT64_MIN) {
        print(p, x, form->binds);
        text_add(p->out, " - %lld", (long long)-y->i);
    } else if (number && e->op == BI_MUL) {
        print(p, y, form->binds);
        text_add(p->out, " * ");
        print(p, x, form->binds + 1);
    } else if (e->op == BI_ADD && is_negated(y)) {
        print(p, x, form->binds);
        text_add(p->out, " - ");
        print(p, y->args[0], form->binds + 1);
    } else {
        print(p, x, form->binds);
        text_add(p->out, " %s ", form->symbol);
        print(p, y, form->binds + 1);
    }
    if (parenthesis) text_add(p->out, ")");
}

static void print_reduce(Printer *p, const Expr *e)
{
    text_add(p->out, "%s(", reduce_name((ReduceOp)e->op));
    for (int i = 0; i < e->var_count; i++)
        text_add(p->out, "%s%s", i ? ", " : "", e->vars[i]->name);
    text_add(p->out, ": ");
    print(p, e->args[0], BINDS_CHOICE);
    text_add(p->out, ")");
}

static void print_fetch(Printer *p, const Expr *e)
{
    text_add(p->out, "%s[", e->buffer->name);
    print(p, e->args[0], BINDS_CHOICE);
    if (e->lanes > 1) text_add(p->out, " : %d", e->op);
    if (e->lanes > 1 && e->i != 1) text_add(p->out, " by %lld", (long long)e->i);
    text_add(p->out, "]");
}

static void print_kind(Printer *p, const Expr *e, int outer)
{
    switch (e->kind) {
    case EX_CONST: print_const(p, e); break;
    case EX_VAR: text_add(p->out, "%s", e->var->name); break;
    case EX_REG: text_add(p->out, "%s", e->reg->name); break;
    case EX_LOAD:
        text_add(p->out, "%s[", e->tensor->name);
        print_list(p, e->args, e->arg_count);
        text_add(p->out, "]");
        break;
    case EX_FETCH: print_fetch(p, e); break;
    case EX_UNARY: print_call(p, unary_name((UnaryOp)e->op), e); break;
    case EX_BINARY: print_binary(p, e, outer); break;
    case EX_FMA: print_call(p, "fma", e); break;
    case EX_SELECT: print_call(p, "select", e); break;
    case EX_CAST: print_call(p, dtype_name(e->dtype), e); break;
    case EX_BITCAST:
        text_add(p->out, "bits_as_");
        print_call(p, dtype_name(e->dtype), e);
        break;
    case EX_REDUCE: print_reduce(p, e); break;
    case EX_SPLAT: print_call(p, "splat", e); break;
    case EX_ACROSS:
        text_add(p->out, "%s_", reduce_name((ReduceOp)e->op));
        print_call(p, "across", e);
        break;
    case EX_SUMS: print_call(p, "sums", e); break;
    }
}

static void print(Printer *p, const Expr *e, int outer)
{
    if (p->out->length > p->limit || p->depth > DEEPEST) {
        text_add(p->out, "...");
        return;
    }
    p->depth++;
    print_kind(p, e, outer);
    p->depth--;
}

void ex_print(const Expr *e, Text *out)
{
    print(&(Printer){out, out->length + LONGEST, 0}, e, BINDS_CHOICE);
}
