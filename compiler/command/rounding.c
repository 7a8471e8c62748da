/* Running a network with and without rounded weights (rounding.h). */
#include "rounding.h"

#include "dataset.h"
#include "execute.h"
#include "json.h"

#include <math.h>

/* ---- inputs ---- */

/* Floats spread evenly over -1 to 1, other numbers 0 or 1, which are indices of most tables;
 * strings stay empty. */
static void make_up(const Tensor *t, void *data)
{
    uint32_t state = 1;
    int64_t count = t->dtype == DT_STRING ? 0 : tensor_elements(t);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        if (dtype_is_float(t->dtype))
            dtype_set_double(t->dtype, data, i, (double)(state >> 8) / 0x1p23 - 1);
        else
            dtype_set_int(t->dtype, data, i, state >> 31);
    }
}

/* One value for each input, in the arena. False after errors: --input has what does not fit. */
static bool read_inputs(const Job *job, DataTensor *values)
{
    const Graph *g = job->graph;
    Given given = {.options = &job->options->read};
    FileNames files = {0};
    for (int i = 0; i < job->options->inputs.count; i++)
        LIST_PUSH(job->arena, &files, job->options->inputs.items[i]);
    if (files.count) return given_read(job, g, &files, &given) && given_inputs(job, &given, values);
    for (int i = 0; i < g->inputs.count; i++) {
        const Tensor *t = g->inputs.items[i];
        size_t bytes = dtype_bytes(t->dtype, tensor_elements(t));
        void *data = arena_alloc(job->arena, bytes + 1);
        make_up(t, data);
        for (int64_t k = 0; t->dtype == DT_STRING && k < tensor_elements(t); k++)
            ((const char **)data)[k] = "";
        values[i].data = data;
    }
    return true;
}

static Execution *run(const Job *job, const Library *library, const DataTensor *inputs, int *status)
{
    Execution *e = execution_new(job->arena, job->graph);
    for (int i = 0; i < job->graph->inputs.count; i++)
        if (e->inputs[i].bytes) memcpy(e->inputs[i].data, inputs[i].data, e->inputs[i].bytes);
    progress("running %s", job->graph->name);
    *status = execution_run(e, library, job->options->timeout);
    progress_clear();
    return e;
}

/* ---- errors ---- */

/* A NaN in one of them alone is an infinite error. */
static RoundingError error_of(const Tensor *t, const void *got, const void *wanted)
{
    RoundingError error = {.output = t->name};
    double largest = 0;
    for (int64_t i = 0; i < tensor_elements(t); i++) {
        double x = dtype_get_double(t->dtype, got, i), y = dtype_get_double(t->dtype, wanted, i);
        bool same = x == y || (isnan(x) && isnan(y));
        double apart = same ? 0 : isfinite(x) && isfinite(y) ? fabs(x - y) : INFINITY;
        error.absolute = fmax(error.absolute, apart);
        if (isfinite(y)) largest = fmax(largest, fabs(y));
    }
    error.relative = error.absolute > 0 ? error.absolute / largest : 0;
    return error;
}

/* The same network as it is with f32 weights. The model was read before, so it can be read. */
static Job plain_job(const Job *job)
{
    Options *options = arena_copy(job->arena, job->options, sizeof *job->options);
    options->weights_type = WEIGHTS_F32;
    Job plain = {.options = options, .arena = arena_new(), .diags = diags_new(job->arena)};
    bool good = stages_run(&plain, STAGE_PLANNED);
    assert(good);
    return plain;
}

int rounding_measure(const Job *job, const Library *library, RoundingErrors *errors)
{
    if (job->options->weights_type == WEIGHTS_F32) return EXIT_DONE;
    DataTensor *inputs = NEW_ARRAY(job->arena, DataTensor, job->graph->inputs.count + 1);
    if (!read_inputs(job, inputs)) return EXIT_INPUT;
    Job plain = plain_job(job);
    Library exact = library_get(&plain);
    int status;
    Execution *wanted = run(&plain, &exact, inputs, &status), *got = NULL;
    library_release(&exact);
    if (status == EXIT_DONE) got = run(job, library, inputs, &status);
    for (int i = 0; status == EXIT_DONE && i < job->own_outputs; i++) {
        const Tensor *t = job->graph->outputs.items[i];
        if (t->dtype == DT_STRING) continue;
        RoundingError error = error_of(t, got->outputs[i].data, wanted->outputs[i].data);
        LIST_PUSH(job->arena, errors, error);
    }
    arena_free(plain.arena);
    return status;
}

static void json_number(Text *out, const char *name, double value)
{
    if (isfinite(value))
        text_add(out, ", \"%s\": %.4g", name, value);
    else
        text_add(out, ", \"%s\": null", name);
}

void rounding_json(const Options *o, const RoundingErrors *errors, Text *out)
{
    text_add(out, ", \"weights_type\": \"%s\", \"rounding\": [",
             weights_type_names[o->weights_type]);
    for (int i = 0; i < errors->count; i++) {
        text_add(out, "%s{\"output\": ", i ? ", " : "");
        json_quote(out, errors->items[i].output);
        json_number(out, "absolute", errors->items[i].absolute);
        json_number(out, "relative", errors->items[i].relative);
        text_add(out, "}");
    }
    text_add(out, "]");
}
