/*
 * In: names, numbers, tensors. Out: their .net text, such that reading it gives the same bytes
 * (NaNs lose their payload).
 */
#include "print_net.h"

#include "read_net_ast.h"

#include <math.h>
#include <stdlib.h>

/* ---- names and strings ---- */

/* `quote` ends the text, so it is escaped in it. */
static void print_quoted(Text *out, const char *text, size_t length, char quote)
{
    static const char plain[] = "\n\t\r\\", letters[] = "ntr\\";
    text_put(out, &quote, 1);
    for (size_t i = 0; i < length;) {
        int bytes, c = utf8_decode(text + i, length - i, &bytes);
        const char *escape = c > 0 && c < 0x80 ? strchr(plain, c) : NULL;
        if (escape)
            text_add(out, "\\%c", letters[escape - plain]);
        else if (c == quote)
            text_add(out, "\\%c", quote);
        else if (c < 0x20 || c == 0x7f)
            text_add(out, "\\x%02x", (unsigned char)text[i]), bytes = 1;
        else
            text_put(out, text + i, (size_t)bytes);
        i += (size_t)bytes;
    }
    text_put(out, &quote, 1);
}

void print_name(Text *out, const char *name)
{
    if (net_is_plain_name(name))
        text_add(out, "%s", name);
    else
        print_quoted(out, name, strlen(name), '`');
}

void print_string(Text *out, String s) { print_quoted(out, s.data, s.length, '"'); }

static void print_text(Text *out, const char *s) { print_quoted(out, s, strlen(s), '"'); }

/* ---- numbers ---- */

static double round_to(Dtype dtype, double value)
{
    uint64_t bytes[2] = {0};
    dtype_set_double(dtype, bytes, 0, value);
    return dtype_get_double(dtype, bytes, 0);
}

void print_float(Text *out, Dtype dtype, double value)
{
    char text[40];
    if (isnan(value)) {
        text_add(out, "nan");
        return;
    }
    if (isinf(value)) {
        text_add(out, value < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (round_to(dtype, strtod(text, NULL)) == value) break;
    }
    text_add(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void print_element(Text *out, const Tensor *t, int64_t i)
{
    if (t->dtype == DT_STRING)
        print_text(out, ((const char *const *)t->data)[i]);
    else if (t->dtype == DT_BOOL)
        text_add(out, dtype_get_int(t->dtype, t->data, i) ? "true" : "false");
    else if (dtype_is_float(t->dtype))
        print_float(out, t->dtype, dtype_get_double(t->dtype, t->data, i));
    else if (t->dtype == DT_U64)
        text_add(out, "%llu", (unsigned long long)dtype_get_int(t->dtype, t->data, i));
    else
        text_add(out, "%lld", (long long)dtype_get_int(t->dtype, t->data, i));
}

/* ---- tensors ---- */

void print_type(Text *out, Dtype dtype, int rank, const int64_t *dims)
{
    text_add(out, "%s", dtype_name(dtype));
    if (rank < 0) return;
    for (int i = 0; i < rank; i++) text_add(out, "%s%lld", i ? ", " : "[", (long long)dims[i]);
    text_add(out, rank ? "]" : "[]");
}

bool print_is_uniform(const Tensor *t)
{
    int64_t elements = tensor_elements(t);
    int bits = dtype_info(t->dtype)->bits;
    if (elements < 2 || bits < 8) return false;
    return dtype_same(t->dtype, t->data, (const char *)t->data + bits / 8, elements - 1);
}

enum { WIDTH = 100 };

static void print_list(Text *out, const Tensor *t, int64_t elements, int indent)
{
    size_t line = out->length;
    while (line && out->data[line - 1] != '\n') line--;
    text_add(out, "[");
    for (int64_t i = 0; i < elements; i++) {
        Text element = {0};
        print_element(&element, t, i);
        if (i) text_add(out, ",");
        if (out->length - line + element.length > WIDTH) {
            text_add(out, "\n%*s", indent, "");
            line = out->length - (size_t)indent;
        } else if (i) {
            text_add(out, " ");
        }
        text_put(out, element.data, element.length);
        text_free(&element);
    }
    text_add(out, "]");
}

/* A complex tensor as its parts, in pairs. */
static void print_complex(Text *out, const Tensor *t, int indent)
{
    int64_t dims[MAX_RANK + 1];
    Tensor parts = *t;
    memcpy(dims, t->dims, (size_t)t->rank * sizeof *dims);
    dims[t->rank] = 2;
    parts.dtype = t->dtype == DT_C64 ? DT_F32 : DT_F64;
    parts.rank = t->rank + 1;
    parts.dims = dims;
    print_elements(out, &parts, indent);
}

void print_elements(Text *out, const Tensor *t, int indent)
{
    if (t->dtype == DT_C64 || t->dtype == DT_C128) {
        print_complex(out, t, indent);
        return;
    }
    if (t->rank == 0 || print_is_uniform(t))
        print_element(out, t, 0);
    else
        print_list(out, t, tensor_elements(t), indent);
}

/* ---- attributes ---- */

static void print_scalar(Text *out, const Attr *a, int i)
{
    if (a->kind == ATTR_FLOATS)
        print_float(out, DT_F32, a->floats[i]);
    else if (a->kind == ATTR_INTS)
        text_add(out, "%lld", (long long)a->ints[i]);
    else
        print_string(out, a->strings[i]);
}

void print_attr_value(Text *out, const Attr *a, int indent)
{
    switch (a->kind) {
    case ATTR_FLOAT: print_float(out, DT_F32, a->f); break;
    case ATTR_INT: text_add(out, "%lld", (long long)a->i); break;
    case ATTR_STRING: print_string(out, a->s); break;
    case ATTR_TENSOR:
        print_type(out, a->tensor->dtype, a->tensor->rank, a->tensor->dims);
        text_add(out, " ");
        print_elements(out, a->tensor, indent);
        break;
    case ATTR_FLOATS:
    case ATTR_INTS:
    case ATTR_STRINGS:
        text_add(out, "[");
        for (int i = 0; i < a->count; i++) {
            if (i) text_add(out, ", ");
            print_scalar(out, a, i);
        }
        text_add(out, "]");
        break;
    default: text_add(out, "type()"); break;
    }
}
