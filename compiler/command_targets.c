/* netc targets: the table of instruction sets that code can be generated for. */
#include "commands.h"

static int targets(Job *job)
{
    (void)job;
    const Target *native = target_find("native");
    printf("%-10s%6s%11s  %-9s%s\n", "TARGET", "LANES", "REGISTERS", "HERE", "WHAT");
    for (const Target *const *t = target_list; *t; t++)
        printf("%-10s%6d%11d  %-9s%s\n", (*t)->name, (*t)->lanes, (*t)->registers,
               *t == native ? "native" : (*t)->runs_here() ? "runs" : "-", (*t)->doc);
    return EXIT_DONE;
}

const Command command_targets = {
    .name = "targets",
    .operands = "",
    .title = "Lists the instruction sets to compile for",
    .help = "LANES is the number of f32 in a vector. HERE says what this machine can run; `native`\n"
            "stands for the best of those.\n",
    .run = targets,
};
