/*
 * For unit tests that need ONNX models: messages in an arena, and a model as a file.
 */
#ifndef NETC_TEST_ONNX_WRITER_H
#define NETC_TEST_ONNX_WRITER_H

#include "files.h"
#include "onnx.pb-c.h"

/* Appends to a repeated field: ADD(arena, graph, node, node). */
#define ADD(arena, message, field, item)                                                           \
    do {                                                                                           \
        void *grown = arena_alloc((arena), ((message)->n_##field + 1) * sizeof *(message)->field); \
        if ((message)->n_##field)                                                                  \
            memcpy(grown, (message)->field, (message)->n_##field * sizeof *(message)->field);      \
        (message)->field = grown;                                                                  \
        (message)->field[(message)->n_##field++] = (item);                                         \
    } while (0)

/* A new message: MESSAGE(arena, Node, node_proto). */
#define MESSAGE(arena, Type, stem)                                                                 \
    ((Onnx__##Type *)message_new((arena), &onnx__##stem##__descriptor))

static inline void *message_new(Arena *arena, const ProtobufCMessageDescriptor *type)
{
    void *message = arena_alloc(arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    return message;
}

static inline Onnx__ModelProto *make_model(Arena *arena, int64_t opset)
{
    Onnx__ModelProto *model = MESSAGE(arena, ModelProto, model_proto);
    Onnx__OperatorSetIdProto *import = MESSAGE(arena, OperatorSetIdProto, operator_set_id_proto);
    model->has_ir_version = true;
    model->ir_version = 8;
    import->has_version = true;
    import->version = opset;
    ADD(arena, model, opset_import, import);
    model->graph = MESSAGE(arena, GraphProto, graph_proto);
    model->graph->name = "g";
    return model;
}

static inline Onnx__ValueInfoProto *make_value(Arena *arena, const char *name, int elem_type,
                                               int rank, const int64_t *dims)
{
    Onnx__ValueInfoProto *value = MESSAGE(arena, ValueInfoProto, value_info_proto);
    value->name = (char *)name;
    value->type = MESSAGE(arena, TypeProto, type_proto);
    value->type->tensor_type = MESSAGE(arena, TypeProto__Tensor, type_proto__tensor);
    value->type->tensor_type->has_elem_type = true;
    value->type->tensor_type->elem_type = elem_type;
    value->type->tensor_type->shape = MESSAGE(arena, TensorShapeProto, tensor_shape_proto);
    for (int i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim =
            MESSAGE(arena, TensorShapeProto__Dimension, tensor_shape_proto__dimension);
        dim->has_dim_value = true;
        dim->dim_value = dims[i];
        ADD(arena, value->type->tensor_type->shape, dim, dim);
    }
    return value;
}

static inline Onnx__TensorProto *make_floats(Arena *arena, const char *name, int64_t count,
                                             const float *values)
{
    Onnx__TensorProto *t = MESSAGE(arena, TensorProto, tensor_proto);
    t->name = (char *)name;
    t->has_data_type = true;
    t->data_type = 1;
    ADD(arena, t, dims, count);
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){(size_t)count * sizeof *values, (uint8_t *)values};
    return t;
}

/* A node of one output; the names of its inputs end with NULL. */
static inline Onnx__NodeProto *make_node(Arena *arena, const char *op, const char *name,
                                         const char *output, const char *const *inputs)
{
    Onnx__NodeProto *node = MESSAGE(arena, NodeProto, node_proto);
    node->op_type = (char *)op;
    node->name = (char *)name;
    for (; *inputs; inputs++) ADD(arena, node, input, (char *)*inputs);
    ADD(arena, node, output, (char *)output);
    return node;
}
#define INPUTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline Onnx__AttributeProto *make_attribute(Arena *arena, Onnx__NodeProto *node,
                                                   const char *name,
                                                   Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = MESSAGE(arena, AttributeProto, attribute_proto);
    a->name = (char *)name;
    a->has_type = true;
    a->type = type;
    ADD(arena, node, attribute, a);
    return a;
}

static inline uint8_t *pack_model(Arena *arena, const Onnx__ModelProto *model, size_t *bytes)
{
    *bytes = onnx__model_proto__get_packed_size(model);
    uint8_t *packed = arena_alloc(arena, *bytes);
    onnx__model_proto__pack(model, packed);
    return packed;
}

#endif
