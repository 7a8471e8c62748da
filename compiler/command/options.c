/* Parsing the command line by the table of options, and the help that is generated from it. */
#include "commands.h"

#include "c_name.h"
#include "toolchain.h"
#include "weights.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

typedef enum OptionKind {
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* const char * */
    OPTION_CHOICE,  /* int: position in `choices` */
    OPTION_REAL,    /* double, not negative */
    OPTION_SIZE,    /* int64_t, at least 1 */
    OPTION_BYTES,   /* the same, not more than a string may have */
    OPTION_THREADS, /* the same, not more than have room in the frame of a run */
    OPTION_TARGET,  /* const Target * */
    OPTION_DIM,     /* appended to read.dims */
    OPTION_LIST,    /* appended to read.lists */
    OPTION_BOUND,   /* appended to read.bounds */
    OPTION_BAKE,    /* appended to read.bakes */
    OPTION_PATHS,   /* appended to a list of them */
    OPTION_SEED,    /* read.seed, and sets read.init */
    OPTION_NAME,    /* const char *, a C identifier */
} OptionKind;

typedef struct OptionRow {
    char letter;              /* 0: none */
    const char *name, *value; /* value: what the help calls it; NULL for flags */
    OptionKind kind;
    size_t offset; /* in Options */
    unsigned group;
    const char *help;
    const char *const *choices;
} OptionRow;

static const char *const weights_choices[] = {"auto", "inline", "object", "file", NULL};
static const char *const winograd_choices[] = {"auto", "off", "accurate", "fast", NULL};
static const char *const emit_choices[] = {"files", "graph", "program", "plan", "schedule", NULL};
static const char *const layout_choices[] = {"auto", "dot", "netc", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

#define AT(member) offsetof(Options, member)
/* clang-format off */
static const OptionRow rows[] = {
    {'o', "output", "PATH", OPTION_TEXT, AT(output), GROUP_OUTPUT,
     "where the result goes", NULL},
    {0, "dim", "NAME=SIZE", OPTION_DIM, AT(read.dims), GROUP_MODEL | GROUP_LSP,
     "the size of a named dimension (repeatable)", NULL},
    {0, "dim-default", "SIZE", OPTION_SIZE, AT(read.dim_default), GROUP_MODEL | GROUP_LSP,
     "the size of every other named dimension", NULL},
    {0, "bake", "INPUT=FILE", OPTION_BAKE, AT(read.bakes), GROUP_MODEL,
     "make an input a constant, with the value in a .npy or .pb file (repeatable)", NULL},
    {0, "bound", "LOOP=COUNT", OPTION_BOUND, AT(read.bounds), GROUP_MODEL,
     "how much a loop collects at most, if only a run knows (repeatable)", NULL},
    {0, "elements", "INPUT=COUNT", OPTION_LIST, AT(read.lists), GROUP_MODEL,
     "how many elements a sequence or an optional has that is an input (repeatable)", NULL},
    {0, "string-bytes", "N", OPTION_BYTES, AT(read.string_bytes), GROUP_MODEL,
     "room for each string that the network makes or splits, up to 65536 (default 256)", NULL},
    {'I', "import-path", "FOLDER", OPTION_PATHS, AT(read.import_paths), GROUP_MODEL | GROUP_LSP,
     "where a .net may find the files that it imports (repeatable)", NULL},
    {0, "weights-from", "FILE", OPTION_TEXT, AT(read.weights), GROUP_WEIGHTS,
     "parameters by path: .npz, .safetensors, .onnx or a folder of .npy", NULL},
    {0, "init", "SEED", OPTION_SEED, AT(read.seed), GROUP_WEIGHTS,
     "fill parameters that have no weights at random", NULL},
    {0, "target", "NAME", OPTION_TARGET, AT(target), GROUP_CODE,
     "instruction set (default native; see `netc targets`)", NULL},
    {0, "weights", "KIND", OPTION_CHOICE, AT(weights), GROUP_CODE,
     "inline (as C), object (.incbin), file (at run time); auto: by size", weights_choices},
    {0, "weights-type", "TYPE", OPTION_CHOICE, AT(weights_type), GROUP_CODE,
     "f32, or f16 or bf16: matrices and kernels in half the bytes, rounded, computed with as f32", weights_type_names},
    {0, "threads", "N", OPTION_THREADS, AT(threads), GROUP_CODE,
     "share kernels out among up to N threads (1024 at most), by OpenMP (default 1: serial code)", NULL},
    {0, "winograd", "WHICH", OPTION_CHOICE, AT(winograd), GROUP_CODE,
     "3x3 convolutions in steps of 1 and 2, 5x5 ones, and 4x4 transposed ones in steps of 2 with fewer multiplications: off, accurate (3x3 in 2x2 tiles), fast (4x4 ones and 5x5, too); auto: fast unless an output is an image", winograd_choices},
    {0, "exact", NULL, OPTION_FLAG, AT(exact), GROUP_CODE,
     "the operations of the definitions in their order: slower, the same bits on every target", NULL},
    {0, "prefix", "NAME", OPTION_NAME, AT(prefix), GROUP_SOURCE,
     "of files and symbols (default: the network's name)", NULL},
    {0, "bundle", NULL, OPTION_FLAG, AT(bundle), GROUP_SOURCE,
     "the runtime's parts inside the one .c", NULL},
    {0, "emit", "STAGE", OPTION_CHOICE, AT(emit), GROUP_SOURCE,
     "print the optimised graph, the program, the (memory) plan or the schedule (with its cost) instead", emit_choices},
    {0, "cc", "COMMAND", OPTION_TEXT, AT(cc), GROUP_CC,
     "the C compiler (default: $CC, else cc)", NULL},
    {0, "cflags", "FLAGS", OPTION_TEXT, AT(cflags), GROUP_CC,
     "more flags for it, separated by spaces", NULL},
    {0, "no-cache", NULL, OPTION_FLAG, AT(no_cache), GROUP_RUN,
     "compile afresh and keep nothing", NULL},
    {0, "timeout", "SECONDS", OPTION_REAL, AT(timeout), GROUP_RUN,
     "give up on one run after this long (default 600; 0: never)", NULL},
    {0, "rtol", "R", OPTION_REAL, AT(rtol), GROUP_COMPARE,
     "relative tolerance (default 1e-3)", NULL},
    {0, "atol", "A", OPTION_REAL, AT(atol), GROUP_COMPARE,
     "absolute tolerance (default 1e-7)", NULL},
    {0, "scale", NULL, OPTION_FLAG, AT(scale), GROUP_COMPARE,
     "R is relative to the output's largest magnitude", NULL},
    {0, "layers", NULL, OPTION_FLAG, AT(layers), GROUP_COMPARE,
     "compare every tensor with the interpreter; name the first wrong node", NULL},
    {0, "no-bake", NULL, OPTION_FLAG, AT(no_bake), GROUP_COMPARE,
     "refuse a network that needs the value of an input at compile time", NULL},
    {0, "seconds", "S", OPTION_REAL, AT(seconds), GROUP_BENCH,
     "run for so long (default 2)", NULL},
    {0, "profile", NULL, OPTION_FLAG, AT(profile), GROUP_BENCH,
     "the time of each kernel, beside what the cost model says", NULL},
    {0, "profile", NULL, OPTION_FLAG, AT(profile), GROUP_SOURCE,
     "call the function pointer NAME_profile after each kernel, to time it", NULL},
    {0, "json", NULL, OPTION_FLAG, AT(json), GROUP_JSON,
     "the result as JSON on standard output", NULL},
    {0, "csv", NULL, OPTION_FLAG, AT(csv), GROUP_CSV,
     "the table as comma-separated values", NULL},
    {0, "md", NULL, OPTION_FLAG, AT(markdown), GROUP_TABLE,
     "the table in Markdown", NULL},
    {0, "flat", NULL, OPTION_FLAG, AT(flat), GROUP_PRINT,
     "operators alone: no layers, no blocks", NULL},
    {0, "flat", NULL, OPTION_FLAG, AT(flat), GROUP_TABLE,
     "layers in the order of execution, not the tree of instances", NULL},
    {0, "missing", NULL, OPTION_FLAG, AT(missing), GROUP_MISSING,
     "what ONNX has and netc does not, and why", NULL},
    {0, "external", NULL, OPTION_FLAG, AT(external), GROUP_EXPORT,
     "weights in a file beside the model, whatever their size", NULL},
    {0, "optimised", NULL, OPTION_FLAG, AT(optimised), GROUP_EXPORT,
     "the graph that code is generated from: constants folded, normalisation in the weights", NULL},
    {0, "optimised", NULL, OPTION_FLAG, AT(optimised), GROUP_DRAWING,
     "the graph that code is generated from, not the one that was written", NULL},
    {0, "kernels", NULL, OPTION_FLAG, AT(kernels), GROUP_DRAWING,
     "that graph in frames for the kernels that compute it, with their schedules", NULL},
    {0, "outline", NULL, OPTION_FLAG, AT(outline), GROUP_DRAWING,
     "as a paper would draw it: bodies of what is computed, blocks as one", NULL},
    {0, "depth", "N", OPTION_SIZE, AT(depth), GROUP_DRAWING,
     "draw instances N deep as one box each (default: all that is in them)", NULL},
    {0, "layout", "WHO", OPTION_CHOICE, AT(drawing), GROUP_DRAWING,
     "places an SVG: dot (Graphviz), netc, or auto: dot where it is installed", layout_choices},
    {0, "profile", "FILE", OPTION_TEXT, AT(profile_file), GROUP_REPORT,
     "show times: what `netc bench --profile --json` printed", NULL},
    {0, "input", "[NAME=]FILE", OPTION_PATHS, AT(inputs), GROUP_INPUT,
     "what rounded weights are measured on (repeatable; default: random numbers)", NULL},
    {0, "check", NULL, OPTION_FLAG, AT(check), GROUP_FMT,
     "write nothing; list the files whose layout differs", NULL},
    {0, "color", "WHEN", OPTION_CHOICE, AT(color), GROUP_MODEL | GROUP_COLOR,
     "auto, always or never colour diagnostics", color_choices},
};
/* clang-format on */

static int command_count(void)
{
    int n = 0;
    while (command_list[n]) n++;
    return n;
}

static const Command *command_find(const char *name)
{
    for (const Command *const *c = command_list; *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

/* ---- help ---- */

static void print_row(const char *left, const char *right)
{
    printf("  %-26s%s%s\n", left, strlen(left) < 26 ? "" : "\n                            ", right);
}

static void print_options(unsigned groups)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const OptionRow *row = &rows[i];
        if (!(row->group & groups)) continue;
        char left[64];
        snprintf(left, sizeof left, "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
                 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
                 row->value ? " " : "", row->value ? row->value : "");
        print_row(left, row->help);
    }
    print_row("-h, --help", "this text");
}

static void print_command_help(const Command *c)
{
    printf("usage: netc %s %s%s[options]\n\n%s.\n", c->name, c->operands, *c->operands ? " " : "",
           c->title);
    if (c->help) printf("\n%s", c->help);
    printf("\nOptions:\n");
    print_options(c->groups);
}

static void print_help(FILE *out)
{
    fprintf(out,
            "usage: netc COMMAND ... [options]\n\n"
            "netc compiles neural networks, written in .net or ONNX files, to C.\n\nCommands:\n");
    for (const Command *const *c = command_list; *c; c++)
        fprintf(out, "  %-10s%s\n", (*c)->name, (*c)->title);
    fprintf(out,
            "\n`netc COMMAND --help` tells more, `netc --version` which netc this is.\n"
            "Exit codes: 0 done, 1 the input is wrong or differs, 2 the command line is wrong,\n"
            "3 the machine failed.\n");
}

/* ---- mistakes ---- */

_Noreturn static void usage_error(const Command *c, const char *format, ...) PRINTF(2, 3);
_Noreturn static void usage_error(const Command *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "netc: ");
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n`netc %s%s--help` shows what there is.\n", c ? c->name : "", c ? " " : "");
    exit(EXIT_USAGE);
}

_Noreturn static void unknown_command(const char *name)
{
    const char *names[32];
    for (int i = 0; i < command_count(); i++) names[i] = command_list[i]->name;
    const char *near = nearest_name(name, names, command_count());
    if (near) usage_error(NULL, "there is no command '%s'; did you mean '%s'?", name, near);
    usage_error(NULL, "there is no command '%s'", name);
}

_Noreturn static void unknown_option(const Command *c, const char *name)
{
    const char *names[COUNT(rows)];
    int count = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].group & c->groups)
            names[count++] = rows[i].name;
        else if (strcmp(rows[i].name, name) == 0)
            usage_error(c, "`netc %s` takes no option --%s", c->name, name);
    }
    const char *near = nearest_name(name, names, count);
    if (near) usage_error(c, "there is no option --%s; did you mean --%s?", name, near);
    usage_error(c, "there is no option --%s", name);
}

/* ---- values ---- */

static int64_t parse_integer(const Command *c, const OptionRow *row, const char *text,
                             int64_t least)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < least)
        usage_error(c, "--%s wants a whole number of at least %lld, not '%s'", row->name,
                    (long long)least, text);
    return value;
}

static int64_t parse_limited(const Command *c, const OptionRow *row, const char *text, int most)
{
    int64_t value = parse_integer(c, row, text, 1);
    if (value > most)
        usage_error(c, "--%s wants a number of at most %d, not '%s'", row->name, most, text);
    return value;
}

static double parse_real(const Command *c, const OptionRow *row, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0) || isinf(value))
        usage_error(c, "--%s wants a number of at least 0, not '%s'", row->name, text);
    return value;
}

static int parse_choice(const Command *c, const OptionRow *row, const char *text)
{
    int n = 0;
    for (; row->choices[n]; n++)
        if (strcmp(row->choices[n], text) == 0) return n;
    Text list = {0};
    for (int i = 0; i < n; i++)
        text_add(&list, "%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ", row->choices[i]);
    usage_error(c, "--%s wants %s, not '%s'", row->name, list.data, text);
}

static const Target *parse_target(const Command *c, const char *text)
{
    const Target *target = target_find(text);
    if (target) return target;
    const char *names[64];
    int count = 0;
    for (; target_list[count] && count < (int)COUNT(names); count++)
        names[count] = target_list[count]->name;
    const char *near = nearest_name(text, names, count);
    if (near) usage_error(c, "there is no target '%s'; did you mean '%s'?", text, near);
    usage_error(c, "there is no target '%s'; `netc targets` lists them", text);
}

static void parse_dim(Arena *arena, Options *o, const OptionRow *row, const char *text)
{
    const char *equals = strrchr(text, '=');
    if (!equals || equals == text) usage_error(o->command, "--dim wants NAME=SIZE, not '%s'", text);
    char *name = arena_string(arena, text);
    name[equals - text] = '\0';
    struct DimOption dim = {name, parse_integer(o->command, row, equals + 1, 0)};
    LIST_PUSH(arena, &o->read.dims, dim);
}

static void parse_bound(Arena *arena, Options *o, const OptionRow *row, const char *text)
{
    const char *equals = strrchr(text, '=');
    if (!equals || equals == text)
        usage_error(o->command, "--bound wants LOOP=COUNT, not '%s'", text);
    BoundOption bound = {.loop = arena_format(arena, "%.*s", (int)(equals - text), text),
                         .most = parse_integer(o->command, row, equals + 1, 0)};
    LIST_PUSH(arena, &o->read.bounds, bound);
}

static void parse_bake(Arena *arena, Options *o, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        usage_error(o->command, "--bake wants INPUT=FILE, not '%s'", text);
    char *name = arena_string(arena, text);
    name[equals - text] = '\0';
    BakeOption bake = {.input = name, .path = equals + 1};
    LIST_PUSH(arena, &o->read.bakes, bake);
}

static void parse_list(Arena *arena, Options *o, const OptionRow *row, const char *text)
{
    enum { MOST = 1000 };
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        usage_error(o->command, "--elements wants INPUT=COUNT, not '%s'", text);
    int64_t count = parse_integer(o->command, row, equals + 1, 0);
    if (count > MOST)
        usage_error(o->command, "--elements wants a count of at most %d, not '%s'", MOST,
                    equals + 1);
    ListOption list = {.input = arena_format(arena, "%.*s", (int)(equals - text), text),
                       .count = (int)count};
    LIST_PUSH(arena, &o->read.lists, list);
}

static void set_option(Arena *arena, Options *o, const OptionRow *row, const char *value)
{
    void *place = (char *)o + row->offset;
    switch (row->kind) {
    case OPTION_FLAG: *(bool *)place = true; break;
    case OPTION_TEXT: *(const char **)place = value; break;
    case OPTION_CHOICE: *(int *)place = parse_choice(o->command, row, value); break;
    case OPTION_REAL: *(double *)place = parse_real(o->command, row, value); break;
    case OPTION_SIZE: *(int64_t *)place = parse_integer(o->command, row, value, 1); break;
    case OPTION_BYTES: *(int64_t *)place = parse_limited(o->command, row, value, 65536); break;
    case OPTION_THREADS: *(int64_t *)place = parse_limited(o->command, row, value, 1024); break;
    case OPTION_TARGET: *(const Target **)place = parse_target(o->command, value); break;
    case OPTION_DIM: parse_dim(arena, o, row, value); break;
    case OPTION_BOUND: parse_bound(arena, o, row, value); break;
    case OPTION_BAKE: parse_bake(arena, o, value); break;
    case OPTION_LIST: parse_list(arena, o, row, value); break;
    case OPTION_PATHS: LIST_PUSH(arena, (Words *)place, value); break;
    case OPTION_SEED:
        o->read.init = true;
        *(uint64_t *)place = (uint64_t)parse_integer(o->command, row, value, 0);
        break;
    case OPTION_NAME:
        if (!c_name_is_good(value))
            usage_error(o->command, "--%s wants a C identifier, not '%s'", row->name, value);
        *(const char **)place = value;
        break;
    }
}

/* ---- the command line ---- */

static const OptionRow *find_row(const Command *c, const char *name, size_t length, char letter)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!(rows[i].group & c->groups)) continue;
        if (letter ? rows[i].letter == letter
                   : strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return &rows[i];
    }
    return NULL;
}

/* One option at argv[*i], with its value behind '=' or, as the next argument, at argv[++*i]. */
static void parse_option(Arena *arena, Options *o, int argc, char **argv, int *i)
{
    const Command *c = o->command;
    const char *arg = argv[*i], *value = NULL;
    const OptionRow *row;
    if (arg[1] == '-') {
        size_t length = strcspn(arg + 2, "=");
        row = find_row(c, arg + 2, length, 0);
        if (!row) unknown_option(c, arena_format(arena, "%.*s", (int)length, arg + 2));
        if (arg[2 + length] == '=') value = arg + 3 + length;
    } else {
        row = find_row(c, NULL, 0, arg[1]);
        if (!row) usage_error(c, "`netc %s` takes no option -%c", c->name, arg[1]);
        if (arg[2]) value = arg + 2 + (arg[2] == '=');
    }
    if (row->kind == OPTION_FLAG && value) usage_error(c, "--%s takes no value", row->name);
    if (row->kind != OPTION_FLAG && !value) {
        if (*i + 1 >= argc) usage_error(c, "--%s needs its %s", row->name, row->value);
        value = argv[++*i];
    }
    set_option(arena, o, row, value);
}

static void check_operands(const Options *o)
{
    const Command *c = o->command;
    if (o->operand_count < c->least)
        usage_error(c, "too few operands: usage is `netc %s %s`", c->name, c->operands);
    if (c->most >= 0 && o->operand_count > c->most)
        usage_error(c, "one operand too many: '%s'; usage is `netc %s %s`", o->operands[c->most],
                    c->name, c->operands);
    if (o->exact && o->winograd > WINOGRAD_OFF)
        usage_error(c, "--exact sums in the order of the definition, which --winograd %s does not",
                    winograd_choices[o->winograd]);
    if (o->inputs.count && o->weights_type == WEIGHTS_F32)
        usage_error(c, "--input measures rounding: it is for --weights-type f16 or bf16");
    if (c->needs_output && !o->output && o->emit == EMIT_FILES)
        usage_error(c, "-o is missing: usage is `netc %s %s`", c->name, c->operands);
}

/* `netc`, `netc --help`, `netc --version`, `netc help [COMMAND]`: answered here. */
static const Command *parse_command(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        print_help(stderr);
        exit(EXIT_USAGE);
    }
    if (strcmp(name, "--version") == 0) {
        printf("netc %s\n", NETC_VERSION);
        exit(EXIT_DONE);
    }
    bool help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    if (help && argc == 2) {
        print_help(stdout);
        exit(EXIT_DONE);
    }
    if (!help && name[0] == '-') usage_error(NULL, "the command comes first, not '%s'", name);
    const Command *c = command_find(help ? argv[2] : name);
    if (!c) unknown_command(help ? argv[2] : name);
    if (!help) return c;
    print_command_help(c);
    exit(EXIT_DONE);
}

Options *options_parse(Arena *arena, int argc, char **argv)
{
    Options *o = NEW(arena, Options);
    o->command = parse_command(argc, argv);
    o->operands = NEW_ARRAY(arena, const char *, argc);
    o->threads = 1;
    o->rtol = 1e-3;
    o->atol = 1e-7;
    o->timeout = 600;
    o->seconds = 2;
    bool only_operands = false;
    for (int i = 2; i < argc; i++) {
        const char *arg = argv[i];
        if (only_operands || arg[0] != '-' || !arg[1]) {
            o->operands[o->operand_count++] = arg;
        } else if (strcmp(arg, "--") == 0) {
            only_operands = true;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            print_command_help(o->command);
            exit(EXIT_DONE);
        } else {
            parse_option(arena, o, argc, argv, &i);
        }
    }
    check_operands(o);
    if (!o->target) o->target = target_find("native");
    return o;
}
