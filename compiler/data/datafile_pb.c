/*
 * In: a TensorProto alone in a .pb file, as ONNX's test data has it, or the initializers of a
 * model. Out: DataTensors; or a tensor as a .pb. Sequences and optionals, which test data has too,
 * become lists of their tensors.
 */
#include "onnx_tensor.h"
#include "wire.h"

/* Nothing in a file says which message it is. As a list, field 1 is a name and 3 and 5 are the
 * values; a tensor has nothing in 3, and one of the fields behind it unless it is empty, and then
 * its field 1 is no name. */
bool pb_is_list(const File *file)
{
    enum { NAME = 1, TYPE = 2, TENSORS = 3, LISTS = 5, LAST = 14 };
    const ProtobufCMessageDescriptor *list = &onnx__sequence_proto__descriptor;
    if (wire_looks_like(file, list, TENSORS) || wire_looks_like(file, list, LISTS)) return true;
    if (!wire_looks_like(file, list, NAME) && !wire_looks_like(file, list, TYPE)) return false;
    for (uint32_t field = TENSORS; field <= LAST; field++)
        if (wire_looks_like(file, list, field)) return false;
    return true;
}

static bool read_items(OnnxFile *f, const Onnx__SequenceProto *s, DataTensors *out)
{
    for (size_t i = 0; i < s->n_tensor_values; i++) {
        Source where = {.file = f->file, .element = arena_format(f->arena, "element %zu", i)};
        DataTensor t;
        if (!onnx_tensor_read(f, s->tensor_values[i], where, &t)) return false;
        LIST_PUSH(f->arena, out, t);
    }
    return true;
}

bool pb_read_list(Arena *arena, const File *file, DataList *out, Diags *diags)
{
    Arena *scratch = arena_new();
    OnnxFile f = {.arena = arena, .file = file, .diags = diags};
    const Onnx__SequenceProto *s =
        wire_read(scratch, file, &onnx__sequence_proto__descriptor, diags);
    *out = (DataList){.name = arena_string(arena, s && s->name ? s->name : "")};
    bool good = s != NULL;
    if (good && s->n_sequence_values > 1)
        good = datafile_error(diags, "E0124", file,
                              "a sequence of %zu sequences; netc takes sequences of tensors",
                              s->n_sequence_values);
    if (good && s->n_sequence_values == 1) {
        out->inner = true;
        s = s->sequence_values[0];
        if (s->n_sequence_values)
            good = datafile_error(diags, "E0124", file, "sequences in each other");
    }
    good = good && read_items(&f, s, &out->items);
    arena_free(scratch);
    return good;
}

bool pb_read(Arena *arena, const File *file, DataTensor *out, Diags *diags)
{
    if (pb_is_list(file))
        return datafile_error(diags, "E0124", file,
                              "the file holds a sequence or an optional value, not a tensor");
    Arena *scratch = arena_new();
    OnnxFile f = {.arena = arena, .file = file, .diags = diags};
    const Onnx__TensorProto *t = wire_read(scratch, file, &onnx__tensor_proto__descriptor, diags);
    bool ok = t && onnx_tensor_read(&f, t, (Source){.file = file}, out);
    arena_free(scratch);
    return ok;
}

static bool read_initializers(OnnxFile *f, const Onnx__GraphProto *g, DataTensors *out)
{
    bool ok = true;
    DataTensor data;
    for (size_t i = 0; i < g->n_initializer; i++) {
        const char *name = g->initializer[i]->name;
        Source where = {.file = f->file,
                        .element =
                            arena_format(f->arena, "initializer %zu '%s'", i, name ? name : "")};
        if (onnx_tensor_read(f, g->initializer[i], where, &data))
            LIST_PUSH(f->arena, out, data);
        else
            ok = false;
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        Source where = {.file = f->file,
                        .element = arena_format(f->arena, "sparse initializer %zu", i)};
        if (onnx_sparse_read(f, g->sparse_initializer[i], where, &data))
            LIST_PUSH(f->arena, out, data);
        else
            ok = false;
    }
    return ok;
}

bool onnx_read_initializers(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    Arena *scratch = arena_new();
    OnnxFile f = {.arena = arena, .file = file, .diags = diags};
    const Onnx__ModelProto *m = wire_read(scratch, file, &onnx__model_proto__descriptor, diags);
    bool ok = m && (!m->graph || read_initializers(&f, m->graph, out));
    arena_free(scratch);
    return ok;
}

/* ---- writing: everything but the data by protobuf-c, then raw_data by hand, so that the data is
 * not copied ---- */

static void add_strings(Arena *arena, const DataTensor *t, int64_t elements,
                        Onnx__TensorProto *proto)
{
    const char *const *strings = t->data;
    proto->n_string_data = (size_t)elements;
    proto->string_data = NEW_ARRAY(arena, ProtobufCBinaryData, elements);
    for (int64_t i = 0; i < elements; i++)
        proto->string_data[i] =
            (ProtobufCBinaryData){strlen(strings[i]), (uint8_t *)strings[i]};
}

/* The tag and the length of a field that is not in the packed message. */
static FilePart raw_data_head(Arena *arena, size_t bytes)
{
    uint8_t *head = arena_alloc(arena, 11);
    size_t n = 0;
    head[n++] = 9 << 3 | 2;
    for (; bytes > 0x7f; bytes >>= 7) head[n++] = (uint8_t)(0x80 | (bytes & 0x7f));
    head[n++] = (uint8_t)bytes;
    return (FilePart){head, n};
}

bool pb_write(Arena *arena, const DataTensor *t, FileParts *out, Diags *diags)
{
    (void)diags; /* it holds every type */
    int64_t elements;
    bool fits = checked_elements(t->dims, t->rank, &elements);
    assert(fits);
    Onnx__TensorProto proto = ONNX__TENSOR_PROTO__INIT;
    proto.n_dims = (size_t)t->rank;
    proto.dims = (int64_t *)t->dims;
    proto.has_data_type = true;
    proto.data_type = t->dtype;
    proto.name = (char *)t->name;
    if (t->dtype == DT_STRING) add_strings(arena, t, elements, &proto);
    size_t size = onnx__tensor_proto__get_packed_size(&proto);
    uint8_t *packed = arena_alloc(arena, size);
    onnx__tensor_proto__pack(&proto, packed);
    LIST_PUSH(arena, out, ((FilePart){packed, size}));
    if (t->dtype == DT_STRING) return true;
    FilePart data = {t->data, dtype_bytes(t->dtype, elements)};
    LIST_PUSH(arena, out, raw_data_head(arena, data.bytes));
    LIST_PUSH(arena, out, data);
    return true;
}
