/*
 * Scan: a body run once for each slice of its inputs, with a state that goes from run to run; what
 * it gives is put side by side again. It is unrolled. In opset 8 there is a batch around it, in
 * which sequences may be shorter than the others.
 */
#include "expand.h"
#include "row.h"

typedef struct Scan {
    Body body;
    int states, inputs, outputs; /* inputs and outputs: those that are scanned */
    int64_t length;
    int first;                      /* input of the node that is state 0 */
    int in_axis[64], out_axis[64];  /* of the scanned, without the batch */
    bool in_back[64], out_back[64]; /* from the end to the start */
} Scan;

/* ---- attributes ---- */

static int64_t entry(const Node *n, const char *name, int i, int *count)
{
    const int64_t *values = attr_ints(n, name, count);
    return values && i < *count ? values[i] : 0;
}

static bool read_directions(Infer *in, const char *name, int count, bool *back)
{
    int given;
    for (int i = 0; i < count; i++) {
        int64_t d = entry(in->node, name, i, &given);
        if (given && given != count)
            return infer_error(in, "E0306", "%s has %d entries; %d are wanted", name, given, count);
        if (d < 0 || d > 1)
            return infer_error(in, "E0306", "%s has %lld; 0 is forward and 1 is backward", name,
                               (long long)d);
        back[i] = d == 1;
    }
    return true;
}

static bool read_counts(Infer *in, Scan *s)
{
    const Node *n = in->node;
    const Attr *a = node_attr(n, "body");
    int64_t scanned = attr_int(n, "num_scan_inputs");
    s->first = n->version < 9;
    int given = n->input_count - s->first;
    if (scanned < 1 || scanned > given || scanned > (int)COUNT(s->in_axis))
        return infer_error(in, "E0306", "num_scan_inputs is %lld; Scan is given %d inputs",
                           (long long)scanned, given);
    s->inputs = (int)scanned;
    s->states = given - s->inputs;
    s->outputs = (a->graph ? a->graph->outputs.count : 0) - s->states;
    if (s->outputs < 0 || s->outputs > (int)COUNT(s->out_axis) ||
        n->output_count > s->states + s->outputs)
        return infer_error(in, "E0305",
                           "Scan has %d states and %d outputs, but its body has %d outputs",
                           s->states, n->output_count, s->states + s->outputs);
    return expand_body_of(in, "body", s->states + s->inputs, s->states + s->outputs, &s->body);
}

/* The axis is one of `x` without its batch. */
static bool read_input(Infer *in, Scan *s, int i, int batched)
{
    const Tensor *x = in->node->inputs[s->first + s->states + i];
    int given;
    int64_t axis = entry(in->node, "scan_input_axes", i, &given);
    if (given && given != s->inputs)
        return infer_error(in, "E0306", "scan_input_axes has %d entries; %d are wanted", given,
                           s->inputs);
    if (!infer_axis(in, "scan_input_axes", axis, x->rank - batched, &s->in_axis[i])) return false;
    int64_t length = x->dims[s->in_axis[i] + batched];
    if (i && length != s->length)
        return infer_error(in, "E0201", "the scanned inputs have %lld and %lld slices",
                           (long long)s->length, (long long)length);
    s->length = length;
    return true;
}

static bool read_scan(Infer *in, Scan *s)
{
    const Node *n = in->node;
    int batched = n->version < 9;
    if (!read_counts(in, s)) return false;
    for (int i = s->first; i < n->input_count; i++) {
        const Tensor *x = n->inputs[i], *batch = n->inputs[s->first];
        if (!x) return infer_error(in, "E0305", "input %d of Scan is missing", i);
        if (batched && (x->rank < 1 || batch->rank < 1 || x->dims[0] != batch->dims[0]))
            return infer_error(
                in, "E0201",
                "every input of Scan has a batch of the same size in front in opset 8");
    }
    for (int i = 0; i < s->inputs; i++)
        if (!read_input(in, s, i, batched)) return false;
    return read_directions(in, batched ? "directions" : "scan_input_directions", s->inputs,
                           s->in_back) &&
           (batched || read_directions(in, "scan_output_directions", s->outputs, s->out_back));
}

/* ---- runs ---- */

/* Where the sequence has ended: the state stays, and there is nothing to put out. */
static bool hold(Infer *in, const Scan *s, Tensor *length, int64_t t, Tensor **outputs,
                 Tensor *const *state)
{
    Node *n = expand_node(in, "Less", 2);
    n->inputs[0] = expand_ints(in, 0, 1, &t), n->inputs[1] = length;
    Tensor *active = expand_done(in, n);
    for (int i = 0; active && i < s->states + s->outputs; i++) {
        const Tensor *x = outputs[i];
        if (x->expansion) return infer_error(in, "E0202", "output %d of the body is no tensor", i);
        Tensor *other = i < s->states ? state[i] : expand_zeros(in, x->dtype, x->rank, x->dims);
        if (!other || !(outputs[i] = expand_choose(in, active, outputs[i], other))) return false;
    }
    return active != NULL;
}

static bool same_type(Infer *in, const Tensor *x, const Tensor *first, int i)
{
    bool same = !x->expansion && x->dtype == first->dtype && x->rank == first->rank &&
                memcmp(x->dims, first->dims, (size_t)x->rank * sizeof *x->dims) == 0;
    return same ||
           infer_error(in, "E0201", "output %d of the body is %s, but %s in another run", i,
                       expand_text(in->graph->arena, x), expand_text(in->graph->arena, first));
}

static Tensor *slice(Infer *in, const Scan *s, Tensor *x, int i, int64_t t)
{
    int64_t at = s->in_back[i] ? s->length - 1 - t : t, dims[MAX_RANK];
    if (s->length) return expand_take(in, x, s->in_axis[i], at, at + 1, true);
    int rank = 0; /* there is none: one that only serves to see what the body makes of it */
    for (int k = 0; k < x->rank; k++)
        if (k != s->in_axis[i]) dims[rank++] = x->dims[k];
    return expand_zeros(in, x->dtype, rank, dims);
}

static Tensor **run_once(Infer *in, Scan *s, Tensor *const *state, Tensor *const *scanned,
                         int64_t t)
{
    Tensor **inputs = NEW_ARRAY(in->graph->arena, Tensor *, s->states + s->inputs);
    for (int i = 0; i < s->states; i++) inputs[i] = state[i];
    for (int i = 0; i < s->inputs; i++)
        if (!(inputs[s->states + i] = slice(in, s, scanned[i], i, t))) return NULL;
    return expand_run(in, &s->body, inputs);
}

static Tensor *put_together(Infer *in, Scan *s, Tensor *const *items, int i)
{
    const Tensor *x = items[0];
    int given;
    int64_t axis = entry(in->node, "scan_output_axes", i, &given), dims[MAX_RANK + 1];
    bool fits = !x->expansion && x->rank < MAX_RANK;
    if (!fits || (given && given != s->outputs)) {
        infer_error(in, "E0306",
                    "scan_output_axes has %d entries for %d outputs, or output %d is %s", given,
                    s->outputs, i, expand_text(in->graph->arena, x));
        return NULL;
    }
    if (!infer_axis(in, "scan_output_axes", axis, x->rank + 1, &s->out_axis[i])) return NULL;
    for (int k = 0; k <= x->rank; k++)
        dims[k] = k < s->out_axis[i] ? x->dims[k] : k == s->out_axis[i] ? 0 : x->dims[k - 1];
    if (!s->length) return expand_zeros(in, x->dtype, x->rank + 1, dims);
    Tensor **ordered = NEW_ARRAY(in->graph->arena, Tensor *, s->length);
    for (int64_t t = 0; t < s->length; t++) {
        ordered[s->out_back[i] ? s->length - 1 - t : t] = items[t];
        if (!same_type(in, items[t], x, s->states + i)) return NULL;
    }
    return expand_stack(in, ordered, (int)s->length, s->out_axis[i]);
}

/* One sequence: results are the states at its end and the outputs. `length` NULL: as long as all.
 */
static bool run_sequence(Infer *in, Scan *s, Tensor **state, Tensor *const *scanned, Tensor *length,
                         Tensor **results)
{
    Arena *arena = in->graph->arena;
    LIST(Tensor **) all = {0};
    for (int64_t t = 0; t < max64(s->length, 1); t++) {
        Tensor **outputs = run_once(in, s, state, scanned, t);
        if (!outputs || (length && !hold(in, s, length, t, outputs, state))) return false;
        if (s->length) memcpy(state, outputs, (size_t)s->states * sizeof *state);
        LIST_PUSH(arena, &all, outputs + s->states);
    }
    memcpy(results, state, (size_t)s->states * sizeof *state);
    Tensor **items = NEW_ARRAY(arena, Tensor *, all.count);
    for (int i = 0; i < s->outputs; i++) {
        for (int t = 0; t < all.count; t++) items[t] = all.items[t][i];
        if (!(results[s->states + i] = put_together(in, s, items, i))) return false;
    }
    return true;
}

/* ---- the node ---- */

static bool infer_scan(Infer *in)
{
    const Node *n = in->node;
    Scan s = {0};
    if (!read_scan(in, &s)) return false;
    Tensor **results = NEW_ARRAY(in->graph->arena, Tensor *, s.states + s.outputs);
    Tensor **state = arena_copy(in->graph->arena, n->inputs, (size_t)s.states * sizeof *state);
    if (!run_sequence(in, &s, state, n->inputs + s.states, NULL, results)) return false;
    for (int i = 0; i < n->output_count; i++)
        if (!expand_bind(in, i, results[i])) return false;
    return true;
}

static Tensor *one_of(Infer *in, Tensor *x, int64_t b)
{
    return expand_take(in, x, 0, b, b + 1, true);
}

static bool run_batch(Infer *in, Scan *s, int64_t batch, Tensor **results)
{
    const Node *n = in->node;
    Tensor **given = NEW_ARRAY(in->graph->arena, Tensor *, n->input_count);
    Tensor *length = n->inputs[0] ? one_of(in, n->inputs[0], batch) : NULL;
    if (n->inputs[0] && !length) return false;
    for (int i = s->first; i < n->input_count; i++)
        if (!(given[i] = one_of(in, n->inputs[i], batch))) return false;
    return run_sequence(in, s, given + s->first, given + s->first + s->states, length, results);
}

static bool infer_scan_8(Infer *in)
{
    const Node *n = in->node;
    Scan s = {0};
    if (!read_scan(in, &s)) return false;
    Tensor *lengths = n->inputs[0];
    int64_t batch = n->inputs[1]->dims[0];
    if (lengths && (lengths->rank != 1 || lengths->dims[0] != batch))
        return infer_error(in, "E0201",
                           "the lengths are %s; one for each of %lld sequences is wanted",
                           tensor_type_text(in->graph->arena, lengths), (long long)batch);
    if (batch < 1 || batch > MOST_UNROLLED)
        return infer_error(in, "E0309", "Scan has a batch of %lld; 1 to %d are possible",
                           (long long)batch, MOST_UNROLLED);
    int count = s.states + s.outputs;
    Tensor **results = NEW_ARRAY(in->graph->arena, Tensor *, batch * count);
    Tensor **column = NEW_ARRAY(in->graph->arena, Tensor *, batch);
    for (int64_t b = 0; b < batch; b++)
        if (!run_batch(in, &s, b, results + b * count)) return false;
    for (int i = 0; i < n->output_count; i++) {
        for (int64_t b = 0; b < batch; b++) {
            column[b] = results[b * count + i];
            if (!same_type(in, column[b], column[0], i)) return false;
        }
        if (!expand_bind(in, i, expand_stack(in, column, (int)batch, 0))) return false;
    }
    return true;
}

static bool infer_any(Infer *in)
{
    return in->node->version < 9 ? infer_scan_8(in) : infer_scan(in);
}

const Op ops_scan_loop[] = {
    {.name = "Scan",
     .doc = "A graph run once for each slice of its inputs.",
     VERSIONS(8, 9, 11, 16, 19, 21, 23, 24, 25),
     INPUTS(SLOT("sequence_lens", TYPE(DT_I64), "I", .optional = true, .until = 8),
            SLOT("initial_state_and_scan_inputs", TYPES_ALL, NULL, .variadic = true)),
     OUTPUTS(SLOT("final_state_and_scan_outputs", TYPES_ALL, NULL, .variadic = true)),
     ATTRS(ATTR("body", GRAPH, .required = true), ATTR("num_scan_inputs", INT, .required = true),
           ATTR("directions", INTS, .until = 8), ATTR("scan_input_axes", INTS, .since = 9),
           ATTR("scan_input_directions", INTS, .since = 9),
           ATTR("scan_output_axes", INTS, .since = 9),
           ATTR("scan_output_directions", INTS, .since = 9)),
     .infer = infer_any},
    {0},
};
