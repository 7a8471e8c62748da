/*
 * The differential test: random networks (random/), compiled for every target that runs here,
 * against the interpreter on the graph as it was read. Without arguments: a fixed, quick portion.
 * `test_random FIRST COUNT [TARGET]` tries the networks of COUNT seeds from FIRST on, and shrinks
 * what fails to the few statements and the data that still fail.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"
#include "execute.h"
#include "random/network.h"
#include "winograd.h"

enum { WORK = 1 << 27, BATCH = 24, QUICK = 5 * BATCH, QUICK_SEED = 1 };

/* Where this program is compiled with sanitizers, so is what it compiles. */
#ifdef __SANITIZE_ADDRESS__
#define FLAGS " -g -fsanitize=address,undefined -fno-sanitize-recover=all"
#else
#define FLAGS ""
#endif

/* Unoptimised, which takes a third of the time; optimised now and then, for the warnings that come
 * with it. */
static const char plain_flags[] = "-O0 -Wall -Wextra -Werror -Wno-unknown-pragmas" FLAGS;
static const char optimised_flags[] = "-O1 -Wall -Wextra -Werror -Wno-unknown-pragmas" FLAGS;
static const char *cflags = plain_flags;
static WinogradKind winograd_kind = WINOGRAD_OFF;
static int threads = 1;

/* ---- one attempt: in a child, which a crash ends ---- */

static double tolerance_of(const Graph *g)
{
    double most = 2e-4;
    for (int i = 0; i < g->tensors.count; i++) {
        if (g->tensors.items[i]->dtype == DT_F16) most = fmax(most, 2e-2);
        if (g->tensors.items[i]->dtype == DT_BF16) most = 0.1;
    }
    return most;
}

static int compare_outputs(Arena *arena, const Graph *wanted, const Execution *e, bool special)
{
    Tolerance tolerance = {tolerance_of(wanted), 1e-5, !special};
    int wrong = 0;
    for (int i = 0; i < wanted->outputs.count; i++) {
        const Tensor *t = wanted->outputs.items[i];
        Difference d =
            compare(arena, t->dtype, tensor_elements(t), e->outputs[i].data, t->data, tolerance);
        if (d.wrong)
            fprintf(stderr,
                    "%s: %lld of %lld elements wrong; worst at %s: %s, the interpreter has %s\n",
                    t->name, (long long)d.wrong, (long long)d.elements,
                    index_text(arena, d.worst, t->dims, t->rank), d.got, d.expected);
        wrong += d.wrong > 0;
    }
    return wrong;
}

/* What is compiled: networks, or the text of one. */
typedef struct Subject {
    Network *const *nets;
    int count;
    const char *text;
} Subject;

static bool is_special(const Subject *s)
{
    bool special = s->count > 0;
    for (int i = 0; i < s->count; i++) special &= s->nets[i]->special;
    return special;
}

static int run(const Subject *s, const Target *target)
{
    Arena *arena = arena_new();
    Text text = {0};
    if (s->text)
        text_add(&text, "%s", s->text);
    else
        networks_render(s->nets, s->count, "random", &text);
    Graph *wanted = network_read(arena, text.data, true), *g = network_read(arena, text.data, true);
    if (!g) return EXIT_INPUT;
    networks_fill(s->nets, wanted, true);
    if (!network_evaluate(wanted, WORK)) return EXIT_INPUT;
    networks_fill(s->nets, g, false);
    Options options = {.operands = (const char *[]){"random.net"},
                       .operand_count = 1,
                       .prefix = "random",
                       .target = target,
                       .cflags = cflags,
                       .threads = threads,
                       .winograd = winograd_kind,
                       .no_cache = true,
                       .weights = CHOOSE_INLINE};
    Job job = {.options = &options, .arena = arena, .diags = diags_new(arena), .graph = g};
    if (!stages_go_on(&job)) {
        diags_print(job.diags, stderr, false);
        return EXIT_INPUT;
    }
    Library library = library_get(&job);
    Execution *e = execution_new(arena, g);
    for (int i = 0; i < g->inputs.count; i++)
        memcpy(e->inputs[i].data, wanted->inputs.items[i]->data, e->inputs[i].bytes);
    bool ran = execution_run(e, &library, 20) == EXIT_DONE;
    library_release(&library);
    return ran && compare_outputs(arena, wanted, e, is_special(s)) == 0 ? EXIT_DONE : EXIT_INPUT;
}

/* What the child says on standard error. */
typedef struct Complaint {
    char text[1200];
} Complaint;

static bool attempt_subject(const Subject *s, const Target *target, Complaint *complaint)
{
    FILE *said = tmpfile();
    if (!said) die("no temporary file: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("cannot start a process: %s", strerror(errno));
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        alarm(120);
        _exit(run(s, target));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (complaint) {
        rewind(said);
        size_t n = fread(complaint->text, 1, sizeof complaint->text - 40, said);
        complaint->text[n] = '\0';
        if (WIFSIGNALED(status))
            snprintf(complaint->text + n, 40, "(signal %d)\n", WTERMSIG(status));
    }
    fclose(said);
    return good;
}

static bool attempt(Network *const *nets, int count, const Target *target, Complaint *complaint)
{
    return attempt_subject(&(Subject){.nets = nets, .count = count}, target, complaint);
}

/* ---- shrinking ---- */

static bool still_fails(Network *n, const Target *target)
{
    for (int v = 0; v < n->values.count; v++)
        if (n->values.items[v].output) return !attempt(&n, 1, target, NULL);
    return false;
}

/* Sets a flag of a value; takes it back when the network then passes. True when it stays. */
static bool try_flag(Network *n, bool *flag, bool value, const Target *target)
{
    if (*flag == value) return false;
    *flag = value;
    if (still_fails(n, target)) return true;
    *flag = !value;
    return false;
}

static void shrink(Network *n, const Target *target)
{
    for (bool again = true; again;) {
        again = false;
        for (int v = 0; v < n->values.count; v++)
            again |= try_flag(n, &n->values.items[v].output, false, target);
        for (int v = n->values.count - 1; v >= 0; v--) {
            Value *value = &n->values.items[v];
            if (value->statement >= 0) again |= try_flag(n, &value->cut, true, target);
        }
    }
}

static void report(Network *const *nets, int count, const Target *target)
{
    Text text = {0};
    Complaint complaint;
    attempt(nets, count, target, &complaint);
    networks_render(nets, count, "random", &text);
    print_error("seed %llu, target %s:\n%s%s", (unsigned long long)nets[0]->seed, target->name,
                text.data, complaint.text);
    text_free(&text);
}

/* ---- many ---- */

static void shrink_copy(Arena *arena, const Network *from, const Target *target)
{
    Network *n = arena_copy(arena, from, sizeof *from);
    n->values.items = arena_copy(arena, from->values.items,
                                 (size_t)from->values.count * sizeof *from->values.items);
    shrink(n, target);
    report(&n, 1, target);
}

static int try_batch(Arena *arena, Network *const *nets, int count, const Target *target)
{
    if (attempt(nets, count, target, NULL)) return 0;
    int failed = 0;
    for (int i = 0; i < count; i++) {
        if (attempt(&nets[i], 1, target, NULL)) continue;
        failed++;
        shrink_copy(arena, nets[i], target);
    }
    if (!failed) report(nets, count, target); /* only together */
    return failed ? failed : 1;
}

/* The n-th batch is for the n-th target that runs here, going round. */
static const Target *target_for(int batch)
{
    int runnable = 0;
    for (const Target *const *t = target_list; *t; t++) runnable += (*t)->runs_here();
    batch %= runnable;
    for (const Target *const *t = target_list;; t++)
        if ((*t)->runs_here() && batch-- == 0) return *t;
}

/* The networks of COUNT seeds for all targets in turn, or for one, every other time with caches so
 * small that layers are computed in bands; returns how many failed. */
static int try_seeds(uint64_t first, int count, const Target *target, bool progress)
{
    int failed = 0;
    for (int done = 0; done < count; done += BATCH) {
        Arena *arena = arena_new();
        Network *nets[BATCH];
        int size = count - done < BATCH ? count - done : BATCH;
        for (int i = 0; i < size; i++)
            nets[i] = network_random(arena, first + (uint64_t)(done + i));
        winograd_kind = (WinogradKind)(done / BATCH / 5 % (WINOGRAD_FAST + 1));
        threads = 1 + done / BATCH % 3;
        cflags = done / BATCH % 4 == 3 ? optimised_flags : plain_flags;
        Target machine = *(target ? target : target_for(done / BATCH));
        if (done / BATCH % 2) machine.l2_bytes = 512 << done / BATCH / 2 % 4;
        failed += try_batch(arena, nets, size, &machine);
        arena_free(arena);
        if (progress) fprintf(stderr, "%d of %d networks, %d failed\n", done + size, count, failed);
    }
    return failed;
}

static void networks_agree_with_the_interpreter(void **state)
{
    (void)state;
    assert_int_equal(try_seeds(QUICK_SEED, QUICK, NULL, false), 0);
}

/* The text of a network written for this. */
static Subject read_subject(Arena *arena, const char *name)
{
    const char *root = getenv("ROOT"),
               *path = arena_format(arena, "%s/tests/unit/random/%s", root ? root : ".", name);
    const File *file = file_map(arena, path);
    if (!file) fail_msg("cannot read %s", path);
    return (Subject){.text =
                         arena_format(arena, "%.*s", (int)file->bytes, (const char *)file->data)};
}

/* On all targets. */
static void agrees_with_the_interpreter(const char *name)
{
    Arena *arena = arena_new();
    Subject subject = read_subject(arena, name);
    Complaint complaint;
    for (const Target *const *t = target_list; *t; t++)
        if ((*t)->runs_here() && !attempt_subject(&subject, *t, &complaint))
            fail_msg("%s for %s: %s", name, (*t)->name, complaint.text);
    arena_free(arena);
}

/* The shrunk networks that failed once. */
static void found_networks_agree_with_the_interpreter(void **state)
{
    (void)state;
    agrees_with_the_interpreter("found.net");
}

static void transposed_convolutions_agree_with_the_interpreter(void **state)
{
    (void)state;
    agrees_with_the_interpreter("transposed.net");
}

static void phases_by_winograd_agree_with_the_interpreter(void **state)
{
    (void)state;
    winograd_kind = WINOGRAD_ACCURATE;
    agrees_with_the_interpreter("winograd_phases.net");
    winograd_kind = WINOGRAD_OFF;
}

/* Machines with other caches, on which the same layers get other transforms, other places for their
 * weights and other bands. */
typedef struct Machine {
    int64_t l2_bytes;
    double memory_rate;
    int threads;
    WinogradKind kind;
} Machine;

static void try_machine(const Subject *subject, const Target *like, const Machine *m)
{
    Complaint complaint;
    Target target = *like;
    target.l2_bytes = m->l2_bytes;
    target.l3_bytes = 0;
    target.rate[2] = m->memory_rate;
    threads = m->threads;
    winograd_kind = m->kind;
    if (!attempt_subject(subject, &target, &complaint))
        fail_msg("%lld bytes of cache, %s: %s", (long long)m->l2_bytes, like->name, complaint.text);
    threads = 1;
    winograd_kind = WINOGRAD_OFF;
}

static void transforms_agree(const char *file)
{
    static const Machine machines[] = {{1 << 20, 4, 1, WINOGRAD_FAST},
                                       {1 << 20, 100, 2, WINOGRAD_ACCURATE},
                                       {1 << 17, 4, 2, WINOGRAD_FAST},
                                       {1 << 16, 100, 2, WINOGRAD_FAST},
                                       {1 << 15, 1, 3, WINOGRAD_FAST},
                                       {1 << 14, 100, 3, WINOGRAD_ACCURATE}};
    Arena *arena = arena_new();
    Subject subject = read_subject(arena, file);
    for (int i = 0; target_list[i]; i++)
        for (int k = 0; target_list[i]->runs_here() && target_list[i]->lanes > 1 && k < 2; k++)
            try_machine(&subject, target_list[i], &machines[(i + 2 * k) % (int)COUNT(machines)]);
    arena_free(arena);
}

static void transforms_agree_with_the_interpreter(void **state)
{
    (void)state;
    transforms_agree("winograd.net");
    transforms_agree("winograd_steps.net");
    transforms_agree("winograd_wide.net");
}

/* Caches in which more or fewer rows of its layers stay: other bands, of other members. */
static void bands_agree_with_the_interpreter(void **state)
{
    (void)state;
    static const Machine machines[] = {
        {48 << 10, 6, 1, WINOGRAD_FAST},     {40 << 10, 6, 2, WINOGRAD_FAST},
        {32 << 10, 6, 1, WINOGRAD_FAST},     {24 << 10, 6, 1, WINOGRAD_OFF},
        {64 << 10, 6, 1, WINOGRAD_ACCURATE}, {48 << 10, 6, 3, WINOGRAD_OFF},
        {32 << 10, 6, 2, WINOGRAD_ACCURATE}};
    Arena *arena = arena_new();
    Subject subject = read_subject(arena, "bands.net");
    for (int i = 0; target_list[i]; i++)
        for (int at = i % 2; target_list[i]->runs_here() && at < (int)COUNT(machines); at += 2) {
            Machine m = machines[at]; /* what is large depends on the lanes */
            m.l2_bytes = m.l2_bytes / 16 * max64(4, target_list[i]->lanes);
            try_machine(&subject, target_list[i], &m);
        }
    arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc >= 3) {
        int failed = try_seeds(strtoull(argv[1], NULL, 0), atoi(argv[2]),
                               argc > 3 ? target_find(argv[3]) : NULL, true);
        printf("%d networks fail\n", failed);
        return failed > 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_networks_agree_with_the_interpreter),
        cmocka_unit_test(transposed_convolutions_agree_with_the_interpreter),
        cmocka_unit_test(transforms_agree_with_the_interpreter),
        cmocka_unit_test(bands_agree_with_the_interpreter),
        cmocka_unit_test(phases_by_winograd_agree_with_the_interpreter),
        cmocka_unit_test(networks_agree_with_the_interpreter)};
    return cmocka_run_group_tests_name("random networks", tests, NULL, NULL);
}
