/*
 * Cases in code that netc generates. Every case goes through the whole pipeline alone and becomes C
 * files of its own, with a name of its own; a batch is compiled by one call of the C compiler and
 * linked into one library, and each is run there, its inputs and outputs ending at pages that must
 * not be touched.
 */
#include "outcome.h"

#include "commands.h"
#include "generate.h"
#include "netc.h"
#include "toolchain.h"
#include "winograd.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Batch {
    const Compiled *c;
    const Case *cases;
    Outcome *outcomes;
    int count;
    const char *folder;
    int only; /* the one case to be compiled; -1: all */
    void *library;
} Batch;

static void write_file(Arena *arena, const char *folder, const char *name, const void *data,
                       size_t bytes)
{
    const char *path = arena_format(arena, "%s/%s", folder, name);
    if (!file_write(path, data, bytes)) die("cannot write %s", path);
}

static Options options_for(const Compiled *c)
{
    return (Options){
        .target = c->target, .cflags = c->cflags, .threads = 1, .winograd = WINOGRAD_OFF};
}

/* ---- netc ---- */

static bool pipeline(Job *job, const Case *c)
{
    File *file = NEW(job->arena, File);
    file->path = "case.onnx";
    file->data = case_model(job->arena, c, &file->bytes);
    job->graph = read_onnx(job->arena, file, &job->options->read, job->diags);
    if (!job->graph || diags_errors(job->diags) || !infer(job->graph, job->diags) ||
        diags_errors(job->diags))
        return false;
    check_graph(job->graph, true);
    return stages_go_on(job);
}

static void refuse(Outcome *o, const Diags *diags)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    diags_print(diags, stream, false);
    fclose(stream);
    outcome_refuse(o, STATUS_REFUSED, "%s", text);
    free(text);
}

static void generate_one(int i, void *context)
{
    Batch *b = context;
    Outcome *o = &b->outcomes[i];
    Arena *arena = arena_new();
    Options options = options_for(b->c);
    options.exact = b->cases[i].exact;
    options.weights_type = (int)b->cases[i].weights;
    Job job = {.options = &options, .arena = arena, .diags = diags_new(arena)};
    if (!pipeline(&job, &b->cases[i])) {
        refuse(o, job.diags);
        arena_free(arena);
        return;
    }
    const Graph *g = job.graph;
    for (int k = 0; k < g->outputs.count; k++) {
        const Tensor *t = g->outputs.items[k];
        if (outcome_output(o, t->dtype, t->rank, t->dims)) continue;
        outcome_refuse(o, STATUS_REFUSED, "an output is too large to be compared");
        arena_free(arena);
        return;
    }
    const char *name = arena_format(arena, "case%d", i);
    EmitOptions spelling = {.name = name, .weights = WEIGHTS_INLINE};
    Emitted *text = NEW(arena, Emitted);
    emit(job.program, &spelling, text);
    write_file(arena, b->folder, arena_format(arena, "%s.c", name), text->source.data,
               text->source.length);
    write_file(arena, b->folder, arena_format(arena, "%s.h", name), text->header.data,
               text->header.length);
    o->status = STATUS_BUILT;
    arena_free(arena);
}

/* ---- the C compiler ---- */

static const char *headers_folder(Arena *arena, const Compiled *c)
{
    return arena_format(arena, "%s/%s", c->folder, c->target->name);
}

static Words compiler_words(Arena *arena, const Compiled *c)
{
    Options options = options_for(c);
    Words words = cc_words(arena, &options);
    words_add(arena, &words, arena_format(arena, "-I%s", headers_folder(arena, c)));
    return words;
}

void compiled_prepare(const Compiled *c)
{
    Arena *arena = arena_new();
    const char *folder = headers_folder(arena, c);
    if (mkdir(folder, 0777) != 0) die("cannot make %s", folder);
    for (const CarriedFile *f = runtime_files; f->name; f++)
        write_file(arena, folder, f->name, f->data, f->bytes);
    const char *all =
        arena_format(arena, "#include \"netc.h\"\n#include \"%s\"\n", c->target->header);
    write_file(arena, folder, "all.h", all, strlen(all));
    Words words = compiler_words(arena, c);
    words_add(arena, &words, "-x c-header -o all.h.gch all.h");
    tool_run(arena, "the C compiler", &words, folder);
    arena_free(arena);
}

static void compile_objects(int i, void *context)
{
    Batch *b = context;
    Arena *arena = arena_new();
    Words words = compiler_words(arena, b->c);
    words_add(arena, &words, "-include all.h -c");
    for (int k = 0; k < b->count; k++)
        if (b->outcomes[k].status == STATUS_BUILT && (b->only < 0 || k == i))
            words_add(arena, &words, arena_format(arena, "case%d.c", k));
    tool_run(arena, "the C compiler", &words, b->folder);
    arena_free(arena);
}

static void link_objects(int i, void *context)
{
    (void)i;
    Batch *b = context;
    Arena *arena = arena_new();
    Words words = compiler_words(arena, b->c);
    words_add(arena, &words, "-shared -o batch.so");
    for (int k = 0; k < b->count; k++)
        if (b->outcomes[k].status == STATUS_BUILT)
            words_add(arena, &words, arena_format(arena, "case%d.o", k));
    words_add(arena, &words, "-lm");
    tool_run(arena, "the C compiler", &words, b->folder);
    arena_free(arena);
}

static int built(const Batch *b)
{
    int n = 0;
    for (int i = 0; i < b->count; i++) n += b->outcomes[i].status == STATUS_BUILT;
    return n;
}

/* One step for the whole batch, in a child; false: it failed. */
static bool step(Batch *b, void (*work)(int i, void *context), FILE *noise)
{
    static Outcome *whole;
    if (!whole) whole = outcomes_new(1);
    whole->status = STATUS_PENDING;
    work_in_children(&(Work){STATUS_PENDING, 1, whole, work, b, noise});
    return whole->status == STATUS_PENDING;
}

/* All at once, or each by itself to find the ones that the compiler refuses. */
static void compile_batch(Batch *b, FILE *noise)
{
    b->only = -1;
    if (step(b, compile_objects, noise)) return;
    b->only = 0;
    work_in_children(&(Work){STATUS_BUILT, b->count, b->outcomes, compile_objects, b, noise});
}

/* ---- running ---- */

/* Memory that ends where a page begins that must not be touched. */
static void *guarded(size_t bytes, size_t align, int fill)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + align - 1) / align * align;
    size_t pages = (room + page - 1) / page * page;
    char *p = mmap(NULL, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("out of memory");
    mprotect(p + pages, page, PROT_NONE);
    memset(p, fill, pages);
    return p + pages - room;
}

static void run_one(int i, void *context)
{
    Batch *b = context;
    Outcome *o = &b->outcomes[i];
    char name[40];
    if (!b->library)
        b->library = dlopen(b->folder, RTLD_NOW | RTLD_LOCAL); /* the path of the library now */
    if (!b->library) die("%s", dlerror());
    snprintf(name, sizeof name, "case%d_model", i);
    const netc_model *(*get)(void);
    *(void **)&get = dlsym(b->library, name);
    const netc_model *model = get();
    const void *inputs[MAX_INPUTS];
    void *outputs[MAX_OUTPUTS];
    int count = 0;
    for (int k = 0; k < b->cases[i].input_count; k++) {
        const CaseInput *in = &b->cases[i].inputs[k];
        if (in->omitted || in->constant) continue;
        assert(count < model->input_count);
        void *data = guarded(model->inputs[count].bytes, 64, 0xff);
        memcpy(data, in->data, model->inputs[count].bytes);
        inputs[count++] = data;
    }
    assert(count == model->input_count && o->count == model->output_count);
    for (int k = 0; k < o->count; k++) outputs[k] = guarded(model->outputs[k].bytes, 64, 0xff);
    void *workspace = guarded(model->workspace_bytes, model->workspace_align, 0xff);
    int status = model->run(inputs, outputs, workspace);
    if (status != 0) die("the network refuses its arguments with %d", status);
    for (int k = 0; k < o->count; k++)
        memcpy(o->data + o->outputs[k].at, outputs[k], o->outputs[k].bytes);
    o->status = STATUS_GOOD;
}

void compiled_run(const Compiled *c, const Case *cases, int count, Outcome *outcomes, FILE *noise)
{
    Arena *arena = arena_new();
    Workdir *w = workdir_make(arena, c->folder);
    Batch b = {.c = c, .cases = cases, .outcomes = outcomes, .count = count, .folder = w->path};
    work_in_children(&(Work){STATUS_PENDING, count, outcomes, generate_one, &b, noise});
    if (built(&b)) compile_batch(&b, noise);
    if (built(&b) && !step(&b, link_objects, noise)) die("a batch cannot be linked");
    b.folder = arena_format(arena, "%s/batch.so", w->path);
    if (built(&b)) work_in_children(&(Work){STATUS_BUILT, count, outcomes, run_one, &b, noise});
    workdir_remove(w);
    arena_free(arena);
}
