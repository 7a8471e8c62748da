/*
 * In: a .safetensors file: the header's length in 8 bytes, a JSON header with each tensor's type,
 * shape and extent, the data. Out: a DataTensor each, in the mapped file; or the other way round.
 * Metadata, text beside the tensors, is read on its own.
 */
#include "datafile.h"
#include "json.h"

enum { MOST_HEADER = 100 << 20 /* as the format says */ };

static const struct {
    const char *name;
    Dtype dtype;
} types[] = {
    {"F32", DT_F32},        {"F64", DT_F64},   {"F16", DT_F16},          {"BF16", DT_BF16},
    {"I8", DT_I8},          {"I16", DT_I16},   {"I32", DT_I32},          {"I64", DT_I64},
    {"U8", DT_U8},          {"U16", DT_U16},   {"U32", DT_U32},          {"U64", DT_U64},
    {"BOOL", DT_BOOL},      {"C64", DT_C64},   {"F8_E4M3", DT_F8E4M3FN}, {"F8_E5M2", DT_F8E5M2},
    {"F8_E8M0", DT_F8E8M0}, {"F4", DT_F4E2M1},
};

const char *safetensors_dtype(Dtype dtype)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].dtype == dtype) return types[i].name;
    return NULL;
}

typedef struct Entry {
    DataTensor tensor;
    const char *type;
    int64_t begin, end;
    int fields;
} Entry;

/* ---- reading ---- */

static void read_dims(Json *j, DataTensor *t)
{
    if (!json_open(j, '[')) return;
    for (bool first = true; json_more(j, ']', &first); t->rank++) {
        if (t->rank == MAX_RANK) {
            j->error = "at most 16 dimensions";
            return;
        }
        if (!json_size(j, &t->dims[t->rank])) return;
    }
}

static void read_extent(Json *j, Entry *e)
{
    int64_t values[2] = {0};
    int count = 0;
    if (!json_open(j, '[')) return;
    for (bool first = true; json_more(j, ']', &first); count++)
        if (count == 2 || !json_size(j, &values[count])) {
            j->error = "two offsets";
            return;
        }
    if (!j->error && count != 2) j->error = "two offsets";
    e->begin = values[0], e->end = values[1];
}

static void read_entry(Json *j, Entry *e)
{
    const char *key;
    if (!json_open(j, '{')) return;
    for (bool first = true; json_more(j, '}', &first);) {
        if (!json_key(j, &key)) return;
        e->fields++;
        if (strcmp(key, "dtype") == 0)
            json_string(j, &e->type);
        else if (strcmp(key, "shape") == 0)
            read_dims(j, &e->tensor);
        else if (strcmp(key, "data_offsets") == 0)
            read_extent(j, e);
        else
            json_skip(j), e->fields--;
    }
}

static bool finish_entry(Arena *arena, const File *file, Entry *e, const uint8_t *data,
                         size_t bytes, Diags *diags)
{
    DataTensor *t = &e->tensor;
    const char *name = t->name;
    if (e->fields != 3 || !e->type)
        return datafile_error(diags, "E0123", file,
                              "tensor '%s' has not the fields dtype, shape and data_offsets", name);
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(types[i].name, e->type) == 0) t->dtype = types[i].dtype;
    if (!t->dtype)
        return datafile_error(diags, "E0123", file, "tensor '%s' has the unknown type '%s'", name,
                              e->type);
    int64_t elements, wanted = datafile_bytes(t->dtype, t->rank, t->dims);
    if (wanted < 0)
        return datafile_error(diags, "E0123", file,
                              "tensor '%s': the product of its dimensions overflows", name);
    if (e->begin > e->end || (uint64_t)e->end > bytes)
        return datafile_error(diags, "E0123", file, "tensor '%s' is at bytes %lld to %lld of %zu",
                              name, (long long)e->begin, (long long)e->end, bytes);
    if (e->end - e->begin != wanted)
        return datafile_error(diags, "E0123", file,
                              "tensor '%s' has %lld bytes, its shape takes %lld", name,
                              (long long)(e->end - e->begin), (long long)wanted);
    checked_elements(t->dims, t->rank, &elements);
    t->data = datafile_adopt(arena, t->dtype, elements, data + e->begin);
    return true;
}

static bool read_entries(Arena *arena, const File *file, Json *j, DataTensors *out, Diags *diags)
{
    const uint8_t *data = (const uint8_t *)j->end;
    size_t bytes = file->bytes - (size_t)(data - file->data);
    Map *names = map_new(arena);
    if (!json_open(j, '{')) return false;
    for (bool first = true; json_more(j, '}', &first);) {
        Entry e = {0};
        if (!json_key(j, &e.tensor.name)) return false;
        if (strcmp(e.tensor.name, "__metadata__") == 0) {
            if (!json_skip(j)) return false;
            continue;
        }
        read_entry(j, &e);
        if (j->error || !finish_entry(arena, file, &e, data, bytes, diags)) return false;
        if (map_get(names, e.tensor.name))
            return datafile_error(diags, "E0123", file, "two tensors have the name '%s'",
                                  e.tensor.name);
        map_set(names, e.tensor.name, names);
        LIST_PUSH(arena, out, e.tensor);
    }
    return !j->error;
}

static bool open_header(Arena *arena, const File *file, Json *j, Diags *diags)
{
    uint64_t length = 0;
    if (file->bytes < 8)
        return datafile_error(diags, "E0123", file,
                              "%zu bytes: cut short, or not a .safetensors file", file->bytes);
    for (int i = 8; i-- > 0;) length = length << 8 | file->data[i];
    if (length > MOST_HEADER || length > file->bytes - 8)
        return datafile_error(diags, "E0123", file, "a header of %llu bytes in a file of %zu",
                              (unsigned long long)length, file->bytes);
    const char *header = (const char *)file->data + 8;
    *j = (Json){.arena = arena, .text = header, .at = header, .end = header + length};
    return true;
}

bool safetensors_read(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    Json j;
    if (!open_header(arena, file, &j, diags)) return false;
    const char *header = j.text;
    bool ok = read_entries(arena, file, &j, out, diags);
    if (j.error)
        datafile_error(diags, "E0123", file, "byte %td: %s is missing", j.at - header + 8, j.error);
    return ok;
}

static bool read_names(Json *j, DataNames *out)
{
    DataName name;
    if (!json_open(j, '{')) return false;
    for (bool first = true; json_more(j, '}', &first);) {
        if (!json_key(j, &name.key) || !json_string(j, &name.value)) return false;
        LIST_PUSH(j->arena, out, name);
    }
    return !j->error;
}

bool safetensors_names(Arena *arena, const File *file, DataNames *out)
{
    Json j;
    const char *key;
    if (!open_header(arena, file, &j, diags_new(arena)) || !json_open(&j, '{')) return false;
    for (bool first = true; json_more(&j, '}', &first);) {
        if (!json_key(&j, &key)) return false;
        if (strcmp(key, "__metadata__") == 0) return read_names(&j, out);
        if (!json_skip(&j)) return false;
    }
    return !j.error;
}

/* ---- writing: larger elements first, so that every tensor is aligned ---- */

static int64_t element_bits(const DataTensor *t) { return dtype_info(t->dtype)->bits; }

static int *writing_order(Arena *arena, const DataTensor *tensors, int count)
{
    static const int bits[] = {64, 32, 16, 8, 4};
    int *order = NEW_ARRAY(arena, int, count), n = 0;
    for (size_t b = 0; b < COUNT(bits); b++)
        for (int i = 0; i < count; i++)
            if (element_bits(&tensors[i]) == bits[b]) order[n++] = i;
    assert(n == count);
    return order;
}

static void add_entry(Text *header, const DataTensor *t, int64_t begin, int64_t end)
{
    text_add(header, header->length == 8 ? "{" : ",");
    json_quote(header, t->name);
    text_add(header, ":{\"dtype\":\"%s\",\"shape\":[", safetensors_dtype(t->dtype));
    for (int i = 0; i < t->rank; i++)
        text_add(header, "%s%lld", i ? "," : "", (long long)t->dims[i]);
    text_add(header, "],\"data_offsets\":[%lld,%lld]}", (long long)begin, (long long)end);
}

static void add_names(Text *header, const DataNames *names)
{
    text_add(header, "{\"__metadata__\":{");
    for (int i = 0; i < names->count; i++) {
        if (i) text_add(header, ",");
        json_quote(header, names->items[i].key);
        text_add(header, ":");
        json_quote(header, names->items[i].value);
    }
    text_add(header, "}");
}

bool safetensors_write(Arena *arena, const DataTensor *tensors, int count, const DataNames *names,
                       FileParts *out, Diags *diags)
{
    for (int i = 0; i < count; i++)
        if (!safetensors_dtype(tensors[i].dtype))
            return datafile_error(diags, "E0125", NULL, ".safetensors cannot hold '%s' of type %s",
                                  tensors[i].name, dtype_name(tensors[i].dtype));
    const int *order = writing_order(arena, tensors, count);
    Text header = {0};
    text_put(&header, "\0\0\0\0\0\0\0\0", 8);
    if (names->count) add_names(&header, names);
    LIST_PUSH(arena, out, ((FilePart){0}));
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        const DataTensor *t = &tensors[order[i]];
        int64_t bytes = datafile_bytes(t->dtype, t->rank, t->dims);
        assert(bytes >= 0);
        add_entry(&header, t, at, at + bytes);
        LIST_PUSH(arena, out, ((FilePart){t->data, (size_t)bytes}));
        at += bytes;
    }
    text_add(&header, count || names->count ? "}" : "{}");
    while (header.length % 64) text_put(&header, " ", 1);
    for (int i = 0; i < 8; i++) header.data[i] = (char)((header.length - 8) >> 8 * i & 0xff);
    out->items[0] = (FilePart){arena_copy(arena, header.data, header.length), header.length};
    text_free(&header);
    return true;
}
