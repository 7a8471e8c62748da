/*
 * Node by node: what the compiled network computed against the interpreter. A definition that would
 * take too long to interpret in full is evaluated at a sample of its elements.
 */
#include "layers.h"

#include "compare.h"

#include <stdlib.h>

enum { SAMPLES = 256 };
static const int64_t INTERP_BUDGET = 200 * 1000 * 1000; /* element operations for one definition */

void layers_expose(Graph *g)
{
    bool *output = NEW_ARRAY(g->arena, bool, g->tensors.count + 1);
    for (int i = 0; i < g->outputs.count; i++) output[g->outputs.items[i]->id] = true;
    for (int n = 0; n < g->nodes.count; n++)
        for (int i = 0; i < g->nodes.items[n]->output_count; i++) {
            Tensor *t = g->nodes.items[n]->outputs[i];
            if (t && !output[t->id] && !tensor_is_const(t)) LIST_PUSH(g->arena, &g->outputs, t);
        }
}

/* The values of tensors by their address: the compiled network's and, within a node, temporaries.
 */
typedef struct Values {
    LIST(struct Value {
        const Tensor *tensor;
        const void *data;
    })
    list;
} Values;

static void set_value(Arena *arena, Values *values, const Tensor *t, const void *data)
{
    struct Value value = {t, data};
    LIST_PUSH(arena, &values->list, value);
}

static const void *find_value(const Tensor *t, void *context)
{
    const Values *values = context;
    for (int i = values->list.count - 1; i >= 0; i--)
        if (values->list.items[i].tensor == t) return values->list.items[i].data;
    return t->data;
}

/* Where a definition is compared: all of its elements in order, or those in `at`. */
typedef struct Sample {
    int64_t count;
    const int64_t *at; /* NULL: all */
} Sample;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* The same definition over a vector of sampled elements: its indices are loaded from constant
 * tensors. */
static Definition *sample_definition(Definer *d, const Definition *def, Sample *sample)
{
    Arena *arena = d->graph->arena;
    int64_t elements = tensor_elements(def->out), *at = NEW_ARRAY(arena, int64_t, SAMPLES);
    uint64_t state = (uint64_t)elements;
    for (int i = 0; i < SAMPLES; i++) at[i] = (int64_t)(next_random(&state) % (uint64_t)elements);
    *sample = (Sample){SAMPLES, at};

    Definition *sampled = NEW(arena, Definition);
    sampled->node = def->node;
    sampled->out = define_temporary(d, "sample", def->out->dtype, 1, (int64_t[]){SAMPLES});
    sampled->index = define_indices(d, 1, sampled->out->dims);
    int rank = def->out->rank;
    Expr **to = NEW_ARRAY(arena, Expr *, rank), *here = ex_var(d->pool, sampled->index[0]);
    for (int64_t k = rank - 1, stride = 1; k >= 0; stride *= def->out->dims[k--]) {
        int64_t *column = NEW_ARRAY(arena, int64_t, SAMPLES);
        for (int i = 0; i < SAMPLES; i++) column[i] = at[i] / stride % def->out->dims[k];
        Tensor *indices = define_temporary(d, "index", DT_I64, 1, (int64_t[]){SAMPLES});
        indices->data = column;
        to[k] = ex_load(d->pool, indices, &here);
    }
    sampled->body = ex_substitute(d->pool, def->body, def->index, to, rank);
    return sampled;
}

static void *interpret(Definer *d, const Definition *def, Values *values)
{
    void *data =
        arena_alloc(d->graph->arena, dtype_bytes(def->out->dtype, tensor_elements(def->out)) + 1);
    interp_run(d->pool, def, data, find_value, values);
    return data;
}

/* The elements `at` of a tensor, in a row. */
static const void *gather(Arena *arena, const Tensor *t, const void *data, const Sample *sample)
{
    char *row = arena_alloc(arena, dtype_bytes(t->dtype, sample->count));
    for (int64_t i = 0; i < sample->count; i++) dtype_copy(t->dtype, row, i, data, sample->at[i]);
    return row;
}

static const char *difference_text(Arena *arena, const Difference *d, const Tensor *t,
                                   const Sample *sample)
{
    int64_t element = sample->at ? sample->at[d->worst] : d->worst;
    return arena_format(arena, "%lld of %lld wrong; worst at %s: %s, the interpreter has %s",
                        (long long)d->wrong, (long long)d->elements,
                        index_text(arena, element, t->dims, t->rank), d->got, d->expected);
}

/* Compares one output of a node; NULL when it is right, else what is wrong. */
static const char *compare_definition(const Job *job, Definer *d, const Definition *def,
                                      Values *values)
{
    const void *got = find_value(def->out, values);
    int64_t elements = tensor_elements(def->out);
    if (elements == 0) return NULL;
    Sample sample = {elements, NULL};
    bool sampled = interp_cost(def) > INTERP_BUDGET && elements > SAMPLES;
    const void *expected = interpret(d, sampled ? sample_definition(d, def, &sample) : def, values);
    if (sampled) got = gather(d->graph->arena, def->out, got, &sample);
    Tolerance tolerance = {job->options->rtol, job->options->atol, true};
    Difference diff =
        compare(d->graph->arena, def->out->dtype, sample.count, got, expected, tolerance);
    return diff.wrong ? difference_text(d->graph->arena, &diff, def->out, &sample) : NULL;
}

static bool is_output_of(const Node *node, const Tensor *t)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] == t) return true;
    return false;
}

/* What a call writes, interpreted; the node's outputs are compared with what was computed. */
static const char *compare_call(const Job *job, Definer *d, const Definition *def, Values *values)
{
    const Call *call = def->call;
    Arena *arena = d->graph->arena;
    void **data = NEW_ARRAY(arena, void *, call->write_count);
    const char *wrong = NULL;
    Tolerance tolerance = {job->options->rtol, job->options->atol, true};
    for (int i = 0; i < call->write_count; i++)
        data[i] = arena_alloc(
            arena, dtype_bytes(call->writes[i]->dtype, tensor_elements(call->writes[i])) + 1);
    if (!interp_call(def, data, find_value, values)) return "the interpreter fails";
    for (int i = 0; i < call->write_count; i++) {
        const Tensor *t = call->writes[i];
        int64_t elements = tensor_elements(t);
        if (!is_output_of(d->node, t)) {
            set_value(arena, values, t, data[i]);
        } else if (!wrong && elements) {
            Difference diff =
                compare(arena, t->dtype, elements, find_value(t, values), data[i], tolerance);
            Sample all = {elements, NULL};
            if (diff.wrong) wrong = difference_text(arena, &diff, t, &all);
        }
    }
    return wrong;
}

/* All definitions of a node, in order; temporaries get their interpreted values. */
static const char *compare_node(const Job *job, Pool *pool, Graph *g, const Node *node,
                                Values *values, int *skipped)
{
    Definer d = {.pool = pool, .graph = g, .node = node};
    if (!define_node(&d, node)) {
        ++*skipped;
        return NULL;
    }
    const char *wrong = NULL;
    for (int i = 0; i < d.definitions.count && !wrong; i++) {
        const Definition *def = d.definitions.items[i];
        if (def->call)
            wrong = compare_call(job, &d, def, values);
        else if (is_output_of(node, def->out))
            wrong = compare_definition(job, &d, def, values);
        else
            set_value(g->arena, values, def->out, interpret(&d, def, values));
    }
    return wrong;
}

int layers_compare(const Job *job, const Execution *e)
{
    Graph *g = job->graph;
    Values values = {0};
    int wrong = 0, skipped = 0, count = g->nodes.count;
    for (int i = 0; i < g->inputs.count; i++)
        set_value(g->arena, &values, g->inputs.items[i], e->inputs[i].data);
    for (int i = 0; i < g->outputs.count; i++)
        set_value(g->arena, &values, g->outputs.items[i], e->outputs[i].data);
    int known = values.list.count;
    for (int n = 0; n < count; n++) {
        const Node *node = g->nodes.items[n];
        progress("interpreting node %d of %d, %s", n + 1, count, node->name);
        const char *what = compare_node(job, job->program->pool, g, node, &values, &skipped);
        values.list.count = known;
        if (!what) continue;
        progress_clear();
        printf("  %s node '%s' (%s): %s\n", wrong++ ? "wrong" : "first wrong", node->name,
               node->op_type, what);
    }
    progress_clear();
    if (!wrong)
        printf("  all %d nodes agree with the interpreter%s\n", count - skipped,
               skipped ? "; loops were not compared" : "");
    return wrong;
}
