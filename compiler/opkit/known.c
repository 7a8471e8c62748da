/* What an operator's inference must know at compile time, looked up and checked. */
#include "known.h"

Dtype known_type(Infer *in, const char *attr, int64_t number)
{
    const Node *n = in->node;
    const Slot *slot = op_output(n->op, n->version, 0);
    if (number > DT_NONE && number < DT_COUNT && slot->types & TYPE(number)) return (Dtype)number;
    bool named = number > DT_NONE && number < DT_COUNT;
    infer_error(in, "E0306",
                "%s names the element type %lld%s%s%s, which this operator cannot make", attr,
                (long long)number, named ? " (" : "", named ? dtype_name((Dtype)number) : "",
                named ? ")" : "");
    return DT_NONE;
}

const void *known_list(Arena *arena, const Attr *list, Dtype dtype)
{
    void *data = arena_alloc(arena, dtype_bytes(dtype, list->count) + 1);
    for (int i = 0; i < list->count; i++) {
        if (dtype == DT_STRING)
            ((const char **)data)[i] = list->strings[i].data;
        else if (!dtype_is_float(dtype))
            dtype_set_int(dtype, data, i, list->ints[i]);
        else
            dtype_set_double(dtype, data, i,
                             list->kind == ATTR_INTS ? (double)list->ints[i] : list->floats[i]);
    }
    return data;
}

const char *known_string(Infer *in, const Attr *a, String s)
{
    const char *flaw = string_flaw(s);
    if (!flaw) return s.data;
    infer_error(in, "E0306", "a string in %s %s", a->name, flaw);
    return NULL;
}

const char **known_strings(Infer *in, const Attr *list)
{
    const char **strings = NEW_ARRAY(in->graph->arena, const char *, list->count + 1);
    for (int i = 0; i < list->count; i++)
        if (!(strings[i] = known_string(in, list, list->strings[i]))) return NULL;
    return strings;
}

const Tensor *known_number(Infer *in, int i)
{
    const Node *n = in->node;
    const Tensor *t = n->inputs[i];
    const char *slot = op_input(n->op, n->version, i)->name;
    if (!t->data) {
        infer_unknown(in, i);
        return NULL;
    }
    if (tensor_elements(t) == 1) return t;
    infer_error(in, "E0203", "the %s must be one number, it is %s", slot,
                tensor_type_text(in->graph->arena, t));
    return NULL;
}
