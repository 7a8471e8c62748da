/*
 * In: a mapped protocol buffer file. Out: protobuf-c's message for it. Knows the wire format and
 * our descriptors, nothing of what the fields mean.
 *
 * protobuf-c copies every byte of every field and recurses without limit, so it is not given the
 * file. A scan walks the file by the descriptors and writes a compact copy of the message: fields
 * we do not declare are dropped, and the long fields of tensors (raw_data; float_data and
 * double_data, which are little-endian runs too) are replaced by a `mapped` field that says where
 * in the file they are. The scan looks at tags and lengths only, so the weights of a model are not
 * even paged in. It also is the place where truncation, wrong lengths, nesting and size are found,
 * by byte position.
 */
#include "wire.h"

enum {
    MOST_NESTING = 100, /* as other readers of protocol buffers have it */
    LONG_FIELD = 512,   /* bytes from which tensor data is left in the file */
    LENGTH_BYTES = 5,   /* of a length written before the message is known, as a padded varint */
    FIELD_COST = 64,    /* bytes protobuf-c needs for a field, about */
};
static const int64_t MOST_UNPACKED =
    INT64_C(2) << 30; /* bytes of memory, so that a small file cannot ask for it all */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef struct Scan {
    const File *file;
    size_t at;
    Text out;
    int64_t cost;
    Diags *diags; /* NULL: only look */
} Scan;

static bool PRINTF(3, 4) wire_error(Scan *s, size_t at, const char *format, ...)
{
    if (!s->diags) return false;
    Text text = {0};
    va_list args;
    va_start(args, format);
    text_vadd(&text, format, args);
    va_end(args);
    Diagnostic *d = diag_error(s->diags, "E0103", (Source){.file = s->file}, "byte %zu of %zu: %s",
                               at, s->file->bytes, text.data);
    diag_help(d, "the file is damaged, cut short, or not of the kind its name says");
    text_free(&text);
    return false;
}

static bool scan_varint(Scan *s, size_t end, uint64_t *value)
{
    size_t start = s->at;
    *value = 0;
    for (int shift = 0; s->at < end && shift < 70; shift += 7) {
        uint8_t byte = s->file->data[s->at++];
        *value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80)) return true;
    }
    return wire_error(s, start,
                      s->at < end ? "a number of more than ten bytes" : "a number is cut short");
}

static void put_varint(Text *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    do bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    while (value >>= 7);
    text_put(out, bytes, n);
}

static bool is_length_type(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
           type == PROTOBUF_C_TYPE_MESSAGE;
}

static int wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return WIRE_BYTES;
    case PROTOBUF_C_TYPE_FLOAT: return WIRE_32;
    case PROTOBUF_C_TYPE_DOUBLE: return WIRE_64;
    default: return WIRE_VARINT;
    }
}

/* The bytes [s->at, end) hold a packed run of `field`; moves past them. */
static bool scan_packed(Scan *s, size_t end, const ProtobufCFieldDescriptor *field)
{
    int wire = wire_of(field->type);
    size_t start = s->at, bytes = end - start;
    if (wire != WIRE_VARINT) {
        s->at = end;
        size_t size = wire == WIRE_32 ? 4 : 8;
        return bytes % size == 0 ||
               wire_error(s, start, "'%s' of %zu bytes is not a whole number of elements",
                          field->name, bytes);
    }
    uint64_t value;
    while (s->at < end) {
        if (!scan_varint(s, end, &value)) return false;
        s->cost += (int64_t)sizeof value;
    }
    return true;
}

static bool is_long_tensor_field(const ProtobufCMessageDescriptor *type,
                                 const ProtobufCFieldDescriptor *field, uint64_t bytes)
{
    if (type != &onnx__tensor_proto__descriptor || bytes < LONG_FIELD) return false;
    return strcmp(field->name, "raw_data") == 0 || strcmp(field->name, "float_data") == 0 ||
           strcmp(field->name, "double_data") == 0;
}

static void put_mapped(Scan *s, uint32_t field, size_t bytes)
{
    const ProtobufCFieldDescriptor *mapped =
        protobuf_c_message_descriptor_get_field_by_name(&onnx__tensor_proto__descriptor, "mapped");
    Onnx__TensorProto__Mapped message = ONNX__TENSOR_PROTO__MAPPED__INIT;
    message.has_field = message.has_begin = message.has_bytes = true;
    message.field = (int32_t)field;
    message.begin = s->at;
    message.bytes = bytes;
    uint8_t packed[64];
    assert(protobuf_c_message_get_packed_size(&message.base) <= sizeof packed);
    size_t size = protobuf_c_message_pack(&message.base, packed);
    put_varint(&s->out, (uint64_t)mapped->id << 3 | WIRE_BYTES);
    put_varint(&s->out, size);
    text_put(&s->out, packed, size);
}

static bool scan_message(Scan *s, size_t end, const ProtobufCMessageDescriptor *type, int depth);

static bool scan_child(Scan *s, size_t end, const ProtobufCFieldDescriptor *field, int depth)
{
    put_varint(&s->out, (uint64_t)field->id << 3 | WIRE_BYTES);
    size_t length_at = s->out.length;
    text_put(&s->out, "\0\0\0\0\0", LENGTH_BYTES);
    if (!scan_message(s, end, field->descriptor, depth + 1)) return false;
    size_t length = s->out.length - length_at - LENGTH_BYTES;
    if (length > INT32_MAX)
        return wire_error(s, end, "a %s of %zu bytes is too long", field->name, length);
    for (int i = 0; i < LENGTH_BYTES; i++)
        s->out.data[length_at + (size_t)i] =
            (char)((length >> 7 * i & 0x7f) | (i < LENGTH_BYTES - 1 ? 0x80 : 0));
    return true;
}

/* A declared field whose contents are the bytes [s->at, end); `start` is where its tag is. Moves
 * past it. */
static bool scan_bytes(Scan *s, size_t start, size_t end, const ProtobufCMessageDescriptor *type,
                       const ProtobufCFieldDescriptor *field, int depth)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) return scan_child(s, end, field, depth);
    if (field->type == PROTOBUF_C_TYPE_STRING && memchr(s->file->data + s->at, 0, end - s->at))
        return wire_error(s, s->at, "the string '%s' of %s holds a NUL byte", field->name,
                          type->short_name);
    bool is_long = is_long_tensor_field(type, field, end - s->at);
    if (is_long) put_mapped(s, field->id, end - s->at);
    if (!is_length_type(field->type) && !scan_packed(s, end, field)) return false;
    s->at = end;
    if (!is_long) text_put(&s->out, s->file->data + start, end - start);
    return true;
}

/* The extent of the field at s->at, after its tag: for WIRE_BYTES, moves past the length. */
static bool scan_extent(Scan *s, size_t end, int wire, size_t *field_end)
{
    size_t at = s->at;
    uint64_t value;
    switch (wire) {
    case WIRE_VARINT:
        if (!scan_varint(s, end, &value)) return false;
        *field_end = s->at;
        s->at = at;
        return true;
    case WIRE_32:
    case WIRE_64: value = wire == WIRE_32 ? 4 : 8; break;
    case WIRE_BYTES:
        if (!scan_varint(s, end, &value)) return false;
        break;
    default: return wire_error(s, at, "wire type %d, which ONNX does not use", wire);
    }
    if (value > end - s->at)
        return wire_error(s, at, "a field of %llu bytes where %zu are left",
                          (unsigned long long)value, end - s->at);
    *field_end = s->at + (size_t)value;
    return true;
}

static bool scan_field(Scan *s, size_t end, const ProtobufCMessageDescriptor *type, int depth)
{
    size_t start = s->at, field_end = end;
    uint64_t key;
    if (!scan_varint(s, end, &key)) return false;
    int wire = (int)(key & 7);
    if (key >> 3 == 0 || key >> 3 > (1u << 29) - 1)
        return wire_error(s, start, "no field has the number %llu", (unsigned long long)(key >> 3));
    if (!scan_extent(s, end, wire, &field_end)) return false;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3));
    if (!field || field->descriptor == &onnx__tensor_proto__mapped__descriptor) {
        s->at = field_end;
        return true;
    }
    s->cost += FIELD_COST;
    bool packed = wire == WIRE_BYTES && !is_length_type(field->type) &&
                  field->label == PROTOBUF_C_LABEL_REPEATED;
    if (wire != wire_of(field->type) && !packed)
        return wire_error(s, start, "field '%s' of %s has wire type %d, not %d", field->name,
                          type->short_name, wire, wire_of(field->type));
    if (wire == WIRE_BYTES) return scan_bytes(s, start, field_end, type, field, depth);
    text_put(&s->out, s->file->data + start, field_end - start);
    s->at = field_end;
    return true;
}

static bool scan_message(Scan *s, size_t end, const ProtobufCMessageDescriptor *type, int depth)
{
    if (depth > MOST_NESTING)
        return wire_error(s, s->at, "messages nested more than %d deep", MOST_NESTING);
    s->cost += (int64_t)type->sizeof_message;
    while (s->at < end) {
        if (!scan_field(s, end, type, depth)) return false;
        if (s->cost > MOST_UNPACKED)
            return wire_error(s, s->at, "more than %lld bytes of memory once unpacked",
                              (long long)MOST_UNPACKED);
    }
    return true;
}

/* ---- unpacking, into the arena ---- */

static void *allocate(void *arena, size_t bytes) { return arena_alloc(arena, bytes); }
static void release(void *arena, void *pointer) { (void)arena, (void)pointer; }

void *wire_read(Arena *arena, const File *file, const ProtobufCMessageDescriptor *type,
                Diags *diags)
{
    Scan s = {.file = file, .diags = diags};
    ProtobufCAllocator allocator = {allocate, release, arena};
    void *message = NULL;
    if (scan_message(&s, file->bytes, type, 0)) {
        static const uint8_t nothing[1];
        const uint8_t *compact = s.out.data ? (const uint8_t *)s.out.data : nothing;
        message = protobuf_c_message_unpack(type, &allocator, s.out.length, compact);
        if (!message) wire_error(&s, 0, "not a well-formed %s", type->short_name);
    }
    text_free(&s.out);
    return message;
}

bool wire_looks_like(const File *file, const ProtobufCMessageDescriptor *type, uint32_t number)
{
    Scan s = {.file = file};
    bool found = false, ok = true;
    while (ok && s.at < file->bytes) {
        size_t at = s.at;
        uint64_t key;
        ok = scan_varint(&s, file->bytes, &key);
        found |= ok && key >> 3 == number;
        s.at = at;
        ok = ok && scan_field(&s, file->bytes, type, 0) && s.cost <= MOST_UNPACKED;
    }
    text_free(&s.out);
    return ok && found;
}
