/*
 * Scattering and gathering with indices that arrive at run time, against loops: duplicates,
 * negative indices, and indices out of range, which no constant may have. The same with constant
 * indices.
 */
#include "numbers.h"
#include "unit.h"

#include "evaluate.h"

enum { ROWS = 5, COLUMNS = 3, COUNT_OF_INDICES = 6 };

typedef struct Case {
    const char *op;
    int axis; /* -1: the operator has none */
    int inputs;
    int index_rank, out_rank;
    int64_t index_dims[2], update_dims[2], out_dims[2];
} Case;

static const Case cases[] = {
    {"ScatterElements", 0, 3, 2, 2, {COUNT_OF_INDICES, 2}, {COUNT_OF_INDICES, 2}, {ROWS, COLUMNS}},
    {"ScatterElements", 1, 3, 2, 2, {4, COUNT_OF_INDICES}, {4, COUNT_OF_INDICES}, {ROWS, COLUMNS}},
    {"ScatterND", -1, 3, 2, 2, {COUNT_OF_INDICES, 1}, {COUNT_OF_INDICES, COLUMNS}, {ROWS, COLUMNS}},
    {"Gather", 0, 2, 1, 2, {COUNT_OF_INDICES}, {0}, {COUNT_OF_INDICES, COLUMNS}},
    {"GatherElements", 1, 2, 2, 2, {ROWS, 4}, {0}, {ROWS, 4}},
};

/* The interpreter's output of one node; the indices are known when it is compiled, or not. */
static const float *evaluate(Arena *arena, const Case *c, const float *data, const int64_t *indices,
                             const float *updates, bool constant)
{
    Graph *g = graph_new(arena, "test");
    g->opset = 18;
    Node *n = graph_add_node(g, c->op, "", 18, "node", c->inputs, 1);
    const int64_t dims[2] = {ROWS, COLUMNS};
    n->inputs[0] = graph_add_tensor(g, TENSOR_INPUT, "data", DT_F32, 2, dims);
    n->inputs[1] = graph_add_tensor(g, constant ? TENSOR_CONST : TENSOR_INPUT, "indices", DT_I64,
                                    c->index_rank, c->index_dims);
    if (constant) n->inputs[1]->data = indices;
    if (c->inputs == 3)
        n->inputs[2] = graph_add_tensor(g, TENSOR_INPUT, "updates", DT_F32, 2, c->update_dims);
    node_set_output(n, 0, graph_add_tensor(g, TENSOR_VALUE, "out", DT_NONE, -1, NULL));
    LIST_PUSH(arena, &g->outputs, n->outputs[0]);
    if (c->axis >= 0) node_add_attr(g, n, "axis", ATTR_INT)->i = c->axis;
    Diags *diags = diags_new(arena);
    if (!infer(g, diags)) diags_print(diags, stderr, false);
    assert_int_equal(diags_errors(diags), 0);
    assert_memory_equal(n->outputs[0]->dims, c->out_dims, sizeof c->out_dims);
    n->inputs[0]->data = data;
    n->inputs[1]->data = indices;
    if (c->inputs == 3) n->inputs[2]->data = updates;
    const void *out;
    int64_t budget = 1 << 20;
    assert_true(evaluate_node(g, n, &budget, &out));
    return out;
}

static int64_t clamp(int64_t i, int64_t extent)
{
    if (i < 0) i += extent;
    return i < 0 ? 0 : i >= extent ? extent - 1 : i;
}

/* A loop over the updates, or over the output. */
static void expect(const Case *c, const float *data, const int64_t *indices, const float *updates,
                   float *out)
{
    bool scatter = c->inputs == 3, slices = strcmp(c->op, "Gather") == 0 || c->axis < 0;
    const int64_t *dims = scatter ? c->update_dims : c->out_dims;
    if (scatter) memcpy(out, data, sizeof(float) * ROWS * COLUMNS);
    for (int64_t i = 0; i < dims[0]; i++)
        for (int64_t j = 0; j < dims[1]; j++) {
            int64_t index = slices ? indices[i] : indices[i * c->index_dims[1] + j];
            int64_t row = c->axis == 1 ? i : index, column = c->axis == 1 ? index : j;
            int64_t extent = c->axis == 1 ? COLUMNS : ROWS;
            if (!scatter) { /* what is out of range is clamped */
                if (c->axis == 1)
                    column = clamp(column, extent);
                else
                    row = clamp(row, extent);
                out[i * dims[1] + j] = data[row * COLUMNS + column];
                continue;
            }
            if (index < -extent || index >= extent) continue; /* for no element */
            if (c->axis == 1)
                column = clamp(column, extent);
            else
                row = clamp(row, extent);
            out[row * COLUMNS + column] = updates[i * dims[1] + j];
        }
}

static void test_indices(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        const Case *c = &cases[round % COUNT(cases)];
        bool far = round % 2; /* out of range: run time only */
        int64_t extent = c->axis == 1 ? COLUMNS : ROWS, indices[64];
        float data[64], updates[64], expected[64];
        for (int i = 0; i < 64; i++) {
            int64_t reach = far ? extent + 2 : extent;
            indices[i] = random_below(2 * reach) - reach;
            data[i] = (float)i;
            updates[i] = (float)-i - 1;
        }
        if (far && round % 5 == 0) indices[0] = INT64_MAX, indices[1] = INT64_MIN;
        expect(c, data, indices, updates, expected);
        Arena *arena = arena_new();
        size_t bytes = (size_t)(c->out_dims[0] * c->out_dims[1]) * sizeof(float);
        assert_memory_equal(evaluate(arena, c, data, indices, updates, false), expected, bytes);
        if (!far)
            assert_memory_equal(evaluate(arena, c, data, indices, updates, true), expected, bytes);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_indices)};
    return cmocka_run_group_tests_name("scattering and gathering", tests, NULL, NULL);
}
