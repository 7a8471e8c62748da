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

/* How it becomes code. */
static const char *how_text(const Op *op)
{
    return op->define || op->element ? "generated" : "folded";
}

static void print_json(Arena *arena, const Op *const *ops, int count)
{
    printf("[");
    for (int i = 0; i < count; i++)
        printf(
            "%s\n  {\"name\": \"%s\", \"domain\": \"%s\", \"versions\": \"%s\", \"how\": \"%s\"}",
            i ? "," : "", ops[i]->name, ops[i]->domain ? ops[i]->domain : "",
            versions_text(arena, ops[i]), how_text(ops[i]));
    printf("\n]\n");
}

static void print_table(Arena *arena, const Op *const *ops, int count)
{
    int name_width = 8, version_width = 6;
    for (int i = 0; i < count; i++) {
        name_width = (int)max64(name_width, (int64_t)strlen(full_name(arena, ops[i])));
        version_width = (int)max64(version_width, (int64_t)strlen(versions_text(arena, ops[i])));
    }
    printf("%-*s  %-*s  HOW        WHAT\n", name_width, "OPERATOR", version_width, "OPSETS");
    for (int i = 0; i < count; i++)
        printf("%-*s  %-*s  %-9s  %s\n", name_width, full_name(arena, ops[i]), version_width,
               versions_text(arena, ops[i]), how_text(ops[i]), ops[i]->doc);
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

static int ops(Job *job)
{
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
    .operands = "",
    .title = "Lists the operators that netc knows",
    .help = "OPSETS are the versions of the ONNX operator set that define or change the\n"
            "operator. HOW says whether code is generated for it, or it must fold away at\n"
            "compile time because what it depends on is constant. With --missing the table is\n"
            "of the operators that ONNX has and netc does not, and why.\n",
    .groups = GROUP_JSON | GROUP_MISSING,
    .run = ops,
};
