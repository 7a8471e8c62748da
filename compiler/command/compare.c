/* Element by element comparison, with the worst error and where it is. */
#include "compare.h"

#include "print_net.h"

#include <math.h>

static double largest(Dtype dtype, int64_t elements, const void *data)
{
    double most = 0;
    for (int64_t i = 0; i < elements; i++) {
        double x = fabs(dtype_get_double(dtype, data, i));
        if (isfinite(x) && x > most) most = x;
    }
    return most;
}

/* The error in units of what is allowed: over 1 is wrong. */
static double float_ratio(double got, double expected, double allowed)
{
    if (got == expected || (isnan(got) && isnan(expected))) return 0;
    double error = fabs(got - expected);
    if (!isfinite(error)) return INFINITY;
    return error == 0 ? 0 : error / allowed;
}

static void compare_floats(Dtype dtype, const void *got, const void *expected, Tolerance t,
                           Difference *d)
{
    double scale = t.scale ? largest(dtype, d->elements, expected) : 0, worst = 0;
    for (int64_t i = 0; i < d->elements; i++) {
        double x = dtype_get_double(dtype, got, i), y = dtype_get_double(dtype, expected, i);
        double allowed = t.atol + t.rtol * (t.scale ? scale : fabs(y));
        double ratio = float_ratio(x, y, allowed);
        d->wrong += ratio > 1;
        if (ratio <= worst) continue;
        worst = ratio;
        d->worst = i;
        d->error = fabs(x - y);
        d->allowed = allowed;
    }
}

static void compare_integers(Dtype dtype, const void *got, const void *expected, Difference *d)
{
    for (int64_t i = 0; i < d->elements; i++) {
        int64_t x = dtype_get_int(dtype, got, i), y = dtype_get_int(dtype, expected, i);
        if (x == y) continue;
        double error = fabs((double)x - (double)y);
        d->wrong++;
        if (d->worst >= 0 && error <= d->error) continue;
        d->worst = i;
        d->error = error;
    }
}

/* Behind a shape that depends on data there is no string: NULL. */
static bool same_string(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void compare_strings(const char *const *got, const char *const *expected, Difference *d)
{
    for (int64_t i = 0; i < d->elements; i++) {
        if (same_string(got[i], expected[i])) continue;
        if (d->wrong++ == 0) d->worst = i;
    }
}

/* Quoted; a long one is cut short. */
static const char *string_text(Arena *arena, const char *s)
{
    enum { MOST = 80 };
    if (!s) return "nothing";
    size_t length = strlen(s);
    Text text = {0};
    print_string(&text, (String){s, length < MOST ? length : MOST});
    const char *copy = arena_format(arena, "%s%s", text.data, length < MOST ? "" : "...");
    text_free(&text);
    return copy;
}

static const char *element_text(Arena *arena, Dtype dtype, const void *data, int64_t i)
{
    if (dtype == DT_STRING) return string_text(arena, ((const char *const *)data)[i]);
    if (dtype_is_float(dtype)) return arena_format(arena, "%.9g", dtype_get_double(dtype, data, i));
    long long value = (long long)dtype_get_int(dtype, data, i);
    return dtype == DT_U64 ? arena_format(arena, "%llu", (unsigned long long)value)
                           : arena_format(arena, "%lld", value);
}

Difference compare(Arena *arena, Dtype dtype, int64_t elements, const void *got,
                   const void *expected, Tolerance tolerance)
{
    Difference d = {.elements = elements, .worst = -1};
    if (dtype == DT_BOOL) dtype = DT_U8; /* another byte than 0 and 1 is wrong, not true */
    if (dtype_is_float(dtype))
        compare_floats(dtype, got, expected, tolerance, &d);
    else if (dtype == DT_STRING)
        compare_strings(got, expected, &d);
    else
        compare_integers(dtype, got, expected, &d);
    if (d.worst < 0) return d;
    d.got = element_text(arena, dtype, got, d.worst);
    d.expected = element_text(arena, dtype, expected, d.worst);
    return d;
}

const char *index_text(Arena *arena, int64_t element, const int64_t *dims, int rank)
{
    const char *text = "";
    for (int i = rank - 1; i >= 0; i--) {
        text = arena_format(arena, "%lld%s%s", (long long)(element % dims[i]), *text ? ", " : "",
                            text);
        element /= dims[i];
    }
    return rank ? arena_format(arena, "[%s]", text) : "";
}
