/* Running the C compiler and other tools, without a shell. */
#include "toolchain.h"

#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The emitter spells every fused multiply-add, so contraction must neither add nor need one. */
static const char fixed_flags[] = "-std=c11 -O2 -ffp-contract=off -fno-math-errno -fPIC";

/* gcc keeps every function's trees until its heap has grown by a third from a start that depends on
 * the machine's memory; this takes half the memory for a tenth more time. */
static const char gcc_flags[] = "--param ggc-min-expand=30 --param ggc-min-heapsize=65536";

enum { MAX_REPORT = 4000 }; /* bytes of a tool's complaint that are shown */

void words_add(Arena *arena, Words *words, const char *text)
{
    for (size_t n; *(text += strspn(text, " \t\n")); text += n) {
        n = strcspn(text, " \t\n");
        const char *word = arena_format(arena, "%.*s", (int)n, text);
        LIST_PUSH(arena, words, word);
    }
}

static void add_cc(Arena *arena, Words *words, const Options *o)
{
    const char *cc = o->cc ? o->cc : getenv("CC");
    words_add(arena, words, cc && *cc ? cc : "cc");
    if (words->count == 0)
        die("the name of the C compiler is empty; --cc or the variable CC sets it");
}

/* In the child: becomes the tool, or reports errno through the pipe `failure`. */
_Noreturn static void become(char *const *argv, const char *folder, int output, int failure)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0) dup2(null, STDIN_FILENO);
    if (!folder || chdir(folder) == 0) execvp(argv[0], argv);
    int error = errno;
    if (write(failure, &error, sizeof error) < 0) _exit(126);
    _exit(127);
}

static void read_all(int fd, Text *text)
{
    char block[4096];
    for (ssize_t n; (n = read(fd, block, sizeof block)) != 0;) {
        if (n < 0 && errno != EINTR) break;
        if (n > 0) text_put(text, block, (size_t)n);
    }
}

/* A command that was started. */
typedef struct Running {
    const char *what;
    const Words *words;
    pid_t child;
    int output, failure;
} Running;

/* Dies when there is no process for it; whether it could become the command, finish_words says. */
static Running start_words(Arena *arena, const char *what, const Words *words, const char *folder)
{
    char **argv = NEW_ARRAY(arena, char *, words->count + 1);
    for (int i = 0; i < words->count; i++) argv[i] = arena_string(arena, words->items[i]);
    int output[2], failure[2];
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0)
        die("no more pipes: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("cannot start %s: %s", what, strerror(errno));
    if (child == 0) become(argv, folder, output[1], failure[1]);
    close(output[1]);
    close(failure[1]);
    return (Running){what, words, child, output[0], failure[0]};
}

/* Waits for the end and collects what was printed. Returns the wait status; dies when the command
 * could not be started. */
static int finish_words(const Running *r, Text *printed)
{
    int error = 0, status = 0;
    read_all(r->output, printed);
    if (read(r->failure, &error, sizeof error) != sizeof error) error = 0;
    close(r->output);
    close(r->failure);
    while (waitpid(r->child, &status, 0) < 0 && errno == EINTR) continue;
    if (error) {
        progress_clear();
        die("cannot run %s `%s`: %s%s", r->what, r->words->items[0], strerror(error),
            strstr(r->what, "compiler") ? " (--cc or the variable CC names another)" : "");
    }
    return status;
}

/* What it printed; dies after showing that when the command failed. */
static const char *finish_tool(Arena *arena, const Running *r)
{
    Text printed = {0}, command = {0};
    int status = finish_words(r, &printed);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        const char *all = arena_string(arena, printed.data ? printed.data : "");
        text_free(&printed);
        return all;
    }
    progress_clear();
    for (int i = 0; i < r->words->count; i++)
        text_add(&command, "%s%s", i ? " " : "", r->words->items[i]);
    if (printed.length > MAX_REPORT) printed.data[MAX_REPORT] = '\0';
    if (printed.data)
        fprintf(stderr, "%s%s", printed.data,
                printed.data[strlen(printed.data) - 1] == '\n' ? "" : "\n");
    if (WIFSIGNALED(status))
        die("%s was killed by signal %d (%s): %s", r->what, WTERMSIG(status),
            strsignal(WTERMSIG(status)), command.data);
    die("%s failed with exit code %d: %s", r->what, WEXITSTATUS(status), command.data);
}

const char *tool_run(Arena *arena, const char *what, const Words *words, const char *folder)
{
    Running r = start_words(arena, what, words, folder);
    return finish_tool(arena, &r);
}

void tools_run(Arena *arena, const char *what, const Words *commands, int count, const char *folder)
{
    Running *running = NEW_ARRAY(arena, Running, count);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (int i = 0, done = 0; done < count; done++) {
        for (; i < count && (i - done < cores || i == done); i++)
            running[i] = start_words(arena, what, &commands[i], folder);
        finish_tool(arena, &running[done]);
    }
}

const char *cc_version(Arena *arena, const Options *o)
{
    static const char *version; /* asked once: a command line names one compiler; outlives arenas */
    if (version) return version;
    Words words = {0};
    Text printed = {0};
    add_cc(arena, &words, o);
    words_add(arena, &words, "--version");
    Running r = start_words(arena, "the C compiler", &words, NULL);
    finish_words(&r, &printed);
    return version = printed.data ? printed.data : "";
}

Words cc_words(Arena *arena, const Options *o)
{
    Words words = {0};
    add_cc(arena, &words, o);
    words_add(arena, &words, fixed_flags);
    words_add(arena, &words, o->target->cflags);
    if (o->threads > 1) words_add(arena, &words, "-fopenmp");
    if (strstr(cc_version(arena, o), "Free Software Foundation"))
        words_add(arena, &words, gcc_flags);
    if (o->cflags) words_add(arena, &words, o->cflags);
    return words;
}
