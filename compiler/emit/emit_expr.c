/*
 * Expressions as C. Scalars of f32 and f64 use operators, integers the wrapping functions of the
 * runtime, vectors its vocabulary; index arithmetic is plain.
 */
#include "emit.h"

#include <math.h>

enum { PREC_NONE, PREC_SELECT, PREC_COMPARE, PREC_ADD, PREC_MUL, PREC_UNARY };

static void spell(Speller *s, const Expr *e, int around);

const char *emit_type(Dtype dtype, int lanes)
{
    if (lanes > 1) return dtype == DT_BOOL ? "netc_m" : "netc_f";
    return dtype_info(dtype)->c;
}

void emit_declaration(Text *out, Dtype dtype, bool writable, const char *declarator)
{
    const char *type = emit_type(dtype, 1);
    bool pointer = type[strlen(type) - 1] == '*';
    text_add(out, "%s%s%s%s", writable || pointer ? "" : "const ", type,
             !pointer   ? " "
             : writable ? ""
                        : "const ",
             declarator);
}

const char *emit_buffer_name(const Speller *s, const Buffer *b)
{
    if (b->kind == BUFFER_LOCAL) return b->name;
    for (int i = 0; i < s->kernel->writes.count; i++)
        if (s->kernel->writes.items[i] == b) return i ? arena_format(s->arena, "out%d", i) : "out";
    int constants = 0, inputs = 0;
    for (int i = 0; i < s->kernel->reads.count; i++) {
        const Buffer *r = s->kernel->reads.items[i];
        int number = r->kind == BUFFER_CONST ? constants++ : inputs++;
        if (r == b) return arena_format(s->arena, r->kind == BUFFER_CONST ? "c%d" : "in%d", number);
    }
    assert(!"a buffer that its kernel does not name");
    return "";
}

static const char *var_name(const Speller *s, const Var *v)
{
    for (int i = s->scope.count - 1; i >= 0; i--)
        if (s->scope.items[i].var == v) return s->scope.items[i].name;
    assert(!"a variable outside its loop");
    return v->name;
}

static bool is_index(const Expr *e)
{
    if (e->kind == EX_VAR || e->kind == EX_CONST) return true;
    if (e->kind != EX_BINARY && e->kind != EX_UNARY && e->kind != EX_SELECT) return false;
    for (int i = 0; i < e->arg_count; i++)
        if (!is_index(e->args[i])) return false;
    return true;
}

/* ---- constants ---- */

static void spell_float(Text *out, double value, bool single)
{
    const char *suffix = single ? "f" : "";
    if (isnan(value))
        text_add(out, single ? "NAN" : "(double)NAN");
    else if (isinf(value))
        text_add(out, "%s%s", value < 0 ? "-" : "", single ? "INFINITY" : "(double)INFINITY");
    else if (value == floor(value) && fabs(value) < 1e6)
        text_add(out, "%.1f%s", value, suffix);
    else
        text_add(out, "%a%s", value, suffix);
}

static void spell_const(Speller *s, const Expr *e, int around)
{
    if (e->dtype == DT_F32 || e->dtype == DT_F64) {
        bool sign = signbit(e->f) && !isnan(e->f) && around > PREC_ADD;
        text_add(s->out, sign ? "(" : "");
        spell_float(s->out, e->f, e->dtype == DT_F32);
        text_add(s->out, sign ? ")" : "");
    } else if (dtype_is_float(e->dtype)) {
        uint16_t code = 0;
        dtype_set_double(e->dtype, &code, 0, e->f);
        text_add(s->out, dtype_info(e->dtype)->bits == 16 ? "0x%04x" : "0x%02x", code);
    } else if (e->dtype == DT_STRING) {
        assert(e->i == 0);
        text_add(s->out, "\"\"");
    } else if (e->dtype == DT_U64) {
        text_add(s->out, "UINT64_C(%llu)", (unsigned long long)e->i);
    } else if (e->i == INT64_MIN) {
        text_add(s->out, "INT64_MIN");
    } else if (e->i == INT32_MIN && e->dtype == DT_I32) {
        text_add(s->out, "INT32_MIN");
    } else if (e->i < 0 && around > PREC_ADD) {
        text_add(s->out, "(%lld)", (long long)e->i);
    } else if (e->i > INT32_MAX || e->i < INT32_MIN) {
        text_add(s->out, e->dtype == DT_U32 ? "%lldu" : "INT64_C(%lld)", (long long)e->i);
    } else {
        text_add(s->out, "%lld", (long long)e->i);
    }
}

void emit_string(Text *out, const char *text)
{
    text_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_add(out, "\\%c", *c);
        else if (*c < 32 || *c > 126 || *c == '?')
            text_add(out, "\\%03o", *c);
        else
            text_add(out, "%c", *c);
    }
    text_add(out, "\"");
}

/* ---- fetches ---- */

static void spell_fetch(Speller *s, const Expr *e)
{
    const char *name = emit_buffer_name(s, e->buffer), *narrow = dtype_name(e->buffer->dtype);
    bool widens = e->buffer->dtype != e->dtype;
    if (e->lanes == 1) {
        if (widens) text_add(s->out, "netc_f32_from_%s(", narrow);
        text_add(s->out, "%s[", name);
        spell(s, e->args[0], PREC_NONE);
        text_add(s->out, widens ? "])" : "]");
        return;
    }
    bool part = e->op < e->lanes, apart = e->i != 1;
    text_add(s->out, "netc_load%s%s%s%s(%s", apart ? "_stride" : "", widens ? "_" : "",
             widens ? narrow : "", part ? "_part" : "", name);
    if (!(e->args[0]->kind == EX_CONST && e->args[0]->i == 0)) {
        text_add(s->out, " + ");
        spell(s, e->args[0], PREC_ADD);
    }
    if (apart) text_add(s->out, ", %lld", (long long)e->i);
    if (part) text_add(s->out, ", %d", e->op);
    text_add(s->out, ")");
}

/* ---- calls and operators ---- */

static void spell_call(Speller *s, const char *stem, const char *suffix, Expr *const *args,
                       int count)
{
    text_add(s->out, "netc_%s%s%s(", stem, *suffix ? "_" : "", suffix);
    for (int i = 0; i < count; i++) {
        if (i) text_add(s->out, ", ");
        spell(s, args[i], PREC_NONE);
    }
    text_add(s->out, ")");
}

static void spell_infix(Speller *s, const Expr *e, const char *symbol, int prec, int around)
{
    if (prec < around) text_add(s->out, "(");
    spell(s, e->args[0], prec);
    const Expr *y = e->args[1];
    if (e->op == BI_ADD && y->kind == EX_CONST && y->dtype == DT_I64 && y->i < 0 &&
        y->i > INT32_MIN) {
        text_add(s->out, " - %lld", (long long)-y->i);
    } else {
        text_add(s->out, " %s ", symbol);
        spell(s, y, prec + 1);
    }
    if (prec < around) text_add(s->out, ")");
}

typedef struct Infix {
    const char *symbol;
    int prec;
    bool vectors; /* of f32 too */
} Infix;

static const Infix infix[BI_COUNT] = {
    [BI_ADD] = {"+", PREC_ADD, true},      [BI_SUB] = {"-", PREC_ADD, true},
    [BI_MUL] = {"*", PREC_MUL, true},      [BI_DIV] = {"/", PREC_MUL, true},
    [BI_EQ] = {"==", PREC_COMPARE, false}, [BI_NE] = {"!=", PREC_COMPARE, false},
    [BI_LT] = {"<", PREC_COMPARE, false},  [BI_LE] = {"<=", PREC_COMPARE, false},
};

static const Infix index_infix[BI_COUNT] = {
    [BI_FLOORDIV] = {"/", PREC_MUL, false},
    [BI_FLOORMOD] = {"%", PREC_MUL, false},
    [BI_DIV] = {"/", PREC_MUL, false},
};

static void spell_binary(Speller *s, const Expr *e, int around)
{
    Dtype t = e->args[0]->dtype;
    const Infix *f = &infix[e->op];
    bool floats = t == DT_F32 || t == DT_F64,
         condition = t == DT_BOOL && e->lanes == 1 && is_index(e);
    if (e->args[0]->lanes > 1) {
        if (f->symbol && f->vectors && t == DT_F32)
            spell_infix(s, e, f->symbol, f->prec, around);
        else
            spell_call(s, binary_name(e->op), t == DT_BOOL ? "m" : "", e->args, 2);
        return;
    }
    if (t == DT_I64 && is_index(e)) {
        bool division = e->op == BI_FLOORDIV || e->op == BI_FLOORMOD || e->op == BI_DIV;
        bool plain = ex_range(e->args[0]).lo >= 0 && ex_range(e->args[1]).lo > 0;
        if (division && plain)
            f = &index_infix[e->op];
        else if (division)
            f = &index_infix[BI_ADD];
        if (f->symbol)
            spell_infix(s, e, f->symbol, f->prec, around);
        else
            spell_call(s, binary_name(e->op), dtype_name(t), e->args, 2);
        return;
    }
    bool compares = e->dtype == DT_BOOL && t != DT_BOOL && t != DT_STRING;
    if (condition && (e->op == BI_AND || e->op == BI_OR)) {
        text_add(s->out, "(");
        spell(s, e->args[0], PREC_COMPARE);
        text_add(s->out, e->op == BI_AND ? " && " : " || ");
        spell(s, e->args[1], PREC_COMPARE);
        text_add(s->out, ")");
    } else if (f->symbol && (floats || compares)) {
        spell_infix(s, e, f->symbol, f->prec, around);
    } else {
        spell_call(s, binary_name(e->op), dtype_name(t), e->args, 2);
    }
}

static void spell_unary(Speller *s, const Expr *e, int around)
{
    Dtype t = e->args[0]->dtype;
    bool mask = t == DT_BOOL && e->lanes > 1;
    if (e->op == UN_NEG && (t == DT_F32 || t == DT_F64 || is_index(e))) {
        if (PREC_UNARY < around) text_add(s->out, "(");
        text_add(s->out, "-");
        spell(s, e->args[0], PREC_UNARY + 1);
        if (PREC_UNARY < around) text_add(s->out, ")");
        return;
    }
    spell_call(s, unary_name(e->op), e->lanes > 1 ? (mask ? "m" : "") : dtype_name(t), e->args, 1);
}

static void spell_fma(Speller *s, const Expr *e, int around)
{
    if (e->lanes > 1) {
        spell_call(s, "fma", "", e->args, 3);
        return;
    }
    if (e->dtype != DT_F32 && e->dtype != DT_F64) {
        spell_call(s, "fma", dtype_name(e->dtype), e->args, 3);
        return;
    }
    if (PREC_ADD < around) text_add(s->out, "(");
    spell(s, e->args[2], PREC_ADD);
    text_add(s->out, " + ");
    spell(s, e->args[0], PREC_MUL);
    text_add(s->out, " * ");
    spell(s, e->args[1], PREC_MUL + 1);
    if (PREC_ADD < around) text_add(s->out, ")");
}

/* A float that C has no type for: it is held as its code and computed as f32. */
static bool is_code(Dtype t) { return dtype_is_float(t) && dtype_info(t)->bits < 32; }

/* The type in which a cast takes its operand: the codes of floats as f32, integers to types that C
 * lacks as the widest. */
static Dtype operand_type(const Expr *e)
{
    Dtype to = e->dtype, from = e->args[0]->dtype;
    if (is_code(from)) return DT_F32;
    if (is_code(to) && from != DT_F32) return DT_F64;
    return dtype_is_packed(to) && !dtype_is_float(from) ? DT_I64 : from;
}

static void spell_operand(Speller *s, const Expr *e, int around)
{
    Dtype from = e->args[0]->dtype, type = operand_type(e);
    if (is_code(from))
        spell_call(s, arena_format(s->arena, "f32_from_%s", dtype_name(from)), "", e->args, 1);
    if (is_code(from)) return;
    if (type != from) text_add(s->out, "(%s)", emit_type(type, 1));
    spell(s, e->args[0], type != from ? PREC_UNARY + 1 : around);
}

static void spell_cast(Speller *s, const Expr *e, int around)
{
    Dtype to = e->dtype, type = operand_type(e);
    if (to == DT_BOOL) {
        text_add(s->out, "(");
        spell_operand(s, e, PREC_COMPARE + 1);
        text_add(s->out, " != 0)");
    } else if (is_code(to) || dtype_is_packed(to) ||
               (dtype_is_integer(to) && dtype_is_float(type))) {
        text_add(s->out, "netc_%s_from_%s(", dtype_name(to), dtype_name(type));
        spell_operand(s, e, PREC_NONE);
        text_add(s->out, ")");
    } else if (to == type) {
        spell_operand(s, e, around);
    } else {
        if (PREC_UNARY < around) text_add(s->out, "(");
        text_add(s->out, "(%s)", emit_type(to, 1));
        spell_operand(s, e, PREC_UNARY + 1);
        if (PREC_UNARY < around) text_add(s->out, ")");
    }
}

/* Floats that C has go to and from integers by way of memory; all else is held as integers. */
static void spell_bitcast(Speller *s, const Expr *e)
{
    Dtype to = e->dtype, from = e->args[0]->dtype;
    const char *type = emit_type(to, 1);
    int bits = dtype_info(to)->bits;
    bool is_signed =
        dtype_info(to)->class == CLASS_SIGNED || dtype_info(from)->class == CLASS_SIGNED;
    if (dtype_is_packed(to) && is_signed)
        text_add(s->out, "netc_%s_from_i64((int64_t)", dtype_is_float(to) ? "u4" : dtype_name(to));
    else if (to == DT_F32 || to == DT_F64)
        text_add(s->out, "netc_f%d_of_bits((%s)", bits, bits == 32 ? "uint32_t" : "uint64_t");
    else if (from == DT_F32 || from == DT_F64)
        text_add(s->out, "(%s)netc_bits_f%d(", type, bits);
    else
        text_add(s->out, to == DT_BOOL ? "(0 != " : "((%s)", type);
    spell(s, e->args[0], PREC_UNARY + 1);
    text_add(s->out, ")");
}

/* A scalar test of vectors needs arms of one type, and what intrinsics return is another than
 * netc_f. */
static void spell_arm(Speller *s, const Expr *e)
{
    if (e->lanes > 1) text_add(s->out, "(%s)", emit_type(e->dtype, e->lanes));
    spell(s, e, e->lanes > 1 ? PREC_UNARY : PREC_SELECT + 1);
}

static void spell_select(Speller *s, const Expr *e)
{
    if (e->args[0]->lanes > 1) {
        spell_call(s, "select", "", e->args, 3);
        return;
    }
    text_add(s->out, "(");
    spell(s, e->args[0], PREC_COMPARE);
    text_add(s->out, " ? ");
    spell_arm(s, e->args[1]);
    text_add(s->out, " : ");
    spell_arm(s, e->args[2]);
    text_add(s->out, ")");
}

static void spell_across(Speller *s, const Expr *e)
{
    static const char *const names[RE_COUNT] = {"sum", "product", "hmax", "hmin", "all_m", "any_m"};
    spell_call(s, names[e->op], "", e->args, 1);
}

static void spell(Speller *s, const Expr *e, int around)
{
    switch (e->kind) {
    case EX_CONST: spell_const(s, e, around); break;
    case EX_VAR: text_add(s->out, "%s", var_name(s, e->var)); break;
    case EX_REG: text_add(s->out, "%s", e->reg->name); break;
    case EX_FETCH: spell_fetch(s, e); break;
    case EX_UNARY: spell_unary(s, e, around); break;
    case EX_BINARY: spell_binary(s, e, around); break;
    case EX_FMA: spell_fma(s, e, around); break;
    case EX_SELECT: spell_select(s, e); break;
    case EX_CAST: spell_cast(s, e, around); break;
    case EX_BITCAST: spell_bitcast(s, e); break;
    case EX_SPLAT: spell_call(s, e->dtype == DT_BOOL ? "splat_m" : "splat", "", e->args, 1); break;
    case EX_ACROSS: spell_across(s, e); break;
    case EX_SUMS: spell_call(s, "sums", "", e->args, e->arg_count); break;
    case EX_LOAD:
    case EX_REDUCE: assert(!"a logical expression in a kernel");
    }
}

void emit_expr(Speller *s, const Expr *e) { spell(s, e, PREC_NONE); }
