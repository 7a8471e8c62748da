/* netc targets: the table of instruction sets that code can be generated for, or the C flags of
 * one. */
#include "commands.h"

/* The C compiler's flags for one target, for those who compile generated code themselves. */
static int print_flags(const char *name)
{
    const Target *target = target_find(name);
    if (!target) return input_error("there is no target '%s'; `netc targets` lists them", name);
    printf("%s\n", target->cflags);
    return EXIT_DONE;
}

static int targets(Job *job)
{
    if (job->options->operand_count) return print_flags(job->options->operands[0]);
    const Target *native = target_find("native");
    printf("%-10s%6s%11s  %-9s%s\n", "TARGET", "LANES", "REGISTERS", "HERE", "WHAT");
    for (const Target *const *t = target_list; *t; t++)
        printf("%-10s%6d%11d  %-9s%s\n", (*t)->name, (*t)->lanes, (*t)->registers,
               *t == native        ? "native"
               : (*t)->runs_here() ? "runs"
                                   : "-",
               (*t)->doc);
    return EXIT_DONE;
}

const Command command_targets = {
    .name = "targets",
    .operands = "[NAME]",
    .title = "Lists the instruction sets to compile for",
    .help = "LANES is the number of f32 in a vector. HERE says what this machine can run;\n"
            "`native` stands for the best of those. With NAME, prints the flags that the C\n"
            "compiler needs for generated code of that target.\n",
    .most = 1,
    .run = targets,
};
