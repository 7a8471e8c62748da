/* The child that loads a compiled network and runs it, and the parent that waits for it. */
#include "execute.h"

#include "netc.h"
#include "netc_string.h"
#include "texts.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALIGNMENT = 64, UNWRITTEN = 0xFF /* fills what the network should write: NaN, -1 */ };
enum { REFUSED = 2 }; /* the child's exit code */

/* What the child tells its parent when it cannot run the network. */
typedef struct Report {
    char text[500];
} Report;

/* ---- memory ---- */

static void *map_shared(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("out of memory: %zu bytes", bytes);
    return p;
}

static void area_release(void *object)
{
    Area *area = object;
    munmap(area->mapping, area->mapped);
}

static void area_make(Arena *arena, Area *area, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE),
           room = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t pages = (room + page - 1) / page * page;
    area->bytes = bytes;
    area->mapped = pages + page;
    area->mapping = map_shared(area->mapped);
    mprotect((char *)area->mapping + pages, page, PROT_NONE);
    area->data = (char *)area->mapping + (pages - room);
    arena_defer(arena, area_release, area);
}

static size_t tensor_bytes(const Tensor *t) { return dtype_bytes(t->dtype, tensor_elements(t)); }

Execution *execution_new(Arena *arena, const Graph *g)
{
    Execution *e = NEW(arena, Execution);
    e->arena = arena;
    e->graph = g;
    e->inputs = NEW_ARRAY(arena, Area, g->inputs.count);
    e->outputs = NEW_ARRAY(arena, Area, g->outputs.count);
    for (int i = 0; i < g->inputs.count; i++)
        area_make(arena, &e->inputs[i], tensor_bytes(g->inputs.items[i]));
    for (int i = 0; i < g->outputs.count; i++)
        area_make(arena, &e->outputs[i], tensor_bytes(g->outputs.items[i]));
    return e;
}

/* ---- the child ---- */

_Noreturn static void child_fail(Report *report, const char *format, ...) PRINTF(2, 3);
_Noreturn static void child_fail(Report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(report->text, sizeof report->text, format, args);
    va_end(args);
    _exit(1);
}

/* What is wrong is the data. */
_Noreturn static void child_refuse(Report *report, const char *why)
{
    snprintf(report->text, sizeof report->text, "error: %s", why);
    _exit(REFUSED);
}

static const netc_model *child_load(Report *report, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) child_fail(report, "the compiled network does not load: %s", dlerror());
    const netc_model *(*entry)(void);
    *(void **)&entry = dlsym(library, "netc_entry");
    if (!entry) child_fail(report, "%s has no netc_entry", path);
    const netc_model *model = entry();
    if (model->abi != NETC_ABI)
        child_fail(report, "%s has descriptor version %u, not %d", path, (unsigned)model->abi,
                   NETC_ABI);
    return model;
}

static void child_check(Report *report, const netc_tensor_info *info, const Area *areas, int count)
{
    for (int i = 0; i < count; i++)
        if (info[i].bytes != areas[i].bytes)
            child_fail(report, "tensor '%s' of the compiled network has %zu bytes, not %zu",
                       info[i].name, info[i].bytes, areas[i].bytes);
}

static const void *child_weights(Report *report, const char *path, size_t bytes)
{
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        child_fail(report, "cannot read %s: %s", path, strerror(errno));
    if ((size_t)status.st_size != bytes)
        child_fail(report, "%s has %lld bytes, not %zu", path, (long long)status.st_size, bytes);
    const void *data = mmap(NULL, bytes ? bytes : 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) child_fail(report, "cannot map %s: %s", path, strerror(errno));
    return data;
}

/* After a run: what lies behind a shape that depends on data does not count. */
static int64_t output_elements(const Execution *e, int i)
{
    const int64_t *dims = execution_dims(e, i);
    int64_t elements = 1;
    for (int d = 0; d < e->graph->outputs.items[i]->rank; d++) elements *= dims[d];
    return elements;
}

static void child_send(Report *report, const Execution *e)
{
    for (int i = 0; i < e->graph->outputs.count; i++) {
        const Tensor *t = e->graph->outputs.items[i];
        int64_t wrong;
        if (t->dtype == DT_STRING &&
            !texts_send(e->texts, e->outputs[i].data, output_elements(e, i), &wrong))
            child_fail(report, "element %lld of output '%s' was not written", (long long)wrong,
                       t->name);
    }
}

_Noreturn static void child_run(const Execution *e, const Library *library, Report *report)
{
    const netc_model *model = child_load(report, library->path);
    const Graph *g = e->graph;
    int extra = library->weights != NULL;
    if (model->input_count != g->inputs.count + extra || model->output_count != g->outputs.count)
        child_fail(report, "the compiled network has %d inputs and %d outputs, not %d and %d",
                   model->input_count, model->output_count, g->inputs.count + extra,
                   g->outputs.count);
    child_check(report, model->inputs, e->inputs, g->inputs.count);
    child_check(report, model->outputs, e->outputs, g->outputs.count);

    const void **inputs = calloc((size_t)model->input_count + 1, sizeof *inputs);
    void **outputs = calloc((size_t)model->output_count + 1, sizeof *outputs);
    size_t align =
        model->workspace_align > sizeof(void *) ? model->workspace_align : sizeof(void *);
    void *workspace = NULL;
    if (!inputs || !outputs ||
        posix_memalign(&workspace, align, model->workspace_bytes + align) != 0)
        child_fail(report, "out of memory: the workspace has %zu bytes", model->workspace_bytes);
    memset(workspace, UNWRITTEN, model->workspace_bytes);
    for (int i = 0; i < g->inputs.count; i++) {
        inputs[i] = e->inputs[i].data;
        mprotect(e->inputs[i].mapping, e->inputs[i].mapped, PROT_READ);
    }
    for (int i = 0; i < g->outputs.count; i++) outputs[i] = e->outputs[i].data;
    if (extra)
        inputs[g->inputs.count] =
            child_weights(report, library->weights, model->inputs[g->inputs.count].bytes);
    int status = model->run(inputs, outputs, workspace);
    if (status == NETC_NO_ROOM || status == NETC_NO_NUMBER)
        child_refuse(report, status == NETC_NO_ROOM
                                 ? "the strings that the network makes take more room than there "
                                   "is; --string-bytes N gives each N bytes"
                                 : "a string that is to become a number is none");
    if (status != 0)
        child_fail(report, "the compiled network refuses its arguments with %d", status);
    child_send(report, e);
    _exit(0);
}

/* ---- the parent ---- */

static void limit_child(double timeout)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    struct itimerval timer = {
        .it_value = {(time_t)timeout, (suseconds_t)((timeout - (double)(time_t)timeout) * 1e6)}};
    if (timeout > 0) setitimer(ITIMER_REAL, &timer, NULL);
}

static int tell_failure(int status, const Report *report, double timeout)
{
    progress_clear();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, "netc: the compiled network did not finish within %g s (--timeout)\n",
                timeout);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "netc: the compiled network crashed: %s\n", strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "netc: %s\n",
                report->text[0] ? report->text : "the compiled network ended early");
    return WIFEXITED(status) && WEXITSTATUS(status) == REFUSED ? EXIT_INPUT : EXIT_MACHINE;
}

/* The addresses that the outputs hold are the child's. */
static void receive_strings(Execution *e)
{
    const char *text = texts_receive(e->arena, e->texts);
    for (int i = 0; i < e->graph->outputs.count; i++) {
        const Tensor *t = e->graph->outputs.items[i];
        const char **strings = e->outputs[i].data;
        for (int64_t k = 0; t->dtype == DT_STRING && k < output_elements(e, i); k++) {
            strings[k] = text;
            text += strlen(text) + 1;
        }
    }
}

int execution_run(Execution *e, const Library *library, double timeout)
{
    Report *report = map_shared(sizeof *report), told;
    for (int i = 0; i < e->graph->outputs.count; i++)
        memset(e->outputs[i].data, UNWRITTEN, e->outputs[i].bytes);
    e->texts = texts_open();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("cannot start a process: %s", strerror(errno));
    if (child == 0) {
        limit_child(timeout);
        child_run(e, library, report);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    told = *report;
    munmap(report, sizeof *report);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!good) close(e->texts);
    if (!good) return tell_failure(status, &told, timeout);
    receive_strings(e);
    return EXIT_DONE;
}

const int64_t *execution_dims(const Execution *e, int i)
{
    const Graph *g = e->graph;
    const Tensor *t = g->outputs.items[i];
    for (int k = 0; t->shape && k < g->outputs.count; k++)
        if (g->outputs.items[k] == t->shape) return e->outputs[k].data;
    return t->dims;
}
