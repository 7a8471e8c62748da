/* netc fmt: .net files in their one layout, in place; or what standard input holds, on standard
 * output. */
#include "commands.h"
#include "format_net.h"

#include <errno.h>

static const File *read_stdin(Arena *arena)
{
    Text text = {0};
    char buffer[1 << 16];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, stdin)) > 0) text_put(&text, buffer, count);
    if (ferror(stdin)) die("cannot read standard input: %s", strerror(errno));
    File *file = NEW(arena, File);
    *file = (File){"standard input", arena_copy(arena, text.data ? text.data : "", text.length),
                   text.length};
    text_free(&text);
    return file;
}

static void write_result(const char *path, const Text *out)
{
    const char *text = out->data ? out->data : "";
    if (!path)
        fwrite(text, 1, out->length, stdout);
    else if (!file_write(path, text, out->length))
        die("cannot write %s: %s", path, strerror(errno));
}

/* One file, or standard input where the path is NULL; false when it has errors, or with --check
 * another layout. */
static bool format_one(Job *job, const char *path)
{
    const File *file = path ? file_map(job->arena, path) : read_stdin(job->arena);
    if (!file) {
        diag_error(job->diags, "E0101", (Source){0}, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    Text out = {0};
    bool good = format_net(job->arena, file, &out, job->diags);
    bool same = good && out.length == file->bytes &&
                !memcmp(out.data ? out.data : "", file->data, out.length);
    if (good && job->options->check) {
        if (!same) printf("%s\n", file->path);
        good = same;
    } else if (good && (!same || !path)) {
        write_result(path, &out);
    }
    text_free(&out);
    return good;
}

static int fmt(Job *job)
{
    const Options *o = job->options;
    bool good = true;
    if (!o->operand_count) good = format_one(job, NULL);
    for (int i = 0; i < o->operand_count; i++)
        good &= format_one(job, strcmp(o->operands[i], "-") ? o->operands[i] : NULL);
    stages_report(job);
    return good ? EXIT_DONE : EXIT_INPUT;
}

const Command command_fmt = {
    .name = "fmt",
    .operands = "[FILE...]",
    .title = "Lays .net files out in their one layout",
    .help = "Rewrites each FILE whose layout differs; without one, or for -, standard input\n"
            "goes to standard output. Comments stay. With --check nothing is written: files\n"
            "whose layout differs are listed, and the exit code is 1 when there are any.\n",
    .least = 0,
    .most = -1,
    .groups = GROUP_FMT | GROUP_COLOR,
    .needs = STAGE_NONE,
    .run = fmt,
};
