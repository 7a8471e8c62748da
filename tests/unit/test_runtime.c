/*
 * The runtime's headers, as every target's compiler flags meet them: each header alone in every
 * language it is for, without a warning; the vocabulary of each target (runtime/vocabulary.c) and
 * the scalar arithmetic (runtime/math.c) built and run. What this machine cannot run, or has no
 * compiler for, is said to be "not run".
 */
#include "base.h"
#include "target.h"

#include <setjmp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/netc-test-XXXXXX";

/* The exit code; 127 when a command does not exist. */
static int shell(const char *format, ...) PRINTF(1, 2);
static int shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_true(length > 0 && (size_t)length < sizeof command);
    fflush(stdout);
    int status = system(command);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) printf("failed: %s\n", command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const struct Language {
    const char *compiler, *flags;
    bool extensions; /* has the vector extensions */
} languages[] = {
    {"gcc", "-std=c99 -pedantic-errors -Wconversion", false},
    {"clang", "-std=c99 -pedantic-errors", false},
    {"gcc", "-std=c11", true},
    {"clang", "-std=c11", true},
    {"g++", "-xc++ -std=c++17", true},
    {"clang++", "-xc++ -std=c++17", true},
};

static bool have(const char *compiler)
{
    return shell("command -v %s >%s/which", compiler, folder) == 0;
}

/* Included, and for clang as the source itself (a bundle), where it warns of unused functions. */
static void compile_alone(const struct Language *l, const char *header, const char *cflags)
{
    int copies = strncmp(l->compiler, "clang", 5) == 0;
    assert_int_equal(shell("echo '#include \"%s\"' >%s/alone.c", header, folder), 0);
    assert_int_equal(shell("cp runtime/%s %s/copy.c", header, folder), 0);
    for (int copy = 0; copy <= copies; copy++)
        assert_int_equal(shell("%s %s %s -Wall -Wextra -Werror -Iruntime -c %s/%s.c -o %s/alone.o",
                               l->compiler, l->flags, cflags, folder, copy ? "copy" : "alone",
                               folder),
                         0);
}

static void test_headers_alone(void **state)
{
    (void)state;
    static const char *const portable[] = {"netc.h", "netc_math.h", "netc_file.h"};
    for (size_t k = 0; k < COUNT(languages); k++) {
        const struct Language *l = &languages[k];
        if (!have(l->compiler)) {
            printf("not run: headers with %s\n", l->compiler);
            continue;
        }
        for (size_t i = 0; i < COUNT(portable); i++) compile_alone(l, portable[i], "");
        for (int i = 0; target_list[i]; i++) {
            const Target *t = target_list[i];
            if (l->extensions || t->lanes == 1) compile_alone(l, t->header, t->cflags);
        }
    }
}

static void test_vocabulary(void **state)
{
    (void)state;
    static const char *const compilers[] = {"gcc", "clang"};
    for (int i = 0; target_list[i]; i++) {
        const Target *t = target_list[i];
        for (size_t k = 0; k < COUNT(compilers); k++) {
            const char *cc = compilers[k];
            if (!have(cc)) {
                printf("not run: %s with %s\n", t->name, cc);
                continue;
            }
            printf("%s, %s %s\n", t->name, cc, t->cflags);
            assert_int_equal(shell("%s -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror %s "
                                   "-DHEADER='\"%s\"' -Iruntime tests/unit/runtime/vocabulary.c "
                                   "-o %s/vocabulary -lcmocka -lm",
                                   cc, t->cflags, t->header, folder),
                             0);
            if (t->runs_here())
                assert_int_equal(shell("%s/vocabulary", folder), 0);
            else
                printf("not run: this machine is not a %s\n", t->name);
        }
    }
}

static void test_math(void **state)
{
    (void)state;
    assert_int_equal(shell("gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fsanitize=undefined "
                           "-fno-sanitize-recover=all -Iruntime tests/unit/runtime/math.c "
                           "-o %s/math -lcmocka -lm",
                           folder),
                     0);
    assert_int_equal(shell("%s/math", folder), 0);
}

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

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return shell("rm -rf %s", folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_find),
        cmocka_unit_test(test_headers_alone),
        cmocka_unit_test(test_vocabulary),
        cmocka_unit_test(test_math),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
