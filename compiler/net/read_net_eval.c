/*
 * Expressions of a .net file. What is known while reading (numbers, truth values, strings, lists,
 * shapes) is computed here; what is computed by the network becomes nodes (read_net_call.c,
 * read_net_arith.c).
 */
#include "read_net_notes.h"

/* ---- literals ---- */

static Value eval_integer(Reader *r, const NetExpr *e)
{
    uint64_t magnitude = e->integer.magnitude;
    if (e->integer.negative && magnitude > (uint64_t)INT64_MAX + 1) {
        net_error(r, "E0402", e->source, "-%llu does not fit 64 bits",
                  (unsigned long long)magnitude);
        return poison;
    }
    Value v = value_int((int64_t)(e->integer.negative ? 0 - magnitude : magnitude), e->source);
    v.huge = !e->integer.negative && magnitude > INT64_MAX;
    return v;
}

/* The values of a call that gives several become items of their own. */
static Value eval_list(Reader *r, Scope *s, const NetExpr *e)
{
    LIST(Value) items = {0};
    bool bad = false;
    for (int i = 0; i < e->list.count; i++) {
        Value item = eval(r, s, e->list.items[i]);
        bad |= value_has_poison(&item);
        int parts = item.kind == VALUE_TUPLE ? item.list.count : 1;
        for (int k = 0; k < parts; k++)
            LIST_PUSH(r->arena, &items, item.kind == VALUE_TUPLE ? item.list.items[k] : item);
    }
    Value list = value_list(items.items, items.count, e->source);
    if (bad || list.list.size <= NET_MAX_LIST) return bad ? poison : list;
    net_error(r, "E0410", e->source, "this list holds more than %d values", NET_MAX_LIST);
    return poison;
}

Tensor *eval_tensor(Reader *r, Scope *s, const NetExpr *e)
{
    int64_t dims[MAX_RANK];
    const NetType *type = e->typed.type;
    if (!type_dims(r, s, type, dims)) return NULL;
    Value v = eval(r, s, e->typed.value);
    const void *data = literal_data(r, &v, type->dtype, type->dims.count, dims);
    if (!data) return NULL;
    Tensor *t = NEW(r->arena, Tensor);
    *t = (Tensor){.name = "",
                  .kind = TENSOR_CONST,
                  .dtype = type->dtype,
                  .rank = type->dims.count,
                  .data = data,
                  .source = e->source};
    t->dims = arena_copy(r->arena, dims, (size_t)t->rank * sizeof *dims);
    return t;
}

/* f32[2] [1, 2]: a constant of the graph. */
static Value eval_typed(Reader *r, Scope *s, const NetExpr *e)
{
    const Tensor *literal = eval_tensor(r, s, e);
    if (!literal) return poison;
    const char *name = fresh_tensor_name(r, arena_format(r->arena, "%sconst", s->path));
    Tensor *t = graph_add_const(r->graph, name, literal->dtype, literal->rank, literal->dims,
                                literal->data);
    t->source = e->source;
    return value_tensor(t, e->source);
}

static Value eval_string(Reader *r, Scope *s, const NetExpr *e)
{
    (void)r, (void)s;
    return (Value){.kind = VALUE_STRING, .s = e->string, .source = e->source};
}

/* ---- names ---- */

static Value eval_name(Reader *r, Scope *s, const NetExpr *e)
{
    Binding *b = net_scope_find(r, s, e->name);
    if (b) {
        b->used = true;
        Value v = b->value;
        v.source = e->source;
        note_name(r, e->source, e->name, &v, b->source);
        return v;
    }
    const Block *block = module_block(s, e->name);
    if (block) {
        Value v = block_value(block, e->source);
        note_name(r, e->source, e->name, &v, block->def->name.source);
        return v;
    }
    const NetLayer *layer = layer_find(e->name);
    if (layer) return (Value){.kind = VALUE_LAYER, .layer = layer, .source = e->source};
    if (s->module->broken) return poison;
    Diagnostic *d = net_error(r, "E0403", e->source, "nothing is called `%s` here", e->name);
    net_suggest(d, net_scope_nearest(r, s, e->name));
    return poison;
}

/* ---- what is decided while reading ---- */

static Value eval_if(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    bool condition;
    if (!eval_bool(r, s, e->branch.condition, "the condition", &condition)) return poison;
    mention_use(r, s, condition ? e->branch.no : e->branch.yes);
    r->naming = naming;
    return eval(r, s, condition ? e->branch.yes : e->branch.no);
}

static Value eval_index(Reader *r, Scope *s, const NetExpr *e)
{
    Value of = eval(r, s, e->index.of);
    int64_t at;
    if (!eval_int(r, s, e->index.at, "an index", &at) || value_has_poison(&of)) return poison;
    if (of.kind != VALUE_LIST) {
        Diagnostic *d = net_error(r, "E0407", e->index.of->source,
                                  "%s cannot be indexed; lists can", value_kind_name(&of));
        if (of.kind == VALUE_TENSOR)
            net_help(d, "slice(x, axis: 0, from: 1, to: 2) takes a part of a tensor");
        return poison;
    }
    int64_t position = at < 0 ? at + of.list.count : at;
    if (position < 0 || position >= of.list.count) {
        net_error(r, "E0204", e->index.at->source, "index %lld is outside a list of %d",
                  (long long)at, of.list.count);
        return poison;
    }
    Value v = of.list.items[position];
    v.source = e->source;
    return v;
}

static Value eval_member(Reader *r, Scope *s, const NetExpr *e)
{
    (void)s;
    Diagnostic *d = net_error(r, "E0407", e->source,
                              "a path stands for an instance and has no value of its own");
    net_help(d, "paths are for params(path), macs(path) and the weights list; a tensor has a name");
    return poison;
}

static bool is_logic(NetOperator op) { return op == NET_AND || op == NET_OR || op == NET_NOT; }

/* `and` and `or` leave their right side alone when the left one decides. */
static Value eval_logic(Reader *r, Scope *s, const NetExpr *e)
{
    bool left = false, right;
    NetOperator op = e->binary.op;
    const char *what = arena_format(r->arena, "an operand of `%s`", net_operator_text(op));
    if (op != NET_NOT && !eval_bool(r, s, e->binary.left, what, &left)) return poison;
    if ((op == NET_AND && !left) || (op == NET_OR && left)) {
        mention_use(r, s, e->binary.right);
        return value_bool(left, e->source);
    }
    if (!eval_bool(r, s, e->binary.right, what, &right)) return poison;
    return value_bool(op == NET_NOT ? !right : right, e->source);
}

static Value eval_arith(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    if (is_logic(e->binary.op)) return eval_logic(r, s, e);
    if (e->kind == NET_UNARY) return net_arith_unary(r, s, e, eval(r, s, e->binary.right), &naming);
    Value left = eval(r, s, e->binary.left);
    Value right = eval(r, s, e->binary.right);
    return net_arith_binary(r, s, e, left, right, &naming);
}

Value eval(Reader *r, Scope *s, const NetExpr *e)
{
    Naming naming = r->naming;
    r->naming = (Naming){0};
    if (r->stopped) return poison;
    switch (e->kind) {
    case NET_NAME: return eval_name(r, s, e);
    case NET_INT: return eval_integer(r, e);
    case NET_FLOAT: return value_float(e->number, e->source);
    case NET_STRING: return eval_string(r, s, e);
    case NET_BOOL: return value_bool(e->truth, e->source);
    case NET_OMITTED: return (Value){.kind = VALUE_OMITTED, .source = e->source};
    case NET_DTYPE: return value_int(e->dtype, e->source);
    case NET_LIST: return eval_list(r, s, e);
    case NET_TYPED: return eval_typed(r, s, e);
    case NET_CALL: return call_eval(r, s, e, naming);
    case NET_UNARY:
    case NET_BINARY: return eval_arith(r, s, e, naming);
    case NET_IF: return eval_if(r, s, e, naming);
    case NET_INDEX: return eval_index(r, s, e);
    case NET_MEMBER: return eval_member(r, s, e);
    case NET_REPEAT: return repeat_eval(r, s, e, naming);
    case NET_GRAPH: return graph_eval(r, s, e);
    }
    return poison;
}

/* ---- values of one kind ---- */

bool eval_int(Reader *r, Scope *s, const NetExpr *e, const char *what, int64_t *result)
{
    Value v = eval(r, s, e);
    *result = v.kind == VALUE_INT ? v.i : 0;
    if (v.kind == VALUE_INT && !v.huge) return true;
    if (!value_has_poison(&v))
        net_error(r, "E0407", e->source, "%s must be an integer known here, not %s", what,
                  value_kind_name(&v));
    return false;
}

bool eval_bool(Reader *r, Scope *s, const NetExpr *e, const char *what, bool *result)
{
    Value v = eval(r, s, e);
    *result = v.kind == VALUE_BOOL && v.b;
    if (v.kind == VALUE_BOOL) return true;
    if (!value_has_poison(&v)) {
        Diagnostic *d = net_error(r, "E0407", e->source, "%s must be true or false, not %s", what,
                                  value_kind_name(&v));
        if (v.kind == VALUE_TENSOR)
            net_help(d, "the operators If and Where decide by a tensor's value at run time");
    }
    return false;
}
