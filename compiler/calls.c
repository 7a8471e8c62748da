/*
 * The table of the runtime's functions that generated code calls. Comes in: a call's tensors as
 * bytes. Goes out: what the function writes. Knows nothing of operators.
 */
#include "calls.h"

#include "netc_calls.h"

/* ---- each with the types that its pointers have ---- */

static void run_compact(const void *const *r, void *const *w, const int64_t *n)
{
    netc_compact(r[0], w[0], w[1], n[0]);
}

static void run_unique(const void *const *r, void *const *w, const int64_t *n)
{
    netc_unique(r[0], w[0], w[1], w[2], w[3], w[4], n[0], n[1], n[2]);
}

static void run_select_boxes(const void *const *r, void *const *w, const int64_t *n)
{
    netc_select_boxes(r[0], r[1], r[2], r[3], r[4], w[0], w[1], w[2], n[0], n[1], n[2], n[3], n[4]);
}

static void run_pack(const void *const *r, void *const *w, const int64_t *n)
{
    netc_pack(r[0], r[1], r[2], w[0], n[0], n[1]);
}

static const CallFunction functions[] = {
    {"netc_compact", "netc_calls.h", run_compact, false},
    {"netc_pack", "netc_calls.h", run_pack, false},
    {"netc_select_boxes", "netc_calls.h", run_select_boxes, true},
    {"netc_unique", "netc_calls.h", run_unique, false},
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

void interp_call(const Definition *def, void *const *data,
                 const void *(*value)(const Tensor *t, void *context), void *context)
{
    const Call *call = def->call;
    Arena *arena = arena_new();
    const void **reads = NEW_ARRAY(arena, const void *, call->read_count + 1);
    for (int i = 0; i < call->read_count; i++) reads[i] = value(call->reads[i], context);
    call->function->run(reads, data, call->numbers);
    arena_free(arena);
}
