/*
 * In: nodes that call functions of the model. Out: the function's nodes in their place, named by
 * the call ("block1/conv"), its inputs bound to the caller's values, its attribute references to
 * the call's attributes or the function's defaults.
 */
#include "read_onnx.h"

static const char *function_key(Reader *r, const char *domain, const char *name,
                                const char *overload)
{
    return arena_format(r->scratch, "%s\n%s\n%s", domain_of(domain), text_or_empty(name),
                        text_or_empty(overload));
}

void read_functions(Reader *r)
{
    for (size_t i = 0; i < r->model->n_functions; i++) {
        Onnx__FunctionProto *f = r->model->functions[i];
        const char *key = function_key(r, f->domain, f->name, f->overload);
        Source where = element(r, "function %zu '%s'", i, text_or_empty(f->name));
        if (!f->name || !*f->name)
            read_error(r, "E0110", where, "a function without a name");
        else if (map_get(r->functions, key))
            read_error(r, "E0107", where, "two functions have the name '%s'", f->name);
        else
            map_set(r->functions, key, f);
    }
}

const Onnx__FunctionProto *find_function(Reader *r, const Onnx__NodeProto *node)
{
    if (!r->model->n_functions) return NULL;
    return map_get(r->functions, function_key(r, node->domain, node->op_type, node->overload));
}

/* ---- attributes ---- */

const Onnx__AttributeProto *resolve_attribute(const Scope **s, const Onnx__AttributeProto *a)
{
    if (!a->ref_attr_name || !*a->ref_attr_name) return a;
    const Binding *b = (*s)->bindings ? map_get((*s)->bindings, a->ref_attr_name) : NULL;
    if (b) *s = b->scope;
    return b ? b->attr : NULL;
}

static void bind(Reader *r, Scope *body, const char *name, const Onnx__AttributeProto *attr,
                 const Scope *written_in)
{
    Binding *b = NEW(r->scratch, Binding);
    *b = (Binding){attr, written_in};
    map_set(body->bindings, name, b);
}

static void bind_attributes(Reader *r, Scope *body, const Scope *s, const Onnx__NodeProto *call,
                            Source where)
{
    const Onnx__FunctionProto *f = body->function;
    body->bindings = map_new(r->scratch);
    for (size_t i = 0; i < f->n_attribute_proto; i++)
        if (f->attribute_proto[i]->name)
            bind(r, body, f->attribute_proto[i]->name, f->attribute_proto[i], body);
    for (size_t i = 0; i < call->n_attribute; i++) {
        const Scope *written_in = s;
        const char *name = call->attribute[i]->name;
        const Onnx__AttributeProto *a = resolve_attribute(&written_in, call->attribute[i]);
        if (name && *name && a) bind(r, body, name, a, written_in);
    }
    for (size_t i = 0; i < f->n_attribute; i++)
        if (!map_get(body->bindings, f->attribute[i]))
            read_error(r, "E0110", where,
                       "function '%s' needs the attribute '%s', which the call does not give",
                       f->name, f->attribute[i]);
}

/* ---- inputs and outputs ---- */

static void bind_inputs(Reader *r, Scope *body, const Scope *s, const Onnx__NodeProto *call,
                        Source where)
{
    const Onnx__FunctionProto *f = body->function;
    for (size_t i = 0; i < f->n_input; i++) {
        const char *name = i < call->n_input ? call->input[i] : "";
        const Value *v = *name ? scope_find(s, name) : NULL;
        if (*name && !v)
            read_error(r, "E0108", where, "reads '%s', which no input, initializer or node defines",
                       name);
        scope_define(r, body, f->input[i], v ? v->tensor : NULL, where);
    }
}

/* The names that outputs have outside, so that inlining leaves no trace in them. */
static void name_outputs(Reader *r, Scope *body, const Scope *s, const Onnx__NodeProto *call)
{
    const Onnx__FunctionProto *f = body->function;
    body->final_names = map_new(r->scratch);
    for (size_t i = 0; i < call->n_output && i < f->n_output; i++) {
        const char *name = call->output[i];
        const char *outer = s->final_names ? map_get(s->final_names, name) : NULL;
        if (!*name || map_get(body->final_names, f->output[i])) continue;
        map_set(body->final_names, f->output[i],
                (void *)(outer ? outer : arena_format(r->scratch, "%s%s", s->prefix, name)));
        void *declared = map_get(s->declared, name);
        if (declared) map_set(body->declared, f->output[i], declared);
    }
}

/* The output is one of the inputs, or an output before it. */
static bool passed_through(const Onnx__FunctionProto *f, size_t output)
{
    for (size_t i = 0; i < f->n_input; i++)
        if (strcmp(f->input[i], f->output[output]) == 0) return true;
    for (size_t i = 0; i < output; i++)
        if (strcmp(f->output[i], f->output[output]) == 0) return true;
    return false;
}

/* A value that the body computes is the caller's; one that it passes through gets a name of its
 * own. */
static void bind_outputs(Reader *r, const Scope *body, Scope *s, const Onnx__NodeProto *call,
                         Source where)
{
    const Onnx__FunctionProto *f = body->function;
    for (size_t i = 0; i < call->n_output; i++) {
        const char *name = call->output[i];
        if (!*name) continue;
        const Value *v = i < f->n_output ? map_get(body->values, f->output[i]) : NULL;
        if (!v) {
            if (!reader_full(r))
                read_error(r, "E0110", where, "function '%s' defines no value for its output %zu",
                           f->name, i);
            scope_define(r, s, name, NULL, where);
            continue;
        }
        bool passed = v->tensor && passed_through(f, i);
        scope_define(r, s, name, passed ? new_alias(r, s, name, v->tensor, where) : v->tensor,
                     where);
    }
}

/* ---- the call ---- */

static bool check_call(Reader *r, const Scope *s, const Onnx__NodeProto *call,
                       const Onnx__FunctionProto *f, Source where)
{
    for (const Scope *c = s; c; c = c->caller)
        if (c->function == f) {
            read_error(r, "E0110", where, "function '%s' calls itself, directly or through another",
                       f->name);
            return false;
        }
    if (r->depth >= MOST_SCOPES)
        read_error(r, "E0113", where, "graphs and functions nested more than %d deep", MOST_SCOPES);
    else if (call->n_input > f->n_input)
        read_error(r, "E0110", where, "function '%s' takes %zu inputs, not %zu", f->name,
                   f->n_input, call->n_input);
    else
        return true;
    return false;
}

/* The name, or the name with a number when another call has it. */
static const char *call_name(Reader *r, const char *name)
{
    int *last = map_get(r->calls, name);
    if (last) return arena_format(r->scratch, "%s_%d", name, ++*last);
    map_set(r->calls, name, NEW(r->scratch, int));
    return name;
}

void inline_call(Reader *r, Scope *s, const Onnx__NodeProto *call, const char *name,
                 const Onnx__FunctionProto *f, Source where)
{
    if (!check_call(r, s, call, f, where)) {
        poison_outputs(r, s, call, where);
        return;
    }
    Scope *body = scope_new(r, s->graph, NULL);
    body->caller = s;
    body->function = f;
    body->prefix = arena_format(r->scratch, "%s/", call_name(r, name));
    body->opsets = read_opsets(r, f->opset_import, f->n_opset_import, where);
    declare_values(r, body, f->value_info, f->n_value_info);
    bind_attributes(r, body, s, call, where);
    bind_inputs(r, body, s, call, where);
    name_outputs(r, body, s, call);
    r->depth++;
    read_nodes(r, body, f->node, f->n_node);
    r->depth--;
    bind_outputs(r, body, s, call, where);
}
