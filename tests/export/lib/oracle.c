/*
 * oracle MODEL.onnx FOLDER: runs the model in ONNX Runtime on random inputs and leaves both in FOLDER/set as input_K.npy and
 * output_K.npy, for netc verify. Exits with 77 where there is no ONNX Runtime (ONNXRUNTIME names its library), with 1 where it
 * refuses the model.
 */
#include "datafile.h"
#include "graph.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Places in the table of functions that OrtGetApiBase()->GetApi(version) gives, which only grows. */
enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_INTRA_THREADS = 24,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_DATA = 51,
    CREATE_CPU_MEMORY_INFO = 69,
    API_VERSION = 13,
    LOG_ERRORS = 3,
    NOT_RUN = 77,
};

typedef struct ApiBase {
    void **(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} ApiBase;

static void **api;
#define CALL(entry, ...) check(((void *(*)())api[entry])(__VA_ARGS__))

static void check(void *status)
{
    if (!status) return;
    printf("%s\n", ((const char *(*)(void *))api[GET_ERROR_MESSAGE])(status));
    exit(EXIT_INPUT);
}

static void load(void)
{
    const char *path = getenv("ONNXRUNTIME");
    void *library = dlopen(path && *path ? path : "libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
    const ApiBase *(*get_base)(void) = NULL;
    if (library) *(void **)&get_base = dlsym(library, "OrtGetApiBase");
    if (!get_base) {
        printf("no ONNX Runtime: %s\n", dlerror());
        exit(NOT_RUN);
    }
    api = get_base()->get_api(API_VERSION);
}

/* Uniform in -1 .. 1; integers 0 .. 3, which may be indices. */
static void *random_data(Arena *arena, const Tensor *t, uint64_t *state)
{
    int64_t n = tensor_elements(t);
    void *data = arena_alloc(arena, dtype_bytes(t->dtype, n) + 1);
    for (int64_t i = 0; i < n; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        if (dtype_is_float(t->dtype))
            dtype_set_double(t->dtype, data, i, (double)(int32_t)(*state >> 32) * 0x1p-31);
        else
            dtype_set_int(t->dtype, data, i, (int64_t)(*state >> 62) & (t->dtype == DT_BOOL ? 1 : 3));
    }
    return data;
}

static void write_tensor(Arena *arena, const char *folder, const char *what, int k, const Tensor *t, const void *data)
{
    DataTensor file = {.name = t->name, .dtype = t->dtype, .rank = t->rank, .data = data};
    memcpy(file.dims, t->dims, (size_t)t->rank * sizeof *t->dims);
    Diags *diags = diags_new(arena);
    if (datafile_write(arena_format(arena, "%s/set/%s_%d.npy", folder, what, k), &file, 1, diags)) return;
    diags_print(diags, stderr, false);
    exit(EXIT_MACHINE);
}

int main(int argc, char **argv)
{
    Arena *arena = arena_new();
    Diags *diags = diags_new(arena);
    if (argc != 3) return EXIT_USAGE;
    load();
    ReadOptions options = {.dim_default = 1};
    Graph *g = read_model(arena, argv[1], &options, diags);
    if (!g || !infer(g, diags)) {
        diags_print(diags, stdout, false);
        return EXIT_INPUT;
    }
    void *environment, *session_options, *session, *memory;
    CALL(CREATE_ENV, LOG_ERRORS, "oracle", &environment);
    CALL(CREATE_SESSION_OPTIONS, &session_options);
    CALL(SET_INTRA_THREADS, session_options, 1);
    CALL(CREATE_CPU_MEMORY_INFO, 0, 0, &memory);
    CALL(CREATE_SESSION, environment, argv[1], session_options, &session);

    int in = g->inputs.count, out = g->outputs.count;
    const char **names = NEW_ARRAY(arena, const char *, in + out + 1);
    void **inputs = NEW_ARRAY(arena, void *, in + 1), **outputs = NEW_ARRAY(arena, void *, out + 1);
    uint64_t state = 1;
    mkdir(arena_format(arena, "%s/set", argv[2]), 0777);
    for (int i = 0; i < in; i++) {
        const Tensor *t = g->inputs.items[i];
        void *data = random_data(arena, t, &state);
        names[i] = t->name;
        CALL(CREATE_TENSOR_WITH_DATA, memory, data, dtype_bytes(t->dtype, tensor_elements(t)), t->dims, (size_t)t->rank,
             (int)t->dtype, &inputs[i]);
        write_tensor(arena, argv[2], "input", i, t, data);
    }
    for (int i = 0; i < out; i++) names[in + i] = g->outputs.items[i]->name;
    CALL(RUN, session, NULL, names, (const void *const *)inputs, (size_t)in, names + in, (size_t)out, outputs);
    for (int i = 0; i < out; i++) {
        void *data;
        CALL(GET_TENSOR_DATA, outputs[i], &data);
        write_tensor(arena, argv[2], "output", i, g->outputs.items[i], data);
    }
    return EXIT_DONE;
}
