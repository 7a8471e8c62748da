/* A case as an ONNX model, of which tensors' data is raw, and as a statement of .net text. */
#include "case.h"

#include "../unit/onnx_writer.h"
#include "print_net.h"

/* ---- the model ---- */

static Onnx__TensorProto *tensor_message(Arena *arena, const char *name, const CaseInput *in)
{
    Onnx__TensorProto *t = MESSAGE(arena, TensorProto, tensor_proto);
    t->name = (char *)name;
    t->has_data_type = true;
    t->data_type = in->dtype;
    for (int i = 0; i < in->rank; i++) ADD(arena, t, dims, in->dims[i]);
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){dtype_bytes(in->dtype, case_elements(in)), in->data};
    return t;
}

static void add_attribute(Arena *arena, Onnx__NodeProto *node, const CaseAttr *from)
{
    static const Onnx__AttributeProto__AttributeType types[] = {
        [ATTR_FLOAT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
        [ATTR_INT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
        [ATTR_STRING] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
        [ATTR_FLOATS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS,
        [ATTR_INTS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS,
    };
    Onnx__AttributeProto *a = make_attribute(arena, node, from->name, types[from->kind]);
    a->has_i = from->kind == ATTR_INT;
    a->i = from->i;
    a->has_f = from->kind == ATTR_FLOAT;
    a->f = (float)from->f;
    if (from->kind == ATTR_STRING) {
        a->has_s = true;
        a->s = (ProtobufCBinaryData){strlen(from->s), (uint8_t *)from->s};
    }
    for (int i = 0; i < from->count; i++) {
        if (from->kind == ATTR_INTS)
            ADD(arena, a, ints, from->ints[i]);
        else
            ADD(arena, a, floats, (float)from->floats[i]);
    }
}

static void add_input(Arena *arena, Onnx__GraphProto *graph, Onnx__NodeProto *node, const Case *c,
                      int i)
{
    const CaseInput *in = &c->inputs[i];
    char *name = in->omitted ? "" : arena_format(arena, "x%d", i);
    ADD(arena, node, input, name);
    if (in->omitted) return;
    if (in->constant)
        ADD(arena, graph, initializer, tensor_message(arena, name, in));
    else
        ADD(arena, graph, input, make_value(arena, name, in->dtype, in->rank, in->dims));
}

/* Outputs of the graph without a type: that is for the reader to infer. */
uint8_t *case_model(Arena *arena, const Case *c, size_t *bytes)
{
    Onnx__ModelProto *model = make_model(arena, *c->domain ? 21 : c->opset);
    model->ir_version = c->opset > 23 ? 11 : 10;
    if (*c->domain) {
        Onnx__OperatorSetIdProto *import =
            MESSAGE(arena, OperatorSetIdProto, operator_set_id_proto);
        import->domain = (char *)c->domain;
        import->has_version = true;
        import->version = c->opset;
        ADD(arena, model, opset_import, import);
    }
    Onnx__NodeProto *node = MESSAGE(arena, NodeProto, node_proto);
    node->op_type = (char *)c->op;
    node->domain = (char *)c->domain;
    node->name = "case";
    for (int i = 0; i < c->input_count; i++) add_input(arena, model->graph, node, c, i);
    for (int i = 0; i < c->output_count; i++) {
        Onnx__ValueInfoProto *value = MESSAGE(arena, ValueInfoProto, value_info_proto);
        value->name = arena_format(arena, "y%d", i);
        ADD(arena, node, output, value->name);
        ADD(arena, model->graph, output, value);
    }
    for (int i = 0; i < c->attr_count; i++) add_attribute(arena, node, &c->attrs[i]);
    ADD(arena, model->graph, node, node);
    return pack_model(arena, model, bytes);
}

/* ---- the text ---- */

void case_literal(Dtype dtype, int rank, const int64_t *dims, const void *data, Text *out)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++) n *= dims[i];
    print_type(out, dtype, rank, dims);
    text_add(out, rank ? " [" : " ");
    for (int64_t i = 0; i < n; i++) {
        uint64_t bytes[2] = {0};
        dtype_copy(dtype, bytes, 0, data, i);
        if (i) text_add(out, ", ");
        print_elements(out, &(Tensor){.dtype = dtype, .data = bytes}, 0);
    }
    if (rank) text_add(out, "]");
}

static void attribute_text(const CaseAttr *a, Text *out)
{
    text_add(out, "%s: ", a->name);
    if (a->kind == ATTR_INT) text_add(out, "%lld", (long long)a->i);
    if (a->kind == ATTR_FLOAT) print_float(out, DT_F32, a->f);
    if (a->kind == ATTR_STRING) text_add(out, "\"%s\"", a->s);
    if (a->kind != ATTR_INTS && a->kind != ATTR_FLOATS) return;
    text_add(out, "[");
    for (int i = 0; i < a->count; i++) {
        if (i) text_add(out, ", ");
        if (a->kind == ATTR_INTS)
            text_add(out, "%lld", (long long)a->ints[i]);
        else
            print_float(out, DT_F32, a->floats[i]);
    }
    text_add(out, "]");
}

void case_statement(const Case *c, const char *stem, Text *out)
{
    for (int i = 0; i < c->output_count; i++) text_add(out, i ? ", %s_%d" : "%s", stem, i);
    text_add(out, " = ");
    if (*c->domain) text_add(out, "\"%s\"::", c->domain);
    text_add(out, "%s@%d(", c->op, c->opset);
    for (int i = 0; i < c->input_count; i++) {
        const CaseInput *in = &c->inputs[i];
        if (i) text_add(out, ", ");
        if (in->omitted)
            text_add(out, "_");
        else
            case_literal(in->dtype, in->rank, in->dims, in->data, out);
    }
    for (int i = 0; i < c->attr_count; i++) {
        if (i || c->input_count) text_add(out, ", ");
        attribute_text(&c->attrs[i], out);
    }
    text_add(out, ")");
}
