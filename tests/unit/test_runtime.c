/*
 * The runtime's headers as every target's compiler flags meet them: each header alone in every
 * language it is for, without a warning; the vocabulary of each target (runtime/vocabulary.c) and
 * the scalar arithmetic (runtime/math.c) built and run. What this machine cannot run, or has no
 * compiler for, is reported as skipped.
 */
#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static char folder[] = "/tmp/netc-test-XXXXXX";

/* Runs a command whose output no test runner should take for its own; false when it fails. */
static bool shell(const char *format, ...) PRINTF(1, 2);
static bool shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_true(length > 0 && (size_t)length < sizeof command);
    fflush(stdout);
    return system(command) == 0;
}

#define RUN(...)                                                                                   \
    do {                                                                                           \
        if (!shell(__VA_ARGS__)) fail_msg("a command failed: " __VA_ARGS__);                       \
    } while (0)

static bool have(const char *compiler)
{
    return shell("command -v %s >%s/which", compiler, folder);
}

/* ---- headers alone ---- */

typedef struct Language {
    const char *name, *compiler, *flags;
    bool extensions; /* has the vector extensions */
} Language;

static const Language languages[] = {
    {"headers alone, gcc C99", "gcc", "-std=c99 -pedantic-errors -Wconversion", false},
    {"headers alone, clang C99", "clang", "-std=c99 -pedantic-errors", false},
    {"headers alone, gcc C11", "gcc", "-std=c11", true},
    {"headers alone, clang C11", "clang", "-std=c11", true},
    {"headers alone, g++", "g++", "-xc++ -std=c++17", true},
    {"headers alone, clang++", "clang++", "-xc++ -std=c++17", true},
};

static void compile_file(const Language *l, const char *file, const char *cflags)
{
    RUN("%s %s %s -Wall -Wextra -Werror -Iruntime -c %s/%s -o %s/alone.o", l->compiler, l->flags,
        cflags, folder, file, folder);
}

/* Included, and for clang as the source itself (a bundle), where it warns of unused functions. */
static void compile_alone(const Language *l, const char *header, const char *cflags)
{
    RUN("echo '#include \"%s\"' >%s/alone.c", header, folder);
    compile_file(l, "alone.c", cflags);
    if (strncmp(l->compiler, "clang", 5) == 0) {
        RUN("cp runtime/%s %s/copy.c", header, folder);
        compile_file(l, "copy.c", cflags);
    }
}

static void test_headers(void **state)
{
    static const char *const portable[] = {
        "netc.h",       "netc_math.h",   "netc_narrow.h",       "netc_file.h",
        "netc_calls.h", "netc_string.h", "netc_string_number.h"};
    const Language *l = *state;
    for (size_t i = 0; i < COUNT(portable); i++) compile_alone(l, portable[i], "");
    for (int i = 0; target_list[i]; i++) {
        const Target *t = target_list[i];
        if (l->extensions || t->lanes == 1) compile_alone(l, t->header, t->cflags);
    }
    RUN("%s %s -Wall -Wextra -Werror -c runtime/netc_main.c -o %s/main.o", l->compiler, l->flags,
        folder);
}

/* ---- the vocabulary and the arithmetic ---- */

typedef struct Build {
    const Target *target;
    const char *compiler;
} Build;

/* The errors in ulp go to the standard output. */
static void test_vocabulary(void **state)
{
    const Build *b = *state;
    const Target *t = b->target;
    RUN("%s -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror %s -DHEADER='\"%s\"' -Iruntime "
        "tests/unit/runtime/vocabulary.c -o %s/vocabulary -lcmocka -lm",
        b->compiler, t->cflags, t->header, folder);
    if (t->runs_here())
        RUN("CMOCKA_MESSAGE_OUTPUT=STDOUT %s/vocabulary", folder);
    else
        printf("skipped %s: this machine has no such instructions\n", t->name);
}

static void test_math(void **state)
{
    (void)state;
    RUN("gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fsanitize=undefined "
        "-fno-sanitize-recover=all -Iruntime tests/unit/runtime/math.c -o %s/math -lcmocka -lm",
        folder);
    RUN("CMOCKA_MESSAGE_OUTPUT=STDOUT %s/math", folder);
}

/* ---- targets ---- */

static void test_target_find(void **state)
{
    (void)state;
    const Target *native = target_find("native");
    assert_non_null(native);
    for (int i = 0; target_list[i]; i++) {
        const Target *t = target_list[i];
        assert_ptr_equal(target_find(t->name), t);
        if (t->runs_here()) assert_true(t->rank <= native->rank);
        for (int j = 0; j < i; j++) assert_int_not_equal(t->rank, target_list[j]->rank);
    }
    assert_true(native->runs_here());
    assert_null(target_find("z80"));
    assert_null(target_find(""));
}

static int remove_folder(void **state)
{
    (void)state;
    return shell("rm -rf %s", folder) ? 0 : -1;
}

/* One test for each language, and for each target with each compiler. */
static int add_tests(Arena *arena, struct CMUnitTest *tests)
{
    static const char *const compilers[] = {"gcc", "clang"};
    int n = 0;
    for (size_t k = 0; k < COUNT(languages); k++) {
        const Language *l = &languages[k];
        if (have(l->compiler))
            tests[n++] = (struct CMUnitTest){l->name, test_headers, NULL, NULL, (void *)l};
        else
            printf("skipped %s: there is no %s\n", l->name, l->compiler);
    }
    for (size_t k = 0; k < COUNT(compilers); k++) {
        if (!have(compilers[k])) {
            printf("skipped vocabulary: there is no %s\n", compilers[k]);
            continue;
        }
        for (int i = 0; target_list[i]; i++) {
            const Build build = {target_list[i], compilers[k]};
            const char *name =
                arena_format(arena, "vocabulary %s, %s", build.target->name, build.compiler);
            tests[n++] = (struct CMUnitTest){name, test_vocabulary, NULL, NULL,
                                             arena_copy(arena, &build, sizeof build)};
        }
    }
    return n;
}

int main(void)
{
    Arena *arena = arena_new();
    struct CMUnitTest tests[64] = {cmocka_unit_test(test_target_find), cmocka_unit_test(test_math)};
    const char *root = getenv("ROOT");
    if ((root && chdir(root) != 0) || !mkdtemp(folder)) return EXIT_MACHINE;
    int count = 2 + add_tests(arena, tests + 2);
    int failed = _cmocka_run_group_tests("runtime", tests, (size_t)count, NULL, remove_folder);
    arena_free(arena);
    return failed;
}
