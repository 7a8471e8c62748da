/* Kernels as C functions: their parameters and statements. */
#include "emit.h"

#include <ctype.h>

#include "calls.h"

static void line(Speller *s, int depth, const char *format, ...) PRINTF(3, 4);

static void line(Speller *s, int depth, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_add(s->out, "%*s", 4 * depth, "");
    text_vadd(s->out, format, args);
    va_end(args);
}

static void parameter(Speller *s, const Buffer *b, bool write, int number)
{
    if (number) text_add(s->out, number % 3 ? ", " : ",\n    "); /* three fit a line */
    emit_declaration(s->out, b->dtype, write, "*NETC_RESTRICT ");
    text_add(s->out, "%s", emit_buffer_name(s, b));
}

/* Names that registers, pointers and parameters have: a stem and a number. */
static bool is_taken(const char *name)
{
    static const char *const stems[] = {"x", "w", "v", "t", "s", "p", "c", "in", "out"};
    size_t digits = strlen(name);
    while (digits > 0 && isdigit((unsigned char)name[digits - 1])) digits--;
    if (!name[digits]) return false;
    for (size_t i = 0; i < COUNT(stems); i++)
        if (strlen(stems[i]) == digits && strncmp(name, stems[i], digits) == 0) return true;
    return false;
}

/* A name for the variable that no loop around it has, nor anything inside. */
static const char *enter(Speller *s, const Var *v)
{
    const char *name = v->name;
    if (is_taken(name)) name = arena_format(s->arena, "%s_", name);
    for (int i = 0, tries = 2; i < s->scope.count; i++)
        if (strcmp(s->scope.items[i].name, name) == 0)
            name = arena_format(s->arena, "%s_%d", v->name, tries++), i = -1;
    ScopeName entry = {v, name};
    LIST_PUSH(s->arena, &s->scope, entry);
    return name;
}

static void signature(Speller *s, const Kernel *k)
{
    text_add(s->out, "(");
    int count = 0;
    for (int i = 0; i < k->reads.count; i++) parameter(s, k->reads.items[i], false, count++);
    for (int i = 0; i < k->writes.count; i++) parameter(s, k->writes.items[i], true, count++);
    if (k->part) text_add(s->out, ", ptrdiff_t %s", enter(s, k->part));
    text_add(s->out, ")\n");
}

static void statements(Speller *s, const Stmt *stmt, int depth);

static void bound(Speller *s, const Expr *e, int64_t constant)
{
    if (e)
        emit_expr(s, e);
    else
        text_add(s->out, "%lld", (long long)constant);
}

static void loop(Speller *s, const Stmt *stmt, int depth)
{
    const Var *v = stmt->var;
    const char *name = enter(s, v);
    if (stmt->loop == LOOP_UNROLLED)
        line(s, depth, "NETC_UNROLL(%lld)\n", (long long)(v->hi - v->lo));
    line(s, depth, "for (ptrdiff_t %s = ", name);
    bound(s, stmt->from, v->lo);
    text_add(s->out, "; %s < ", name);
    bound(s, stmt->to, v->hi);
    text_add(s->out, "; ");
    if (stmt->step == 1)
        text_add(s->out, "%s++) {\n", name);
    else
        text_add(s->out, "%s += %lld) {\n", name, (long long)stmt->step);
    statements(s, stmt->body, depth + 1);
    line(s, depth, "}\n");
    s->scope.count--;
}

static void offset_from(Speller *s, const char *name, const Expr *offset)
{
    text_add(s->out, "%s", name);
    if (offset->kind == EX_CONST && offset->i == 0) return;
    text_add(s->out, " + ");
    emit_expr(s, offset);
}

static void set(Speller *s, const Stmt *stmt, int depth)
{
    const Reg *r = stmt->reg;
    const Expr *e = stmt->value;
    text_add(s->out, "%*s", 4 * depth, "");
    if (stmt->declares && r->lanes == 1) emit_declaration(s->out, r->dtype, true, "");
    if (stmt->declares && r->lanes > 1) text_add(s->out, "%s ", emit_type(r->dtype, r->lanes));
    text_add(s->out, "%s = ", r->name);
    emit_expr(s, e);
    text_add(s->out, ";\n");
}

/* C promotes small integers: the store narrows again. */
static bool needs_narrowing(Dtype t) { return dtype_info(t)->bits < 32 && dtype_info(t)->bits > 0; }

static void store(Speller *s, const Stmt *stmt, int depth)
{
    const char *name = emit_buffer_name(s, stmt->buffer);
    const Expr *e = stmt->value;
    if (e->lanes == 1) {
        line(s, depth, "%s[", name);
        emit_expr(s, stmt->offset);
        text_add(s->out, needs_narrowing(e->dtype) ? "] = (%s)(" : "] = ", emit_type(e->dtype, 1));
        emit_expr(s, e);
        text_add(s->out, needs_narrowing(e->dtype) ? ");\n" : ";\n");
        return;
    }
    bool part = stmt->count < e->lanes, apart = stmt->stride != 1;
    line(s, depth, "netc_store%s%s(", apart ? "_stride" : "", part ? "_part" : "");
    offset_from(s, name, stmt->offset);
    text_add(s->out, ", ");
    emit_expr(s, e);
    if (apart) text_add(s->out, ", %lld", (long long)stmt->stride);
    if (part) text_add(s->out, ", %lld", (long long)stmt->count);
    text_add(s->out, ");\n");
}

static void zero(Speller *s, const Stmt *stmt, int depth)
{
    line(s, depth, "memset(");
    offset_from(s, emit_buffer_name(s, stmt->buffer), stmt->offset);
    text_add(s->out, ", 0, %lld * sizeof(%s));\n", (long long)stmt->count,
             emit_type(stmt->buffer->dtype, 1));
}

static void prefetch_lines(Speller *s, const Stmt *stmt, int depth)
{
    line(s, depth, stmt->near ? "NETC_PREFETCH_NEAR(" : "NETC_PREFETCH(");
    offset_from(s, emit_buffer_name(s, stmt->buffer), stmt->offset);
    text_add(s->out, ", %lld", (long long)stmt->count);
    if (stmt->near) text_add(s->out, ", %lld", (long long)stmt->stride);
    text_add(s->out, ");\n");
}

static void point(Speller *s, const Stmt *stmt, int depth)
{
    line(s, depth, "%s", "");
    emit_declaration(s->out, stmt->buffer->dtype, false, "*");
    text_add(s->out, "%s = ", stmt->alias->name);
    offset_from(s, emit_buffer_name(s, stmt->buffer), stmt->offset);
    text_add(s->out, ";\n");
}

bool emit_fails(const Kernel *k)
{
    const Call *call = k->definition ? k->definition->call : NULL;
    return call && call->function && call->function->fails;
}

bool emit_may_fail(const Program *p)
{
    for (int k = 0; k < p->kernels.count; k++)
        if (emit_fails(p->kernels.items[k])) return true;
    return false;
}

static void call(Speller *s, const Call *c, int depth)
{
    line(s, depth, c->function->fails ? "return %s(" : "%s(", c->function->name);
    for (int i = 0; i < c->read_count; i++)
        text_add(s->out, "%s%s", i ? ", " : "", emit_buffer_name(s, c->reads[i]->buffer));
    for (int i = 0; i < c->write_count; i++)
        text_add(s->out, "%s%s", i || c->read_count ? ", " : "",
                 emit_buffer_name(s, c->writes[i]->buffer));
    for (int i = 0; i < c->number_count; i++) text_add(s->out, ", %lld", (long long)c->numbers[i]);
    text_add(s->out, ");\n");
}

static void statements(Speller *s, const Stmt *first, int depth)
{
    for (const Stmt *stmt = first; stmt; stmt = stmt->next) {
        switch (stmt->kind) {
        case ST_LOOP: loop(s, stmt, depth); break;
        case ST_SET: set(s, stmt, depth); break;
        case ST_STORE: store(s, stmt, depth); break;
        case ST_ZERO: zero(s, stmt, depth); break;
        case ST_PREFETCH: prefetch_lines(s, stmt, depth); break;
        case ST_POINT: point(s, stmt, depth); break;
        case ST_PIN: line(s, depth, "NETC_PIN(%s);\n", stmt->alias->name); break;
        case ST_CALL: call(s, stmt->call, depth); break;
        case ST_IF:
            line(s, depth, "if (");
            emit_expr(s, stmt->value);
            text_add(s->out, ") {\n");
            statements(s, stmt->body, depth + 1);
            line(s, depth, "}\n");
            break;
        }
    }
}

void emit_kernel(const Program *p, const Kernel *k, Text *out)
{
    Arena *arena = arena_new();
    Speller s = {.p = p, .kernel = k, .arena = arena, .out = out};
    signature(&s, k);
    text_add(out, "{\n");
    statements(&s, k->body, 1);
    text_add(out, "}\n");
    arena_free(arena);
}
