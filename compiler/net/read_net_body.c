/*
 * Statements of a .net body, one after another: declarations of tensors and constants, assignments,
 * assertions, and the value that a body gives.
 */
#include "read_net.h"

/* ---- declarations ---- */

static TensorKind kind_of(const NetStmt *stmt, bool has_data)
{
    return stmt->kind == NET_CONST && has_data ? TENSOR_CONST : TENSOR_PARAM;
}

/* param NAME: TYPE [= VALUE] and const NAME: TYPE [= VALUE] */
static Value declare_tensor(Reader *r, Scope *s, const NetStmt *stmt)
{
    int64_t dims[MAX_RANK];
    const NetName *name = &stmt->targets.items[0];
    const void *data = NULL;
    if (!type_dims(r, s, stmt->type, dims)) return poison;
    if (stmt->values.count) {
        Value v = eval(r, s, stmt->values.items[0]);
        data = literal_data(r, &v, stmt->type->dtype, stmt->type->dims.count, dims);
        if (!data) return poison;
    }
    const char *path = arena_format(r->arena, "%s%s", s->path, name->text);
    if (map_get(r->graph->by_name, path)) path = fresh_tensor_name(r, path);
    Tensor *t = graph_add_tensor(r->graph, kind_of(stmt, data), path, stmt->type->dtype,
                                 stmt->type->dims.count, dims);
    t->data = data;
    t->trainable = stmt->kind == NET_PARAM;
    t->source = name->source;
    if (!data) weights_give(r, t);
    return value_tensor(t, name->source);
}

void body_declare(Reader *r, Scope *s, const NetStmt *stmt)
{
    const NetName *name = &stmt->targets.items[0];
    const Binding *first = map_get(s->names, name->text);
    Value v =
        stmt->kind == NET_LET ? eval(r, s, stmt->values.items[0]) : declare_tensor(r, s, stmt);
    if (first) {
        Diagnostic *d = net_error(r, "E0404", name->source,
                                  "`%s` is declared, but the name is taken", name->text);
        net_label(d, first->source, "first meaning");
    } else {
        net_scope_warn_hidden(r, s, name);
    }
    net_scope_bind(r, s, *name, v, !s->outer)->fixed = true;
}

/* ---- assignments ---- */

static bool check_targets(Reader *r, const NetStmt *stmt, const Value *v)
{
    int given = v->kind == VALUE_TUPLE ? v->list.count : 1, wanted = stmt->targets.count;
    if (given == wanted) return true;
    Diagnostic *d = net_error(r, "E0406", stmt->values.items[0]->source, "%d name%s for %d value%s",
                              wanted, wanted == 1 ? "" : "s", given, given == 1 ? "" : "s");
    net_label(d, stmt->values.items[0]->source, "gives %d", given);
    if (given > wanted) net_help(d, "`_` in place of a name drops a value");
    return false;
}

static int count_calls(const NetExpr *e);

static int count_list(const NetExprs *list)
{
    int calls = 0;
    for (int i = 0; i < list->count; i++) calls += count_calls(list->items[i]);
    return calls;
}

/* Calls that make instances; functions only ask. */
static int count_calls(const NetExpr *e)
{
    int calls = 0;
    switch (e->kind) {
    case NET_CALL:
        for (int i = 0; i < e->call->args.count; i++)
            calls += count_calls(e->call->args.items[i].value);
        return calls + !function_find(e->call->callee.text);
    case NET_BINARY: return count_calls(e->binary.left) + count_calls(e->binary.right) + 1;
    case NET_UNARY: return count_calls(e->binary.right) + 1;
    case NET_IF:
        return count_calls(e->branch.condition) + count_calls(e->branch.yes) +
               count_calls(e->branch.no);
    case NET_LIST: return count_list(&e->list);
    default: return 0;
    }
}

/* Constants, parameters and dimensions stay what they are. */
static void check_fixed(Reader *r, const Scope *s, const NetName *name)
{
    const Binding *first = map_get(s->names, name->text);
    if (!first || !first->fixed) {
        net_scope_warn_hidden(r, s, name);
        return;
    }
    Diagnostic *d = net_error(r, "E0404", name->source, "`%s` cannot be bound again", name->text);
    net_label(d, name->source, "give this another name");
    net_label(d, first->source, "%s",
              first->value.kind == VALUE_TENSOR ? "declared here" : "what it is for good");
}

static void assign(Reader *r, Scope *s, const NetStmt *stmt)
{
    r->naming =
        (Naming){.targets = &stmt->targets, .sole = count_calls(stmt->values.items[0]) == 1};
    Value v = eval(r, s, stmt->values.items[0]);
    r->naming = (Naming){0};
    bool good = v.kind != VALUE_POISON && check_targets(r, stmt, &v);
    for (int i = 0; i < stmt->targets.count; i++) {
        const NetName *name = &stmt->targets.items[i];
        if (!name->text) continue;
        Value one = !good ? poison : v.kind == VALUE_TUPLE ? v.list.items[i] : v;
        if (one.kind == VALUE_OMITTED) {
            net_error(r, "E0407", stmt->values.items[0]->source, "`%s` gets no value", name->text);
            one = poison;
        }
        check_fixed(r, s, name);
        /* of several outputs some may be of no use */
        net_scope_bind(r, s, *name, one, one.kind == VALUE_POISON || stmt->targets.count > 1);
    }
}

/* ---- bodies ---- */

static Value returned(Reader *r, Scope *s, const NetStmt *stmt)
{
    if (stmt->values.count == 1) {
        if (s->collapse) r->naming.path = s->collapse;
        return eval(r, s, stmt->values.items[0]);
    }
    Value *items = NEW_ARRAY(r->arena, Value, stmt->values.count);
    for (int i = 0; i < stmt->values.count; i++) items[i] = eval(r, s, stmt->values.items[i]);
    Value tuple = value_list(items, stmt->values.count, stmt->source);
    tuple.kind = VALUE_TUPLE;
    return tuple;
}

static void add_assert(Reader *r, Scope *s, const NetStmt *stmt)
{
    DeferredAssert a = {stmt->values.items[0], s, NULL, r->order};
    mention_use(r, s, stmt->values.items[0]);
    if (r->frame) { /* the frame itself lives on the stack of the expansion */
        a.frame = arena_copy(r->arena, r->frame, sizeof *r->frame);
        for (Frame *f = a.frame; f->outer; f = f->outer)
            f->outer = arena_copy(r->arena, f->outer, sizeof *f);
    }
    LIST_PUSH(r->arena, &r->asserts, a);
}

static void after_result(Reader *r, const NetBody *body, int at)
{
    if (at + 1 == body->count) return;
    Diagnostic *d = net_error(r, "E0414", body->items[at + 1]->source,
                              "nothing after the body's result is read");
    net_label(d, body->items[at]->source, "the result");
    if (body->items[at]->kind == NET_VALUE) net_help(d, "`name = ...` gives a value a name");
}

Value body_run(Reader *r, Scope *s, const NetBody *body)
{
    for (int i = 0; i < body->count && !r->stopped; i++) {
        const NetStmt *stmt = body->items[i];
        r->order++;
        switch (stmt->kind) {
        case NET_ASSIGN: assign(r, s, stmt); break;
        case NET_ASSERT: add_assert(r, s, stmt); break;
        case NET_RETURN:
        case NET_VALUE: after_result(r, body, i); return returned(r, s, stmt);
        default: body_declare(r, s, stmt);
        }
    }
    return (Value){.kind = r->stopped ? VALUE_POISON : VALUE_OMITTED};
}
