/* netc ops: the table of operators, from their descriptors. */
#include "commands.h"
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
    for (const int *v = op->versions; v && *v; v++) text = arena_format(arena, "%s%s%d", text, *text ? ", " : "", *v);
    return op->last ? arena_format(arena, "%s, until %d", text, op->last) : text;
}

/* How it becomes code. */
static const char *how_text(const Op *op) { return op->define || op->element ? "generated" : "folded"; }

static void print_json(Arena *arena, const Op *const *ops, int count)
{
    printf("[");
    for (int i = 0; i < count; i++)
        printf("%s\n  {\"name\": \"%s\", \"domain\": \"%s\", \"versions\": \"%s\", \"how\": \"%s\"}", i ? "," : "",
               ops[i]->name, ops[i]->domain ? ops[i]->domain : "", versions_text(arena, ops[i]), how_text(ops[i]));
    printf("\n]\n");
}

static int ops(Job *job)
{
    int count = 0;
    const Op **all = NEW_ARRAY(job->arena, const Op *, count_ops() + 1);
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++) all[count++] = op;
    qsort(all, (size_t)count, sizeof *all, by_name);
    if (job->options->json) {
        print_json(job->arena, all, count);
        return EXIT_DONE;
    }
    printf("%-28s%-22s%-11s%s\n", "OPERATOR", "OPSETS", "HOW", "WHAT");
    for (int i = 0; i < count; i++) {
        const char *name = all[i]->domain ? arena_format(job->arena, "%s.%s", all[i]->domain, all[i]->name) : all[i]->name;
        printf("%-28s%-22s%-11s%s\n", name, versions_text(job->arena, all[i]), how_text(all[i]), all[i]->doc);
    }
    printf("%d operators\n", count);
    return EXIT_DONE;
}

const Command command_ops = {
    .name = "ops",
    .operands = "",
    .title = "Lists the operators that netc knows",
    .help = "OPSETS are the versions of the ONNX operator set that define or change the operator.\n"
            "HOW says whether code is generated for it, or it must fold away at compile time\n"
            "because what it depends on is constant.\n",
    .groups = GROUP_JSON,
    .run = ops,
};
