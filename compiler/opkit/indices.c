/* Tensors of indices: what can be checked about them at compile time, and how the negative ones are
 * meant. */
#include "indices.h"

bool indices_check(Infer *in, const Tensor *indices, int64_t first, int64_t step, int64_t extent)
{
    int64_t count = tensor_is_const(indices) ? tensor_elements(indices) : 0;
    for (int64_t i = first; i < count; i += step) {
        int64_t value = dtype_get_int(indices->dtype, indices->data, i);
        if (value >= -extent && value < extent) continue;
        infer_error(in, "E0213", "index %lld is not in -%lld..%lld", (long long)value,
                    (long long)extent, (long long)extent - 1);
        diag_note(infer_last_error(in), "it is element %lld of '%s'", (long long)i, indices->name);
        return false;
    }
    return true;
}

Expr *indices_from_end(Pool *p, Expr *loaded, int64_t extent)
{
    Expr *i = ex_cast(p, DT_I64, loaded);
    return ex_select(p, ex_lt(p, i, ex_int(p, 0)), ex_add(p, i, ex_int(p, extent)), i);
}
