/*
 * Tensors from values written in a .net file: nested or flat lists and single elements, checked
 * against the type they are to have.
 */
#include "read_net.h"

#include <math.h>

Dtype literal_dtype(const Value *v)
{
    if (v->kind == VALUE_LIST) {
        Dtype dtype = v->list.count ? literal_dtype(&v->list.items[0]) : DT_F32;
        for (int i = 1; i < v->list.count && dtype == DT_I64; i++)
            dtype = literal_dtype(&v->list.items[i]);
        return dtype;
    }
    return v->kind == VALUE_INT      ? DT_I64
           : v->kind == VALUE_BOOL   ? DT_BOOL
           : v->kind == VALUE_STRING ? DT_STRING
                                     : DT_F32;
}

bool literal_shape(Reader *r, const Value *v, int *rank, int64_t dims[MAX_RANK])
{
    *rank = 0;
    for (; v->kind == VALUE_LIST; v = &v->list.items[0]) {
        if (*rank == MAX_RANK) {
            net_error(r, "E0413", v->source, "this list is nested more than %d deep", MAX_RANK);
            return false;
        }
        dims[(*rank)++] = v->list.count;
        if (!v->list.count) break;
    }
    return true;
}

/* ---- one element ---- */

static bool bad_element(Reader *r, const Value *v, Dtype dtype)
{
    net_error(r, "E0413", v->source, "%s is not an element of type %s", value_text(r->arena, v),
              dtype_name(dtype));
    return false;
}

static bool store_int(Reader *r, const Value *v, Dtype dtype, void *data, int64_t at)
{
    if (v->kind != VALUE_INT) return bad_element(r, v, dtype);
    dtype_set_int(dtype, data, at, v->i);
    bool wide = dtype == DT_U64 || dtype == DT_I64;
    bool fits = dtype == DT_U64 ? v->huge || v->i >= 0 : !v->huge;
    if (fits && (wide || dtype_get_int(dtype, data, at) == v->i)) return true;
    net_error(r, "E0413", v->source, "%s does not fit %s", value_text(r->arena, v),
              dtype_name(dtype));
    return false;
}

static bool store_float(Reader *r, const Value *v, Dtype dtype, void *data, int64_t at)
{
    if (!value_is_number(v)) return bad_element(r, v, dtype);
    double x = value_number(v);
    dtype_set_double(dtype, data, at, x);
    if (isfinite(x) && isinf(dtype_get_double(dtype, data, at))) {
        net_error(r, "E0413", v->source, "%s is too large for %s", value_text(r->arena, v),
                  dtype_name(dtype));
        return false;
    }
    return true;
}

static bool store_string(Reader *r, const Value *v, const char **data, int64_t at)
{
    const char *flaw = string_flaw(v->s);
    if (flaw) net_error(r, "E0413", v->source, "an element of a tensor of strings %s", flaw);
    data[at] = v->s.data;
    return !flaw;
}

static bool store_element(Reader *r, const Value *v, Dtype dtype, void *data, int64_t at)
{
    if (dtype_is_float(dtype)) return store_float(r, v, dtype, data, at);
    if (dtype_is_integer(dtype)) return store_int(r, v, dtype, data, at);
    if (dtype == DT_BOOL && v->kind == VALUE_BOOL) {
        dtype_set_int(dtype, data, at, v->b);
        return true;
    }
    if (dtype == DT_STRING && v->kind == VALUE_STRING) return store_string(r, v, data, at);
    return bad_element(r, v, dtype);
}

/* ---- lists ---- */

static bool store_list(Reader *r, const Value *v, Dtype dtype, int rank, const int64_t *dims,
                       void *data, int64_t *at)
{
    if (rank == 0) return store_element(r, v, dtype, data, (*at)++);
    if (v->kind != VALUE_LIST || v->list.count != dims[0]) {
        net_error(r, "E0413", v->source, "the shape wants a list of %lld here; this is %s%s",
                  (long long)dims[0], value_kind_name(v),
                  v->kind == VALUE_LIST ? arena_format(r->arena, " of %d", v->list.count) : "");
        return false;
    }
    for (int i = 0; i < v->list.count; i++)
        if (!store_list(r, &v->list.items[i], dtype, rank - 1, dims + 1, data, at)) return false;
    return true;
}

static bool is_flat(const Value *v)
{
    for (int i = 0; i < v->list.count; i++)
        if (v->list.items[i].kind == VALUE_LIST) return false;
    return true;
}

static void fill(Dtype dtype, void *data, int64_t elements)
{
    if (dtype == DT_STRING) {
        const char **strings = data;
        for (int64_t i = 1; i < elements; i++) strings[i] = strings[0];
        return;
    }
    if (dtype_is_float(dtype)) {
        double x = dtype_get_double(dtype, data, 0);
        for (int64_t i = 1; i < elements; i++) dtype_set_double(dtype, data, i, x);
        return;
    }
    int64_t x = dtype_get_int(dtype, data, 0);
    for (int64_t i = 1; i < elements; i++) dtype_set_int(dtype, data, i, x);
}

const void *literal_data(Reader *r, const Value *v, Dtype dtype, int rank, const int64_t *dims)
{
    if (value_has_poison(v)) return NULL;
    if (dtype == DT_C64 || dtype == DT_C128) { /* pairs of parts */
        int64_t parts[MAX_RANK + 1];
        memcpy(parts, dims, (size_t)rank * sizeof *dims);
        parts[rank] = 2;
        return literal_data(r, v, dtype == DT_C64 ? DT_F32 : DT_F64, rank + 1, parts);
    }
    int64_t elements, at = 0;
    if (!checked_elements(dims, rank, &elements) || (r->literals += elements) > NET_MAX_LITERALS) {
        net_error(r, "E0205", v->source,
                  "a tensor of shape %s is too much to be written in the file",
                  dims_text(r->arena, dims, rank));
        return NULL;
    }
    void *data = arena_alloc(r->arena, dtype_bytes(dtype, elements + 1));
    if (v->kind != VALUE_LIST) {
        if (!store_element(r, v, dtype, data, 0)) return NULL;
        fill(dtype, data, elements);
        return data;
    }
    int before = diags_errors(r->diags);
    bool flat = is_flat(v) && v->list.count == elements && (rank != 1);
    const int64_t *shape = flat ? &elements : dims;
    if (store_list(r, v, dtype, flat ? 1 : rank, shape, data, &at)) return data;
    const Tensor whole = {.dtype = dtype, .rank = rank, .dims = (int64_t *)dims};
    if (diags_errors(r->diags) > before && rank > 1)
        net_note(diags_last(r->diags), "all of it is for %s", tensor_type_text(r->arena, &whole));
    return NULL;
}

Tensor *literal_tensor(Reader *r, const Value *v, Dtype dtype, const char *name)
{
    int rank;
    int64_t dims[MAX_RANK];
    if (!literal_shape(r, v, &rank, dims)) return NULL;
    const void *data = literal_data(r, v, dtype, rank, dims);
    if (!data) return NULL;
    Tensor *t = graph_add_const(r->graph, fresh_tensor_name(r, name), dtype, rank, dims, data);
    t->source = v->source;
    return t;
}

Tensor *int_list_tensor(Reader *r, const char *name, const int64_t *items, int count)
{
    int64_t dims[] = {count};
    const void *data = arena_copy(r->arena, items, (size_t)count * sizeof *items);
    return graph_add_const(r->graph, fresh_tensor_name(r, name), DT_I64, 1, dims, data);
}
