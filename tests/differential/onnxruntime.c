/*
 * Cases in ONNX Runtime, through its C interface: OrtGetApiBase()->GetApi(version) is a table of
 * functions that only grows at its end, so each entry is known by its place in it. An OrtStatus
 * that is not NULL is an error.
 */
#include "outcome.h"

#include <dlfcn.h>
#include <stdlib.h>

enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION_FROM_ARRAY = 8,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_GRAPH_OPTIMIZATION = 23,
    SET_INTRA_THREADS = 24,
    SET_INTER_THREADS = 25,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_DATA = 51,
    GET_ELEMENT_TYPE = 60,
    GET_DIMENSIONS_COUNT = 61,
    GET_DIMENSIONS = 62,
    GET_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    RELEASE_SESSION = 95,
    RELEASE_VALUE = 96,
    API_VERSION = 13,
    FATAL = 4 /* the least severe messages that are logged */
};

typedef struct ApiBase {
    void **(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} ApiBase;

static void **api;
static void *environment, *session_options, *memory_info;

#define CALL(entry, ...) (((void *(*)())api[entry])(__VA_ARGS__))

const char *onnxruntime_load(const char *path, const char **why)
{
    static const char *const names[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
    void *library = path && *path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    for (size_t i = 0; !library && !(path && *path) && i < COUNT(names); i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    const ApiBase *(*get_base)(void) = NULL;
    if (library) *(void **)&get_base = dlsym(library, "OrtGetApiBase");
    *why = get_base ? NULL : dlerror();
    if (!get_base) return NULL;
    api = get_base()->get_api(API_VERSION);
    return get_base()->get_version();
}

/* ---- in the child ---- */

typedef struct Session {
    const Case *c;
    Outcome *o;
    void *session;
} Session;

static bool good(Outcome *o, void *status)
{
    if (!status) return true;
    outcome_refuse(o, STATUS_REFUSED, "%s",
                   ((const char *(*)(void *))api[GET_ERROR_MESSAGE])(status));
    return false;
}

/* Without graph optimisations, which replace nodes by others. */
static bool start(Outcome *o)
{
    if (environment) return true;
    return good(o, CALL(CREATE_ENV, FATAL, "differential", &environment)) &&
           good(o, CALL(CREATE_SESSION_OPTIONS, &session_options)) &&
           good(o, CALL(SET_INTRA_THREADS, session_options, 1)) &&
           good(o, CALL(SET_INTER_THREADS, session_options, 1)) &&
           good(o, CALL(SET_GRAPH_OPTIMIZATION, session_options, 0)) &&
           good(o, CALL(CREATE_CPU_MEMORY_INFO, 0, 0, &memory_info));
}

static bool open_session(Session *s)
{
    size_t bytes;
    Arena *arena = arena_new();
    const uint8_t *model = case_model(arena, s->c, &bytes);
    bool opened = good(s->o, CALL(CREATE_SESSION_FROM_ARRAY, environment, model, bytes,
                                  session_options, &s->session));
    arena_free(arena);
    return opened;
}

static void *make_input(Session *s, const CaseInput *in)
{
    void *value = NULL;
    size_t bytes = dtype_bytes(in->dtype, case_elements(in));
    return good(s->o, CALL(CREATE_TENSOR_WITH_DATA, memory_info, in->data, bytes, in->dims,
                           (size_t)in->rank, (int)in->dtype, &value))
               ? value
               : NULL;
}

static bool take_output(Outcome *o, void *value)
{
    void *info = NULL, *data = NULL;
    int type = 0;
    size_t rank = 0;
    int64_t dims[MAX_RANK];
    if (!good(o, CALL(GET_TYPE_AND_SHAPE, value, &info)) ||
        !good(o, CALL(GET_ELEMENT_TYPE, info, &type)) ||
        !good(o, CALL(GET_DIMENSIONS_COUNT, info, &rank)))
        return false;
    bool fits = rank <= MAX_RANK;
    if (fits && !good(o, CALL(GET_DIMENSIONS, info, dims, rank))) return false;
    struct OutcomeTensor *t = fits ? outcome_output(o, (Dtype)type, (int)rank, dims) : NULL;
    if (!t) {
        outcome_refuse(o, STATUS_REFUSED, "an output is too large to be compared");
        return false;
    }
    if (!good(o, CALL(GET_TENSOR_DATA, value, &data))) return false;
    if (t->bytes) memcpy(o->data + t->at, data, t->bytes);
    return true;
}

static bool run_session(Session *s)
{
    static const char *const ins[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"},
                             *const outs[] = {"y0", "y1", "y2", "y3", "y4", "y5"};
    const char *names[MAX_INPUTS];
    void *inputs[MAX_INPUTS], *outputs[MAX_OUTPUTS] = {0};
    size_t count = 0;
    for (int i = 0; i < s->c->input_count; i++) {
        const CaseInput *in = &s->c->inputs[i];
        if (in->omitted || in->constant) continue;
        names[count] = ins[i];
        if (!(inputs[count++] = make_input(s, in))) return false;
    }
    if (!good(s->o, CALL(RUN, s->session, NULL, names, inputs, count, outs,
                         (size_t)s->c->output_count, outputs)))
        return false;
    for (int i = 0; i < s->c->output_count; i++)
        if (!take_output(s->o, outputs[i])) return false;
    for (size_t i = 0; i < count; i++) CALL(RELEASE_VALUE, inputs[i]);
    for (int i = 0; i < s->c->output_count; i++) CALL(RELEASE_VALUE, outputs[i]);
    return true;
}

typedef struct Cases {
    const Case *cases;
    Outcome *outcomes;
} Cases;

static void run_one(int i, void *context)
{
    const Cases *cases = context;
    Session s = {.c = &cases->cases[i], .o = &cases->outcomes[i]};
    if (!start(s.o) || !open_session(&s)) return;
    if (run_session(&s)) s.o->status = STATUS_GOOD;
    CALL(RELEASE_SESSION, s.session);
}

void onnxruntime_run(const Case *cases, int count, Outcome *outcomes, FILE *noise)
{
    Cases all = {cases, outcomes};
    work_in_children(&(Work){STATUS_PENDING, count, outcomes, run_one, &all, noise});
}
