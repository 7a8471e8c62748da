/* netc explain: what a code of a diagnostic means, with a wrong and a right example. The pages are
 * compiler/diag/explain/CODE.md, which travel inside netc. */
#include "commands.h"
#include "diag_codes.h"

#include <ctype.h>

/* Prose as it stands; of an example a heading, and its lines indented. */
static void print_page(const CarriedFile *page)
{
    bool inside = false;
    for (const char *line = (const char *)page->data; *line;) {
        size_t length = strcspn(line, "\n");
        bool fence = !strncmp(line, "```", 3);
        if (fence && !inside)
            printf("%s:\n\n", memmem(line, length, "wrong", 5) ? "Wrong" : "Right");
        else if (!fence)
            printf("%s%.*s\n", inside && length ? "    " : "", (int)length, line);
        if (fence) inside = !inside;
        line += length + (line[length] == '\n');
    }
}

static void list_codes(void)
{
    for (const DiagCode *row = diag_codes; row->code; row++)
        printf("%s  %s\n", row->code, row->title);
}

static int explain(Job *job)
{
    if (!job->options->operand_count) {
        list_codes();
        return EXIT_DONE;
    }
    char *code = arena_string(job->arena, job->options->operands[0]);
    for (char *c = code; *c; c++) *c = (char)toupper((unsigned char)*c);
    const DiagCode *row = diag_code_find(code);
    if (!row) return input_error("there is no code '%s'; `netc explain` lists them", code);
    printf("%s: %s\n\n", row->code, row->title);
    print_page(diag_code_page(code));
    return EXIT_DONE;
}

const Command command_explain = {
    .name = "explain",
    .operands = "[CODE]",
    .title = "Says what a code of a diagnostic means, with examples",
    .help = "CODE stands in brackets in every error and warning, as in error[E0201]. Without\n"
            "one all are listed.\n",
    .least = 0,
    .most = 1,
    .groups = 0,
    .needs = STAGE_NONE,
    .run = explain,
};
