/*
 * NAME_run: what it refuses, and the calls of the kernels in order, by one thread or a team, with
 * the loops of control steps around them. Comes in: the kernels' functions, named.
 */
#include "emit.h"

#include "calls.h"

static void buffer_argument(SourceFile *s, const Buffer *b, const char *const *names)
{
    int64_t first;
    const Buffer *root = buffer_root(b, &first);
    const char *type = emit_type(b->dtype, 1);
    size_t bytes = root->offset + buffer_offset_bytes(root, first);
    switch (root->kind) {
    case BUFFER_INPUT:
    case BUFFER_OUTPUT: {
        const char *name =
            names[root->index + (root->kind == BUFFER_OUTPUT ? s->p->graph->inputs.count : 0)];
        if (first)
            text_add(s->out, "%s + %lld", name, (long long)first);
        else
            text_add(s->out, "%s", name);
        break;
    }
    case BUFFER_CONST:
        if (s->o->weights == WEIGHTS_INLINE || !buffer_is_weight(root))
            text_add(s->out, first ? "%s_values + %lld" : "%s_values", root->name,
                     (long long)first);
        else
            text_add(s->out, "WEIGHTS(%s, %zu)", type, bytes);
        break;
    default: text_add(s->out, "WORK(%s, %zu)", type, bytes);
    }
}

/* The indentation of what a loop repeats. */
static const char *margin(const SourceFile *s)
{
    static const char spaces[] = "                                ";
    int most = (int)sizeof spaces - 1, wanted = 4 * (1 + s->depth);
    return spaces + most - (wanted < most ? wanted : most);
}

/* Several threads run the kernels. */
static bool shared(const SourceFile *s) { return s->p->threads > 1; }

static void control(SourceFile *s, const Kernel *k, const char *const *names)
{
    if (k->control == CONTROL_END) {
        s->depth--;
        text_add(s->out, "%s}\n", margin(s));
        return;
    }
    text_add(s->out, "%s/* ", margin(s));
    emit_comment(s->out, k->title);
    text_add(s->out, shared(s) ? " */\n%swhile (netc_agree(worker, " : " */\n%swhile (*",
             margin(s));
    buffer_argument(s, k->reads.items[0], names);
    text_add(s->out, shared(s) ? ")) {\n" : ") {\n");
    s->depth++;
}

/* Arguments, and what a kernel that is shared out takes and returns. */
static void call_kernel(SourceFile *s, const Kernel *k, const char *function,
                        const char *const *names)
{
    bool fails = emit_fails(k);
    text_add(s->out, "%s", margin(s));
    if (shared(s))
        text_add(s->out, "NETC_PARTS(worker, %lld) ", (long long)(k->part ? k->part->hi : 1));
    text_add(s->out, "%s%s(",
             !fails      ? ""
             : shared(s) ? "netc_fail(worker, "
                         : "status = ",
             function);
    int count = 0;
    for (int i = 0; i < k->reads.count + k->writes.count; i++) {
        const Buffer *b =
            i < k->reads.count ? k->reads.items[i] : k->writes.items[i - k->reads.count];
        if (count++) text_add(s->out, ", ");
        buffer_argument(s, b, names);
    }
    text_add(s->out, "%s)%s;\n", k->part ? ", worker->part" : "", fails && shared(s) ? ")" : "");
    if (!fails) return;
    text_add(s->out,
             shared(s) ? "%sif (netc_failed(worker)) return;\n" : "%sif (status) return status;\n",
             margin(s));
}

static void call(SourceFile *s, int k, const char *const *names)
{
    const Kernel *kernel = s->p->kernels.items[k];
    if (kernel->control != CONTROL_NONE) {
        control(s, kernel, names);
        return;
    }
    text_add(s->out, "%s/* ", margin(s));
    emit_comment(s->out, kernel->title);
    emit_work(s, kernel);
    text_add(s->out, " */\n");
    call_kernel(s, kernel, s->functions.items[s->function_of[k]].name, names);
}

/* ---- NAME_profile: the hook for who times kernels ---- */

static void profile_hook(SourceFile *s)
{
    if (!s->o->profile) return;
    text_add(
        s->out,
        "/* When set, called with -1 before the first kernel, and with its position after each. "
        "*/\nvoid (*%s_profile)(int kernel);\n\n",
        s->o->name);
}

static void profile_call(SourceFile *s, int kernel)
{
    if (s->o->profile)
        text_add(s->out, "    if (%s_profile%s) %s_profile(%d);\n", s->o->name,
                 shared(s) ? " && worker->index == 0" : "", s->o->name, kernel);
}

static bool any_buffer(const Program *p, BufferKind kind)
{
    for (int i = 0; i < p->buffers.count; i++)
        if (p->buffers.items[i]->kind == kind && !p->buffers.items[i]->parent) return true;
    return false;
}

/* Null and misaligned pointers are refused before anything is written. An empty tensor may be null.
 */
static void checks(SourceFile *s, const char *const *names)
{
    const Graph *g = s->p->graph;
    bool weights = s->o->weights == WEIGHTS_FILE && s->p->weight_bytes,
         memory = s->p->workspace_bytes > 0;
    Text null = {0}, misaligned = {0};
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        const Tensor *t =
            i < g->inputs.count ? g->inputs.items[i] : g->outputs.items[i - g->inputs.count];
        if (tensor_elements(t) == 0) continue;
        text_add(&null, "%s!%s", null.length ? " || " : "", names[i]);
        if (dtype_info(t->dtype)->bits > 8)
            text_add(&misaligned, "%s(uintptr_t)%s %% sizeof *%s", misaligned.length ? " || " : "",
                     names[i], names[i]);
    }
    if (weights) {
        text_add(&null, "%s!weights", null.length ? " || " : "");
        text_add(&misaligned, "%s(uintptr_t)weights %% 64", misaligned.length ? " || " : "");
    }
    if (memory) {
        text_add(&null, "%s!workspace", null.length ? " || " : "");
        text_add(&misaligned, "%s(uintptr_t)workspace %% 64", misaligned.length ? " || " : "");
    }
    if (null.length) text_add(s->out, "    if (%s) return 1;\n", null.data);
    if (misaligned.length) text_add(s->out, "    if (%s) return 2;\n", misaligned.data);
    for (int i = 0; i < g->inputs.count; i++) {
        const Tensor *t = g->inputs.items[i];
        if (t->dtype == DT_STRING && tensor_elements(t))
            text_add(s->out, "    if (netc_any_null(%s, %lld)) return 1;\n", names[i],
                     (long long)tensor_elements(t));
    }
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        const Tensor *t =
            i < g->inputs.count ? g->inputs.items[i] : g->outputs.items[i - g->inputs.count];
        if (tensor_elements(t) == 0) text_add(s->out, "    (void)%s;\n", names[i]);
    }
    if (!memory) text_add(s->out, "    (void)workspace;\n");
    if (s->o->weights == WEIGHTS_FILE && !weights) text_add(s->out, "    (void)weights;\n");
    text_free(&null);
    text_free(&misaligned);
}

/* How NAME_run names memory: element pointers at byte offsets. */
static void memory_macros(SourceFile *s, bool work, bool weights)
{
    if (work)
        text_add(
            s->out,
            "#define WORK(type, bytes) ((type *)(void *)((unsigned char *)workspace + (bytes)))\n");
    if (weights) {
        const char *base = s->o->weights == WEIGHTS_OBJECT
                               ? arena_format(s->p->arena, "%s_weights", s->o->name)
                               : "(const unsigned char *)weights";
        text_add(s->out,
                 "#define WEIGHTS(type, bytes) ((const type *)(const void *)(%s + (bytes)))\n",
                 base);
    }
    if (work || weights) text_add(s->out, "\n");
}

static void parameters(SourceFile *s, const char *const *names)
{
    const Program *p = s->p;
    const Graph *g = p->graph;
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        bool output = i >= g->inputs.count;
        emit_parameter(output ? p->outputs.items[i - g->inputs.count] : p->inputs.items[i], output,
                       names[i], s->out);
        text_add(s->out, ", ");
    }
    text_add(s->out, "%svoid *workspace)\n{\n",
             s->o->weights == WEIGHTS_FILE ? "const void *weights, " : "");
}

static void calls(SourceFile *s, const char *const *names)
{
    const Program *p = s->p;
    profile_call(s, -1);
    for (int k = 0; k < p->kernels.count; k++) {
        call(s, k, names);
        if (p->kernels.items[k]->control == CONTROL_NONE) profile_call(s, k);
    }
}

static bool is_used(const Program *p, BufferKind kind, int index)
{
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        for (int i = 0; i < kernel->reads.count + kernel->writes.count; i++) {
            const Buffer *b =
                buffer_root(i < kernel->reads.count ? kernel->reads.items[i]
                                                    : kernel->writes.items[i - kernel->reads.count],
                            NULL);
            if (b->kind == kind && (kind == BUFFER_WORK || b->index == index)) return true;
        }
    }
    return false;
}

/* Of what an interface has, kernels may use not all. */
static void leave_unused(SourceFile *s, const char *const *names)
{
    const Program *p = s->p;
    int inputs = p->graph->inputs.count, outputs = p->graph->outputs.count;
    for (int i = 0; i < inputs + outputs; i++)
        if (!is_used(p, i < inputs ? BUFFER_INPUT : BUFFER_OUTPUT, i < inputs ? i : i - inputs))
            text_add(s->out, "    (void)%s;\n", names[i]);
    if (!is_used(p, BUFFER_WORK, 0)) text_add(s->out, "    (void)workspace;\n");
    if (s->o->weights == WEIGHTS_FILE && !p->weight_bytes) text_add(s->out, "    (void)weights;\n");
}

/* What every thread of a run does. */
static void work_function(SourceFile *s, const char *const *names)
{
    text_add(s->out,
             "/* What each thread of a run does. */\nstatic void work(netc_worker *worker, ");
    parameters(s, names);
    leave_unused(s, names);
    calls(s, names);
    text_add(s->out, "}\n\n");
}

static void start_threads(SourceFile *s, const char *const *names)
{
    const Graph *g = s->p->graph;
    text_add(
        s->out,
        "    netc_lane lanes[%d];\n    netc_lanes_clear(lanes, %d);\n    NETC_TEAM(%d)\n    {\n"
        "        netc_worker worker = netc_worker_join(lanes);\n        work(&worker, ",
        s->p->threads, s->p->threads, s->p->threads);
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) text_add(s->out, "%s, ", names[i]);
    text_add(s->out,
             "%sworkspace);\n        netc_worker_leave(&worker);\n    }\n"
             "    return netc_lanes_status(lanes);\n",
             s->o->weights == WEIGHTS_FILE ? "weights, " : "");
}

void emit_run(SourceFile *s, const char *const *names)
{
    const Program *p = s->p;
    memory_macros(s, any_buffer(p, BUFFER_WORK),
                  p->weight_bytes && s->o->weights != WEIGHTS_INLINE);
    profile_hook(s);
    if (shared(s)) work_function(s, names);
    text_add(s->out, "int %s_run(", s->o->name);
    parameters(s, names);
    if (emit_may_fail(p) && !shared(s)) text_add(s->out, "    int status;\n");
    checks(s, names);
    if (shared(s)) {
        start_threads(s, names);
    } else {
        calls(s, names);
        text_add(s->out, "    return 0;\n");
    }
    text_add(s->out, "}\n\n");
}
