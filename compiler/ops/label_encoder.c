/*
 * LabelEncoder and CategoryMapper: numbers and strings looked up among keys, with the value of the
 * first that is equal (NaN equals NaN), or a default. Keys and values are lists or tensors in
 * attributes; before its version 2 LabelEncoder had one list of strings, and their positions.
 */
#include "known.h"
#include "row.h"

#define ML_TYPES (TYPE(DT_F32) | TYPE(DT_I64) | STRINGS)
#define ML_MORE  (ML_TYPES | TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I16))

/* The keys or the values. */
typedef struct Labels {
    Dtype dtype;
    int64_t count;
    const void *data; /* of that type */
} Labels;

static bool read_tensor(Infer *in, const Attr *a, Labels *l)
{
    if (!a->tensor->data || !(ML_MORE & TYPE(a->tensor->dtype)))
        return infer_error(in, "E0306", "%s must hold numbers or strings, not %s", a->name,
                           dtype_name(a->tensor->dtype));
    *l = (Labels){a->tensor->dtype, tensor_elements(a->tensor), a->tensor->data};
    return true;
}

static bool read_list(Infer *in, const Attr *a, Labels *l)
{
    if (a->kind == ATTR_TENSOR) return read_tensor(in, a, l);
    Dtype dtype = a->kind == ATTR_INTS ? DT_I64 : a->kind == ATTR_FLOATS ? DT_F32 : DT_STRING;
    if (dtype == DT_STRING && !known_strings(in, a)) return false;
    *l = (Labels){dtype, a->count, known_list(in->graph->arena, a, dtype)};
    return true;
}

/* `what` is "keys" or "values". */
static bool read_labels(Infer *in, const char *what, Labels *l)
{
    static const char *const kinds[] = {"tensor", "floats", "int64s", "strings"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *name = arena_format(in->graph->arena, "%s_%s", what, kinds[i]);
        if (node_attr(in->node, name)) return read_list(in, node_attr(in->node, name), l);
    }
    return infer_error(in, "E0306",
                       "there are no %s: %s_floats, %s_int64s, %s_strings or %s_tensor", what, what,
                       what, what, what);
}

/* What is given to that which is no key, of the values' type. */
static bool read_default(Infer *in, const Labels *values, Labels *l)
{
    const Attr *tensor = node_attr(in->node, "default_tensor"),
               *text = node_attr(in->node, "default_string");
    void *data = arena_alloc(in->graph->arena, sizeof(int64_t));
    *l = (Labels){values->dtype, 1, data};
    if (tensor) {
        if (!read_tensor(in, tensor, l)) return false;
        return (l->count == 1 && l->dtype == values->dtype) ||
               infer_error(in, "E0306", "default_tensor must be one element of the values' type");
    }
    if (values->dtype == DT_STRING && text && !known_string(in, text, text->s)) return false;
    if (values->dtype == DT_STRING)
        *(const char **)data = attr_text(in->node, "default_string");
    else if (dtype_is_float(values->dtype))
        dtype_set_double(values->dtype, data, 0, attr_float(in->node, "default_float"));
    else
        dtype_set_int(values->dtype, data, 0, attr_int(in->node, "default_int64"));
    return true;
}

/* Strings and numbers, the one or the other being the keys. Without a list of numbers they are the
 * positions of the strings. */
static bool read_pairs(Infer *in, const char *strings_name, const char *numbers_name, Labels *keys,
                       Labels *values)
{
    const Attr *texts = node_attr(in->node, strings_name),
               *ints = numbers_name ? node_attr(in->node, numbers_name) : NULL;
    bool by_text = in->node->inputs[0]->dtype == DT_STRING;
    if (!texts || (numbers_name && !ints))
        return infer_error(in, "E0303", "the attribute %s is missing",
                           texts ? numbers_name : strings_name);
    int64_t *places = NEW_ARRAY(in->graph->arena, int64_t, texts->count + 1);
    for (int i = 0; i < texts->count; i++) places[i] = i;
    Labels strings, numbers = {DT_I64, texts->count, places};
    if (!read_list(in, texts, &strings) || (ints && !read_list(in, ints, &numbers))) return false;
    *keys = by_text ? strings : numbers;
    *values = by_text ? numbers : strings;
    return true;
}

static bool read_keys(Infer *in, Labels *keys, Labels *values)
{
    if (strcmp(in->node->op_type, "CategoryMapper") == 0)
        return read_pairs(in, "cats_strings", "cats_int64s", keys, values);
    if (in->node->version < 2) return read_pairs(in, "classes_strings", NULL, keys, values);
    return read_labels(in, "keys", keys) && read_labels(in, "values", values);
}

static bool read_all(Infer *in, Labels *keys, Labels *values, Labels *otherwise)
{
    const Tensor *x = in->node->inputs[0];
    if (!read_keys(in, keys, values) || !read_default(in, values, otherwise)) return false;
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
    {.name = "CategoryMapper",
     .domain = "ai.onnx.ml",
     .doc = "Strings replaced by numbers, or numbers by strings, as two lists say.",
     VERSIONS(1),
     INPUTS(SLOT("X", TYPE(DT_I64) | STRINGS, "T1")),
     OUTPUTS(SLOT("Y", TYPE(DT_I64) | STRINGS, "T2")),
     ATTRS(ATTR("cats_int64s", INTS), ATTR("cats_strings", STRINGS),
           ATTR("default_int64", INT, .i = -1), ATTR("default_string", STRING, .s = "_Unused")),
     .infer = infer_encoder,
     .define = define_encoder,
     EXAMPLES("\"ai.onnx.ml\"::CategoryMapper(x: string[4], cats_strings: [\"a\", \"b\"], "
              "cats_int64s: [3, 5])",
              "\"ai.onnx.ml\"::CategoryMapper(x: i64[4], cats_strings: [\"a\", \"b\"], "
              "cats_int64s: [0, 1])")},
    {.name = "LabelEncoder",
     .domain = "ai.onnx.ml",
     .doc = "Numbers or strings replaced by others, as a list of keys and values says.",
     VERSIONS(1, 2, 4),
     INPUTS(SLOT("X", TYPE(DT_I64) | STRINGS, "T1", .until = 1),
            SLOT("X", ML_TYPES, "T1", .since = 2, .until = 3),
            SLOT("X", ML_MORE, "T1", .since = 4)),
     OUTPUTS(SLOT("Y", TYPE(DT_I64) | STRINGS, "T2", .until = 1),
             SLOT("Y", ML_TYPES, "T2", .since = 2, .until = 3),
             SLOT("Y", ML_MORE, "T2", .since = 4)),
     ATTRS(ATTR("classes_strings", STRINGS, .until = 1),
           ATTR("default_float", FLOAT, .f = -0.0, .since = 2), ATTR("default_int64", INT, .i = -1),
           ATTR("default_string", STRING, .s = "_Unused"),
           ATTR("default_tensor", TENSOR, .since = 4), ATTR("keys_floats", FLOATS, .since = 2),
           ATTR("keys_int64s", INTS, .since = 2), ATTR("keys_strings", STRINGS, .since = 2),
           ATTR("keys_tensor", TENSOR, .since = 4), ATTR("values_floats", FLOATS, .since = 2),
           ATTR("values_int64s", INTS, .since = 2), ATTR("values_strings", STRINGS, .since = 2),
           ATTR("values_tensor", TENSOR, .since = 4)),
     .infer = infer_encoder,
     .define = define_encoder,
     EXAMPLES("\"ai.onnx.ml\"::LabelEncoder@4(x: i64[5], keys_int64s: [0, 1, -1], values_floats: "
              "[0.5, 1.5, 2.5])",
              "\"ai.onnx.ml\"::LabelEncoder@4(x: string[5], keys_strings: [\"a\", \"\"], "
              "values_strings: [\"x\", \"y\"])",
              "\"ai.onnx.ml\"::LabelEncoder@1(x: string[4], classes_strings: [\"b\", \"a\"])")},
    {0},
};
