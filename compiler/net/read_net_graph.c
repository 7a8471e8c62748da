/*
 * Inner graphs (the bodies of If, Loop, Scan), which see the names around them, and the outputs of
 * graphs: what their names mean at the end of the body.
 */
#include "read_net.h"

/* ---- outputs ---- */

/* The value of output `i`: bound to its name in the body, else the i-th of what the body returned.
 */
static bool output_value(Reader *r, Scope *s, const NetDef *def, int i, const Value *result,
                         Value *v)
{
    const NetName *name = &def->outputs.items[i].name;
    Binding *b = map_get(s->names, name->text);
    if (b && b->value.kind == VALUE_TENSOR) b->used = true;
    if (b) return *v = b->value, true;
    int given = result->kind == VALUE_OMITTED ? 0
                : result->kind == VALUE_TUPLE ? result->list.count
                                              : 1;
    if (i < given) return *v = result->kind == VALUE_TUPLE ? result->list.items[i] : *result, true;
    if (result->kind != VALUE_POISON) {
        Diagnostic *d =
            net_error(r, "E0411", name->source, "the body never binds the output `%s`", name->text);
        net_suggest(d, net_scope_nearest(r, s, name->text));
    }
    return false;
}

static Tensor *identity(Reader *r, Scope *s, Tensor *from, const NetName *name)
{
    Node *n = node_new(r, name->source, "Identity", 1, name->text, 1, 1);
    n->inputs[0] = from;
    Tensor *to = graph_add_tensor(r->graph, TENSOR_VALUE, name->text, DT_NONE, -1, NULL);
    to->source = from->source;
    node_set_output(n, 0, to);
    if (from->rank >= 0) infer_node(r->graph, n, r->diags);
    (void)s;
    return to;
}

/* A computed value that is no output yet takes the output's name. */
static bool take_name(Reader *r, Tensor *t, const NetName *name)
{
    bool own = t->kind == TENSOR_VALUE && t->producer && !t->expansion &&
               map_get(r->graph->by_name, t->name) == t;
    for (int i = 0; i < r->graph->outputs.count; i++) own &= r->graph->outputs.items[i] != t;
    if (!own || graph_is_output(r->graph, t)) return false;
    map_set(r->graph->by_name, t->name, NULL);
    t->name = arena_string(r->arena, name->text);
    map_set(r->graph->by_name, t->name, t);
    return true;
}

/* A tensor of that name: the value itself, or a copy. NULL after a diagnostic. */
static Tensor *named_output(Reader *r, Scope *s, Tensor *t, const NetName *name)
{
    Tensor *taken = map_get(r->graph->by_name, name->text);
    if (taken == t || (!taken && take_name(r, t, name))) return t;
    if (!taken) return identity(r, s, t, name);
    Diagnostic *d = net_error(r, "E0404", name->source,
                              "the output `%s` has the name of another tensor", name->text);
    net_label(d, taken->source, "this one");
    net_help(d, "an input's name cannot be bound to something else and be an output too");
    return NULL;
}

static void bind_output(Reader *r, Scope *s, const NetDef *def, int i, const Value *result)
{
    const NetParam *p = &def->outputs.items[i];
    Value v;
    if (!output_value(r, s, def, i, result, &v) || value_has_poison(&v)) return;
    if (v.kind != VALUE_TENSOR) {
        Diagnostic *d =
            net_error(r, "E0407", p->name.source, "the output `%s` must be a tensor, not %s",
                      p->name.text, value_kind_name(&v));
        net_label(d, v.source, "%s", value_kind_name(&v));
        return;
    }
    for (int k = 0; k < i; k++)
        if (!strcmp(def->outputs.items[k].name.text, p->name.text)) {
            Diagnostic *d =
                net_error(r, "E0404", p->name.source, "two outputs are called `%s`", p->name.text);
            net_label(d, def->outputs.items[k].name.source, "the first");
            return;
        }
    if (p->type && !type_unify(r, s, p->type, v.tensor, "output", p->name)) return;
    Tensor *t = named_output(r, s, v.tensor, &p->name);
    if (!t) return;
    if (p->type && p->type->shaped) t->dim_names = type_dim_names(r, p->type);
    LIST_PUSH(r->arena, &r->graph->outputs, t);
}

/* Inputs and what is computed from them, with what inner graphs read; parameters and constants are
 * neither. */
static void mark_reached(const Graph *g, const bool *unknown, bool *reached)
{
    for (int i = 0; i < g->tensors.count; i++)
        reached[i] = g->tensors.items[i]->kind == TENSOR_INPUT;
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        bool any = unknown[n];
        for (int i = 0; i < node->input_count && !any; i++)
            any = node->inputs[i] && reached[node->inputs[i]->id];
        for (int i = 0; i < node->output_count && any; i++)
            if (node->outputs[i]) reached[node->outputs[i]->id] = true;
    }
}

void graph_warn_constant_outputs(Reader *r, const NetDef *def)
{
    const Graph *g = r->top;
    bool *reached = NEW_ARRAY(r->arena, bool, g->tensors.count);
    bool *unknown = NEW_ARRAY(r->arena, bool, g->nodes.count + 1);
    for (int n = 0; n < g->nodes.count; n++) /* what a body reads is not looked into */
        for (int a = 0; a < g->nodes.items[n]->attr_count; a++)
            unknown[n] |= g->nodes.items[n]->attrs[a].graph != NULL;
    mark_reached(g, unknown, reached);
    for (int i = 0; i < g->outputs.count && i < def->outputs.count && g->inputs.count; i++) {
        const Tensor *t = g->outputs.items[i];
        if (reached[t->id] || t->expansion) continue;
        const NetName *name = &def->outputs.items[i].name;
        Diagnostic *d =
            net_warning(r, "W0010", name->source,
                        "the output `%s` depends on no input: it is always the same", name->text);
        if (t->source.line) net_label(d, t->source, "made here of parameters and constants alone");
    }
}

void graph_name_outputs(Reader *r, const NetDef *def)
{
    r->graph->output_names = map_new(r->arena);
    for (int i = 0; i < def->outputs.count; i++)
        map_set(r->graph->output_names, def->outputs.items[i].name.text, r->graph);
}

void graph_bind_outputs(Reader *r, Scope *s, const NetDef *def, const Value *result)
{
    for (int i = 0; i < def->outputs.count; i++) bind_output(r, s, def, i, result);
}

/* ---- inner graphs ---- */

static void add_input(Reader *r, Scope *s, const NetParam *p)
{
    int64_t dims[MAX_RANK];
    bool shaped = p->type && p->type->shaped;
    if (shaped && !type_dims(r, s, p->type, dims)) return;
    if (map_get(r->graph->by_name, p->name.text)) {
        net_error(r, "E0404", p->name.source, "two inputs are called `%s`", p->name.text);
        return;
    }
    Tensor *t =
        graph_add_tensor(r->graph, TENSOR_INPUT, p->name.text, p->type ? p->type->dtype : DT_NONE,
                         shaped ? p->type->dims.count : -1, shaped ? dims : NULL);
    t->source = p->name.source;
    LIST_PUSH(r->arena, &r->graph->inputs, t);
    net_scope_bind(r, s, p->name, value_tensor(t, p->name.source), true);
}

/* { ...; return a, b }: outputs without names of their own. */
static void return_outputs(Reader *r, Scope *s, const NetDef *def, const Value *result)
{
    if (result->kind == VALUE_OMITTED) {
        net_error(r, "E0411", def->source, "this body returns nothing");
        return;
    }
    int count = result->kind == VALUE_TUPLE ? result->list.count : 1;
    for (int i = 0; i < count; i++) {
        const Value *v = result->kind == VALUE_TUPLE ? &result->list.items[i] : result;
        if (value_has_poison(v)) return;
        if (v->kind != VALUE_TENSOR) {
            net_error(r, "E0407", v->source, "a body returns tensors, not %s", value_kind_name(v));
            return;
        }
        bool own = v->tensor->kind == TENSOR_VALUE &&
                   map_get(r->graph->by_name, v->tensor->name) == v->tensor;
        NetName name = {fresh_tensor_name(r, "result"), v->source};
        LIST_PUSH(r->arena, &r->graph->outputs, own ? v->tensor : identity(r, s, v->tensor, &name));
    }
}

Value graph_eval(Reader *r, Scope *s, const NetExpr *e)
{
    const NetDef *def = e->graph;
    Graph *outer = r->graph, *g = graph_new(r->arena, def->name.text ? def->name.text : "body");
    int errors = diags_errors(r->diags);
    g->outer = outer;
    g->opset = r->top->opset;
    r->graph = g;
    Scope *inner = net_scope_new(r, s, s->path, &def->body);
    for (int i = 0; i < def->inputs.count; i++) add_input(r, inner, &def->inputs.items[i]);
    graph_name_outputs(r, def);
    Value result = body_run(r, inner, &def->body);
    if (def->signature)
        graph_bind_outputs(r, inner, def, &result);
    else
        return_outputs(r, inner, def, &result);
    net_scope_warn_unused(r, inner);
    r->graph = outer;
    if (diags_errors(r->diags) > errors) return poison;
    return (Value){.kind = VALUE_GRAPH, .graph = g, .source = e->source};
}
