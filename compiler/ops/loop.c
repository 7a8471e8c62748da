/*
 * Loop: a body run again and again on what it gave before. It is unrolled where its trip count is
 * known, or its condition becomes known to be false; a condition that is only known at run time
 * decides then, after each run, whether the state changes. Where only a run knows how often, or it
 * is too often, the loop is kept, if the body gives what it takes; what is collected needs a trip
 * count that bounds it, and has as many as there were runs.
 */
#include "expand.h"
#include "extents.h"
#include "row.h"

typedef struct Run {
    Body body;
    int states, scans;
    int64_t trips;  /* at most; INT64_MAX: nobody says */
    int64_t bound;  /* of what is collected; the same, or --bound */
    Tensor *active; /* the condition of the next run */
    Tensor **state;
    Tensor ***scanned; /* by run and output */
    int count;
} Run;

static bool read_trips(Infer *in, Run *r)
{
    int64_t count;
    r->trips = INT64_MAX;
    if (!node_input(in->node, 0)) return true;
    const int64_t *trips = infer_const_ints(in, 0, &count);
    if (!trips) return false;
    if (count != 1)
        return infer_error(in, "E0203", "the trip count is one number, not %lld", (long long)count);
    r->trips = max64(trips[0], 0);
    return true;
}

static bool start(Infer *in, Run *r)
{
    const Node *n = in->node;
    Tensor *condition = node_input(n, 1);
    r->states = n->input_count > 2 ? n->input_count - 2 : 0;
    const Attr *a = node_attr(n, "body");
    r->scans = (a->graph ? a->graph->outputs.count : 0) - 1 - r->states;
    if (r->scans < 0 || n->output_count > r->states + r->scans + 1)
        return infer_error(in, "E0305",
                           "Loop has %d inputs and %d outputs, but its body %d outputs",
                           n->input_count, n->output_count, r->scans + 1 + r->states);
    if (!expand_body_of(in, "body", r->states + 2, r->states + r->scans + 1, &r->body))
        return false;
    if (condition && tensor_elements(condition) != 1)
        return infer_error(in, "E0203", "the condition '%s' must be one value, its shape is %s",
                           condition->name,
                           dims_text(in->graph->arena, condition->dims, condition->rank));
    r->state = NEW_ARRAY(in->graph->arena, Tensor *, r->states);
    for (int i = 0; i < r->states; i++)
        if (!(r->state[i] = n->inputs[i + 2]))
            return infer_error(in, "E0305", "state %d of the Loop is missing", i);
    r->active = condition ? condition : expand_bool(in, true);
    return true;
}

/* The outputs of the next run. */
static Tensor **run_body(Infer *in, Run *r)
{
    Tensor **inputs = NEW_ARRAY(in->graph->arena, Tensor *, r->states + 2);
    int64_t iteration = r->count;
    inputs[0] = expand_ints(in, 0, 1, &iteration);
    inputs[1] = r->active;
    for (int i = 0; i < r->states; i++) inputs[i + 2] = r->state[i];
    Tensor **outputs = expand_run(in, &r->body, inputs);
    if (!outputs) return NULL;
    if (outputs[0]->expansion || outputs[0]->dtype != DT_BOOL || tensor_elements(outputs[0]) != 1) {
        infer_error(in, "E0202", "the body's condition must be one bool, not %s",
                    expand_text(in->graph->arena, outputs[0]));
        return NULL;
    }
    return outputs;
}

static Tensor *both(Infer *in, Tensor *a, Tensor *b)
{
    Node *n = expand_node(in, "And", 2);
    n->inputs[0] = a, n->inputs[1] = b;
    return expand_done(in, n);
}

/* With a condition that is only known at run time: what a run gives counts only where it would have
 * been. */
static bool step(Infer *in, Run *r, Tensor **outputs)
{
    bool value, known = expand_known(r->active, &value);
    for (int i = 0; i < r->states; i++)
        if (!(r->state[i] = known ? outputs[i + 1]
                                  : expand_choose(in, r->active, outputs[i + 1], r->state[i])))
            return false;
    r->active = known ? outputs[0] : both(in, r->active, outputs[0]);
    return r->active != NULL;
}

/* Whether the loop goes on; false in *fine after a diagnostic. */
static bool goes_on(Infer *in, const Run *r, bool *fine)
{
    bool value;
    if (r->count >= r->trips) return false;
    if (expand_known(r->active, &value)) return value;
    if (!r->scans && r->trips != INT64_MAX) return true;
    *fine = false;
    if (r->active == node_input(in->node, 1)) {
        infer_unknown(in, 1);
    } else {
        infer_error(
            in, "E0206",
            "the number of iterations must be known at compile time: after %d, it depends on '%s'",
            r->count, r->active->name);
    }
    if (r->scans)
        diag_note(infer_last_error(in), "some of the outputs collect a value of each iteration");
    return false;
}

static bool run_all(Infer *in, Run *r)
{
    Arena *arena = in->graph->arena;
    LIST(Tensor **) scanned = {0};
    bool fine = true;
    for (; goes_on(in, r, &fine); r->count++) {
        Tensor **outputs = run_body(in, r);
        if (!outputs || !step(in, r, outputs)) return false;
        LIST_PUSH(arena, &scanned, outputs + 1 + r->states);
    }
    r->scanned = scanned.items;
    return fine;
}

/* A run that nobody needs says what no run would have collected. */
static bool collect_nothing(Infer *in, Run *r)
{
    Tensor **outputs = r->scans ? run_body(in, r) : NULL;
    if (r->scans && !outputs) return false;
    for (int i = 0; i < r->scans; i++) {
        const Tensor *x = outputs[1 + r->states + i];
        int64_t dims[MAX_RANK + 1] = {0};
        if (x->expansion || x->rank == MAX_RANK)
            return infer_error(in, "E0202", "output %d cannot be collected", r->states + i);
        memcpy(dims + 1, x->dims, (size_t)x->rank * sizeof *dims);
        if (!expand_bind(in, r->states + i, expand_zeros(in, x->dtype, x->rank + 1, dims)))
            return false;
    }
    return true;
}

static bool collect(Infer *in, Run *r, int i)
{
    Arena *arena = in->graph->arena;
    Tensor **items = NEW_ARRAY(arena, Tensor *, r->count);
    if (!node_output(in->node, r->states + i)) return true;
    for (int k = 0; k < r->count; k++) {
        const Tensor *x = items[k] = r->scanned[k][i], *first = items[0];
        bool same = !x->expansion && x->dtype == first->dtype && x->rank == first->rank &&
                    memcmp(x->dims, first->dims, (size_t)x->rank * sizeof *x->dims) == 0;
        if (!same)
            return infer_error(in, x->expansion ? "E0202" : "E0201",
                               "output %d collects %s, but %s in iteration %d", r->states + i,
                               expand_text(arena, first), expand_text(arena, x), k);
    }
    return expand_bind(in, r->states + i, expand_stack(in, items, r->count, 0));
}

/* ---- loops that are kept ---- */

static bool is_same(const Tensor *a, const Tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank && !tensor_varies(a) &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

/* What control steps can hand on: bytes, of tensors that keep their shape. NULL, or why not. */
static const char *cannot_be_kept(const Run *r, const Graph *body)
{
    const Tensor *goes_on = body->outputs.items[0];
    if (goes_on->dtype != DT_BOOL || tensor_elements(goes_on) != 1)
        return "its condition is no bool";
    for (int i = 0; i < body->tensors.count; i++)
        if (body->tensors.items[i]->dtype == DT_STRING)
            return "it works on strings, whose text a later run would overwrite";
    for (int i = 0; i < r->states + r->scans; i++) {
        const Tensor *x = body->outputs.items[1 + i];
        if (dtype_is_packed(x->dtype)) return "it hands on elements that share bytes";
        if (tensor_varies(x)) return "it hands on what has a shape that depends on data";
        if (i < r->states && !is_same(x, r->state[i])) return "a state changes its shape";
        if (i >= r->states && x->rank == MAX_RANK)
            return "what it collects has too many dimensions";
    }
    return NULL;
}

/* Nothing ends it: no trip count, and the condition that it begins with is handed on. */
static bool is_endless(const Infer *in, const Run *r, const Graph *body)
{
    const Tensor *trips = node_input(in->node, 0), *last = body->outputs.items[0];
    bool starts = true, stays = true;
    if ((trips && !trips->data) || r->trips != INT64_MAX) return false;
    if (!expand_known(r->active, &starts) || !starts) return false;
    const Node *n = last->producer;
    if (strcmp(n->op_type, "Identity") != 0) return false;
    return n->inputs[0] == body->inputs.items[1] || (expand_known(n->inputs[0], &stays) && stays);
}

static bool set_collected(Infer *in, const Run *r, const Graph *body)
{
    int count = r->states + r->scans;
    if (r->scans && !extents_count(in, count)) return false;
    for (int i = r->states; i < count; i++) {
        const Tensor *x = body->outputs.items[1 + i];
        int64_t dims[MAX_RANK + 1] = {r->bound};
        memcpy(dims + 1, x->dims, (size_t)x->rank * sizeof *dims);
        if (!infer_output(in, i, x->dtype, x->rank + 1, dims)) return false;
        extents_set(in, i, 0, in->node->outputs[count]);
    }
    return true;
}

/* The node stays, with its body inferred. NULL, or why that cannot be. */
static const char *keep(Infer *in, Run *r)
{
    Arena *arena = in->graph->arena;
    const Node *n = in->node;
    const Tensor *condition = node_input(n, 1);
    Tensor **like = NEW_ARRAY(arena, Tensor *, r->states + 2);
    Tensor number = {.dtype = DT_I64}, holds = {.dtype = DT_BOOL};
    if (condition) holds.rank = condition->rank, holds.dims = condition->dims;
    if (node_input(n, 0) && tensor_elements(n->inputs[0]) != 1)
        return "its trip count is no number";
    if (r->scans && r->bound == INT64_MAX) return "nothing bounds how much it collects";
    like[0] = &number, like[1] = &holds;
    for (int i = 0; i < r->states; i++) like[i + 2] = r->state[i];
    Graph *body = expand_keep(in, &r->body, like, diags_new(arena));
    if (!body) return "its body is not the same in every run";
    const char *why = cannot_be_kept(r, body);
    if (why || is_endless(in, r, body)) return why ? why : "nothing ends it";
    for (int i = 0; i < r->states; i++)
        if (!infer_output(in, i, r->state[i]->dtype, r->state[i]->rank, r->state[i]->dims))
            return "its outputs are not what is declared";
    if (!set_collected(in, r, body)) return "its outputs are not what is declared";
    ((Attr *)node_attr(n, "body"))->graph = body;
    return NULL;
}

static bool unroll(Infer *in)
{
    Run r = {0};
    if (!start(in, &r) || !read_trips(in, &r) || !run_all(in, &r)) return false;
    for (int i = 0; i < r.states; i++)
        if (!expand_bind(in, i, r.state[i])) return false;
    if (!r.count) return collect_nothing(in, &r);
    for (int i = 0; i < r.scans; i++)
        if (!collect(in, &r, i)) return false;
    return true;
}

/* ---- which it is ---- */

static bool is_too_long(const Run *r)
{
    int64_t nodes;
    return r->trips != INT64_MAX &&
           (!checked_mul(r->trips, r->body.nodes + 1, &nodes) || nodes > MOST_UNROLLED);
}

/* What --bound says of the node; INT64_MAX: nothing. */
static int64_t bound_of(Graph *top, const Node *n, int scans)
{
    for (int i = 0; i < top->bound_count && scans; i++) {
        if (strcmp(top->bounds[i].loop, n->name) != 0) continue;
        top->bounds[i].used = true;
        return top->bounds[i].most;
    }
    return INT64_MAX;
}

/* Unrolling is tried first; what it leaves behind when the loop is kept instead is taken back. */
static bool infer_loop(Infer *in)
{
    Run r = {0};
    Graph *g = in->graph, *top = g;
    while (top->outer) top = top->outer;
    int nodes = g->nodes.count, said = diags_count(in->diags), unrolled = top->unrolled;
    const Tensor *trips = node_input(in->node, 0);
    bool unknown = trips && !trips->data;
    r.trips = INT64_MAX;
    if (!start(in, &r) || (!unknown && !read_trips(in, &r))) return false;
    r.bound = r.trips == INT64_MAX ? bound_of(top, in->node, r.scans) : r.trips;
    bool counted = node_output(in->node, r.states + r.scans) != NULL;
    if ((counted || unknown || is_too_long(&r)) && !keep(in, &r)) return true;
    if (unroll(in)) return true;
    if (diags_count(in->diags) == said) return false;
    g->nodes.count = nodes;
    top->unrolled = unrolled;
    const char *why = keep(in, &r);
    if (why && r.scans && r.bound == INT64_MAX)
        diag_help(diags_last(in->diags), "--bound %s=COUNT says how much it collects at most",
                  in->node->name);
    if (why && (unknown || r.trips == INT64_MAX || is_too_long(&r)))
        diag_note(diags_last(in->diags), "it cannot be left to a run to count: %s", why);
    if (!why) diags_forget(in->diags, said);
    return !why;
}

const Op ops_loop[] = {
    {.name = "Loop",
     .doc = "A graph run again and again: a number of times, or while a condition holds.",
     VERSIONS(1, 11, 13, 16, 19, 21, 23, 24, 25),
     INPUTS(SLOT("M", TYPE(DT_I64), "I", .optional = true),
            SLOT("cond", BOOLS, "B", .optional = true),
            SLOT("v_initial", TYPES_ALL, NULL, .optional = true, .variadic = true,
                 .kinds = TAKES_ANY)),
     OUTPUTS(SLOT("v_final_and_scan_outputs", TYPES_ALL, NULL, .variadic = true)),
     ATTRS(ATTR("body", GRAPH, .required = true)),
     .infer = infer_loop,
     .extents = infer_loop},
    {0},
};
