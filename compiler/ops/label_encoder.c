/*
 * LabelEncoder: numbers looked up among keys, with the value of the first that is equal (NaN equals
 * NaN), or a default. Keys and values are lists or tensors in attributes. Strings have no
 * definition here.
 */
#include "known.h"
#include "row.h"

#define ML_NUMBERS (TYPE(DT_F32) | TYPE(DT_I64))
#define ML_MORE    (ML_NUMBERS | TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I16))

/* The keys or the values: what names they go by, and the elements of the one that is given. */
typedef struct Labels {
    Dtype dtype;
    int64_t count;
    const void *data; /* of that type */
} Labels;

static bool read_tensor(Infer *in, const Attr *a, Labels *l)
{
    if (!a->tensor->data || !(ML_MORE & TYPE(a->tensor->dtype)))
        return infer_error(in, "E0306", "%s must hold numbers, not %s", a->name,
                           dtype_name(a->tensor->dtype));
    *l = (Labels){a->tensor->dtype, tensor_elements(a->tensor), a->tensor->data};
    return true;
}

/* `what` is "keys" or "values". */
static bool read_labels(Infer *in, const char *what, Labels *l)
{
    Arena *arena = in->graph->arena;
    const Attr *tensor = node_attr(in->node, arena_format(arena, "%s_tensor", what)),
               *floats = node_attr(in->node, arena_format(arena, "%s_floats", what)),
               *ints = node_attr(in->node, arena_format(arena, "%s_int64s", what));
    if (tensor) return read_tensor(in, tensor, l);
    if (!floats && !ints)
        return infer_error(in, "E0306", "%s must be numbers: %s_floats, %s_int64s or %s_tensor",
                           what, what, what, what);
    *l = (Labels){ints ? DT_I64 : DT_F32, ints ? ints->count : floats->count,
                  ints ? ints->ints : NULL};
    if (ints) return true;
    float *data = NEW_ARRAY(arena, float, l->count + 1);
    for (int64_t i = 0; i < l->count; i++) data[i] = (float)floats->floats[i];
    l->data = data;
    return true;
}

/* What is given to that which is no key, of the values' type. */
static bool read_default(Infer *in, const Labels *values, Labels *l)
{
    const Attr *tensor = node_attr(in->node, "default_tensor");
    void *data = arena_alloc(in->graph->arena, sizeof(int64_t));
    *l = (Labels){values->dtype, 1, data};
    if (tensor) {
        if (!read_tensor(in, tensor, l)) return false;
        return (l->count == 1 && l->dtype == values->dtype) ||
               infer_error(in, "E0306", "default_tensor must be one element of the values' type");
    }
    if (dtype_is_float(values->dtype))
        dtype_set_double(values->dtype, data, 0, attr_float(in->node, "default_float"));
    else
        dtype_set_int(values->dtype, data, 0, attr_int(in->node, "default_int64"));
    return true;
}

static bool read_all(Infer *in, Labels *keys, Labels *values, Labels *otherwise)
{
    const Tensor *x = in->node->inputs[0];
    if (!read_labels(in, "keys", keys) || !read_labels(in, "values", values) ||
        !read_default(in, values, otherwise))
        return false;
    if (keys->dtype != x->dtype)
        return infer_error(in, "E0202", "the keys are %s, but the input is %s",
                           dtype_name(keys->dtype), dtype_name(x->dtype));
    if (keys->count != values->count || keys->count == 0)
        return infer_error(in, "E0306", "%lld keys have %lld values", (long long)keys->count,
                           (long long)values->count);
    return true;
}

static bool infer_encoder(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Labels keys, values, otherwise;
    return read_all(in, &keys, &values, &otherwise) &&
           known_type(in, "the list of values", values.dtype) != DT_NONE &&
           infer_output(in, 0, values.dtype, x->rank, x->dims);
}

static void define_encoder(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    Infer in = infer_again(d);
    Labels keys, values, otherwise;
    bool accepted = read_all(&in, &keys, &values, &otherwise);
    assert(accepted);
    if (!out) return;
    int64_t one = 1;
    Tensor *key_table = define_constant(d, "keys", keys.dtype, 1, &keys.count, keys.data),
           *value_table = define_constant(d, "values", values.dtype, 1, &values.count, values.data),
           *fallback = define_constant(d, "default", values.dtype, 1, &one, otherwise.data);
    Tensor *places = define_temporary(d, "places", DT_I64, x->rank, x->dims);
    Var **vars = define_indices(d, x->rank, x->dims), *k = define_var(d, "k", keys.count);
    Expr *at = ex_var(p, k), *own = ex_load(p, x, define_index_exprs(d, vars, x->rank));
    Expr *key = ex_load(p, key_table, &at), *hit = ex_eq(p, own, key);
    if (dtype_is_float(keys.dtype))
        hit = ex_or(p, hit, ex_and(p, ex_unary(p, UN_ISNAN, own), ex_unary(p, UN_ISNAN, key)));
    Expr *none = ex_int(p, keys.count);
    define_tensor(d, places, vars, ex_reduce(p, RE_MIN, &k, 1, ex_select(p, hit, at, none)));
    vars = define_indices(d, x->rank, x->dims);
    Expr *place = ex_load(p, places, define_index_exprs(d, vars, x->rank)), *zero = ex_int(p, 0);
    Expr *inside = define_wrap(p, place, keys.count);
    define_tensor(d, out, vars,
                  ex_select(p, ex_lt(p, place, none), ex_load(p, value_table, &inside),
                            ex_load(p, fallback, &zero)));
}

const Op ops_label_encoder[] = {
    {.name = "LabelEncoder",
     .domain = "ai.onnx.ml",
     .doc = "Numbers replaced by others, as a list of keys and values says.",
     VERSIONS(2, 4),
     INPUTS(SLOT("X", ML_NUMBERS, "T1", .until = 3), SLOT("X", ML_MORE, "T1", .since = 4)),
     OUTPUTS(SLOT("Y", ML_NUMBERS, "T2", .until = 3), SLOT("Y", ML_MORE, "T2", .since = 4)),
     ATTRS(ATTR("default_float", FLOAT, .f = -0.0), ATTR("default_int64", INT, .i = -1),
           ATTR("default_string", STRING, .s = "_Unused"),
           ATTR("default_tensor", TENSOR, .since = 4), ATTR("keys_floats", FLOATS),
           ATTR("keys_int64s", INTS), ATTR("keys_strings", STRINGS),
           ATTR("keys_tensor", TENSOR, .since = 4), ATTR("values_floats", FLOATS),
           ATTR("values_int64s", INTS), ATTR("values_strings", STRINGS),
           ATTR("values_tensor", TENSOR, .since = 4)),
     .infer = infer_encoder,
     .define = define_encoder,
     EXAMPLES("\"ai.onnx.ml\"::LabelEncoder@4(x: i64[5], keys_int64s: [0, 1, -1], values_floats: "
              "[0.5, 1.5, 2.5])")},
    {0},
};
