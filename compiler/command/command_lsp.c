/* netc lsp: the language server on standard input and output, for editors. */
#include "commands.h"
#include "lsp.h"

static int lsp(Job *job) { return lsp_serve(stdin, stdout, &job->options->read); }

const Command command_lsp = {
    .name = "lsp",
    .operands = "",
    .title = "Serves editors: the language server, on standard input and output",
    .help = "Speaks the Language Server Protocol about .net files: diagnostics while they are\n"
            "edited, shapes and parameter counts of what is under the cursor, definitions,\n"
            "completion, and the layout of `netc fmt`. Editors start it themselves.\n",
    .least = 0,
    .most = 0,
    .groups = GROUP_LSP,
    .needs = STAGE_NONE,
    .run = lsp,
};
