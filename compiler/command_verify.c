/* netc verify: the compiled network against expected outputs; the worst error and where it is. */
#include "compare.h"
#include "dataset.h"
#include "layers.h"

static bool find_datasets(const Job *job, Datasets *out)
{
    const Options *o = job->options;
    return datasets_parse(job->arena, o->operands + 1, o->operand_count - 1, out);
}

/* The datasets come before the model: the first one's inputs may size its named dimensions. */
static int prepare(Job *job)
{
    Datasets datasets = {0};
    if (!find_datasets(job, &datasets)) return EXIT_INPUT;
    dataset_bind_dims(job, &datasets.items[0].inputs);
    return EXIT_DONE;
}

static bool compare_output(const Job *job, const Tensor *t, const void *got,
                           const DataTensor *expected)
{
    const Options *o = job->options;
    Tolerance tolerance = {o->rtol, o->atol, o->scale};
    Difference d =
        compare(job->arena, t->dtype, tensor_elements(t), got, expected->data, tolerance);
    const char *where = d.worst < 0 ? "" : index_text(job->arena, d.worst, t->dims, t->rank);
    if (d.wrong) {
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
static int verify_one(const Job *job, const Dataset *d, Execution *e, const Library *library)
{
    const Graph *g = job->graph;
    int own_outputs = job->own_outputs;
    DataTensor *inputs = NEW_ARRAY(job->arena, DataTensor, g->inputs.count + 1);
    DataTensor *outputs = NEW_ARRAY(job->arena, DataTensor, own_outputs + 1);
    bool read = dataset_read(job, &d->inputs, g->inputs.items, g->inputs.count, "input", inputs);
    if (!dataset_read(job, &d->outputs, g->outputs.items, own_outputs, "output", outputs) || !read)
        return EXIT_INPUT;
    for (int i = 0; i < g->inputs.count; i++)
        if (e->inputs[i].bytes) memcpy(e->inputs[i].data, inputs[i].data, e->inputs[i].bytes);
    progress("running %s", d->name);
    if (!execution_run(e, library, job->options->timeout)) return EXIT_MACHINE;
    progress_clear();
    printf("%s\n", d->name);
    bool good = true;
    for (int i = 0; i < own_outputs; i++)
        good &= compare_output(job, g->outputs.items[i], e->outputs[i].data, &outputs[i]);
    if (!job->options->layers) return good ? EXIT_DONE : EXIT_INPUT;
    int wrong = layers_compare(job, e);
    if (!good && !wrong)
        printf("  each node does what the interpreter says: it is the network's graph that gives "
               "other values than expected\n");
    return good && !wrong ? EXIT_DONE : EXIT_INPUT;
}

static int verify(Job *job)
{
    Datasets datasets = {0};
    if (!find_datasets(job, &datasets)) return EXIT_INPUT;
    int agree = 0, status = EXIT_DONE;
    Library library = library_get(job);
    Execution *e = execution_new(job->arena, job->graph);
    for (int i = 0; i < datasets.count && status != EXIT_MACHINE; i++) {
        int result = verify_one(job, &datasets.items[i], e, &library);
        agree += result == EXIT_DONE;
        if (result > status) status = result;
    }
    library_release(&library);
    printf("%s: %d of %d datasets agree\n", job->options->operands[0], agree, datasets.count);
    return status;
}

const Command command_verify = {
    .name = "verify",
    .operands = "FILE DATASET...",
    .title = "Compares a compiled network's outputs with expected ones",
    .help = "A DATASET is a folder of input_0.pb, ..., output_0.pb, ... (or .npy), as\n"
            "ONNX's test_data_set folders are; or a pair of files X.in.npy X.out.npy; or\n"
            "IN,...:OUT,... where each is a .npy or .pb file or NAME=FILE. Types and shapes\n"
            "must agree. A float may differ by A + R * |expected|; integers and booleans\n"
            "must be equal; NaN equals NaN. With --layers the network is compiled so that\n"
            "every tensor can be seen, and each node is compared with the interpreter as\n"
            "well; the first wrong one is named first. There the tolerance is relative to\n"
            "the largest magnitude in the tensor.\n",
    .least = 2,
    .most = -1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_CODE | GROUP_CC | GROUP_RUN | GROUP_COMPARE,
    .needs = STAGE_PLANNED,
    .prepare = prepare,
    .run = verify,
};
