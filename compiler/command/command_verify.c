/* netc verify: the compiled network against expected outputs; the worst error and where it is. A
 * data set decides sizes of named dimensions and the values of inputs that must be known at compile
 * time, so the network is compiled again for one that decides otherwise. */
#include "bake.h"
#include "compare.h"
#include "dataset.h"
#include "layers.h"

/* ---- compiling for a data set ---- */

/* More elements are no shape, and computing with them at compile time would test nothing. */
enum { MOST_BAKED = 4096 };

typedef struct Compiled {
    const Job *user; /* what the command line says */
    Job job;
    Options options;
    bool good; /* else the diagnostics are written, and it serves to say them once */
    Library library;
    Execution *execution; /* NULL until it is built */
} Compiled;

static bool is_baked(const Compiled *c, const char *input)
{
    const ReadOptions *o = &c->options.read;
    for (int i = 0; i < o->bakes.count; i++)
        if (strcmp(o->bakes.items[i].input, input) == 0) return true;
    return false;
}

/* The inputs that inference asks for, from the data set; false when there is none left. */
static bool bake_more(Compiled *c, const Given *given)
{
    InputNames names = diags_needed_inputs(c->job.diags);
    bool more = false;
    for (int i = 0; i < names.count && !c->options.no_bake; i++) {
        const DataFile *file = given_find(given, names.items[i]);
        int64_t elements;
        if (!file || is_baked(c, names.items[i]) ||
            !checked_elements(file->tensor.dims, file->tensor.rank, &elements) ||
            elements > MOST_BAKED)
            continue;
        BakeOption bake = {names.items[i], file->path, &file->tensor};
        LIST_PUSH(c->job.arena, &c->options.read.bakes, bake);
        more = true;
    }
    return more;
}

static ReadOptions options_for(Arena *arena, const Given *given)
{
    ReadOptions o = bake_copy_options(arena, given->options);
    given_bind_dims(arena, given, &o);
    return o;
}

/* Each try bakes at least one input more. False after diagnostics. */
static bool compile(Compiled *c, const Job *user, const Given *given)
{
    *c = (Compiled){.user = user, .job = {.arena = arena_new()}, .options = *user->options};
    c->options.read = options_for(c->job.arena, given);
    c->job.options = &c->options;
    bool good;
    do {
        c->job.diags = diags_new(c->job.arena);
        good = stages_run(&c->job, STAGE_PLANNED);
    } while (!good && bake_more(c, given));
    stages_report(&c->job);
    return good;
}

static void discard(Compiled *c)
{
    if (!c->job.arena) return;
    library_release(&c->library);
    arena_free(c->job.arena);
    *c = (Compiled){0};
}

static int64_t data_elements(const DataTensor *t)
{
    int64_t elements;
    bool fits = checked_elements(t->dims, t->rank, &elements);
    assert(fits);
    return elements;
}

static bool same_tensor(const DataTensor *a, const DataTensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0 &&
           dtype_same(a->dtype, a->data, b->data, data_elements(a));
}

static bool same_list(const ListOption *a, const ListOption *b)
{
    if (a->count != b->count || a->present != b->present || a->position != b->position)
        return false;
    for (int i = 0; i < a->count && a->elements != b->elements; i++) {
        const DataTensor *x = &a->elements[i], *y = &b->elements[i];
        if (x->dtype != y->dtype || x->rank != y->rank ||
            memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) != 0)
            return false;
    }
    return true;
}

/* The data set would have the network compiled just so. */
static bool serves(const Compiled *c, const Given *given)
{
    if (!c->job.arena) return false;
    const ReadOptions *have = &c->options.read;
    ReadOptions want = options_for(c->job.arena, given);
    if (have->dims.count != want.dims.count || have->lists.count != want.lists.count) return false;
    for (int i = 0; i < want.lists.count; i++)
        if (!same_list(&have->lists.items[i], &want.lists.items[i])) return false;
    for (int i = 0; i < want.dims.count; i++)
        if (strcmp(have->dims.items[i].name, want.dims.items[i].name) != 0 ||
            have->dims.items[i].size != want.dims.items[i].size)
            return false;
    for (int i = want.bakes.count; i < have->bakes.count; i++) {
        const DataFile *file = given_find(given, have->bakes.items[i].input);
        if (!file || !same_tensor(&file->tensor, have->bakes.items[i].value)) return false;
    }
    return true;
}

static void print_baked(const Compiled *c, const Given *given)
{
    const ReadOptions *o = &c->options.read;
    for (int i = c->user->options->read.bakes.count; i < o->bakes.count; i++) {
        const char *path = given_find(given, o->bakes.items[i].input)->path;
        const char *slash = strrchr(path, '/');
        printf("  baked '%s' from %s: it must be known at compile time\n", o->bakes.items[i].input,
               slash ? slash + 1 : path);
    }
}

/* ---- comparing ---- */

/* Where the shape depends on data, a run may find another one than is expected. */
static bool compare_shape(const Job *job, const Tensor *t, const int64_t *dims,
                          const DataTensor *expected)
{
    if (t->rank == 0 || memcmp(dims, expected->dims, (size_t)t->rank * sizeof *dims) == 0)
        return true;
    printf("  output '%s' differs: its shape is %s, expected %s\n", t->name,
           dims_text(job->arena, dims, t->rank), dims_text(job->arena, expected->dims, t->rank));
    return false;
}

static bool compare_output(const Job *job, const Execution *e, int i, const DataTensor *expected)
{
    const Options *o = job->options;
    const Tensor *t = job->graph->outputs.items[i];
    const int64_t *dims = execution_dims(e, i);
    int64_t elements;
    Tolerance tolerance = {o->rtol, o->atol, o->scale};
    if (!compare_shape(job, t, dims, expected)) return false;
    if (!checked_elements(dims, t->rank, &elements)) return false;
    Difference d =
        compare(job->arena, t->dtype, elements, e->outputs[i].data, expected->data, tolerance);
    const char *where = d.worst < 0 ? "" : index_text(job->arena, d.worst, dims, t->rank);
    if (d.wrong && job->graph->random) {
        input_error(
            "output '%s' cannot be compared: %s draws at random, and which numbers it draws "
            "is up to an implementation",
            t->name, job->graph->random);
    } else if (d.wrong) {
        printf("  output '%s' differs: %lld of %lld elements; worst at %s: got %s, expected %s",
               t->name, (long long)d.wrong, (long long)d.elements, where, d.got, d.expected);
        if (dtype_is_float(t->dtype)) printf(", error %.3g of %.3g allowed", d.error, d.allowed);
        printf("\n");
    } else if (d.worst < 0) {
        printf("  output '%s': equal\n", t->name);
    } else {
        printf("  output '%s': worst error %.3g of %.3g allowed, at %s\n", t->name, d.error,
               d.allowed, where);
    }
    return d.wrong == 0;
}

/* EXIT_DONE when everything agrees. */
static int run_and_compare(Compiled *c, const Dataset *d, const Given *given)
{
    const Job *job = &c->job;
    const Graph *g = job->graph;
    int own_outputs = job->own_outputs;
    DataTensor *inputs = NEW_ARRAY(job->arena, DataTensor, g->inputs.count + 1);
    DataTensor *outputs = NEW_ARRAY(job->arena, DataTensor, own_outputs + 1);
    bool read = given_inputs(job, given, inputs);
    if (!dataset_outputs(job, &d->outputs, outputs) || !read) return EXIT_INPUT;
    if (!c->execution) {
        c->library = library_get(job);
        c->execution = execution_new(job->arena, g);
    }
    Execution *e = c->execution;
    for (int i = 0; i < g->inputs.count; i++)
        if (e->inputs[i].bytes) memcpy(e->inputs[i].data, inputs[i].data, e->inputs[i].bytes);
    progress("running %s", d->name);
    int status = execution_run(e, &c->library, job->options->timeout);
    if (status != EXIT_DONE) return status;
    progress_clear();
    printf("%s\n", d->name);
    print_baked(c, given);
    bool good = true;
    for (int i = 0; i < own_outputs; i++) good &= compare_output(job, e, i, &outputs[i]);
    if (!job->options->layers) return good ? EXIT_DONE : EXIT_INPUT;
    int wrong = layers_compare(job, e);
    if (!good && !wrong)
        printf("  each node does what the interpreter says: it is the network's graph that gives "
               "other values than expected\n");
    return good && !wrong ? EXIT_DONE : EXIT_INPUT;
}

static int refuse(Job *job)
{
    stages_run(job, STAGE_INFERRED);
    stages_report(job);
    return EXIT_INPUT;
}

static int verify_one(const Job *user, const Dataset *d, Compiled *c)
{
    Given given;
    Options *options = arena_copy(user->arena, user->options, sizeof *user->options);
    Job job = *user;
    job.options = options;
    options->read = bake_copy_options(user->arena, &user->options->read);
    given_lists(user->arena, &d->inputs, &options->read);
    const Graph *declared = read_model_inputs(user->arena, options->operands[0], &options->read,
                                              diags_new(user->arena));
    if (!declared) return refuse(&job); /* with all that is wrong with it, not the inputs alone */
    if (!given_read(&job, declared, &d->inputs, &given)) return EXIT_INPUT;
    if (!serves(c, &given)) {
        discard(c);
        c->good = compile(c, user, &given);
    }
    return c->good ? run_and_compare(c, d, &given) : EXIT_INPUT;
}

static int verify(Job *job)
{
    const Options *o = job->options;
    Datasets datasets = {0};
    if (!datasets_parse(job->arena, o->operands + 1, o->operand_count - 1, &datasets))
        return EXIT_INPUT;
    Compiled compiled = {0};
    int agree = 0, status = EXIT_DONE;
    for (int i = 0; i < datasets.count && status != EXIT_MACHINE; i++) {
        int result = verify_one(job, &datasets.items[i], &compiled);
        agree += result == EXIT_DONE;
        if (result > status) status = result;
    }
    discard(&compiled);
    printf("%s: %d of %d datasets agree\n", o->operands[0], agree, datasets.count);
    return status;
}

const Command command_verify = {
    .name = "verify",
    .operands = "FILE DATASET...",
    .title = "Compares a compiled network's outputs with expected ones",
    .help =
        "A DATASET is a folder of input_0.pb, ..., output_0.pb, ... (or .npy), as\n"
        "ONNX's test_data_set folders are; or a pair of files X.in.npy X.out.npy; or\n"
        "IN,...:OUT,... where each is a .npy or .pb file or NAME=FILE. Types and shapes\n"
        "must agree. A float may differ by A + R * |expected|; integers, booleans and\n"
        "strings must be equal; NaN equals NaN. An input whose value must be known at\n"
        "compile time, as a shape or an axis, is baked: it becomes a constant, as\n"
        "`--bake` makes it, with the data set's value; a line of the output says so. A\n"
        "data set that has other sizes or values there, or a sequence of another length,\n"
        "compiles again. With --layers the network is compiled so that every tensor can be seen,\n"
        "and each node is compared with the interpreter as well; the first wrong one is\n"
        "named first. There the tolerance is relative to the largest magnitude in the\n"
        "tensor.\n",
    .least = 2,
    .most = -1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_CODE | GROUP_CC | GROUP_RUN | GROUP_COMPARE,
    .run = verify,
};
