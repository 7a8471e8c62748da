/*
 * The table of the runtime's functions that generated code calls. Comes in: a call's tensors as
 * bytes. Goes out: what the function writes. Knows nothing of operators.
 */
#include "calls.h"

#include "netc_calls.h"
#include "netc_string_number.h"

/* ---- each with the types that its pointers have ---- */

static int run_compact(const void *const *r, void *const *w, const int64_t *n)
{
    netc_compact(r[0], w[0], w[1], n[0]);
    return 0;
}

static int run_unique(const void *const *r, void *const *w, const int64_t *n)
{
    netc_unique(r[0], w[0], w[1], w[2], w[3], w[4], n[0], n[1], n[2]);
    return 0;
}

static int run_select_boxes(const void *const *r, void *const *w, const int64_t *n)
{
    netc_select_boxes(r[0], r[1], r[2], r[3], r[4], w[0], w[1], w[2], n[0], n[1], n[2], n[3], n[4]);
    return 0;
}

static int run_pack(const void *const *r, void *const *w, const int64_t *n)
{
    netc_pack(r[0], r[1], r[2], w[0], n[0], n[1]);
    return 0;
}

static int run_clear(const void *const *r, void *const *w, const int64_t *n)
{
    (void)r;
    netc_clear(w[0], n[0]);
    return 0;
}

static int run_copy(const void *const *r, void *const *w, const int64_t *n)
{
    netc_copy(r[0], w[0], n[0]);
    return 0;
}

static int run_append_within(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_append_within(r[0], r[1], w[0], n[0], n[1]);
}

static int run_append(const void *const *r, void *const *w, const int64_t *n)
{
    netc_append(r[0], r[1], w[0], n[0]);
    return 0;
}

static int run_concat_strings(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_concat_strings(r[0], r[1], w[0], w[1], n[0], n[1]);
}

static int run_split_strings(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_split_strings(r[0], r[1], w[0], w[1], w[2], w[3], n[0], n[1], n[2], n[3]);
}

static int run_normalize_strings(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_normalize_strings(r[0], r[1], r[2], w[0], w[1], w[2], n[0], n[1], n[2], n[3], n[4],
                                  n[5]);
}

static int run_match_strings(const void *const *r, void *const *w, const int64_t *n)
{
    netc_match_strings(r[0], r[1], r[2], r[3], w[0], n[0], n[1]);
    return 0;
}

static int run_rank_strings(const void *const *r, void *const *w, const int64_t *n)
{
    netc_rank_strings(r[0], w[0], w[1], n[0]);
    return 0;
}

static int run_strings_from_floats(const void *const *r, void *const *w, const int64_t *n)
{
    netc_strings_from_floats(r[0], w[0], w[1], n[0], n[1]);
    return 0;
}

static int run_strings_from_integers(const void *const *r, void *const *w, const int64_t *n)
{
    netc_strings_from_integers(r[0], w[0], w[1], n[0], n[1]);
    return 0;
}

static int run_floats_from_strings(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_floats_from_strings(r[0], w[0], n[0], n[1]);
}

static int run_integers_from_strings(const void *const *r, void *const *w, const int64_t *n)
{
    return netc_integers_from_strings(r[0], w[0], n[0], n[1]);
}

#define CALLS   "netc_calls.h"
#define STRINGS "netc_string.h"
#define NUMBERS "netc_string_number.h"

static const CallFunction functions[] = {
    {"netc_append", CALLS, run_append, false, false},
    {"netc_append_within", CALLS, run_append_within, false, true},
    {"netc_clear", CALLS, run_clear, false, false},
    {"netc_compact", CALLS, run_compact, false, false},
    {"netc_concat_strings", STRINGS, run_concat_strings, false, true},
    {"netc_copy", CALLS, run_copy, false, false},
    {"netc_floats_from_strings", NUMBERS, run_floats_from_strings, false, true},
    {"netc_integers_from_strings", NUMBERS, run_integers_from_strings, false, true},
    {"netc_match_strings", STRINGS, run_match_strings, false, false},
    {"netc_normalize_strings", STRINGS, run_normalize_strings, false, true},
    {"netc_pack", CALLS, run_pack, false, false},
    {"netc_rank_strings", STRINGS, run_rank_strings, false, false},
    {"netc_select_boxes", CALLS, run_select_boxes, true, false},
    {"netc_split_strings", STRINGS, run_split_strings, false, true},
    {"netc_strings_from_floats", NUMBERS, run_strings_from_floats, false, false},
    {"netc_strings_from_integers", NUMBERS, run_strings_from_integers, false, false},
    {"netc_unique", CALLS, run_unique, false, false},
};

const CallFunction *call_find(const char *name)
{
    const CallFunction *found = NULL;
    for (size_t i = 0; i < COUNT(functions); i++)
        if (strcmp(functions[i].name, name) == 0) found = &functions[i];
    assert(found);
    return found;
}

int64_t call_cost(const Call *call)
{
    enum { AN_ELEMENT = 32 };
    int64_t elements = 1, work;
    for (int i = 0; i < call->read_count; i++)
        if (!checked_add(elements, tensor_elements(call->reads[i]), &elements)) return INT64_MAX;
    for (int i = 0; i < call->write_count; i++)
        if (!checked_add(elements, tensor_elements(call->writes[i]), &elements)) return INT64_MAX;
    return checked_mul(elements, call->function->quadratic ? elements : AN_ELEMENT, &work)
               ? work
               : INT64_MAX;
}

bool interp_call(const Definition *def, void *const *data,
                 const void *(*value)(const Tensor *t, void *context), void *context)
{
    const Call *call = def->call;
    Arena *arena = arena_new();
    const void **reads = NEW_ARRAY(arena, const void *, call->read_count + 1);
    for (int i = 0; i < call->read_count; i++) reads[i] = value(call->reads[i], context);
    bool good = call->function->run(reads, data, call->numbers) == 0;
    arena_free(arena);
    return good;
}
