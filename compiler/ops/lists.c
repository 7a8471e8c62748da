/*
 * Sequences and optionals: lists of tensors that are known when the network is compiled, so that
 * nothing of them is left in what is generated. Positions must be known; the elements themselves
 * need not be.
 */
#include "expand.h"
#include "known.h"
#include "row.h"

#define LIST_OF(name) SLOT(name, TYPES_ALL, "T", .kinds = TAKES_SEQUENCE)
#define TENSOR(name)  SLOT(name, TYPES_ALL, "T")
#define POSITION(...) SLOT("position", TYPE(DT_I32) | TYPE(DT_I64), "I", ##__VA_ARGS__)

static const Expansion *list(const Infer *in, int i) { return in->node->inputs[i]->expansion; }

/* ---- making ---- */

static bool infer_construct(Infer *in)
{
    const Node *n = in->node;
    for (int i = 0; i < n->input_count; i++)
        if (!n->inputs[i])
            return infer_error(in, "E0305", "element %d of the sequence is missing", i);
    return expand_bind_list(in, 0, IS_SEQUENCE, n->inputs[0]->dtype, n->inputs, n->input_count);
}

static bool infer_empty(Infer *in)
{
    Dtype dtype = known_type(in, "dtype", attr_int(in->node, "dtype"));
    return dtype && expand_bind_list(in, 0, IS_SEQUENCE, dtype, NULL, 0);
}

/* ---- positions ---- */

/* Input i as a position among `count` places; `otherwise` where it is not given. */
static bool position(Infer *in, int i, int64_t count, int64_t otherwise, int64_t *at)
{
    int64_t given;
    *at = otherwise;
    if (node_input(in->node, i)) {
        const int64_t *values = infer_const_ints(in, i, &given);
        if (!values) return false;
        if (given != 1)
            return infer_error(in, "E0203", "a position is one number, not %lld", (long long)given);
        *at = values[0] < 0 ? values[0] + count : values[0];
        if (*at < 0 || *at >= count)
            return infer_error(in, "E0213", "position %lld; there are %lld places",
                               (long long)values[0], (long long)count);
    }
    return (*at >= 0 && *at < count) || infer_error(in, "E0213", "the sequence is empty");
}

static bool infer_at(Infer *in)
{
    int64_t at;
    return position(in, 1, list(in, 0)->count, 0, &at) &&
           expand_bind(in, 0, list(in, 0)->items[at]);
}

/* A position before which to insert may be the end; counted from the end, -1 is before the last. */
static bool infer_insert(Infer *in)
{
    const Expansion *e = list(in, 0);
    Tensor *x = in->node->inputs[1], **items = NEW_ARRAY(in->graph->arena, Tensor *, e->count + 1);
    int64_t at, given, count = e->count;
    const int64_t *value = node_input(in->node, 2) ? infer_const_ints(in, 2, &given) : NULL;
    if (value && given == 1 && value[0] < 0)
        at = value[0] + count;
    else if (!position(in, 2, count + 1, count, &at))
        return false;
    if (at < 0)
        return infer_error(in, "E0213", "position %lld; the sequence has %lld elements",
                           (long long)value[0], (long long)count);
    for (int64_t i = 0; i <= count; i++)
        items[i] = i < at ? e->items[i] : i == at ? x : e->items[i - 1];
    return expand_bind_list(in, 0, IS_SEQUENCE, x->dtype, items, (int)count + 1);
}

static bool infer_erase(Infer *in)
{
    const Expansion *e = list(in, 0);
    Tensor **items = NEW_ARRAY(in->graph->arena, Tensor *, e->count + 1);
    int64_t at;
    if (!position(in, 1, e->count, e->count - 1, &at)) return false;
    for (int i = 0; i + 1 < e->count; i++) items[i] = e->items[i < at ? i : i + 1];
    return expand_bind_list(in, 0, IS_SEQUENCE, e->dtype, items, e->count - 1);
}

static bool infer_length(Infer *in)
{
    int64_t count = list(in, 0)->count;
    return expand_bind(in, 0, expand_ints(in, 0, 1, &count));
}

/* ---- tensors from sequences and back ---- */

static bool check_join(Infer *in, const Expansion *e, int axis)
{
    const Tensor *first = e->items[0];
    bool stack = attr_int(in->node, "new_axis") != 0;
    for (int i = 1; i < e->count; i++) {
        const Tensor *x = e->items[i];
        bool same = x->rank == first->rank && x->dtype == first->dtype;
        for (int k = 0; same && k < x->rank; k++)
            same = x->dims[k] == first->dims[k] || (!stack && k == axis);
        if (!same)
            return infer_error(in, "E0201", "element 0 is %s and element %d is %s",
                               tensor_type_text(in->graph->arena, first), i,
                               tensor_type_text(in->graph->arena, x));
    }
    return true;
}

static bool infer_join(Infer *in)
{
    const Expansion *e = list(in, 0);
    int64_t stack = attr_int(in->node, "new_axis");
    int axis;
    if (!e->count)
        return infer_error(in, "E0213", "the sequence is empty: there is nothing to put together");
    if (stack < 0 || stack > 1)
        return infer_error(in, "E0306", "new_axis is %lld, not 0 or 1", (long long)stack);
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), e->items[0]->rank + (int)stack,
                    &axis) ||
        !check_join(in, e, axis))
        return false;
    return expand_bind(in, 0,
                       stack ? expand_stack(in, e->items, e->count, axis)
                             : expand_concat(in, e->items, e->count, axis));
}

/* Sizes of the parts of an axis of `size`: those given, or parts of one size of which the last may
 * be smaller. */
static const int64_t *part_sizes(Infer *in, int64_t size, int64_t *count)
{
    const Tensor *split = node_input(in->node, 1);
    int64_t given = 1, each = 1, sum = 0;
    const int64_t *values = split ? infer_const_ints(in, 1, &given) : &each;
    if (!values) return NULL;
    if (split && split->rank > 0) {
        for (int64_t i = 0; i < given; i++)
            if (values[i] < 0 || !checked_add(sum, values[i], &sum)) sum = -1, i = given;
        *count = given;
        if (sum == size) return values;
        infer_error(in, "E0201", "the parts add up to %lld, but the axis has %lld", (long long)sum,
                    (long long)size);
        return NULL;
    }
    each = values[0];
    if (each < 1) {
        infer_error(in, "E0213", "parts of %lld elements", (long long)each);
        return NULL;
    }
    *count = size / each + (size % each != 0);
    if (*count > MOST_ITEMS) {
        infer_error(in, "E0205", "a sequence of %lld elements; at most %d are possible",
                    (long long)*count, MOST_ITEMS);
        return NULL;
    }
    int64_t *sizes = NEW_ARRAY(in->graph->arena, int64_t, *count);
    for (int64_t i = 0; i < *count; i++) sizes[i] = min64(each, size - i * each);
    return sizes;
}

static bool infer_split(Infer *in)
{
    Tensor *x = in->node->inputs[0];
    int axis;
    int64_t count, from = 0;
    bool drop = !node_input(in->node, 1) && attr_int(in->node, "keepdims") == 0;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), x->rank, &axis)) return false;
    const int64_t *sizes = part_sizes(in, x->dims[axis], &count);
    if (!sizes) return false;
    if (count > MOST_ITEMS)
        return infer_error(in, "E0205", "a sequence of %lld elements; at most %d are possible",
                           (long long)count, MOST_ITEMS);
    Tensor **items = NEW_ARRAY(in->graph->arena, Tensor *, count);
    for (int64_t i = 0; i < count; from += sizes[i++])
        if (!(items[i] = expand_take(in, x, axis, from, from + sizes[i], drop))) return false;
    return expand_bind_list(in, 0, IS_SEQUENCE, x->dtype, items, (int)count);
}

/* ---- SequenceMap ---- */

static bool infer_map(Infer *in)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    int count = list(in, 0)->count, outputs = n->output_count;
    Body body;
    if (!expand_body_of(in, "body", n->input_count, outputs, &body)) return false;
    Tensor **inputs = NEW_ARRAY(arena, Tensor *, n->input_count),
           **items = NEW_ARRAY(arena, Tensor *, outputs * count + 1);
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < n->input_count; i++) {
            const Expansion *e = n->inputs[i] ? list(in, i) : NULL;
            if (!n->inputs[i] || (e && e->count != count))
                return infer_error(in, "E0201", "input %d has not the %d elements of the first", i,
                                   count);
            inputs[i] = e ? e->items[k] : n->inputs[i];
        }
        Tensor **given = expand_run(in, &body, inputs);
        if (!given) return false;
        for (int i = 0; i < outputs; i++) items[i * count + k] = given[i];
    }
    for (int i = 0; i < outputs; i++) {
        Dtype dtype = count ? items[i * count]->dtype : DT_NONE;
        if (!expand_bind_list(in, i, IS_SEQUENCE, dtype, items + i * count, count)) return false;
    }
    return true;
}

/* ---- optionals ---- */

/* What is no optional has itself as its value: opset 18 says so, and models of older ones hand a
 * loop's state on like that. */

static bool infer_optional(Infer *in)
{
    Tensor *x = node_input(in->node, 0);
    if (!x && !attr_given(in->node, "type"))
        return infer_error(in, "E0303", "Optional has neither a value nor the attribute type");
    Dtype dtype = !x ? DT_NONE : x->expansion ? x->expansion->dtype : x->dtype;
    return expand_bind_list(in, 0, IS_OPTIONAL, dtype, &x, x != NULL);
}

static bool infer_has_element(Infer *in)
{
    const Tensor *x = node_input(in->node, 0);
    bool empty = !x || (x->expansion && x->expansion->kind == IS_OPTIONAL && !x->expansion->count);
    return expand_bind(in, 0, expand_bool(in, !empty));
}

static bool infer_get_element(Infer *in)
{
    Tensor *x = in->node->inputs[0];
    const Expansion *e = x->expansion;
    if (!e || e->kind != IS_OPTIONAL) return expand_bind(in, 0, x);
    if (!e->count) return infer_error(in, "E0213", "the optional '%s' has no value", x->name);
    return expand_bind(in, 0, e->items[0]);
}

const Op ops_lists[] = {
    {.name = "SequenceConstruct",
     .doc = "A sequence of the inputs.",
     VERSIONS(11),
     INPUTS(SLOT("inputs", TYPES_ALL, "T", .variadic = true)),
     OUTPUTS(SLOT("output_sequence", TYPES_ALL, "T")),
     .infer = infer_construct},
    {.name = "SequenceEmpty",
     .doc = "A sequence without elements.",
     VERSIONS(11),
     OUTPUTS(SLOT("output", TYPES_ALL, NULL)),
     ATTRS(ATTR("dtype", INT, .i = DT_F32)),
     .infer = infer_empty},
    {.name = "SequenceAt",
     .doc = "One element of a sequence.",
     VERSIONS(11),
     INPUTS(LIST_OF("input_sequence"), POSITION()),
     OUTPUTS(SLOT("tensor", TYPES_ALL, "T")),
     .infer = infer_at},
    {.name = "SequenceInsert",
     .doc = "A sequence with one element more.",
     VERSIONS(11),
     INPUTS(LIST_OF("input_sequence"), TENSOR("tensor"), POSITION(.optional = true)),
     OUTPUTS(SLOT("output_sequence", TYPES_ALL, "T")),
     .infer = infer_insert},
    {.name = "SequenceErase",
     .doc = "A sequence with one element less.",
     VERSIONS(11),
     INPUTS(LIST_OF("input_sequence"), POSITION(.optional = true)),
     OUTPUTS(SLOT("output_sequence", TYPES_ALL, "T")),
     .infer = infer_erase},
    {.name = "SequenceLength",
     .doc = "How many elements a sequence has.",
     VERSIONS(11),
     INPUTS(LIST_OF("input_sequence")),
     OUTPUTS(SLOT("length", TYPE(DT_I64), NULL)),
     .infer = infer_length},
    {.name = "ConcatFromSequence",
     .doc = "The elements of a sequence side by side.",
     VERSIONS(11),
     INPUTS(LIST_OF("input_sequence")),
     OUTPUTS(SLOT("concat_result", TYPES_ALL, "T")),
     ATTRS(ATTR("axis", INT, .required = true), ATTR("new_axis", INT)),
     .infer = infer_join},
    {.name = "SplitToSequence",
     .doc = "Parts of a tensor, as a sequence.",
     VERSIONS(11, 24),
     INPUTS(TENSOR("input"), SLOT("split", TYPE(DT_I32) | TYPE(DT_I64), "I", .optional = true)),
     OUTPUTS(SLOT("output_sequence", TYPES_ALL, "T")),
     ATTRS(ATTR("axis", INT), ATTR("keepdims", INT, .i = 1)),
     .infer = infer_split},
    {.name = "SequenceMap",
     .doc = "A graph run on each element of sequences.",
     VERSIONS(17),
     INPUTS(SLOT("input_sequence", TYPES_ALL, NULL, .kinds = TAKES_SEQUENCE),
            SLOT("additional_inputs", TYPES_ALL, NULL, .optional = true, .variadic = true,
                 .kinds = TAKES_TENSOR | TAKES_SEQUENCE)),
     OUTPUTS(SLOT("out_sequence", TYPES_ALL, NULL, .variadic = true)),
     ATTRS(ATTR("body", GRAPH, .required = true)),
     .infer = infer_map},
    {.name = "Optional",
     .doc = "An optional, with a value or without.",
     VERSIONS(15),
     INPUTS(
         SLOT("input", TYPES_ALL, "V", .optional = true, .kinds = TAKES_TENSOR | TAKES_SEQUENCE)),
     OUTPUTS(SLOT("output", TYPES_ALL, "V")),
     ATTRS(ATTR("type", TYPE)),
     .infer = infer_optional},
    {.name = "OptionalHasElement",
     .doc = "Whether an optional has a value.",
     VERSIONS(15, 18),
     INPUTS(SLOT("input", TYPES_ALL, NULL, .optional = true, .kinds = TAKES_ANY)),
     OUTPUTS(SLOT("output", BOOLS, NULL)),
     .infer = infer_has_element},
    {.name = "OptionalGetElement",
     .doc = "The value of an optional.",
     VERSIONS(15, 18),
     INPUTS(SLOT("input", TYPES_ALL, NULL, .kinds = TAKES_ANY)),
     OUTPUTS(SLOT("output", TYPES_ALL, NULL)),
     .infer = infer_get_element},
    {0},
};
