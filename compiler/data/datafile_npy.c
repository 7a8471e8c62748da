/*
 * In: a .npy file, of numpy's format 1 to 3: magic, version, a header that is a Python dictionary,
 * the elements. Out: a DataTensor; or the other way round. Big-endian and column-major files are
 * turned round. Pickled objects are refused.
 */
#include "datafile.h"

#include <stdlib.h>

static const char MAGIC[] = "\x93NUMPY";

typedef struct Header {
    bool swapped, fortran;
    char kind;    /* of the type: 'f', 'i', 'u', 'b', 'c', 'S', 'U', 'V' */
    int64_t size; /* of an element in the file, bytes; for 'U' 4 a character */
    int rank;
    int64_t dims[MAX_RANK];
} Header;

static const struct NpyType {
    const char *descr;
    Dtype dtype;
} types[] = {
    {"<f4", DT_F32}, {"<f8", DT_F64},   {"<f2", DT_F16},  {"|i1", DT_I8},
    {"<i2", DT_I16}, {"<i4", DT_I32},   {"<i8", DT_I64},  {"|u1", DT_U8},
    {"<u2", DT_U16}, {"<u4", DT_U32},   {"<u8", DT_U64},  {"|b1", DT_BOOL},
    {"<c8", DT_C64}, {"<c16", DT_C128}, {"<V2", DT_BF16}, /* as Python's ml_dtypes has it */
    {"|V1", DT_U8}, /* the codes of narrower floats: which, the reader must know */
};

/* ---- the header: { 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ---- */

typedef struct Cursor {
    const char *at, *end;
    const File *file;
    Diags *diags;
} Cursor;

static bool header_error(Cursor *c, const char *wanted)
{
    return datafile_error(c->diags, "E0121", c->file, "byte %td of the header: %s is missing",
                          c->at - (const char *)c->file->data, wanted);
}

static bool accept(Cursor *c, char wanted)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n')) c->at++;
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool header_string(Cursor *c, char text[32])
{
    char quote = accept(c, '\'') ? '\'' : accept(c, '"') ? '"' : 0;
    if (!quote) return header_error(c, "a string");
    size_t n = 0;
    while (c->at < c->end && *c->at != quote && n < 31) text[n++] = *c->at++;
    text[n] = 0;
    return accept(c, quote) || header_error(c, "the end of a string");
}

static bool header_number(Cursor *c, int64_t *value)
{
    accept(c, ' ');
    if (c->at == c->end || *c->at < '0' || *c->at > '9') return header_error(c, "a number");
    for (*value = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (!checked_mul(*value, 10, value) || !checked_add(*value, *c->at - '0', value))
            return header_error(c, "a number of 64 bits");
    accept(c, 'L'); /* Python 2 */
    return true;
}

static bool header_shape(Cursor *c, Header *h)
{
    if (!accept(c, '(')) return header_error(c, "the shape's '('");
    for (h->rank = 0; !accept(c, ')'); h->rank++) {
        if (h->rank == MAX_RANK)
            return datafile_error(c->diags, "E0121", c->file, "more than %d dimensions", MAX_RANK);
        if (!header_number(c, &h->dims[h->rank])) return false;
        if (!accept(c, ',') && (c->at == c->end || *c->at != ')'))
            return header_error(c, "',' or ')'");
    }
    return true;
}

static bool header_descr(Cursor *c, Header *h)
{
    char text[32];
    if (accept(c, '['))
        return datafile_error(c->diags, "E0121", c->file,
                              "elements are records, not numbers or strings");
    if (!header_string(c, text)) return false;
    const char *code = text + (strchr("<>|=", text[0]) && text[0]);
    h->swapped = text[0] == '>';
    h->kind = *code;
    Cursor size = {*code ? code + 1 : code, code + strlen(code), c->file, c->diags};
    if (!*code || (size.at < size.end && !header_number(&size, &h->size)) || size.at != size.end)
        return datafile_error(c->diags, "E0121", c->file, "elements of type '%s'", text);
    if (h->kind == 'O')
        return datafile_error(c->diags, "E0121", c->file, "elements are Python objects");
    return true;
}

static bool header_field(Cursor *c, Header *h, int *seen)
{
    char key[32];
    if (!header_string(c, key)) return false;
    if (!accept(c, ':')) return header_error(c, "':'");
    ++*seen;
    if (strcmp(key, "descr") == 0) return header_descr(c, h);
    if (strcmp(key, "shape") == 0) return header_shape(c, h);
    if (strcmp(key, "fortran_order") != 0)
        return datafile_error(c->diags, "E0121", c->file, "unknown field '%s' in the header", key);
    accept(c, ' ');
    h->fortran = c->at < c->end && *c->at == 'T';
    const char *word = h->fortran ? "True" : "False";
    for (; *word; word++)
        if (c->at == c->end || *c->at++ != *word) return header_error(c, "True or False");
    return true;
}

static bool read_header(Cursor *c, Header *h)
{
    int seen = 0;
    if (!accept(c, '{')) return header_error(c, "'{'");
    while (!accept(c, '}')) {
        if (!header_field(c, h, &seen)) return false;
        if (!accept(c, ',') && (c->at == c->end || *c->at != '}'))
            return header_error(c, "',' or '}'");
    }
    if (seen == 3 && h->kind) return true;
    return datafile_error(c->diags, "E0121", c->file,
                          "the header has not the three fields descr, fortran_order and shape");
}

/* Where the header is: after magic, version and its length (2 bytes in version 1, 4 later). */
static bool find_header(const File *file, Diags *diags, Cursor *c)
{
    const uint8_t *p = file->data;
    size_t start = file->bytes > 6 && p[6] == 1 ? 10 : 12;
    if (file->bytes < start || memcmp(p, MAGIC, 6) != 0)
        return datafile_error(diags, "E0121", file, "not a .npy file, or cut short");
    if (p[6] < 1 || p[6] > 3)
        return datafile_error(diags, "E0121", file, ".npy format %d.%d; known are 1 to 3", p[6],
                              p[7]);
    size_t length = p[8] | (size_t)p[9] << 8;
    if (start == 12) length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (length > file->bytes - start)
        return datafile_error(diags, "E0121", file, "a header of %zu bytes where %zu are left",
                              length, file->bytes - start);
    *c = (Cursor){(const char *)p + start, (const char *)p + start + length, file, diags};
    return true;
}

/* ---- the elements ---- */

static Dtype header_dtype(const Header *h)
{
    if (h->kind == 'S' || h->kind == 'U') return h->size > 0 ? DT_STRING : DT_NONE;
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].descr[1] == h->kind && atoll(types[i].descr + 2) == h->size)
            return types[i].dtype;
    return DT_NONE;
}

/* Row-major, little-endian elements of `size` bytes, of `unit` bytes each part that has an end
 * (half of a complex). */
static uint8_t *arrange(Arena *arena, const Header *h, const uint8_t *from, int64_t elements,
                        size_t size, size_t unit)
{
    uint8_t *to = arena_alloc(arena, array_bytes((size_t)elements, size));
    int64_t index[MAX_RANK] = {0}, stride[MAX_RANK], step = 1;
    for (int d = 0; d < h->rank; d++) stride[d] = step, step *= h->dims[d];
    for (int64_t i = 0, at = i; i < elements; i++) {
        if (h->fortran) {
            at = 0;
            for (int d = 0; d < h->rank; d++) at += index[d] * stride[d];
            for (int d = h->rank; d-- > 0 && ++index[d] == h->dims[d];) index[d] = 0;
        } else {
            at = i;
        }
        const uint8_t *element = from + (size_t)at * size;
        for (size_t b = 0; b < size; b++)
            to[(size_t)i * size + b] =
                element[h->swapped ? b / unit * unit + unit - 1 - b % unit : b];
    }
    return to;
}

/* One string of a fixed width, NULs at its end dropped; NULL when it cannot be an element. */
static const char *read_string(Arena *arena, const Header *h, const uint8_t *from)
{
    size_t unit = h->kind == 'U' ? 4 : 1, width = (size_t)h->size, n = 0;
    char *text = arena_alloc(arena, array_bytes(width, unit) + 1);
    for (size_t i = 0; i < width; i++) {
        uint32_t c = from[i * unit];
        if (unit == 4) memcpy(&c, from + i * 4, 4);
        if (c > 0x10ffff) return NULL;
        n += unit == 4 ? utf8_encode(text + n, c) : (text[n] = (char)c, 1);
    }
    while (n && !text[n - 1]) n--;
    return string_flaw((String){text, n}) ? NULL : text;
}

static bool read_strings(Arena *arena, const File *file, const Header *h, const uint8_t *bytes,
                         int64_t elements, DataTensor *out, Diags *diags)
{
    const char **strings = NEW_ARRAY(arena, const char *, elements);
    size_t size = (size_t)h->size * (h->kind == 'U' ? 4 : 1);
    for (int64_t i = 0; i < elements; i++)
        if (!(strings[i] = read_string(arena, h, bytes + (size_t)i * size)))
            return datafile_error(diags, "E0121", file,
                                  "element %lld is not a string: UTF-8 without a NUL",
                                  (long long)i);
    out->data = strings;
    return true;
}

static bool read_elements(Arena *arena, const File *file, const Header *h, const uint8_t *data,
                          DataTensor *out, Diags *diags)
{
    int64_t elements, size, bytes, left = (int64_t)(file->bytes - (size_t)(data - file->data));
    if (datafile_bytes(out->dtype, h->rank, h->dims) < 0 ||
        !checked_elements(h->dims, h->rank, &elements) ||
        !checked_mul(h->size, h->kind == 'U' ? 4 : 1, &size) ||
        !checked_mul(elements, size, &bytes))
        return datafile_error(diags, "E0121", file, "the product of the dimensions overflows");
    if (bytes != left)
        return datafile_error(diags, "E0121", file, "the shape takes %lld bytes, the file has %lld",
                              (long long)bytes, (long long)left);
    if (h->swapped || (h->fortran && h->rank > 1))
        data = arrange(arena, h, data, elements, (size_t)size,
                       h->kind == 'S'   ? 1
                       : h->kind == 'U' ? 4
                       : h->kind == 'c' ? (size_t)size / 2
                                        : (size_t)size);
    if (out->dtype == DT_STRING) return read_strings(arena, file, h, data, elements, out, diags);
    out->data = datafile_adopt(arena, out->dtype, elements, data);
    return true;
}

bool npy_read(Arena *arena, const File *file, DataTensor *out, Diags *diags)
{
    Cursor c = {0};
    Header h = {0};
    if (!find_header(file, diags, &c)) return false;
    const uint8_t *data = (const uint8_t *)c.end;
    if (!read_header(&c, &h)) return false;
    *out = (DataTensor){.name = "", .dtype = header_dtype(&h), .rank = h.rank, .from_npy = true};
    memcpy(out->dims, h.dims, sizeof h.dims);
    if (!out->dtype)
        return datafile_error(diags, "E0121", file, "elements of type '%c%lld'", h.kind,
                              (long long)h.size);
    return read_elements(arena, file, &h, data, out, diags);
}

/* ---- narrow types ---- */

bool npy_narrow(Arena *arena, DataTensor *t, Dtype dtype)
{
    const DtypeInfo *info = dtype_info(dtype);
    bool is_float = info->class == CLASS_FLOAT;
    Dtype byte = info->class == CLASS_SIGNED ? DT_I8 : DT_U8;
    int64_t elements;
    if (!t->from_npy || t->dtype != byte || !checked_elements(t->dims, t->rank, &elements))
        return false;
    if (info->bits == 8 && is_float) t->dtype = dtype;
    if (!dtype_is_packed(dtype)) return t->dtype == dtype;
    uint8_t *packed = arena_alloc(arena, dtype_bytes(dtype, elements) + 1);
    Dtype code = is_float ? DT_U4 : dtype;
    for (int64_t i = 0; i < elements; i++) {
        int64_t value = dtype_get_int(byte, t->data, i);
        dtype_set_int(code, packed, i, value);
        if (dtype_get_int(code, packed, i) != value) return false;
    }
    t->data = packed;
    t->dtype = dtype;
    return true;
}

/* ---- writing: format 1, the data at a multiple of 64 ---- */

/* The characters of s into `out` unless it is NULL; returns how many. */
static size_t string_characters(const char *s, uint32_t *out)
{
    size_t n = 0, left = strlen(s);
    for (int bytes; left > 0; s += bytes, left -= (size_t)bytes, n++) {
        int c = utf8_decode(s, left, &bytes);
        if (out) out[n] = c < 0 ? 0xfffd : (uint32_t)c;
    }
    return n;
}

static size_t longest_string(const DataTensor *t, int64_t elements)
{
    size_t longest = 1;
    for (int64_t i = 0; i < elements; i++) {
        size_t n = string_characters(((const char *const *)t->data)[i], NULL);
        if (n > longest) longest = n;
    }
    return longest;
}

static const void *pad_strings(Arena *arena, const DataTensor *t, int64_t elements, size_t width)
{
    uint32_t *padded = NEW_ARRAY(arena, uint32_t, array_bytes((size_t)elements, width));
    for (int64_t i = 0; i < elements; i++)
        string_characters(((const char *const *)t->data)[i], padded + (size_t)i * width);
    return padded;
}

static const char *type_descr(Dtype dtype)
{
    const DtypeInfo *info = dtype_info(dtype);
    if (info->class == CLASS_FLOAT && info->bits <= 8) return "|V1";
    if (dtype_is_packed(dtype)) dtype = info->class == CLASS_SIGNED ? DT_I8 : DT_U8;
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].dtype == dtype) return types[i].descr;
    return NULL;
}

/* A byte for each element of a packed type: the value of an integer, the code of a float. */
static const void *unpack(Arena *arena, const DataTensor *t, int64_t elements)
{
    uint8_t *bytes = arena_alloc(arena, (size_t)elements + 1);
    for (int64_t i = 0; i < elements; i++) {
        const uint8_t *code = (const uint8_t *)t->data + i / 2;
        if (t->dtype == DT_F4E2M1)
            bytes[i] = *code >> (i % 2 * 4) & 15;
        else
            bytes[i] = (uint8_t)dtype_get_int(t->dtype, t->data, i);
    }
    return bytes;
}

static FilePart make_header(Arena *arena, const DataTensor *t, const char *descr)
{
    Text text = {0};
    text_put(&text, MAGIC, 6);
    text_put(&text, "\1\0\0\0", 4);
    text_add(&text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int i = 0; i < t->rank; i++)
        text_add(&text, "%s%lld", i ? ", " : "", (long long)t->dims[i]);
    text_add(&text, "%s), }", t->rank == 1 ? "," : "");
    while ((text.length + 1) % 64) text_put(&text, " ", 1);
    text_put(&text, "\n", 1);
    size_t length = text.length - 10;
    text.data[8] = (char)(length & 0xff);
    text.data[9] = (char)(length >> 8);
    FilePart header = {arena_copy(arena, text.data, text.length), text.length};
    text_free(&text);
    return header;
}

bool npy_write(Arena *arena, const DataTensor *t, FileParts *out, Diags *diags)
{
    int64_t elements;
    bool fits = checked_elements(t->dims, t->rank, &elements);
    assert(fits);
    size_t width = t->dtype == DT_STRING ? longest_string(t, elements) : 0;
    const char *descr = width ? arena_format(arena, "<U%zu", width) : type_descr(t->dtype);
    if (!descr)
        return datafile_error(diags, "E0125", NULL, ".npy cannot hold %s; .pb can",
                              dtype_name(t->dtype));
    FilePart data = {t->data, width ? (size_t)elements * width * sizeof(uint32_t)
                              : dtype_is_packed(t->dtype) ? (size_t)elements
                                                          : dtype_bytes(t->dtype, elements)};
    if (width) data.data = pad_strings(arena, t, elements, width);
    if (dtype_is_packed(t->dtype)) data.data = unpack(arena, t, elements);
    LIST_PUSH(arena, out, make_header(arena, t, descr));
    LIST_PUSH(arena, out, data);
    return true;
}
