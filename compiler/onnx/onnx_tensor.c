/*
 * In: a TensorProto as wire_read leaves it, its long data still in the mapped file. Out: a
 * DataTensor. Checks that type, shape and data agree before anything of the tensor's size is
 * allocated. External data: onnx_external.c.
 */
#include "onnx_tensor.h"

/* The field that carries elements of a type when raw_data does not. */
typedef enum DataField {
    FIELD_FLOAT,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_DOUBLE,
    FIELD_STRING,
    FIELD_COUNT
} DataField;
static const char *const field_names[] = {"float_data",  "int32_data",  "int64_data",
                                          "uint64_data", "double_data", "string_data"};

static DataField data_field(Dtype dtype)
{
    switch (dtype) {
    case DT_F32:
    case DT_C64: return FIELD_FLOAT;
    case DT_F64:
    case DT_C128: return FIELD_DOUBLE;
    case DT_I64: return FIELD_INT64;
    case DT_U32:
    case DT_U64: return FIELD_UINT64;
    case DT_STRING: return FIELD_STRING;
    default: return FIELD_INT32;
    }
}

typedef struct Reading {
    OnnxFile *f;
    const Onnx__TensorProto *t;
    Source where;
    DataTensor *out;
    int64_t elements, bytes;
} Reading;

static bool PRINTF(2, 3) tensor_error(Reading *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(r->f->diags, "E0104", r->where, format, args);
    va_end(args);
    return false;
}

const char *data_type_text(Arena *arena, const DataTensor *t)
{
    Text text = {0};
    text_add(&text, "%s[", dtype_name(t->dtype));
    for (int i = 0; i < t->rank; i++)
        text_add(&text, "%s%lld", i ? ", " : "", (long long)t->dims[i]);
    text_add(&text, "]");
    char *copy = arena_string(arena, text.data);
    text_free(&text);
    return copy;
}

static bool read_shape(Reading *r)
{
    const Onnx__TensorProto *t = r->t;
    if (t->data_type <= DT_NONE || t->data_type >= DT_COUNT)
        return tensor_error(r, "element type %d; ONNX has 1 to %d", t->data_type, DT_COUNT - 1);
    if (t->n_dims > MAX_RANK)
        return tensor_error(r, "%zu dimensions; at most %d are supported", t->n_dims, MAX_RANK);
    r->out->dtype = (Dtype)t->data_type;
    r->out->rank = (int)t->n_dims;
    for (int i = 0; i < r->out->rank; i++) {
        if (t->dims[i] < 0)
            return tensor_error(r, "dimension %d is %lld", i, (long long)t->dims[i]);
        r->out->dims[i] = t->dims[i];
    }
    r->bytes = datafile_bytes(r->out->dtype, r->out->rank, r->out->dims);
    if (r->bytes < 0)
        return tensor_error(r, "%s is too large: the product of its dimensions overflows",
                            data_type_text(r->f->arena, r->out));
    checked_elements(r->out->dims, r->out->rank, &r->elements);
    return true;
}

static bool wrong_count(Reading *r, const char *field, size_t found, int64_t wanted,
                        const char *unit)
{
    return tensor_error(r, "%s has %zu %s, but %s takes %lld", field, found, unit,
                        data_type_text(r->f->arena, r->out), (long long)wanted);
}

/* Bytes in the mapped file, or already unpacked: the arrays of wire_read live in its arena, not in
 * the tensor's. */
static bool read_bytes(Reading *r, const char *field, const void *data, size_t bytes, bool in_file)
{
    if (bytes != (uint64_t)r->bytes) return wrong_count(r, field, bytes, r->bytes, "bytes");
    r->out->data = in_file ? datafile_adopt(r->f->arena, r->out->dtype, r->elements, data)
                           : datafile_copy(r->f->arena, r->out->dtype, r->elements, data);
    return true;
}

/* ---- the typed fields ---- */

static size_t field_count(const Onnx__TensorProto *t, DataField field)
{
    switch (field) {
    case FIELD_FLOAT: return t->n_float_data;
    case FIELD_INT32: return t->n_int32_data;
    case FIELD_INT64: return t->n_int64_data;
    case FIELD_UINT64: return t->n_uint64_data;
    case FIELD_DOUBLE: return t->n_double_data;
    default: return t->n_string_data;
    }
}

static bool read_strings(Reading *r)
{
    const char **strings = NEW_ARRAY(r->f->arena, const char *, r->elements);
    for (int64_t i = 0; i < r->elements; i++) {
        const ProtobufCBinaryData *s = &r->t->string_data[i];
        char *copy = arena_alloc(r->f->arena, s->len + 1);
        if (s->len) memcpy(copy, s->data, s->len);
        const char *flaw = string_flaw((String){copy, s->len});
        if (flaw) return tensor_error(r, "string_data[%lld] %s", (long long)i, flaw);
        strings[i] = copy;
    }
    r->out->data = strings;
    return true;
}

/* int32_data: an element each, or for the 4- and 2-bit types a byte of them; floats of 16 and 8
 * bits by their bits. */
static bool read_int32(Reading *r)
{
    int bits = dtype_info(r->out->dtype)->bits;
    size_t size = bits <= 8 ? 1 : (size_t)bits / 8;
    uint8_t *data = arena_alloc(r->f->arena, (size_t)r->bytes);
    for (size_t i = 0; i < r->t->n_int32_data; i++) {
        int32_t value = r->t->int32_data[i];
        if (size < 4 && (value < -(1 << (8 * size - 1)) || value >= 1 << 8 * size))
            return tensor_error(r, "int32_data[%zu] is %d, which %s does not hold", i, value,
                                dtype_name(r->out->dtype));
        if (r->out->dtype == DT_BOOL) value = value != 0;
        memcpy(data + i * size, &value, size);
    }
    r->out->data = data;
    return true;
}

static bool read_uint64(Reading *r)
{
    if (r->out->dtype == DT_U64)
        return read_bytes(r, "uint64_data", r->t->uint64_data, r->t->n_uint64_data * 8, false);
    uint32_t *data = arena_alloc(r->f->arena, (size_t)r->bytes);
    for (size_t i = 0; i < r->t->n_uint64_data; i++) {
        if (r->t->uint64_data[i] > UINT32_MAX)
            return tensor_error(r, "uint64_data[%zu] is %llu, which u32 does not hold", i,
                                (unsigned long long)r->t->uint64_data[i]);
        data[i] = (uint32_t)r->t->uint64_data[i];
    }
    r->out->data = data;
    return true;
}

static bool read_typed(Reading *r, DataField field)
{
    const Onnx__TensorProto *t = r->t;
    if (field != data_field(r->out->dtype))
        return tensor_error(r, "%s cannot hold %s; that is in %s", field_names[field],
                            dtype_name(r->out->dtype), field_names[data_field(r->out->dtype)]);
    int bits = dtype_info(r->out->dtype)->bits;
    bool is_complex = r->out->dtype == DT_C64 || r->out->dtype == DT_C128;
    int64_t wanted = bits > 0 && bits < 8 ? r->bytes : is_complex ? 2 * r->elements : r->elements;
    if (field_count(t, field) != (uint64_t)wanted)
        return wrong_count(r, field_names[field], field_count(t, field), wanted, "elements");
    switch (field) {
    case FIELD_FLOAT:
        return read_bytes(r, "float_data", t->float_data, t->n_float_data * sizeof *t->float_data,
                          false);
    case FIELD_DOUBLE:
        return read_bytes(r, "double_data", t->double_data,
                          t->n_double_data * sizeof *t->double_data, false);
    case FIELD_INT64:
        return read_bytes(r, "int64_data", t->int64_data, t->n_int64_data * sizeof *t->int64_data,
                          false);
    case FIELD_INT32: return read_int32(r);
    case FIELD_UINT64: return read_uint64(r);
    default: return read_strings(r);
    }
}

/* ---- the data, wherever it is ---- */

static bool read_raw(Reading *r, const uint8_t *data, size_t bytes, bool in_file)
{
    if (r->out->dtype == DT_STRING)
        return tensor_error(r, "strings in raw_data; they must be in string_data");
    return read_bytes(r, "raw_data", data, bytes, in_file);
}

static bool read_mapped(Reading *r, const Onnx__TensorProto__Mapped *m)
{
    const uint8_t *data = r->f->file->data + m->begin;
    if (m->field == 9) return read_raw(r, data, m->bytes, true);
    DataField field = m->field == 4 ? FIELD_FLOAT : FIELD_DOUBLE;
    if (field != data_field(r->out->dtype)) return read_typed(r, field);
    return read_bytes(r, field_names[field], data, m->bytes, true);
}

static bool read_external(Reading *r)
{
    if (r->out->dtype == DT_STRING)
        return tensor_error(r, "strings as external data; they must be in string_data");
    const uint8_t *data = onnx_external_data(r->f, r->t, r->where, r->bytes);
    if (data) r->out->data = datafile_adopt(r->f->arena, r->out->dtype, r->elements, data);
    return data != NULL;
}

/* How many places hold data, and which typed field is the last of them. */
static int data_places(const Onnx__TensorProto *t, DataField *typed)
{
    int places =
        (int)(t->n_mapped < 2 ? t->n_mapped : 2) + (t->has_raw_data && t->raw_data.len > 0);
    *typed = FIELD_COUNT;
    for (DataField field = 0; field < FIELD_COUNT; field++)
        if (field_count(t, field)) places++, *typed = field;
    return places;
}

static bool read_data(Reading *r)
{
    const Onnx__TensorProto *t = r->t;
    DataField typed;
    int places = data_places(t, &typed);
    if (t->has_data_location && t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT) {
        if (t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
            return tensor_error(r, "data_location %d; ONNX has 0 (here) and 1 (external)",
                                (int)t->data_location);
        return places ? tensor_error(r, "data both here and external") : read_external(r);
    }
    if (places > 1) return tensor_error(r, "data in more than one field, or in pieces");
    if (t->n_mapped) return read_mapped(r, t->mapped[0]);
    if (typed != FIELD_COUNT) return read_typed(r, typed);
    if (t->has_raw_data && t->raw_data.len)
        return read_raw(r, t->raw_data.data, t->raw_data.len, false);
    if (r->elements)
        return tensor_error(r, "%s without data%s", data_type_text(r->f->arena, r->out),
                            t->n_external_data
                                ? "; it names external data, but data_location is not EXTERNAL"
                                : "");
    r->out->data = arena_alloc(r->f->arena, 1);
    return true;
}

bool onnx_tensor_read(OnnxFile *f, const Onnx__TensorProto *t, Source where, DataTensor *out)
{
    Reading r = {.f = f, .t = t, .where = where, .out = out};
    *out = (DataTensor){.name = arena_string(f->arena, t->name ? t->name : "")};
    if (t->segment)
        return tensor_error(&r,
                            "a tensor in segments, which ONNX gave up before its first release");
    return read_shape(&r) && read_data(&r);
}

/* ---- sparse tensors: values and the indices of where they are ---- */

/* The row-major position of value k; -1 when it is out of the shape. */
static int64_t sparse_position(const DataTensor *indices, const DataTensor *out, int64_t elements,
                               int64_t k)
{
    const int64_t *index = indices->data;
    if (indices->rank == 1) return index[k] >= 0 && index[k] < elements ? index[k] : -1;
    int64_t position = 0;
    for (int d = 0; d < out->rank; d++) {
        int64_t i = index[k * out->rank + d];
        if (i < 0 || i >= out->dims[d]) return -1;
        position = position * out->dims[d] + i;
    }
    return position;
}

static bool scatter(Reading *r, const DataTensor *values, const DataTensor *indices)
{
    size_t size = dtype_bytes(r->out->dtype, 1);
    uint8_t *data = arena_alloc(r->f->arena, (size_t)max64(r->bytes, 1));
    for (int64_t k = 0; k < values->dims[0]; k++) {
        int64_t at = sparse_position(indices, r->out, r->elements, k);
        if (at < 0)
            return tensor_error(r, "index %lld of the sparse tensor is outside %s", (long long)k,
                                data_type_text(r->f->arena, r->out));
        memcpy(data + (size_t)at * size, (const uint8_t *)values->data + (size_t)k * size, size);
    }
    r->out->data = data;
    return true;
}

/* A sparse tensor is small in the file and may be anything once dense. */
enum { MOST_DENSE = 1 << 30 };

bool onnx_sparse_read(OnnxFile *f, const Onnx__SparseTensorProto *t, Source where, DataTensor *out)
{
    Reading r = {.f = f, .where = where, .out = out};
    DataTensor values, indices;
    if (!t->values || !t->indices)
        return tensor_error(&r, "a sparse tensor without %s", t->values ? "indices" : "values");
    if (!onnx_tensor_read(f, t->values, where, &values) ||
        !onnx_tensor_read(f, t->indices, where, &indices))
        return false;
    Onnx__TensorProto shape = *t->values;
    shape.n_dims = t->n_dims;
    shape.dims = t->dims;
    r.t = &shape;
    *out = (DataTensor){.name = values.name};
    if (!read_shape(&r)) return false;
    int bits = dtype_info(out->dtype)->bits;
    if (bits < 8 || out->dtype == DT_STRING || values.rank != 1)
        return tensor_error(&r, "sparse values of %s", data_type_text(f->arena, &values));
    if (r.bytes > MOST_DENSE)
        return tensor_error(&r, "%s is too large to be made dense", data_type_text(f->arena, out));
    bool linear = indices.rank == 1 && indices.dims[0] == values.dims[0];
    bool pairs =
        indices.rank == 2 && indices.dims[0] == values.dims[0] && indices.dims[1] == out->rank;
    if (indices.dtype != DT_I64 || (!linear && !pairs))
        return tensor_error(&r, "sparse indices of %s for %lld values of rank %d",
                            data_type_text(f->arena, &indices), (long long)values.dims[0],
                            out->rank);
    return scatter(&r, &values, &indices);
}
