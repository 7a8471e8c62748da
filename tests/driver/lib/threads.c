/*
 * Two networks in one program, run from two threads at once, each in its own workspace: every
 * answer must be, to the byte, the one that a single thread gets.
 */
#include "first.h"
#include "second.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 200 };

typedef struct {
    const netc_model *model;
    void **inputs, **outputs;
    void *workspace;
    unsigned char *expected;
    int wrong;
} Task;

static void *get(size_t bytes, size_t align)
{
    void *p = aligned_alloc(align, (bytes / align + 1) * align);
    if (!p) exit(3);
    memset(p, 0, bytes);
    return p;
}

static void fill(float *values, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
}

static Task make_task(const netc_model *m, unsigned seed)
{
    Task t = {.model = m, .workspace = get(m->workspace_bytes, 64)};
    t.inputs = get((size_t)m->input_count * sizeof(void *), 64);
    t.outputs = get((size_t)m->output_count * sizeof(void *), 64);
    for (int i = 0; i < m->input_count; i++) {
        t.inputs[i] = get(m->inputs[i].bytes, 64);
        fill(t.inputs[i], m->inputs[i].bytes / sizeof(float), seed + (unsigned)i);
    }
    for (int i = 0; i < m->output_count; i++) t.outputs[i] = get(m->outputs[i].bytes, 64);
    return t;
}

static void *run(void *argument)
{
    Task *t = argument;
    for (int i = 0; i < ROUNDS; i++) {
        memset(t->outputs[0], 0xFF, t->model->outputs[0].bytes);
        t->wrong += t->model->run((const void *const *)t->inputs, t->outputs, t->workspace) != 0;
        if (t->expected)
            t->wrong += memcmp(t->outputs[0], t->expected, t->model->outputs[0].bytes) != 0;
    }
    return NULL;
}

int main(void)
{
    Task tasks[] = {make_task(first_model(), 1), make_task(first_model(), 2),
                    make_task(second_model(), 3), make_task(second_model(), 4)};
    enum { COUNT = sizeof tasks / sizeof *tasks };
    pthread_t threads[COUNT];
    int wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        run(&tasks[i]);
        tasks[i].expected = get(tasks[i].model->outputs[0].bytes, 64);
        memcpy(tasks[i].expected, tasks[i].outputs[0], tasks[i].model->outputs[0].bytes);
    }
    if (memcmp(tasks[0].expected, tasks[1].expected, tasks[0].model->outputs[0].bytes) == 0) {
        printf("different inputs give the same answer\n");
        return 1;
    }
    for (int i = 0; i < COUNT; i++)
        if (pthread_create(&threads[i], NULL, run, &tasks[i]) != 0) return 3;
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        wrong += tasks[i].wrong;
    }
    const void *no_input[] = {NULL};
    if (first_model()->run(no_input, tasks[0].outputs, tasks[0].workspace) == 0) wrong++;
    if (first_model()->run((const void *const *)tasks[0].inputs, tasks[0].outputs,
                           (char *)tasks[0].workspace + 4) == 0)
        wrong++;
    printf("%d wrong\n", wrong);
    return wrong != 0;
}
