/* netc run: inputs from files through the compiled network, outputs into .npy files. */
#include "dataset.h"
#include "execute.h"

#include <ctype.h>

static FileNames input_files(const Job *job)
{
    FileNames files = {0};
    for (int i = 1; i < job->options->operand_count; i++)
        LIST_PUSH(job->arena, &files, job->options->operands[i]);
    return files;
}

static const char *plain_name(Arena *arena, const Tensor *t)
{
    char *name = arena_format(arena, "%s.npy", t->name);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-", *p)) *p = '_';
    if (*name == '.') *name = '_';
    return name;
}

/* The output's name as that of a file; its position sets apart what would be the same name. */
static const char *file_name(Arena *arena, const Graph *g, int output)
{
    const char *name = plain_name(arena, g->outputs.items[output]);
    for (int i = 0; i < output; i++)
        if (strcmp(plain_name(arena, g->outputs.items[i]), name) == 0)
            return arena_format(arena, "%d_%s", output, name);
    return name;
}

/* The outputs that the model has; the shapes behind them are in the files. */
static int write_outputs(const Job *job, const Execution *e)
{
    const Graph *g = job->graph;
    int count = job->own_outputs;
    Workdir *w = workdir_make(job->arena, job->options->output);
    Diags *diags = diags_new(job->arena);
    for (int i = 0; i < count; i++) {
        const Tensor *t = g->outputs.items[i];
        const char *name = file_name(job->arena, g, i);
        workdir_plan(w, name, arena_format(job->arena, "%s/%s", w->parent, name));
        DataTensor data = {
            .name = t->name, .dtype = t->dtype, .rank = t->rank, .data = e->outputs[i].data};
        memcpy(data.dims, execution_dims(e, i), (size_t)t->rank * sizeof *t->dims);
        if (!datafile_write(workdir_file(w, name), &data, 1, diags)) {
            report_diags(job, diags);
            return EXIT_MACHINE;
        }
    }
    workdir_publish(w);
    for (int i = 0; i < count; i++) {
        const Tensor *t = g->outputs.items[i];
        printf("%s: %s %s\n", w->planned.items[i].place, dtype_name(t->dtype),
               dims_text(job->arena, execution_dims(e, i), t->rank));
    }
    return EXIT_DONE;
}

/* What the files hold decides sizes, so it is read before the model is. */
static int run(Job *job)
{
    FileNames files = input_files(job);
    Given given = {0};
    given_lists(job->arena, &files, &job->options->read);
    const Graph *declared = read_model_inputs(job->arena, job->options->operands[0],
                                              &job->options->read, diags_new(job->arena));
    if (declared && !given_read(job, declared, &files, &given)) return EXIT_INPUT;
    if (declared) given_bind_dims(job->arena, &given, &job->options->read);
    bool good = stages_run(job, STAGE_PLANNED);
    stages_report(job);
    if (!good) return EXIT_INPUT;

    const Graph *g = job->graph;
    DataTensor *inputs = NEW_ARRAY(job->arena, DataTensor, g->inputs.count + 1);
    if (!given_inputs(job, &given, inputs)) return EXIT_INPUT;
    Library library = library_get(job);
    Execution *e = execution_new(job->arena, g);
    for (int i = 0; i < g->inputs.count; i++)
        if (e->inputs[i].bytes) memcpy(e->inputs[i].data, inputs[i].data, e->inputs[i].bytes);
    progress("running %s", g->name);
    int status = execution_run(e, &library, job->options->timeout);
    library_release(&library);
    progress_clear();
    return status == EXIT_DONE ? write_outputs(job, e) : status;
}

const Command command_run = {
    .name = "run",
    .operands = "FILE IN... -o DIR",
    .title = "Runs a network on files and writes its outputs",
    .help = "Each IN is a .npy or .pb tensor, or a .npz or .safetensors of several. NAME=IN\n"
            "says which input it is for; otherwise names in the files count, or else their\n"
            "order. Sizes of named dimensions that --dim leaves open come from the inputs.\n"
            "An input that --bake makes a constant needs no IN. A .pb of a sequence is of all\n"
            "its elements.\n"
            "Outputs become DIR/NAME.npy. The network is compiled once and kept in a cache:\n"
            "in $NETC_CACHE, else in $XDG_CACHE_HOME/netc, else in ~/.cache/netc.\n",
    .least = 1,
    .most = -1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_CODE | GROUP_CC | GROUP_RUN,
    .needs_output = true,
    .run = run,
};
