/*
 * Ranges of integer expressions from those of their arguments: exact intervals, and unknown where
 * anything could overflow.
 */
#include "simplify.h"

static const Range unknown = {INT64_MIN, INT64_MAX};

Range range_add(Range a, Range b)
{
    Range sum;
    if (!range_bounded(a) || !range_bounded(b) || __builtin_add_overflow(a.lo, b.lo, &sum.lo) ||
        __builtin_add_overflow(a.hi, b.hi, &sum.hi))
        return unknown;
    return sum;
}

static Range range_mul(Range a, Range b)
{
    if (!range_bounded(a) || !range_bounded(b)) return unknown;
    const int64_t x[] = {a.lo, a.lo, a.hi, a.hi}, y[] = {b.lo, b.hi, b.lo, b.hi};
    Range r = {INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        int64_t product;
        if (__builtin_mul_overflow(x[i], y[i], &product)) return unknown;
        r = (Range){min64(r.lo, product), max64(r.hi, product)};
    }
    return r;
}

Range range_scale(Range a, int64_t factor) { return range_mul(a, (Range){factor, factor}); }

/* Of every value of a type; bounds of 64 bits are not known. */
static Range type_range(Dtype dtype)
{
    const DtypeInfo *info = dtype_info(dtype);
    if (info->class == CLASS_BOOL) return (Range){0, 1};
    if (info->class == CLASS_UNSIGNED && info->bits < 64)
        return (Range){0, ((int64_t)1 << info->bits) - 1};
    if (info->class == CLASS_SIGNED && info->bits < 64)
        return (Range){-((int64_t)1 << (info->bits - 1)), ((int64_t)1 << (info->bits - 1)) - 1};
    return unknown;
}

static Range within(Range r, Range type) { return r.lo >= type.lo && r.hi <= type.hi ? r : type; }

static Range quotient_range(Range a, Range b)
{
    if (b.lo != b.hi || b.lo <= 0 || !range_bounded(a)) return unknown;
    return (Range){floor_div(a.lo, b.lo), floor_div(a.hi, b.lo)};
}

static Range modulo_range(Range b)
{
    if (b.lo <= 0 || !range_bounded(b)) return unknown;
    return (Range){0, b.hi - 1};
}

static Range binary_range(const Expr *e)
{
    Range a = e->args[0]->range, b = e->args[1]->range;
    switch (e->op) {
    case BI_ADD: return range_add(a, b);
    case BI_SUB: return range_add(a, range_scale(b, -1));
    case BI_MUL: return range_mul(a, b);
    case BI_FLOORDIV: return quotient_range(a, b);
    case BI_FLOORMOD: return modulo_range(b);
    case BI_MIN: return (Range){min64(a.lo, b.lo), min64(a.hi, b.hi)};
    case BI_MAX: return (Range){max64(a.lo, b.lo), max64(a.hi, b.hi)};
    default: return unknown;
    }
}

Range simplify_range(const Expr *e)
{
    bool is_counted = !dtype_is_float(e->dtype) && e->dtype != DT_STRING;
    if (!is_counted || e->dtype == DT_U64) return unknown;
    Range type = type_range(e->dtype);
    switch (e->kind) {
    case EX_CONST: return (Range){e->i, e->i};
    case EX_VAR:
        return e->var->hi > e->var->lo ? (Range){e->var->lo, e->var->hi - 1}
                                       : (Range){e->var->lo, e->var->lo};
    case EX_BINARY: return e->args[0]->dtype == e->dtype ? within(binary_range(e), type) : type;
    case EX_SELECT: {
        Range a = e->args[1]->range, b = e->args[2]->range;
        return (Range){min64(a.lo, b.lo), max64(a.hi, b.hi)};
    }
    case EX_CAST:
        if (dtype_is_float(e->args[0]->dtype) || e->dtype == DT_BOOL) return type;
        return within(e->args[0]->range, type);
    case EX_SPLAT: return e->args[0]->range;
    case EX_REDUCE:
    case EX_ACROSS: return e->op == RE_MIN || e->op == RE_MAX ? e->args[0]->range : type;
    default: return type;
    }
}

Range ex_range(const Expr *e) { return e->range; }
