/* Diagnostics as text and JSON: places, labels, several files, elements of models, and text that is
 * no friend. */
#include "unit.h"

#include <stdlib.h>

#include "diag.h"
#include "diag_codes.h"

static Diags *diags;

static int set_up(void **state)
{
    open_arena(state);
    diags = diags_new(arena);
    return 0;
}

static const File *file_of(const char *path, const char *text)
{
    File *file = NEW(arena, File);
    *file = (File){path, (const uint8_t *)text, strlen(text)};
    return file;
}

static Source at(const File *file, int line, int column, int end)
{
    return (Source){
        .file = file, .line = line, .column = column, .end_line = line, .end_column = end};
}

/* What a printer writes equals `expected`. */
static void expect(bool json, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (json)
        diags_print_json(diags, out);
    else
        diags_print(diags, out, false);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_labels(void **state)
{
    (void)state;
    const File *file = file_of("a.net", "one two three four\nfive\n");
    Diagnostic *d = diag_error(diags, "E0201", at(file, 1, 5, 14), "message %d", 7);
    diag_label(d, at(file, 1, 5, 14), "main");
    diag_label(d, at(file, 1, 1, 4), "left");
    diag_label(d, at(file, 1, 15, 19), "right");
    diag_label(d, at(file, 2, 1, 5), "below");
    diag_note(d, "a note");
    diag_help(d, "help");
    expect(false,
           "error[E0201]: message 7\n"
           " --> a.net:1:5\n"
           "  |\n"
           "1 | one two three four\n"
           "  | --- ^^^^^^^^^ ---- right\n"
           "  | |   |\n"
           "  | |   main\n"
           "  | left\n"
           "2 | five\n"
           "  | ---- below\n"
           "  |\n"
           "  = note: a note\n"
           "  = help: help\n\n");
    assert_int_equal(diags_errors(diags), 1);
}

static void test_order_and_severity(void **state)
{
    (void)state;
    const File *file = file_of("a.net", "x\ny");
    diag_error(diags, "E0201", at(file, 2, 1, 2), "second");
    diag_warning(diags, "W0001", at(file, 1, 1, 2), "first");
    assert_int_equal(diags_errors(diags), 1);
    assert_int_equal(diags_count(diags), 2);
    expect(false,
           "warning[W0001]: first\n --> a.net:1:1\n  |\n1 | x\n  | ^\n\n"
           "error[E0201]: second\n --> a.net:2:1\n  |\n2 | y\n  | ^\n\n");
}

static void test_elements(void **state)
{
    (void)state;
    const File *file = file_of("m.onnx", "\x08\x01");
    Source node = {.file = file, .element = "node 12 'conv1' (Conv)"},
           from = {.file = file, .element = "node 3 'x' (Relu)"};
    Diagnostic *d = diag_error(diags, "E0201", node, "shapes");
    diag_label(d, node, "this one");
    diag_label(d, from, "that one");
    expect(false,
           "error[E0201]: shapes\n"
           " --> m.onnx: node 12 'conv1' (Conv)\n"
           "  | this one\n"
           " ::: m.onnx: node 3 'x' (Relu)\n"
           "  | that one\n\n");
}

static void test_two_files(void **state)
{
    (void)state;
    const File *a = file_of("a.net", "abc"), *b = file_of("b.net", "\n\ndef");
    Diagnostic *d = diag_error(diags, "E0404", at(a, 1, 2, 3), "twice");
    diag_label(d, at(b, 3, 1, 4), "first");
    expect(false,
           "error[E0404]: twice\n --> a.net:1:2\n  |\n1 | abc\n  |  ^\n"
           " ::: b.net:3:1\n  |\n3 | def\n  | --- first\n\n");
}

/* Control characters and wrong bytes are shown, not sent; columns are those of characters; line
 * ends of DOS are none. */
static void test_hostile_text(void **state)
{
    (void)state;
    const File *file = file_of("a.net", "\tk\xc3\xa4\x1b[31m \xff x\r\n");
    diag_error(diags, "E0402", at(file, 1, 13, 14), "bad \x1b[0m \xfe");
    expect(false,
           "error[E0402]: bad \\x1b[0m \\xfe\n"
           " --> a.net:1:12\n"
           "  |\n"
           "1 |     k\xc3\xa4\xef\xbf\xbd[31m \xef\xbf\xbd x\n"
           "  |               ^\n\n");
}

static void test_nowhere(void **state)
{
    (void)state;
    const File *empty = file_of("a.net", "");
    diag_error(diags, "E0101", (Source){0}, "no place");
    diag_error(diags, "E0401", at(empty, 1, 1, 1), "empty");
    expect(false,
           "error[E0101]: no place\n\n"
           "error[E0401]: empty\n --> a.net:1:1\n  |\n1 |\n  | ^\n\n");
}

static void test_json(void **state)
{
    (void)state;
    const File *file = file_of("a.net", "\xc3\xa4 \"x\"\n");
    Diagnostic *d = diag_error(diags, "E0402", at(file, 1, 4, 7), "a \"quote\"\n\xff");
    diag_help(d, "back\\slash");
    expect(true,
           "[\n  {\"code\": \"E0402\", \"severity\": \"error\", \"title\": \"a character or "
           "literal is not part of the "
           "language\", \"message\": \"a \\\"quote\\\"\\u000a\\ufffd\", \"file\": \"a.net\", "
           "\"element\": null, "
           "\"range\": {\"start\": {\"line\": 1, \"column\": 3}, \"end\": {\"line\": 1, "
           "\"column\": 6}}, \"labels\": [], "
           "\"notes\": [], \"help\": [\"back\\\\slash\"]}\n]\n");
}

static void test_codes_in_order(void **state)
{
    (void)state;
    for (int i = 1; diag_codes[i].code; i++)
        assert_true(strcmp(diag_codes[i - 1].code, diag_codes[i].code) < 0);
    assert_null(diag_code_find("E9999"));
    assert_string_equal(diag_code_find("E0401")->title, "syntax error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_labels),       TEST(test_order_and_severity),
                                       TEST(test_elements),     TEST(test_two_files),
                                       TEST(test_hostile_text), TEST(test_nowhere),
                                       TEST(test_json),         TEST(test_codes_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
