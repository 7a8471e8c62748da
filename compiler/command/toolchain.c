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

/* gcc keeps every function's trees until its heap has grown by a third; collecting sooner halves
 * its memory and costs no time. */
static const char gcc_flags[] = "--param ggc-min-expand=10 --param ggc-min-heapsize=16384";

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

/* Runs the words and collects what they print. Returns the wait status; dies when they cannot be
 * started. */
static int run_words(Arena *arena, const char *what, const Words *words, const char *folder,
                     Text *printed)
{
    char **argv = NEW_ARRAY(arena, char *, words->count + 1);
    for (int i = 0; i < words->count; i++) argv[i] = arena_string(arena, words->items[i]);
    int output[2], failure[2], error = 0, status = 0;
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0)
        die("no more pipes: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("cannot start %s: %s", what, strerror(errno));
    if (child == 0) become(argv, folder, output[1], failure[1]);
    close(output[1]);
    close(failure[1]);
    read_all(output[0], printed);
    if (read(failure[0], &error, sizeof error) != sizeof error) error = 0;
    close(output[0]);
    close(failure[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (error) {
        progress_clear();
        die("cannot run %s `%s`: %s%s", what, argv[0], strerror(error),
            strstr(what, "compiler") ? " (--cc or the variable CC names another)" : "");
    }
    return status;
}

const char *tool_run(Arena *arena, const char *what, const Words *words, const char *folder)
{
    Text printed = {0}, command = {0};
    int status = run_words(arena, what, words, folder, &printed);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        const char *all = arena_string(arena, printed.data ? printed.data : "");
        text_free(&printed);
        return all;
    }
    progress_clear();
    for (int i = 0; i < words->count; i++)
        text_add(&command, "%s%s", i ? " " : "", words->items[i]);
    if (printed.length > MAX_REPORT) printed.data[MAX_REPORT] = '\0';
    if (printed.data)
        fprintf(stderr, "%s%s", printed.data,
                printed.data[strlen(printed.data) - 1] == '\n' ? "" : "\n");
    if (WIFSIGNALED(status))
        die("%s was killed by signal %d (%s): %s", what, WTERMSIG(status),
            strsignal(WTERMSIG(status)), command.data);
    die("%s failed with exit code %d: %s", what, WEXITSTATUS(status), command.data);
}

const char *cc_version(Arena *arena, const Options *o)
{
    static const char *version; /* asked once: a command line names one compiler; outlives arenas */
    if (version) return version;
    Words words = {0};
    Text printed = {0};
    add_cc(arena, &words, o);
    words_add(arena, &words, "--version");
    run_words(arena, "the C compiler", &words, NULL, &printed);
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
