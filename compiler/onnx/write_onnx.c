/*
 * In: an inferred graph whose parameters have data. Out: an ONNX model. Nothing is rewritten:
 * nodes, names, attributes and constants are the graph's. The data of tensors goes from where it
 * lies to the file, uncopied.
 */
#include "write_onnx.h"

#include "datafile.h"
#include "onnx.pb-c.h"
#include "op.h"

#include <errno.h>

enum {
    EXTERNAL_BYTES = 1024, /* of a tensor that is worth a place in the other file */
    EXTERNAL_ALIGN = 64,
    REFERENCED_BYTES = 4096, /* of data that is not copied on its way to the file */
};
static const int64_t most_bytes = INT64_C(1) << 31; /* of a message in protocol buffers */

typedef struct Writer {
    Arena *arena;
    const Graph *main;
    Diags *diags;
    const char *location; /* of the external data; NULL: none */
    FileParts external;
    int64_t external_bytes;
} Writer;

#define MESSAGE(w, Type, init)                                                                     \
    ({                                                                                             \
        Onnx__##Type *m_ = NEW((w)->arena, Onnx__##Type);                                          \
        onnx__##init##__init(m_);                                                                  \
        m_;                                                                                        \
    })

/* ---- tensors ---- */

static Onnx__StringStringEntryProto *entry(Writer *w, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *e = MESSAGE(w, StringStringEntryProto, string_string_entry_proto);
    e->key = (char *)key;
    e->value = (char *)value;
    return e;
}

static void put_external(Writer *w, Onnx__TensorProto *p, const void *data, size_t bytes)
{
    static const uint8_t zeros[EXTERNAL_ALIGN];
    size_t gap = (size_t)(-w->external_bytes & (EXTERNAL_ALIGN - 1));
    LIST_PUSH(w->arena, &w->external, ((FilePart){zeros, gap}));
    LIST_PUSH(w->arena, &w->external, ((FilePart){data, bytes}));
    w->external_bytes += (int64_t)gap;
    p->has_data_location = true;
    p->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    p->n_external_data = 3;
    p->external_data = NEW_ARRAY(w->arena, Onnx__StringStringEntryProto *, 3);
    p->external_data[0] = entry(w, "location", w->location);
    p->external_data[1] =
        entry(w, "offset", arena_format(w->arena, "%lld", (long long)w->external_bytes));
    p->external_data[2] = entry(w, "length", arena_format(w->arena, "%zu", bytes));
    w->external_bytes += (int64_t)bytes;
}

static void put_strings(Writer *w, Onnx__TensorProto *p, const Tensor *t)
{
    const char *const *strings = t->data;
    p->n_string_data = (size_t)tensor_elements(t);
    p->string_data = NEW_ARRAY(w->arena, ProtobufCBinaryData, p->n_string_data);
    for (size_t i = 0; i < p->n_string_data; i++)
        p->string_data[i] = (ProtobufCBinaryData){strlen(strings[i]), (uint8_t *)strings[i]};
}

static Onnx__TensorProto *tensor(Writer *w, const Tensor *t, bool initializer)
{
    Onnx__TensorProto *p = MESSAGE(w, TensorProto, tensor_proto);
    size_t bytes = dtype_bytes(t->dtype, tensor_elements(t));
    p->name = (char *)t->name;
    p->n_dims = (size_t)t->rank;
    p->dims = t->dims;
    p->has_data_type = true;
    p->data_type = t->dtype;
    if (t->dtype == DT_STRING) {
        put_strings(w, p, t);
    } else if (initializer && w->location && bytes >= EXTERNAL_BYTES) {
        put_external(w, p, t->data, bytes);
    } else {
        p->has_raw_data = true;
        p->raw_data = (ProtobufCBinaryData){bytes, (uint8_t *)t->data};
    }
    return p;
}

/* ---- types ---- */

static Onnx__ValueInfoProto *value_info(Writer *w, const Tensor *t)
{
    Onnx__ValueInfoProto *v = MESSAGE(w, ValueInfoProto, value_info_proto);
    v->name = (char *)t->name;
    if (t->dtype == DT_NONE) return v;
    v->type = MESSAGE(w, TypeProto, type_proto);
    Onnx__TypeProto__Tensor *type = v->type->tensor_type =
        MESSAGE(w, TypeProto__Tensor, type_proto__tensor);
    type->has_elem_type = true;
    type->elem_type = t->dtype;
    if (t->rank < 0) return v;
    type->shape = MESSAGE(w, TensorShapeProto, tensor_shape_proto);
    type->shape->n_dim = (size_t)t->rank;
    type->shape->dim = NEW_ARRAY(w->arena, Onnx__TensorShapeProto__Dimension *, t->rank);
    for (int i = 0; i < t->rank; i++) {
        Onnx__TensorShapeProto__Dimension *d =
            MESSAGE(w, TensorShapeProto__Dimension, tensor_shape_proto__dimension);
        d->has_dim_value = true;
        d->dim_value = t->dims[i];
        type->shape->dim[i] = d;
    }
    return v;
}

static Onnx__ValueInfoProto **value_infos(Writer *w, Tensor *const *tensors, int count)
{
    Onnx__ValueInfoProto **infos = NEW_ARRAY(w->arena, Onnx__ValueInfoProto *, count);
    for (int i = 0; i < count; i++) infos[i] = value_info(w, tensors[i]);
    return infos;
}

/* ---- nodes ---- */

static Onnx__GraphProto *graph(Writer *w, const Graph *g);

static void put_lists(Writer *w, Onnx__AttributeProto *p, const Attr *a)
{
    size_t count = (size_t)a->count;
    if (a->kind == ATTR_INTS) {
        p->n_ints = count, p->ints = a->ints;
    } else if (a->kind == ATTR_FLOATS) {
        p->n_floats = count, p->floats = NEW_ARRAY(w->arena, float, count);
        for (size_t i = 0; i < count; i++) p->floats[i] = (float)a->floats[i];
    } else {
        p->n_strings = count, p->strings = NEW_ARRAY(w->arena, ProtobufCBinaryData, count);
        for (size_t i = 0; i < count; i++)
            p->strings[i] =
                (ProtobufCBinaryData){a->strings[i].length, (uint8_t *)a->strings[i].data};
    }
}

static Onnx__AttributeProto *attribute(Writer *w, const Node *n, const Attr *a)
{
#define KIND(kind) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##kind
    static const Onnx__AttributeProto__AttributeType kinds[] = {
        [ATTR_FLOAT] = KIND(FLOAT),   [ATTR_INT] = KIND(INT),
        [ATTR_STRING] = KIND(STRING), [ATTR_TENSOR] = KIND(TENSOR),
        [ATTR_GRAPH] = KIND(GRAPH),   [ATTR_FLOATS] = KIND(FLOATS),
        [ATTR_INTS] = KIND(INTS),     [ATTR_STRINGS] = KIND(STRINGS),
        [ATTR_TYPE] = KIND(UNDEFINED)};
    Onnx__AttributeProto *p = MESSAGE(w, AttributeProto, attribute_proto);
    p->name = (char *)a->name;
    p->has_type = true;
    p->type = kinds[a->kind];
    p->has_f = a->kind == ATTR_FLOAT, p->f = (float)a->f;
    p->has_i = a->kind == ATTR_INT, p->i = a->i;
    p->has_s = a->kind == ATTR_STRING;
    if (p->has_s) p->s = (ProtobufCBinaryData){a->s.length, (uint8_t *)a->s.data};
    if (a->kind == ATTR_TENSOR) p->t = tensor(w, a->tensor, false);
    if (a->kind == ATTR_GRAPH) p->g = graph(w, a->graph);
    if (a->kind >= ATTR_FLOATS && a->kind <= ATTR_STRINGS) put_lists(w, p, a);
    if (p->type == KIND(UNDEFINED))
        diag_error(w->diags, "E0304", n->source,
                   "attribute '%s' of %s cannot be exported: of its kind only the name is kept",
                   a->name, n->op_type);
    return p;
}

static char **names(Writer *w, Tensor *const *tensors, int count)
{
    char **list = NEW_ARRAY(w->arena, char *, count);
    for (int i = 0; i < count; i++) list[i] = tensors[i] ? (char *)tensors[i]->name : "";
    return list;
}

/* Outputs may be left out where they are optional, not in the middle of several alike. */
static void name_outputs(Writer *w, const Node *n, char **list)
{
    for (int i = 0; i < n->output_count; i++) {
        const Slot *slot = n->op ? op_output(n->op, n->version, i) : NULL;
        if (!n->outputs[i] && slot && !slot->optional)
            list[i] = (char *)graph_unique_name(w->main,
                                                arena_format(w->arena, "%s.unused%d", n->name, i));
    }
}

static Onnx__NodeProto *node(Writer *w, const Node *n)
{
    Onnx__NodeProto *p = MESSAGE(w, NodeProto, node_proto);
    p->name = (char *)n->name;
    p->op_type = (char *)n->op_type;
    if (*n->domain) p->domain = (char *)n->domain;
    p->n_input = (size_t)n->input_count;
    p->input = names(w, n->inputs, n->input_count);
    p->n_output = (size_t)n->output_count;
    p->output = names(w, n->outputs, n->output_count);
    name_outputs(w, n, p->output);
    p->n_attribute = (size_t)n->attr_count;
    p->attribute = NEW_ARRAY(w->arena, Onnx__AttributeProto *, n->attr_count);
    for (int i = 0; i < n->attr_count; i++) p->attribute[i] = attribute(w, n, &n->attrs[i]);
    return p;
}

/* ---- graphs ---- */

static bool is_constant(const Tensor *t)
{
    return t->kind == TENSOR_PARAM || t->kind == TENSOR_CONST;
}

static void put_constants(Writer *w, const Graph *g, Onnx__GraphProto *p)
{
    p->initializer = NEW_ARRAY(w->arena, Onnx__TensorProto *, g->tensors.count + 1);
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (is_constant(t) && t->data && graph_use_count(g, t))
            p->initializer[p->n_initializer++] = tensor(w, t, true);
    }
}

/* Types of what nodes compute, so that other tools need not find them. */
static void put_types(Writer *w, const Graph *g, Onnx__GraphProto *p)
{
    p->value_info = NEW_ARRAY(w->arena, Onnx__ValueInfoProto *, g->tensors.count + 1);
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (t->kind == TENSOR_VALUE && t->producer && t->dtype != DT_NONE && !graph_is_output(g, t))
            p->value_info[p->n_value_info++] = value_info(w, t);
    }
}

static Onnx__GraphProto *graph(Writer *w, const Graph *g)
{
    Onnx__GraphProto *p = MESSAGE(w, GraphProto, graph_proto);
    p->name = *g->name ? (char *)g->name : "graph";
    p->n_input = (size_t)g->inputs.count;
    p->input = value_infos(w, g->inputs.items, g->inputs.count);
    p->n_output = (size_t)g->outputs.count;
    p->output = value_infos(w, g->outputs.items, g->outputs.count);
    p->n_node = (size_t)g->nodes.count;
    p->node = NEW_ARRAY(w->arena, Onnx__NodeProto *, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) p->node[i] = node(w, g->nodes.items[i]);
    put_constants(w, g, p);
    put_types(w, g, p);
    return p;
}

/* ---- the model ---- */

static bool check_parameters(const Graph *g, Diags *diags)
{
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (!is_constant(t) || t->data || !graph_use_count(g, t)) continue;
        Diagnostic *d = diag_error(diags, "E0502", t->source,
                                   "the parameter `%s` has no values to export", t->name);
        diag_help(d, "give them with --weights-from FILE, or fill them at random with --init SEED");
        return false;
    }
    return true;
}

/* The IR version that came with an opset, or that an element type needs. */
static int ir_version(const Graph *g, int opset)
{
    static const struct {
        int least, ir;
    } opsets[] = {{19, 9}, {21, 10}, {23, 11}, {24, 12}, {25, 13}};
    static const struct {
        Dtype dtype;
        int ir;
    } types[] = {{DT_F8E4M3FN, 9}, {DT_F8E4M3FNUZ, 9}, {DT_F8E5M2, 9},  {DT_F8E5M2FNUZ, 9},
                 {DT_U4, 10},      {DT_I4, 10},        {DT_F4E2M1, 11}, {DT_F8E8M0, 12},
                 {DT_U2, 13},      {DT_I2, 13}};
    int ir = 8;
    for (size_t i = 0; i < COUNT(opsets); i++)
        if (opset >= opsets[i].least) ir = opsets[i].ir;
    for (int t = 0; t < g->tensors.count; t++)
        for (size_t i = 0; i < COUNT(types); i++)
            if (g->tensors.items[t]->dtype == types[i].dtype && ir < types[i].ir) ir = types[i].ir;
    return ir;
}

static Onnx__ModelProto *model(Writer *w, const OpsetVersions *versions)
{
    Onnx__ModelProto *m = MESSAGE(w, ModelProto, model_proto);
    m->has_ir_version = true;
    m->ir_version = ir_version(w->main, versions->items[0].version);
    m->producer_name = "netc";
    m->n_opset_import = (size_t)versions->count;
    m->opset_import = NEW_ARRAY(w->arena, Onnx__OperatorSetIdProto *, versions->count);
    for (int i = 0; i < versions->count; i++) {
        Onnx__OperatorSetIdProto *o = m->opset_import[i] =
            MESSAGE(w, OperatorSetIdProto, operator_set_id_proto);
        o->domain = (char *)versions->items[i].domain;
        o->has_version = true;
        o->version = versions->items[i].version;
    }
    m->graph = graph(w, w->main);
    return m;
}

/* ---- the file ---- */

/* Collects what protobuf-c gives piece by piece: long pieces by reference, others in one text after
 * another. */
typedef struct Pieces {
    ProtobufCBuffer base;
    Arena *arena;
    FileParts parts;
    Text text;
} Pieces;

static void end_text(Pieces *p)
{
    if (!p->text.length) return;
    LIST_PUSH(p->arena, &p->parts,
              ((FilePart){arena_copy(p->arena, p->text.data, p->text.length), p->text.length}));
    p->text.length = 0;
}

static void append(ProtobufCBuffer *buffer, size_t bytes, const uint8_t *data)
{
    Pieces *p = (Pieces *)buffer;
    if (bytes < REFERENCED_BYTES) {
        text_put(&p->text, data, bytes);
        return;
    }
    end_text(p);
    LIST_PUSH(p->arena, &p->parts, ((FilePart){data, bytes}));
}

static bool write_model(const Writer *w, const Onnx__ModelProto *m, const char *path)
{
    Pieces p = {.base.append = append, .arena = w->arena};
    onnx__model_proto__pack_to_buffer(m, &p.base);
    end_text(&p);
    text_free(&p.text);
    return file_write_parts(path, p.parts.items, p.parts.count);
}

static int64_t constant_bytes(const Graph *g)
{
    int64_t bytes = 0;
    for (int i = 0; i < g->tensors.count; i++)
        if (is_constant(g->tensors.items[i]))
            bytes += (int64_t)dtype_bytes(g->tensors.items[i]->dtype,
                                          tensor_elements(g->tensors.items[i]));
    return bytes;
}

bool write_onnx(const Graph *g, const char *path, bool external, Diags *diags)
{
    enum { ROOM = 64 << 20 /* for everything that is no weight */ };
    OpsetVersions versions = {0};
    int errors = diags_errors(diags);
    if (!check_parameters(g, diags) || !onnx_versions(g, &versions, diags)) return false;
    Writer w = {.arena = arena_new(), .main = g, .diags = diags};
    const char *slash = strrchr(path, '/'), *data_path = arena_format(w.arena, "%s.data", path);
    if (external || constant_bytes(g) > most_bytes - ROOM)
        w.location = arena_format(w.arena, "%s.data", slash ? slash + 1 : path);
    const Onnx__ModelProto *m = model(&w, &versions);
    bool good = diags_errors(diags) == errors;
    bool written =
        good &&
        (!w.external.count || file_write_parts(data_path, w.external.items, w.external.count)) &&
        write_model(&w, m, path);
    if (good && !written)
        datafile_error(diags, "E0101", NULL, "cannot write %s: %s", path, strerror(errno));
    arena_free(w.arena);
    return written;
}
