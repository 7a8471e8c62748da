/* Casts between numbers and strings: the runtime knows f64 and integers of 64 bits, the rest is
 * casts. */
#include "number_text.h"

#include "extents.h"
#include "netc_string_number.h"

bool number_text_infer(Infer *in, Dtype to)
{
    const Tensor *x = in->node->inputs[0];
    if (x->dtype != DT_STRING || to == DT_STRING) return true;
    if (tensor_varies(x)) return extents_refuse(in, x); /* what lies outside is no number */
    if (dtype_is_float(to) || dtype_is_integer(to)) return true;
    return infer_error(in, "E0202", "strings become numbers, not %s", dtype_name(to));
}

/* What the runtime knows of the type of floats: others hold no more digits than f64 says. */
static int64_t float_type(Dtype t)
{
    return t == DT_F32 || t == DT_F16 || t == DT_BF16 ? t : DT_F64;
}

static Dtype widest(Dtype t) { return dtype_is_float(t) ? DT_F64 : t == DT_U64 ? DT_U64 : DT_I64; }

void number_text_write(Definer *d, Tensor *x, Tensor *out)
{
    Dtype wide = widest(x->dtype);
    int64_t count = tensor_elements(x);
    Tensor *numbers = define_temporary(d, "numbers", wide, x->rank, x->dims);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr *value = define_load(d, x, define_index_exprs(d, vars, x->rank));
    define_tensor(d, numbers, vars, ex_cast(d->pool, wide, value));
    Tensor *room = define_room(d, count * NETC_NUMBER_BYTES);
    if (wide == DT_F64)
        define_call(d, "netc_strings_from_floats", CALL_TENSORS(numbers), CALL_TENSORS(out, room),
                    CALL_NUMBERS(count, float_type(x->dtype)));
    else
        define_call(d, "netc_strings_from_integers", CALL_TENSORS(numbers), CALL_TENSORS(out, room),
                    CALL_NUMBERS(count, wide == DT_U64));
}

Tensor *number_text_read(Definer *d, Tensor *x, Dtype to)
{
    Dtype wide = widest(to);
    int64_t count = tensor_elements(x);
    Tensor *numbers = define_temporary(d, "numbers", wide, x->rank, x->dims);
    if (wide == DT_F64)
        define_call(d, "netc_floats_from_strings", CALL_TENSORS(x), CALL_TENSORS(numbers),
                    CALL_NUMBERS(count, float_type(to) == DT_F32 ? DT_F32 : DT_F64));
    else
        define_call(d, "netc_integers_from_strings", CALL_TENSORS(x), CALL_TENSORS(numbers),
                    CALL_NUMBERS(count, wide == DT_U64));
    return numbers;
}
