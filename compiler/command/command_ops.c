/* netc ops: the table of operators, from their descriptors, and that of those that are missing. */
#include "commands.h"
#include "missing.h"
#include "op.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    const Op *x = *(const Op *const *)a, *y = *(const Op *const *)b;
    int domain = strcmp(x->domain ? x->domain : "", y->domain ? y->domain : "");
    return domain ? domain : strcmp(x->name, y->name);
}

static int count_ops(void)
{
    int count = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++) count++;
    return count;
}

/* "1, 7, 13": the opset versions that define it. */
static const char *versions_text(Arena *arena, const Op *op)
{
    const char *text = "";
    for (const int *v = op->versions; v && *v; v++)
        text = arena_format(arena, "%s%s%d", text, *text ? ", " : "", *v);
    return op->last ? arena_format(arena, "%s, until %d", text, op->last) : text;
}

static const char *full_name(Arena *arena, const Op *op)
{
    return op->domain ? arena_format(arena, "%s.%s", op->domain, op->name) : op->name;
}

/* What its first input takes in the newest version, or its first output makes: types by name, those
 * of a kind together. */
static const char *types_text(Arena *arena, const Op *op)
{
    enum { FLOATS_8 = 0xf << DT_F8E4M3FN };
    static const struct {
        const char *name;
        uint32_t types;
    } kinds[] = {{"float", TYPES_FLOAT},     {"f32", TYPE(DT_F32)},   {"f64", TYPE(DT_F64)},
                 {"f16", TYPE(DT_F16)},      {"bf16", TYPE(DT_BF16)}, {"int", TYPES_SIGNED},
                 {"uint", TYPES_UNSIGNED},   {"bool", TYPE(DT_BOOL)}, {"f8", FLOATS_8},
                 {"string", TYPE(DT_STRING)}};
    int version = 0;
    for (const int *v = op->versions; v && *v; v++) version = *v;
    const Slot *slot = op_input(op, version, 0);
    if (!slot) slot = op_output(op, version, 0);
    uint32_t left = slot ? slot->types : 0;
    for (int t = 0; t < DT_COUNT; t++)
        if (!dtype_info((Dtype)t)->c) left &= ~TYPE(t); /* no code has these */
    const char *text = "";
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if ((left & kinds[i].types) != kinds[i].types) continue;
        text = arena_format(arena, "%s%s%s", text, *text ? " " : "", kinds[i].name);
        left &= ~kinds[i].types;
    }
    for (int t = DT_NONE + 1; t < DT_COUNT; t++)
        if (left & TYPE(t))
            text = arena_format(arena, "%s%s%s", text, *text ? " " : "", dtype_name((Dtype)t));
    return *text ? text : "-";
}

/* How it becomes code. */
static const char *how_text(const Op *op)
{
    return op->define || op->element ? "generated" : "expanded";
}

static void print_json(Arena *arena, const Op *const *ops, int count)
{
    printf("[");
    for (int i = 0; i < count; i++)
        printf("%s\n  {\"name\": \"%s\", \"domain\": \"%s\", \"versions\": \"%s\", \"types\": "
               "\"%s\", \"how\": \"%s\"}",
               i ? "," : "", ops[i]->name, ops[i]->domain ? ops[i]->domain : "",
               versions_text(arena, ops[i]), types_text(arena, ops[i]), how_text(ops[i]));
    printf("\n]\n");
}

static void print_table(Arena *arena, const Op *const *ops, int count)
{
    int name_width = 8, version_width = 6, type_width = 5;
    for (int i = 0; i < count; i++) {
        name_width = (int)max64(name_width, (int64_t)strlen(full_name(arena, ops[i])));
        version_width = (int)max64(version_width, (int64_t)strlen(versions_text(arena, ops[i])));
        type_width = (int)max64(type_width, (int64_t)strlen(types_text(arena, ops[i])));
    }
    printf("%-*s  %-*s  %-*s  HOW        WHAT\n", name_width, "OPERATOR", version_width, "OPSETS",
           type_width, "TYPES");
    for (int i = 0; i < count; i++)
        printf("%-*s  %-*s  %-*s  %-9s  %s\n", name_width, full_name(arena, ops[i]), version_width,
               versions_text(arena, ops[i]), type_width, types_text(arena, ops[i]),
               how_text(ops[i]), ops[i]->doc);
    printf("%d operators\n", count);
}

static const char *missing_name(Arena *arena, const MissingOp *m)
{
    return *m->domain ? arena_format(arena, "%s.%s", m->domain, m->name) : m->name;
}

static void print_missing(Arena *arena, bool json)
{
    int width = 8, count = 0;
    for (const MissingOp *m = missing_ops; m->name; m++, count++)
        width = (int)max64(width, (int64_t)strlen(missing_name(arena, m)));
    if (!json) printf("%-*s  WHY NOT\n", width, "OPERATOR");
    for (const MissingOp *m = missing_ops; m->name; m++)
        if (json)
            printf("%s\n  {\"name\": \"%s\", \"domain\": \"%s\", \"reason\": \"%s\"}",
                   m == missing_ops ? "[" : ",", m->name, m->domain, m->reason);
        else
            printf("%-*s  %s\n", width, missing_name(arena, m), m->reason);
    if (json)
        printf("\n]\n");
    else
        printf("%d operators\n", count);
}

/* ---- of a model ---- */

typedef struct Used {
    const Node *node; /* the first */
    int nodes;
} Used;

typedef struct UsedOps {
    Arena *arena;
    Map *by_name;
    LIST(Used *) list;
} UsedOps;

static void count_used(UsedOps *u, const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        const char *key = arena_format(u->arena, "%s.%s@%d", n->domain, n->op_type, n->version);
        Used *used = map_get(u->by_name, key);
        if (!used) {
            used = NEW(u->arena, Used);
            used->node = n;
            map_set(u->by_name, key, used);
            LIST_PUSH(u->arena, &u->list, used);
        }
        used->nodes++;
        for (int k = 0; k < n->attr_count; k++)
            if (n->attrs[k].graph) count_used(u, n->attrs[k].graph);
    }
}

static int by_operator(const void *a, const void *b)
{
    const Node *x = (*(Used *const *)a)->node, *y = (*(Used *const *)b)->node;
    int order = strcmp(x->domain, y->domain);
    if (!order) order = strcmp(x->op_type, y->op_type);
    return order ? order : x->version - y->version;
}

static const char *status_of(Arena *arena, const Node *n)
{
    const Op *op = op_find(n->domain, n->op_type);
    const MissingOp *missing = missing_find(n->domain, n->op_type);
    if (op) return how_text(op);
    return missing ? arena_format(arena, "not supported: %s", missing->reason) : "unknown";
}

static void print_used(const UsedOps *u, bool json)
{
    for (int i = 0; i < u->list.count; i++) {
        const Node *n = u->list.items[i]->node;
        const char *name =
            *n->domain ? arena_format(u->arena, "%s.%s", n->domain, n->op_type) : n->op_type;
        const char *status = status_of(u->arena, n);
        if (json)
            printf("%s\n  {\"name\": \"%s\", \"opset\": %d, \"nodes\": %d, \"how\": \"%s\"}",
                   i ? "," : "[", name, n->version, u->list.items[i]->nodes, status);
        else
            printf("%-28s  %5d  %5d  %s\n", name, n->version, u->list.items[i]->nodes, status);
    }
    if (json) printf("%s\n]\n", u->list.count ? "" : "[");
}

static int ops_of_model(Job *job)
{
    enum { MOST_LISTS = 64 }; /* inputs that may be lists: of one element, which decides nothing */
    ReadOptions options = {.dim_default = 1};
    for (int i = 0; i < MOST_LISTS; i++) {
        ListOption one = {.position = i, .count = 1, .present = true};
        LIST_PUSH(job->arena, &options.lists, one);
    }
    job->graph = read_model(job->arena, job->options->operands[0], &options, job->diags);
    stages_report(job);
    if (!job->graph || diags_errors(job->diags)) return EXIT_INPUT;
    UsedOps u = {.arena = job->arena, .by_name = map_new(job->arena)};
    count_used(&u, job->graph);
    if (u.list.count) qsort(u.list.items, (size_t)u.list.count, sizeof *u.list.items, by_operator);
    if (!job->options->json) printf("%-28s  %5s  %5s  HOW\n", "OPERATOR", "OPSET", "NODES");
    print_used(&u, job->options->json);
    return EXIT_DONE;
}

static int ops(Job *job)
{
    if (job->options->operand_count) return ops_of_model(job);
    if (job->options->missing) {
        print_missing(job->arena, job->options->json);
        return EXIT_DONE;
    }
    int count = 0;
    const Op **all = NEW_ARRAY(job->arena, const Op *, count_ops() + 1);
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++) all[count++] = op;
    qsort(all, (size_t)count, sizeof *all, by_name);
    if (job->options->json) {
        print_json(job->arena, all, count);
        return EXIT_DONE;
    }
    print_table(job->arena, all, count);
    return EXIT_DONE;
}

const Command command_ops = {
    .name = "ops",
    .operands = "[FILE]",
    .title = "Lists the operators that netc knows, or that a model has",
    .help = "OPSETS are the versions of the ONNX operator set that define or change the\n"
            "operator, TYPES what its first input takes in the newest of them: float is f16,\n"
            "bf16, f32 and f64; int and uint those of 8 to 64 bits; f8 the four floats of 8\n"
            "bits. HOW says whether code is generated for it, or other operators take its\n"
            "place at compile time. With --missing the table is of the operators that ONNX\n"
            "has and netc does not, and why. With FILE it is of the operators of that model,\n"
            "also in the graphs inside its nodes, and what becomes of each; nothing is\n"
            "checked.\n",
    .most = 1,
    .groups = GROUP_JSON | GROUP_MISSING,
    .run = ops,
};
