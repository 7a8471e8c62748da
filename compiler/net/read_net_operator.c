/*
 * Calls of ONNX operators: positional inputs, named attributes whose kind the schema decides where
 * it is known, as many outputs as there are names on the left. What is wrong with the node as such
 * is for infer_node to say.
 */
#include "missing.h"
#include "read_net.h"

/* ---- inputs ---- */

/* The element type of a number or list among the inputs: that of a tensor in the same type
 * variable, else one the slot takes. */
static Dtype slot_dtype(const Op *op, const Node *n, int at, const Value *v)
{
    Dtype own = literal_dtype(v);
    const Slot *slot = op_input(op, n->version, at);
    if (!slot) return own;
    for (int i = 0; i < n->input_count && slot->variable; i++) {
        const Slot *other = n->inputs[i] ? op_input(op, n->version, i) : NULL;
        if (other && other->variable && !strcmp(other->variable, slot->variable) &&
            n->inputs[i]->dtype)
            return n->inputs[i]->dtype;
    }
    if (own == DT_I64 && !(slot->types & TYPE(DT_I64)) && (slot->types & TYPE(DT_F32)))
        return DT_F32;
    return own;
}

static bool set_input(Reader *r, Scope *s, const Op *op, Node *n, int at, Value v)
{
    if (v.kind == VALUE_OMITTED) return true;
    if (v.kind == VALUE_TENSOR) {
        n->inputs[at] = v.tensor;
        return true;
    }
    bool literal = value_is_number(&v) || v.kind == VALUE_BOOL || v.kind == VALUE_STRING ||
                   v.kind == VALUE_LIST;
    if (!literal) {
        net_error(r, "E0407", v.source, "an input of %s must be a tensor, not %s", n->op_type,
                  value_kind_name(&v));
        return false;
    }
    n->inputs[at] = literal_tensor(r, &v, slot_dtype(op, n, at, &v),
                                   arena_format(r->arena, "%s%s.%d", s->path, n->name, at));
    return n->inputs[at] != NULL;
}

/* Values of the positional arguments; a list of tensors stands for its tensors. False after a
 * diagnostic. */
static bool read_inputs(Reader *r, Scope *s, const NetCall *call, Value **inputs, int *count)
{
    LIST(Value) all = {0};
    bool good = true;
    for (int i = 0; i < call->args.count; i++) {
        const NetArg *arg = &call->args.items[i];
        if (arg->name.text) continue;
        Value v = eval(r, s, arg->value);
        good &= !value_has_poison(&v);
        bool tensors = v.kind == VALUE_LIST && v.list.count && v.list.items[0].kind == VALUE_TENSOR;
        for (int k = 0; k < (tensors ? v.list.count : 1); k++)
            LIST_PUSH(r->arena, &all, tensors ? v.list.items[k] : v);
    }
    *inputs = all.items, *count = all.count;
    return good;
}

/* ---- attributes ---- */

static AttrKind natural_kind(const Value *v)
{
    static const AttrKind kinds[] = {
        [VALUE_INT] = ATTR_INT,       [VALUE_FLOAT] = ATTR_FLOAT,   [VALUE_BOOL] = ATTR_INT,
        [VALUE_STRING] = ATTR_STRING, [VALUE_TENSOR] = ATTR_TENSOR, [VALUE_GRAPH] = ATTR_GRAPH,
        [VALUE_TYPE] = ATTR_TYPE,     [VALUE_LIST] = ATTR_INTS};
    if (v->kind != VALUE_LIST) return (size_t)v->kind < COUNT(kinds) ? kinds[v->kind] : ATTR_NONE;
    AttrKind kind = ATTR_INTS;
    for (int i = 0; i < v->list.count; i++) {
        if (v->list.items[i].kind == VALUE_FLOAT) kind = ATTR_FLOATS;
        if (v->list.items[i].kind == VALUE_STRING) return ATTR_STRINGS;
    }
    return kind;
}

static bool fill_one(Attr *a, const Value *v)
{
    bool whole = v->kind == VALUE_INT || v->kind == VALUE_BOOL;
    switch (a->kind) {
    case ATTR_INT: a->i = v->kind == VALUE_BOOL ? v->b : v->i; return whole && !v->huge;
    case ATTR_FLOAT:
        a->f = value_is_number(v) ? (float)value_number(v) : 0;
        return value_is_number(v);
    case ATTR_STRING: a->s = v->s; return v->kind == VALUE_STRING;
    case ATTR_TENSOR: a->tensor = v->tensor; return v->kind == VALUE_TENSOR && v->tensor->data;
    case ATTR_GRAPH: a->graph = v->graph; return v->kind == VALUE_GRAPH;
    case ATTR_TYPE: return v->kind == VALUE_TYPE;
    default: return false;
    }
}

static bool fill_list(Reader *r, Attr *a, const Value *v)
{
    const Value *items = v->kind == VALUE_LIST ? v->list.items : v;
    a->count = v->kind == VALUE_LIST ? v->list.count : 1;
    a->ints = NEW_ARRAY(r->arena, int64_t, a->count);
    a->floats = NEW_ARRAY(r->arena, double, a->count);
    a->strings = NEW_ARRAY(r->arena, String, a->count);
    for (int i = 0; i < a->count; i++) {
        const Value *item = &items[i];
        if (a->kind == ATTR_INTS && item->kind == VALUE_INT && !item->huge)
            a->ints[i] = item->i;
        else if (a->kind == ATTR_FLOATS && value_is_number(item))
            a->floats[i] = (float)value_number(item);
        else if (a->kind == ATTR_STRINGS && item->kind == VALUE_STRING)
            a->strings[i] = item->s;
        else
            return false;
    }
    return true;
}

static bool is_list_kind(AttrKind kind)
{
    return kind == ATTR_INTS || kind == ATTR_FLOATS || kind == ATTR_STRINGS;
}

static const char *attr_kind_name(AttrKind kind)
{
    static const char *const names[] = {[ATTR_INT] = "an integer",
                                        [ATTR_FLOAT] = "a number",
                                        [ATTR_STRING] = "a string",
                                        [ATTR_TENSOR] =
                                            "a tensor with its values, as f32[2] [1, 2]",
                                        [ATTR_GRAPH] = "a graph, as graph g() -> (y) { ... }",
                                        [ATTR_FLOATS] = "a list of numbers",
                                        [ATTR_INTS] = "a list of integers",
                                        [ATTR_STRINGS] = "a list of strings",
                                        [ATTR_TYPE] = "a type"};
    return names[kind];
}

/* A typed literal stays in the attribute; it is no constant of the graph. */
static Value attr_value(Reader *r, Scope *s, const NetExpr *e)
{
    if (e->kind != NET_TYPED) return eval(r, s, e);
    Tensor *t = eval_tensor(r, s, e);
    return t ? value_tensor(t, e->source) : poison;
}

static bool set_attr(Reader *r, Scope *s, const Op *op, Node *n, const NetArg *arg)
{
    Value v = attr_value(r, s, arg->value);
    if (value_has_poison(&v)) return false;
    const AttrSpec *spec = op_attr(op, n->version, arg->name.text);
    AttrKind kind = spec && spec->kind != ATTR_NONE ? spec->kind : natural_kind(&v);
    if (node_attr(n, arg->name.text)) {
        net_error(r, "E0406", arg->name.source, "attribute `%s` is given twice", arg->name.text);
        return false;
    }
    Attr *a = node_add_attr(r->graph, n, arg->name.text, kind);
    a->source = arg->name.source;
    if (kind != ATTR_NONE && (is_list_kind(kind) ? fill_list(r, a, &v) : fill_one(a, &v)))
        return true;
    net_error(r, "E0304", arg->value->source, "attribute `%s` of %s must be %s, not %s",
              arg->name.text, n->op_type,
              kind == ATTR_NONE ? "something else" : attr_kind_name(kind), value_kind_name(&v));
    return false;
}

/* ---- the call ---- */

/* The version of a domain: the call's, the file's head's, or the newest there is. */
static int call_version(Reader *r, const NetCall *call, const Op *op)
{
    if (call->version) return (int)call->version;
    const char *domain = call->domain ? call->domain : "";
    for (int i = 0; i < r->home->ast->opsets.count; i++)
        if (!strcmp(r->home->ast->opsets.items[i].domain, domain))
            return (int)r->home->ast->opsets.items[i].version;
    if (!*domain) return r->top->opset;
    int version = 1;
    for (const int *v = op->versions; *v; v++) version = *v;
    return version;
}

static const Op *find_operator(Reader *r, const NetCall *call, const char *domain)
{
    const Op *op = op_find(domain, call->callee.text);
    if (op) return op;
    const MissingOp *missing = missing_find(domain, call->callee.text);
    if (missing) {
        net_error(r, "E0301", call->callee.source, "the operator `%s` is not supported: %s",
                  missing->name, missing->reason);
        return NULL;
    }
    const char *names[1024];
    int count = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *row = *table; row->name && count < (int)COUNT(names); row++)
            names[count++] = row->name;
    Diagnostic *d = net_error(r, "E0301", call->callee.source, "there is no operator `%s`%s%s",
                              call->callee.text, *domain ? " in domain " : "", domain);
    const char *near = nearest_name(call->callee.text, names, count);
    for (int i = 0; i < count; i++)
        if (!strcasecmp(names[i], call->callee.text)) near = names[i];
    int operators = count;
    count += layer_names(names + count, (int)COUNT(names) - count);
    for (int i = operators; i < count && !*domain; i++)
        if (!strcasecmp(names[i], call->callee.text)) near = names[i];
    net_suggest(d, near);
    return NULL;
}

Value operator_call(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    const NetCall *call = e->call;
    const char *domain = call->domain && strcmp(call->domain, "ai.onnx") ? call->domain : "";
    const Op *op = find_operator(r, call, domain);
    Value *inputs;
    int count;
    bool good = read_inputs(r, s, call, &inputs, &count);
    const char *name = net_scope_instance(r, s, call->callee.text, &call->as, &naming);
    if (!good || !op) return poison;
    Node *n = node_new(r, e->source, call->callee.text, 0, name, count,
                       naming.targets ? naming.targets->count : 1);
    n->domain = arena_string(r->arena, domain);
    n->version = call_version(r, call, op);
    for (int i = 0; i < count;
         i++) /* tensors first: they decide the types of the numbers beside them */
        if (inputs[i].kind == VALUE_TENSOR) n->inputs[i] = inputs[i].tensor;
    for (int i = 0; i < count; i++) good &= set_input(r, s, op, n, i, inputs[i]);
    for (int i = 0; i < call->args.count; i++)
        if (call->args.items[i].name.text) good &= set_attr(r, s, op, n, &call->args.items[i]);
    return good ? node_finish(r, s, n, &naming) : poison;
}
