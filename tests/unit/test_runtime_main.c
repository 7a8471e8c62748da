/*
 * The stand-alone program (runtime/netc_main.c) around a model written by hand (runtime/model.c):
 * what it reads, writes and prints, and how it says no.
 */
#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/netc-test-XXXXXX";
static char printed[8192]; /* by the last command, both streams */

/* Runs a command in the folder; its exit code. */
static int shell(const char *format, ...) PRINTF(1, 2);
static int shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    int n = snprintf(command, sizeof command, "cd %s && ( ", folder);
    va_start(args, format);
    n += vsnprintf(command + n, sizeof command - (size_t)n, format, args);
    va_end(args);
    assert_true((size_t)n + 8 < sizeof command);
    strcat(command, " ) 2>&1");
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(printed, 1, sizeof printed - 1, pipe);
    printed[length] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define PRINTED(text)                                                                              \
    if (!strstr(printed, text)) fail_msg("expected \"%s\" in:\n%s", text, printed)

static void write_file(const char *name, const void *data, size_t bytes)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    fclose(f);
}

static size_t read_file(const char *name, void *data, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t bytes = fread(data, 1, size, f);
    fclose(f);
    return bytes;
}

static const float x[6] = {1, -2, 3.5f, 0, 5, 6};

/* A .npy file of the header's text as given, then x. */
static void write_npy(const char *name, int version, const char *header, size_t elements)
{
    unsigned char all[512] = "\x93NUMPY";
    size_t length = strlen(header), first = version == 1 ? 10 : 12;
    all[6] = (unsigned char)version;
    all[8] = (unsigned char)length;
    memcpy(all + first, header, length);
    memcpy(all + first + length, x, elements * sizeof *x);
    write_file(name, all, first + length + elements * sizeof *x);
}

static bool compile(const char *name, const char *flags)
{
    char command[512];
    snprintf(command, sizeof command,
             "gcc -std=c11 -g -Wall -Wextra -Werror -fsanitize=address,undefined -Iruntime %s "
             "runtime/netc_main.c tests/unit/runtime/model.c -o %s/%s -lm",
             flags, folder, name);
    return system(command) == 0;
}

static int build(void **state)
{
    (void)state;
    const char *root = getenv("ROOT");
    if ((root && chdir(root) != 0) || !mkdtemp(folder)) return -1;
    if (!compile("inline", "") || !compile("file", "-DFILE_WEIGHTS")) return -1;
    write_file("x.raw", x, sizeof x);
    write_file("short.raw", x, 20);
    write_file("doubler.weights", &x[4], 4);
    write_npy("x.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 6);
    write_npy("x2.npy", 2, "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}\n", 6);
    write_npy("shape.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n", 6);
    write_npy("rank.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }\n", 6);
    write_npy("type.npy", 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }\n", 6);
    write_npy("order.npy", 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 6);
    write_npy("cut.npy", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 5);
    write_npy("none.npy", 1, "{'fortran_order': False, 'shape': (2, 3), }\n", 6);
    write_file("head.npy", "\x93NUMPY\x01\x00\xff\xff{'descr'", 18);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    return shell("rm -rf %s", folder);
}

static void test_prints(void **state)
{
    (void)state;
    static const char *const files[] = {"x.raw", "x.npy", "x2.npy"};
    for (size_t i = 0; i < COUNT(files); i++) {
        assert_int_equal(shell("./inline %s", files[i]), EXIT_DONE);
        PRINTED("y/out:0: f32[2, 3]\n  2 -4 7\n  0 10 12\n");
        PRINTED("n: i64[1]\n  4\nscalar: f64[]\n  0.10000000000000001\n");
        PRINTED("half: f16[1]\n  -1.5\nbhalf: bf16[1]\n  3.140625\ntruth: bool[1]\n  1\n");
        PRINTED(
            "large: i8[40, 50]\n  -50 -49 -48 -47 -46 -45 -44 -43 ...\n  from -50 to 50, mean ");
    }
}

static void test_writes_npy(void **state)
{
    (void)state;
    unsigned char all[512];
    assert_int_equal(shell("./inline -o out x.npy"), EXIT_DONE);
    assert_string_equal(printed, "");
    assert_int_equal(read_file("out/y_out_0.npy", all, sizeof all), 128 + 24);
    assert_memory_equal(
        all, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
        66);
    assert_int_equal(all[127], '\n');
    for (size_t i = 0; i < 6; i++) {
        float y;
        memcpy(&y, all + 128 + 4 * i, sizeof y);
        assert_true(y == 2 * x[i]);
    }
    assert_int_equal(read_file("out/n.npy", all, sizeof all), 128 + 8);
    assert_memory_equal(all + 10, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 57);
    assert_int_equal(read_file("out/scalar.npy", all, sizeof all), 128 + 8);
    assert_memory_equal(all + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 55);
    assert_int_equal(read_file("out/bhalf.npy", all, sizeof all), 128 + 2);
    assert_memory_equal(all + 10, "{'descr': '<V2',", 16);
    assert_int_equal(read_file("out/truth.npy", all, sizeof all), 128 + 1);
    assert_memory_equal(all + 10, "{'descr': '|b1',", 16);
    assert_int_equal(shell("ls out | wc -l"), 0);
    assert_string_equal(printed, "7\n");
    assert_int_equal(shell("./inline -o out2 -- out/y_out_0.npy && ./inline out2/y_out_0.npy"),
                     EXIT_DONE);
    PRINTED("  8 -16 28\n");
}

static void test_weights_file(void **state)
{
    (void)state;
    assert_int_equal(shell("./file x.npy"), EXIT_DONE);
    PRINTED("  5 -10 17.5\n");
    assert_int_equal(shell("mv doubler.weights w; ./file x.npy"), EXIT_INPUT);
    PRINTED("cannot read the weights './doubler.weights': No such file");
    assert_int_equal(shell("./file --weights w x.npy"), EXIT_DONE);
    PRINTED("  5 -10 17.5\n");
    assert_int_equal(shell("./file --weights x.raw x.npy"), EXIT_INPUT);
    PRINTED("have 24 bytes, not 4");
}

static void test_help_and_time(void **state)
{
    (void)state;
    assert_int_equal(shell("./file --help"), EXIT_DONE);
    PRINTED("f32[2, 3]  24 bytes");
    PRINTED("i64[1]  8 bytes");
    assert_null(strstr(printed, "netc.weights"));
    assert_int_equal(shell("./inline --time 5"), EXIT_DONE);
    PRINTED("doubler: min ");
    PRINTED(" of 5 runs\n");
    assert_null(strstr(printed, "y/out"));
    assert_int_equal(shell("./inline x.raw --time 2"), EXIT_DONE);
    PRINTED("y/out:0");
    PRINTED(" of 2 runs\n");
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int code;
        const char *message;
    } cases[] = {
        {"", EXIT_USAGE, "doubler wants 1 input, not 0"},
        {"x.npy x.npy", EXIT_USAGE, "doubler wants 1 input, not 2"},
        {"--fast x.npy", EXIT_USAGE, "unknown option '--fast'"},
        {"x.npy -o", EXIT_USAGE, "-o wants a value"},
        {"--time 0 x.npy", EXIT_USAGE, "--time wants a number"},
        {"--time 3x x.npy", EXIT_USAGE, "--time wants a number"},
        {"absent.npy", EXIT_INPUT, "cannot read 'absent.npy': No such file"},
        {".", EXIT_INPUT, "'.' is not a file"},
        {"/dev/null", EXIT_INPUT, "'/dev/null' is not a file"},
        {"short.raw", EXIT_INPUT, "input 'x' is f32[2, 3], 24 bytes, but 'short.raw' is neither"},
        {"shape.npy", EXIT_INPUT,
         "input 'x' is f32[2, 3], but 'shape.npy' holds '<f4' of shape (3, 2)"},
        {"rank.npy", EXIT_INPUT, "holds '<f4' of shape (2, 3, 1)"},
        {"type.npy", EXIT_INPUT, "holds '<i4' of shape (2, 3)"},
        {"order.npy", EXIT_INPUT, "column by column"},
        {"cut.npy", EXIT_INPUT, "'cut.npy' has 20 bytes of elements, not the 24"},
        {"none.npy", EXIT_INPUT, "'none.npy': not a .npy file: its header has no 'descr'"},
        {"head.npy", EXIT_INPUT, "its header is cut off"},
        {"-o x.raw/out x.npy", EXIT_MACHINE, "cannot make 'x.raw/out'"},
        {"-o x.raw x.npy", EXIT_MACHINE, "cannot write"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int code = shell("./inline %s", cases[i].arguments);
        if (code != cases[i].code)
            fail_msg("%s: exit code %d: %s", cases[i].arguments, code, printed);
        PRINTED(cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints),       cmocka_unit_test(test_writes_npy),
        cmocka_unit_test(test_weights_file), cmocka_unit_test(test_help_and_time),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, build, clean);
}
