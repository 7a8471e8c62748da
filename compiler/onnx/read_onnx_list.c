/*
 * In: an input that is a sequence or an optional, and how many elements it has, which the command
 * line or the data says. Out: an input of the graph for each element (NAME_0, NAME_1, ...; an
 * optional tensor keeps its name), and the node that makes the sequence or the optional of them.
 */
#include "datafile.h"
#include "read_onnx.h"

typedef struct ListType {
    bool optional, sequence;
    const Onnx__TypeProto *element; /* a tensor's */
} ListType;

static bool list_type(const Onnx__TypeProto *type, ListType *out)
{
    *out = (ListType){0};
    if (type && type->optional_type) out->optional = true, type = type->optional_type->elem_type;
    if (type && type->sequence_type) out->sequence = true, type = type->sequence_type->elem_type;
    out->element = type;
    return type && type->tensor_type && (out->optional || out->sequence);
}

bool is_list_input(const Onnx__ValueInfoProto *info)
{
    ListType type;
    return list_type(info->type, &type);
}

static const ListOption *find_option(const Reader *r, const char *name, int position)
{
    for (int i = 0; i < r->options->lists.count; i++) {
        const ListOption *o = &r->options->lists.items[i];
        if (o->input ? strcmp(o->input, name) == 0 : o->position == position) return o;
    }
    return NULL;
}

/* The type that the data has, or the declared one. */
static bool element_type(Reader *r, const ListType *type, const ListOption *option, int k,
                         const char *name, Source where, DataTensor *out)
{
    const char *dim_names[MAX_RANK];
    Onnx__ValueInfoProto info = ONNX__VALUE_INFO_PROTO__INIT;
    info.name = (char *)name;
    info.type = (Onnx__TypeProto *)type->element;
    if (!option->elements) return read_input_type(r, &info, where, out, dim_names);
    *out = option->elements[k];
    const Declared *d = read_declared(r, type->element, where);
    if (d->dtype && d->dtype != out->dtype)
        read_error(r, "E0202", where, "element %d is %s, but the model declares %s", k,
                   dtype_name(out->dtype), dtype_name(d->dtype));
    else if (d->rank >= 0 && d->rank != out->rank)
        read_error(r, "E0203", where, "element %d has %d dimensions, but the model declares %d", k,
                   out->rank, d->rank);
    else
        return true;
    return false;
}

static Tensor *add_element(Reader *r, Scope *s, const DataTensor *type, const char *name,
                           Source where)
{
    Graph *g = s->graph;
    Tensor *t = graph_add_tensor(g, TENSOR_INPUT, graph_unique_name(g, name), type->dtype,
                                 type->rank, type->dims);
    t->source = where;
    t->dim_names = NEW_ARRAY(r->file.arena, const char *, MAX_RANK);
    LIST_PUSH(r->file.arena, &g->inputs, t);
    return t;
}

static Node *add_node(Scope *s, const char *op_type, int inputs, Source where)
{
    enum { HAS_OPTIONALS = 16 };
    Graph *g = s->graph;
    int version = g->opset > HAS_OPTIONALS ? g->opset : HAS_OPTIONALS;
    Node *n = graph_add_node(g, op_type, "", version, graph_unique_name(g, op_type), inputs, 1);
    n->source = where;
    return n;
}

static Tensor *finish(Scope *s, Node *n, const char *name)
{
    Graph *g = s->graph;
    node_set_output(
        n, 0, graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, name), DT_NONE, -1, NULL));
    n->outputs[0]->source = n->source;
    return n->outputs[0];
}

static Tensor *add_sequence(Scope *s, const ListType *type, Tensor *const *items, int count,
                            const char *name, Source where)
{
    Node *n = add_node(s, count ? "SequenceConstruct" : "SequenceEmpty", count, where);
    for (int i = 0; i < count; i++) n->inputs[i] = items[i];
    if (!count)
        node_add_attr(s->graph, n, "dtype", ATTR_INT)->i = type->element->tensor_type->elem_type;
    return finish(s, n, name);
}

static Tensor *add_optional(Scope *s, Tensor *value, const char *name, Source where)
{
    Node *n = add_node(s, "Optional", value != NULL, where);
    if (value)
        n->inputs[0] = value;
    else
        node_add_attr(s->graph, n, "type", ATTR_TYPE);
    return finish(s, n, name);
}

static const ListOption *check_option(Reader *r, const ListType *type, const char *name,
                                      int position, Source where)
{
    const ListOption *o = find_option(r, name, position);
    if (!o) {
        Diagnostic *d = diag_error(
            r->file.diags, "E0112", where, "the input is %s; how many elements it has is not known",
            type->sequence ? type->optional ? "an optional sequence" : "a sequence"
                           : "an optional");
        diag_help(
            d,
            "say it with --elements %s=COUNT, or run or verify the network on files of its inputs",
            name);
    } else if (!type->sequence && o->count > 1) {
        read_error(r, "E0112", where, "an optional has at most one value, not %d", o->count);
        return NULL;
    }
    return o;
}

Tensor *read_list_input(Reader *r, Scope *s, const Onnx__ValueInfoProto *info, int position,
                        Source where)
{
    ListType type;
    if (!list_type(info->type, &type)) return NULL;
    const ListOption *option = check_option(r, &type, info->name, position, where);
    if (!option) return NULL;
    Tensor **items = NEW_ARRAY(r->scratch, Tensor *, option->count);
    for (int k = 0; k < option->count; k++) {
        const char *name =
            type.sequence ? arena_format(r->scratch, "%s_%d", info->name, k) : info->name;
        DataTensor element;
        if (!element_type(r, &type, option, k, name, where, &element)) return NULL;
        items[k] = add_element(r, s, &element, name, where);
    }
    Tensor *value = option->count ? items[0] : NULL;
    if (type.sequence)
        value = option->present || option->count || !type.optional
                    ? add_sequence(s, &type, items, option->count, info->name, where)
                    : NULL;
    return type.optional ? add_optional(s, value, info->name, where) : value;
}

static bool names_list(const Onnx__GraphProto *proto, const char *name)
{
    for (size_t i = 0; i < proto->n_input; i++)
        if (strcmp(text_or_empty(proto->input[i]->name), name) == 0)
            return is_list_input(proto->input[i]);
    return false;
}

void report_list_options(Reader *r)
{
    for (int i = 0; i < r->options->lists.count; i++) {
        const ListOption *o = &r->options->lists.items[i];
        if (!o->elements && o->input && !names_list(r->model->graph, o->input))
            diag_warning(r->file.diags, "W0003", (Source){.file = r->file.file},
                         "--elements %s: the model has no sequence or optional of that name among "
                         "its inputs",
                         o->input);
    }
}
