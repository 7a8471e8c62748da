/*
 * Operators' values: in the .net files of tests/ops1 and tests/ops2 every tensor NAME with a
 * NAME_expected beside it must equal it. The nets have no inputs; the interpreter computes
 * everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>

#include "compare.h"
#include "evaluate.h"
#include "graph.h"

enum { BUDGET = 1 << 24 };
static const char suffix[] = "_expected";
static const char *const folders[] = {"ops1", "ops2"};

static const char *tests_folder(void)
{
    const char *root = getenv("ROOT");
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests", root ? root : "../..");
    return path;
}

/* Every node's outputs become known, in order. */
static void evaluate_all(Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        const void **data = NEW_ARRAY(g->arena, const void *, n->output_count);
        int64_t budget = BUDGET;
        if (!evaluate_node(g, n, &budget, data))
            fail_msg("node '%s' (%s) cannot be evaluated", n->name, n->op_type);
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) n->outputs[k]->data = data[k];
    }
}

static const char *first_difference(Arena *arena, const Tensor *got, const Tensor *expected)
{
    if (got->dtype != expected->dtype || got->rank != expected->rank ||
        memcmp(got->dims, expected->dims, (size_t)got->rank * sizeof *got->dims))
        return arena_format(arena, "it is %s, expected %s", tensor_type_text(arena, got),
                            tensor_type_text(arena, expected));
    Tolerance tolerance = {.rtol = got->dtype == DT_F16 ? 2e-3 : 1e-5, .atol = 1e-7};
    Difference d =
        compare(arena, got->dtype, tensor_elements(got), got->data, expected->data, tolerance);
    if (!d.wrong) return NULL;
    return arena_format(arena, "element %lld is %s, expected %s", (long long)d.worst, d.got,
                        d.expected);
}

/* Compares all pairs of a graph; returns how many there are. */
static int compare_pairs(Graph *g, const char *path, int *wrong)
{
    int pairs = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *expected = g->tensors.items[i];
        size_t length = strlen(expected->name), tail = strlen(suffix);
        if (length <= tail || strcmp(expected->name + length - tail, suffix) != 0) continue;
        const char *name = arena_format(g->arena, "%.*s", (int)(length - tail), expected->name);
        const Tensor *got = graph_find(g, name);
        assert_non_null(got);
        const char *difference = first_difference(g->arena, got, expected);
        if (difference) print_error("%s: %s: %s\n", path, name, difference);
        pairs++;
        *wrong += difference != NULL;
    }
    return pairs;
}

static int check_file(const char *path, int *wrong)
{
    Arena *arena = arena_new();
    Diags *diags = diags_new(arena);
    ReadOptions options = {0};
    Graph *g = read_model(arena, path, &options, diags);
    bool inferred = g && infer(g, diags);
    if (!inferred) diags_print(diags, stderr, false);
    assert_true(inferred);
    evaluate_all(g);
    int pairs = compare_pairs(g, path, wrong);
    arena_free(arena);
    return pairs;
}

static void every_tensor_has_its_expected_value(void **state)
{
    (void)state;
    int pairs = 0, wrong = 0;
    for (size_t f = 0; f < COUNT(folders); f++) {
        char folder[4200], path[4600];
        snprintf(folder, sizeof folder, "%s/%s", tests_folder(), folders[f]);
        DIR *dir = opendir(folder);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
            size_t length = strlen(entry->d_name);
            if (length < 5 || strcmp(entry->d_name + length - 4, ".net") != 0) continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            pairs += check_file(path, &wrong);
        }
        if (dir) closedir(dir);
    }
    print_message("%d values compared\n", pairs);
    assert_true(pairs > 300);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_tensor_has_its_expected_value)};
    return cmocka_run_group_tests_name("operator values", tests, NULL, NULL);
}
