/*
 * In: a GraphProto and the scope it is in. Out: its inputs, initializers, nodes and outputs in the
 * scope's Graph. Names stay as they are where they can; what a subgraph captures is found in the
 * scopes around it.
 */
#include "read_onnx.h"

#include "bake.h"

Scope *scope_new(Reader *r, Graph *g, const Scope *outer)
{
    Scope *s = NEW(r->scratch, Scope);
    s->graph = g;
    s->outer = outer;
    s->values = map_new(r->scratch);
    s->declared = map_new(r->scratch);
    s->prefix = "";
    if (!outer) return s;
    s->opsets = outer->opsets;
    s->function = outer->function;
    s->bindings = outer->bindings;
    s->caller = outer->caller;
    s->prefix = outer->prefix;
    return s;
}

Value *scope_find(const Scope *s, const char *name)
{
    for (; s; s = s->outer) {
        Value *v = map_get(s->values, name);
        if (v) return v;
    }
    return NULL;
}

void scope_define(Reader *r, Scope *s, const char *name, Tensor *tensor, Source where)
{
    const Value *first = map_get(s->values, name);
    if (first) {
        Diagnostic *d =
            diag_error(r->file.diags, "E0107", where, "the name '%s' is defined twice", name);
        if (first->where.element) diag_label(d, first->where, "defined here first");
        return;
    }
    Value *v = NEW(r->scratch, Value);
    *v = (Value){tensor, where};
    map_set(s->values, arena_string(r->scratch, name), v);
}

/* ---- tensors ---- */

/* The file's name for a value of the graph's own; in a function, the instance's, or the name the
 * caller gives an output. */
static const char *tensor_name(Reader *r, const Scope *s, const char *name)
{
    const char *final = s->final_names ? map_get(s->final_names, name) : NULL;
    const char *wanted = final ? final : arena_format(r->scratch, "%s%s", s->prefix, name);
    bool inlined = s->function && !final;
    if (!map_get(s->graph->by_name, wanted) && !(inlined && map_get(r->taken, wanted)))
        return wanted;
    const char *unique = graph_unique_name(s->graph, wanted);
    while (map_get(r->taken, unique))
        unique = graph_unique_name(s->graph, arena_format(r->scratch, "%s_", unique));
    return unique;
}

static Tensor *new_tensor(Reader *r, Scope *s, TensorKind kind, const char *name,
                          const DataTensor *type, Source where)
{
    Tensor *t = type ? graph_add_tensor(s->graph, kind, tensor_name(r, s, name), type->dtype,
                                        type->rank, type->dims)
                     : graph_add_tensor(s->graph, kind, tensor_name(r, s, name), DT_NONE, -1, NULL);
    t->source = where;
    if (type) t->data = type->data;
    return t;
}

/* A new computed tensor for a name of the file. */
static Tensor *new_value(Reader *r, Scope *s, const char *name, Source where)
{
    Tensor *t = new_tensor(r, s, TENSOR_VALUE, name, NULL, where);
    const Onnx__TypeProto *type = map_get(s->declared, name);
    if (type) t->declared = read_declared(r, type, where);
    return t;
}

Tensor *new_alias(Reader *r, Scope *s, const char *name, Tensor *from, Source where)
{
    int version = opset_version(s->opsets, "");
    Node *node = graph_add_node(s->graph, "Identity", "", version ? version : 1,
                                graph_unique_name(s->graph, "Identity"), 1, 1);
    node->source = where;
    node->inputs[0] = from;
    node_set_output(node, 0, new_value(r, s, name, where));
    return node->outputs[0];
}

void declare_values(Reader *r, Scope *s, Onnx__ValueInfoProto *const *infos, size_t count)
{
    (void)r;
    for (size_t i = 0; i < count; i++)
        if (infos[i]->name && infos[i]->type) map_set(s->declared, infos[i]->name, infos[i]->type);
}

/* ---- initializers and inputs ---- */

static void add_initializer(Reader *r, Scope *s, const DataTensor *data, Source where)
{
    if (!*data->name) {
        read_error(r, "E0107", where, "an initializer without a name");
        return;
    }
    TensorKind kind = dtype_is_float(data->dtype) ? TENSOR_PARAM : TENSOR_CONST;
    const bool is_new = !map_get(s->values, data->name);
    Tensor *t = is_new ? new_tensor(r, s, kind, data->name, data, where) : NULL;
    if (t) t->trainable = kind == TENSOR_PARAM;
    scope_define(r, s, data->name, t, where);
}

/* Which inputs have values, for who asks for the others only. */
static void name_initializers(Reader *r, Scope *s, const Onnx__GraphProto *proto)
{
    for (size_t i = 0; i < proto->n_initializer; i++)
        scope_define(r, s, text_or_empty(proto->initializer[i]->name), NULL, (Source){0});
    for (size_t i = 0; i < proto->n_sparse_initializer; i++)
        if (proto->sparse_initializer[i]->values)
            scope_define(r, s, text_or_empty(proto->sparse_initializer[i]->values->name), NULL,
                         (Source){0});
}

static void read_initializers(Reader *r, Scope *s, const Onnx__GraphProto *proto)
{
    DataTensor data;
    for (size_t i = 0; i < proto->n_initializer && !reader_full(r); i++) {
        Source where =
            element(r, "initializer %zu '%s'", i, text_or_empty(proto->initializer[i]->name));
        if (onnx_tensor_read(&r->file, proto->initializer[i], where, &data))
            add_initializer(r, s, &data, where);
        else if (*data.name && !map_get(s->values, data.name))
            scope_define(r, s, data.name, NULL, where); /* reported once */
    }
    for (size_t i = 0; i < proto->n_sparse_initializer && !reader_full(r); i++) {
        const Onnx__SparseTensorProto *t = proto->sparse_initializer[i];
        Source where = element(r, "sparse initializer %zu '%s'", i,
                               t->values ? text_or_empty(t->values->name) : "");
        if (onnx_sparse_read(&r->file, t, where, &data)) add_initializer(r, s, &data, where);
    }
}

static bool type_agrees(const Declared *d, const Tensor *t)
{
    if (d->dtype && d->dtype != t->dtype) return false;
    if (d->rank < 0) return true;
    if (d->rank != t->rank) return false;
    for (int i = 0; i < d->rank; i++)
        if (d->dims[i] >= 0 && d->dims[i] != t->dims[i]) return false;
    return true;
}

/* An input with an initializer has that as its default; compiled, it is a constant. */
static void check_default(Reader *r, const Onnx__ValueInfoProto *info, const Value *v, Source where)
{
    if (!info->type || !v->tensor) return;
    const Declared *d = read_declared(r, info->type, where);
    if (d && !type_agrees(d, v->tensor))
        read_error(r, "E0104", v->where,
                   "the initializer is %s, but the input of its name is declared otherwise",
                   tensor_type_text(r->scratch, v->tensor));
}

static void read_input(Reader *r, Scope *s, const Onnx__ValueInfoProto *info, int position,
                       Source where)
{
    if (!s->outer && is_list_input(info)) {
        Tensor *list = read_list_input(r, s, info, position, where);
        scope_define(r, s, info->name, list, where);
        return;
    }
    const char **dim_names = NEW_ARRAY(r->file.arena, const char *, MAX_RANK);
    DataTensor type;
    Tensor *t = NULL;
    if (s->outer) { /* its type is that of what the control operator passes */
        t = new_tensor(r, s, TENSOR_INPUT, info->name, NULL, where);
        t->declared = info->type ? read_declared(r, info->type, where) : NULL;
    } else if (read_input_type(r, info, where, &type, dim_names)) {
        t = new_tensor(r, s, TENSOR_INPUT, info->name, &type, where);
        t->dim_names = dim_names;
    }
    if (t) LIST_PUSH(r->file.arena, &s->graph->inputs, t);
    scope_define(r, s, info->name, t, where);
}

static void read_inputs(Reader *r, Scope *s, const Onnx__GraphProto *proto)
{
    Map *seen = map_new(r->scratch);
    for (size_t i = 0; i < proto->n_input && !reader_full(r); i++) {
        Onnx__ValueInfoProto *info = proto->input[i];
        Source where = element(r, "input %zu '%s'", i, text_or_empty(info->name));
        if (!info->name || !*info->name) {
            read_error(r, "E0107", where, "an input without a name");
            continue;
        }
        const Value *v = map_get(s->values, info->name);
        if (map_get(seen, info->name))
            read_error(r, "E0107", where, "two inputs have the name '%s'", info->name);
        else if (v)
            check_default(r, info, v, where);
        else
            read_input(r, s, info, (int)i, where);
        map_set(seen, info->name, info);
    }
}

/* ---- nodes ---- */

static Tensor *find_input(Reader *r, Scope *s, const char *name, Source where)
{
    if (!*name) return NULL;
    const Value *v = scope_find(s, name);
    if (v) return v->tensor;
    read_error(r, "E0108", where, "reads '%s', which no input, initializer or node defines", name);
    scope_define(r, s, name, NULL, where); /* reported once */
    return NULL;
}

static void add_outputs(Reader *r, Scope *s, Node *node, const Onnx__NodeProto *proto)
{
    for (int i = 0; i < node->output_count; i++) {
        const char *name = proto->output[i];
        if (!*name) continue;
        bool is_new = !map_get(s->values, name);
        if (is_new) node_set_output(node, i, new_value(r, s, name, node->source));
        scope_define(r, s, name, node->outputs[i], node->source);
    }
}

static void add_node(Reader *r, Scope *s, const Onnx__NodeProto *proto, const char *name,
                     Source where)
{
    const char *domain = domain_of(proto->domain);
    int version = opset_version(s->opsets, domain);
    if (!version) {
        Diagnostic *d =
            diag_error(r->file.diags, "E0106", where,
                       "%s is of domain '%s', of which the %s imports no version", proto->op_type,
                       *domain ? domain : "ai.onnx", s->function ? "function" : "model");
        diag_help(d, "a model lists the version of each domain it uses in opset_import");
    }
    Node *node = graph_add_node(s->graph, proto->op_type, domain, version, name,
                                (int)proto->n_input, (int)proto->n_output);
    node->source = where;
    for (int i = 0; i < node->input_count; i++)
        node->inputs[i] = find_input(r, s, proto->input[i], where);
    read_attributes(r, s, node, proto);
    add_outputs(r, s, node, proto);
}

static Source node_element(Reader *r, const Scope *s, const Onnx__NodeProto *proto, int index)
{
    const char *given = text_or_empty(proto->name), *op = text_or_empty(proto->op_type);
    const char *name = *given ? arena_format(r->scratch, "'%s%s' ", s->prefix, given) : "";
    const char *in =
        s->function ? arena_format(r->scratch, " of function '%s'", s->function->name) : "";
    return element(r, "node %d %s(%s)%s", index, name, *op ? op : "no operator", in);
}

void poison_outputs(Reader *r, Scope *s, const Onnx__NodeProto *node, Source where)
{
    for (size_t i = 0; i < node->n_output; i++)
        if (*node->output[i] && !map_get(s->values, node->output[i]))
            scope_define(r, s, node->output[i], NULL, where);
}

static void read_node(Reader *r, Scope *s, const Onnx__NodeProto *proto, int index)
{
    Source where = node_element(r, s, proto, index);
    if (!proto->op_type || !*proto->op_type) {
        read_error(r, "E0111", where, "a node without an operator");
        poison_outputs(r, s, proto, where);
        return;
    }
    const char *given = text_or_empty(proto->name);
    const char *name = arena_format(r->scratch, "%s%s", s->prefix, *given ? given : proto->op_type);
    const Onnx__FunctionProto *f = find_function(r, proto);
    if (f)
        inline_call(r, s, proto, name, f, where);
    else
        add_node(r, s, proto,
                 *given && !map_get(s->graph->node_names, name) ? name
                                                                : graph_unique_name(s->graph, name),
                 where);
}

void read_nodes(Reader *r, Scope *s, Onnx__NodeProto *const *nodes, size_t count)
{
    bool fits = count <= (size_t)(MOST_NODES - r->nodes);
    r->nodes = fits ? r->nodes + (int)count : MOST_NODES + 1;
    if (!fits)
        read_error(r, "E0113", (Source){.file = r->file.file},
                   "more than %d nodes, functions inlined", MOST_NODES);
    const int *order = fits ? sort_nodes(r, nodes, count) : NULL;
    for (size_t i = 0; i < count && !reader_full(r); i++) {
        if (order)
            read_node(r, s, nodes[order[i]], order[i]);
        else
            poison_outputs(r, s, nodes[i], (Source){0});
    }
}

/* ---- outputs ---- */

static void read_outputs(Reader *r, Scope *s, const Onnx__GraphProto *proto)
{
    Map *seen = map_new(r->scratch);
    for (size_t i = 0; i < proto->n_output && !reader_full(r); i++) {
        const char *name = text_or_empty(proto->output[i]->name);
        Source where = element(r, "output %zu '%s'", i, name);
        const Value *v = scope_find(s, name);
        if (!v) {
            read_error(r, "E0108", where, "no input, initializer or node defines the output '%s'",
                       name);
        } else if (map_get(seen, name)) {
            read_error(r, "E0107", where, "two outputs have the name '%s'", name);
        } else if (v->tensor) {
            bool here = map_get(s->values, name) != NULL; /* a subgraph's outputs are its own */
            Tensor *t = here ? v->tensor : new_alias(r, s, name, v->tensor, where);
            if (!t->dim_names && proto->output[i]->type)
                t->dim_names = read_dim_names(r, proto->output[i]->type);
            LIST_PUSH(r->file.arena, &s->graph->outputs, t);
        }
        map_set(seen, name, (void *)name);
    }
}

/* ---- graphs ---- */

static void take_names(Reader *r, const Onnx__GraphProto *proto)
{
    for (size_t i = 0; i < proto->n_node; i++)
        for (size_t k = 0; k < proto->node[i]->n_output; k++)
            map_set(r->taken, proto->node[i]->output[k], r);
}

void read_graph(Reader *r, Scope *s, const Onnx__GraphProto *proto)
{
    declare_values(r, s, proto->value_info, proto->n_value_info);
    declare_values(r, s, proto->output, proto->n_output);
    if (!s->outer) take_names(r, proto);
    if (r->options->inputs_only) {
        name_initializers(r, s, proto);
        read_inputs(r, s, proto);
        return;
    }
    read_initializers(r, s, proto);
    read_inputs(r, s, proto);
    if (!s->outer) bake_inputs(s->graph, r->options, r->file.diags);
    read_nodes(r, s, proto->node, proto->n_node);
    read_outputs(r, s, proto);
    graph_mark_untrained(s->graph);
}

Graph *read_subgraph(Reader *r, const Scope *s, const Onnx__GraphProto *proto, Source where)
{
    if (r->depth >= MOST_SCOPES) {
        read_error(r, "E0113", where, "graphs and functions nested more than %d deep", MOST_SCOPES);
        return NULL;
    }
    r->depth++;
    Graph *g = graph_new(r->file.arena, text_or_empty(proto->name));
    g->outer = s->graph;
    g->opset = s->graph->opset;
    read_graph(r, scope_new(r, g, s), proto);
    r->depth--;
    return g;
}
