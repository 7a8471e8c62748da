/*
 * In: the attributes of a NodeProto, in a function body with references to the attributes of the
 * call. Out: Attrs of the node, subgraphs read as Graphs. Whether an operator has such an attribute
 * is for infer to say.
 */
#include "read_onnx.h"

typedef Onnx__AttributeProto__AttributeType WireKind;
#define WIRE(kind) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##kind

static const AttrKind attr_kinds[] = {
    [WIRE(UNDEFINED)] = ATTR_NONE,   [WIRE(FLOAT)] = ATTR_FLOAT,
    [WIRE(INT)] = ATTR_INT,          [WIRE(STRING)] = ATTR_STRING,
    [WIRE(TENSOR)] = ATTR_TENSOR,    [WIRE(GRAPH)] = ATTR_GRAPH,
    [WIRE(FLOATS)] = ATTR_FLOATS,    [WIRE(INTS)] = ATTR_INTS,
    [WIRE(STRINGS)] = ATTR_STRINGS,  [WIRE(TENSORS)] = ATTR_TYPE,
    [WIRE(GRAPHS)] = ATTR_TYPE,      [WIRE(SPARSE_TENSOR)] = ATTR_TENSOR,
    [WIRE(TYPE_PROTO)] = ATTR_TYPE,  [WIRE(SPARSE_TENSORS)] = ATTR_TYPE,
    [WIRE(TYPE_PROTOS)] = ATTR_TYPE,
};

/* Some writers leave the type out; then the field that is there says it. */
static WireKind wire_kind(const Onnx__AttributeProto *a)
{
    const struct {
        bool there;
        WireKind kind;
    } fields[] = {
        {a->has_f, WIRE(FLOAT)},
        {a->has_i, WIRE(INT)},
        {a->has_s, WIRE(STRING)},
        {a->t, WIRE(TENSOR)},
        {a->g, WIRE(GRAPH)},
        {a->n_floats, WIRE(FLOATS)},
        {a->n_ints, WIRE(INTS)},
        {a->n_strings, WIRE(STRINGS)},
        {a->n_tensors, WIRE(TENSORS)},
        {a->n_graphs, WIRE(GRAPHS)},
        {a->tp, WIRE(TYPE_PROTO)},
        {a->n_type_protos, WIRE(TYPE_PROTOS)},
        {a->sparse_tensor, WIRE(SPARSE_TENSOR)},
    };
    if (a->has_type && a->type != WIRE(UNDEFINED)) return a->type;
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].there) return fields[i].kind;
    return WIRE(UNDEFINED);
}

static String read_string(Arena *arena, ProtobufCBinaryData s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len) memcpy(copy, s.data, s.len);
    return (String){copy, s.len};
}

static void read_lists(Reader *r, const Onnx__AttributeProto *a, Attr *out)
{
    Arena *arena = r->file.arena;
    out->count = (int)(out->kind == ATTR_FLOATS ? a->n_floats
                       : out->kind == ATTR_INTS ? a->n_ints
                                                : a->n_strings);
    if (out->kind == ATTR_FLOATS) {
        out->floats = NEW_ARRAY(arena, double, out->count);
        for (int i = 0; i < out->count; i++) out->floats[i] = a->floats[i];
    } else if (out->kind == ATTR_INTS) {
        out->ints = arena_copy(arena, a->ints, a->n_ints * sizeof *a->ints);
    } else {
        out->strings = NEW_ARRAY(arena, String, out->count);
        for (int i = 0; i < out->count; i++) out->strings[i] = read_string(arena, a->strings[i]);
    }
}

static void read_tensor_attr(Reader *r, const Onnx__AttributeProto *a, Attr *out)
{
    DataTensor data;
    if (!a->t && !a->sparse_tensor) {
        read_error(r, "E0111", out->source, "attribute '%s' is a tensor, but holds none",
                   out->name);
        return;
    }
    bool ok = a->t ? onnx_tensor_read(&r->file, a->t, out->source, &data)
                   : onnx_sparse_read(&r->file, a->sparse_tensor, out->source, &data);
    if (!ok) return;
    Tensor *t = NEW(r->file.arena, Tensor);
    *t = (Tensor){.name = data.name,
                  .kind = TENSOR_CONST,
                  .dtype = data.dtype,
                  .rank = data.rank,
                  .data = data.data,
                  .source = out->source,
                  .id = -1};
    t->dims = arena_copy(r->file.arena, data.dims, (size_t)data.rank * sizeof *data.dims);
    out->tensor = t;
    if (!a->t && strcmp(out->name, "sparse_value") == 0)
        out->name = "value"; /* what it is, once dense */
}

static void read_value(Reader *r, const Scope *s, const Onnx__AttributeProto *a, Attr *out)
{
    switch (out->kind) {
    case ATTR_FLOAT: out->f = a->f; break;
    case ATTR_INT: out->i = a->i; break;
    case ATTR_STRING: out->s = read_string(r->file.arena, a->s); break;
    case ATTR_TENSOR: read_tensor_attr(r, a, out); break;
    case ATTR_GRAPH:
        if (a->g)
            out->graph = read_subgraph(r, s, a->g, out->source);
        else
            read_error(r, "E0111", out->source, "attribute '%s' is a graph, but holds none",
                       out->name);
        break;
    case ATTR_FLOATS:
    case ATTR_INTS:
    case ATTR_STRINGS: read_lists(r, a, out); break;
    default: break; /* ATTR_TYPE: its name is all that is kept */
    }
}

static void read_attribute(Reader *r, const Scope *s, Node *node, const Onnx__AttributeProto *proto,
                           size_t index)
{
    const Scope *written_in = s;
    const Onnx__AttributeProto *a = resolve_attribute(&written_in, proto);
    const char *name = text_or_empty(proto->name);
    WireKind kind = a ? wire_kind(a) : WIRE(UNDEFINED);
    if (!*name) {
        read_error(r, "E0111", node->source, "attribute %zu has no name", index);
    } else if (node_attr(node, name)) {
        read_error(r, "E0111", node->source, "attribute '%s' is given twice", name);
    } else if (a && ((unsigned)kind >= COUNT(attr_kinds) || !attr_kinds[kind])) {
        read_error(r, "E0111", node->source, "attribute '%s' has type %d, which ONNX does not have",
                   name, (int)kind);
    } else if (a) {
        Attr value = {.name = arena_string(r->file.arena, name),
                      .kind = attr_kinds[kind],
                      .source = node->source};
        read_value(r, written_in, a, &value);
        node->attrs[node->attr_count++] = value;
    }
}

void read_attributes(Reader *r, const Scope *s, Node *node, const Onnx__NodeProto *proto)
{
    if (proto->n_attribute > MOST_ATTRIBUTES) {
        read_error(r, "E0113", node->source, "%zu attributes, more than %d", proto->n_attribute,
                   MOST_ATTRIBUTES);
        return;
    }
    node->attrs = NEW_ARRAY(r->file.arena, Attr, proto->n_attribute);
    for (size_t i = 0; i < proto->n_attribute && !reader_full(r); i++)
        read_attribute(r, s, node, proto->attribute[i], i);
}
