/* What a command tells its user: progress while it works, diagnostics, errors. Nothing here goes
 * into files. */
#include "commands.h"

#include <stdlib.h>
#include <unistd.h>

static bool shown;

void progress(const char *format, ...)
{
    if (!isatty(STDERR_FILENO)) return;
    va_list args;
    va_start(args, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, args);
    fputs(" ...", stderr);
    va_end(args);
    fflush(stderr);
    shown = true;
}

void progress_clear(void)
{
    if (shown) fputs("\r\033[K", stderr);
    shown = false;
}

int input_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    progress_clear();
    fputs("netc: error: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_INPUT;
}

void report_diags(const Job *job, const Diags *diags)
{
    int color = job->options->color;
    progress_clear();
    diags_print(diags, stderr,
                color == 1 || (color == 0 && isatty(STDERR_FILENO) && !getenv("NO_COLOR")));
}
