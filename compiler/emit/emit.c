/*
 * NAME.c: the kernels, one function for each distinct one, and NAME_run, which calls them in order.
 * Spells what the stages decided.
 */
#include "emit.h"

#include "calls.h"

#include <ctype.h>

/* ---- distinct kernels ---- */

typedef struct Function {
    const char *name;
    const char *text; /* parameters and body */
    LIST(const Kernel *) kernels;
} Function;

typedef struct SourceFile {
    const Program *p;
    const EmitOptions *o;
    Text *out;
    LIST(Function) functions;
    int *function_of; /* per kernel */
    int parts;        /* sources of kernels; 0: they are static, in the source itself */
    int depth;        /* of loops around */
} SourceFile;

static void find_functions(SourceFile *s)
{
    const Program *p = s->p;
    s->function_of = NEW_ARRAY(p->arena, int, p->kernels.count + 1);
    Map *known = map_new(p->arena);
    for (int k = 0; k < p->kernels.count; k++) {
        if (p->kernels.items[k]->control != CONTROL_NONE) continue;
        Text text = {0};
        emit_kernel(p, p->kernels.items[k], &text);
        Function *f = map_get(known, text.data);
        if (!f) {
            Function fresh = {.name = p->kernels.items[k]->name,
                              .text = arena_string(p->arena, text.data)};
            LIST_PUSH(p->arena, &s->functions, fresh);
            s->function_of[k] = s->functions.count - 1;
            map_set(known, fresh.text, (void *)(intptr_t)s->functions.count);
        } else {
            s->function_of[k] = (int)(intptr_t)f - 1;
        }
        text_free(&text);
        LIST_PUSH(p->arena, &s->functions.items[s->function_of[k]].kernels, p->kernels.items[k]);
    }
}

/* ---- comments ---- */

/* Text that may stand in a comment: names come from the model. */
static void comment_text(Text *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        bool closes = (c[0] == '*' && c[1] == '/') || (c[0] == '/' && c[1] == '*');
        if (isprint((unsigned char)*c))
            text_add(out, closes ? "%c " : "%c", *c);
        else
            text_add(out, "?");
    }
}

static void kernel_comment(SourceFile *s, const Kernel *k)
{
    for (int i = 0; i < k->nodes.count; i++) {
        text_add(s->out, i ? " + " : ": ");
        comment_text(s->out, k->nodes.items[i]->op_type);
    }
    if (k->macs) text_add(s->out, ", %lld multiply-adds", (long long)k->macs);
}

/* "in0: f32[1, 64, 56, 56], 16 channels side by side, with a halo" for each parameter. */
static void parameter_comment(SourceFile *s, const Kernel *k, const Buffer *b)
{
    Speller speller = {.p = s->p, .kernel = k, .arena = s->p->arena, .out = s->out};
    const Layout *l = &b->layout;
    text_add(s->out, "\n *   %s: %s", emit_buffer_name(&speller, b),
             tensor_type_text(s->p->arena, b->tensor));
    if (l->block_dim >= 0) text_add(s->out, ", %lld channels side by side", (long long)l->block);
    if (layout_has_halo(l)) text_add(s->out, ", with a halo");
    if (b->packing) text_add(s->out, ", packed in the order of the loops");
    if (b->dtype != b->tensor->dtype) text_add(s->out, ", as %s", dtype_name(b->dtype));
}

static const char *result_type(const Function *f)
{
    return emit_fails(f->kernels.items[0]) ? "int" : "void";
}

static void emit_function(SourceFile *s, const Function *f)
{
    const Kernel *k = f->kernels.items[0];
    text_add(s->out, "/* ");
    comment_text(s->out, k->title);
    if (f->kernels.count > 1) text_add(s->out, " and %d more", f->kernels.count - 1);
    kernel_comment(s, k);
    text_add(s->out, "\n * %s", k->schedule);
    for (int i = 0; i < k->reads.count; i++) parameter_comment(s, k, k->reads.items[i]);
    for (int i = 0; i < k->writes.count; i++) parameter_comment(s, k, k->writes.items[i]);
    text_add(s->out, " */\n");
    text_add(s->out, "%s%s %s%s\n", s->parts ? "NETC_HIDDEN " : "static ", result_type(f), f->name,
             f->text);
}

/* ---- kernels in sources of their own, which can be compiled side by side ---- */

/* Each part costs the C compiler half a second for the vector headers. */
static int choose_parts(const SourceFile *s)
{
    static const size_t least[] = {100 << 10, 400 << 10, 1600 << 10}; /* bytes for 2, 4, 8 parts */
    size_t bytes = 0;
    int parts = 1;
    for (int i = 0; i < s->functions.count; i++) bytes += strlen(s->functions.items[i].text);
    for (size_t i = 0; i < COUNT(least) && bytes >= least[i]; i++) parts *= 2;
    return s->o->split && !s->o->bundle && parts > 1 ? parts : 0;
}

/* The text begins with the parameters, on a line or more. */
static void declare_function(SourceFile *s, const Function *f)
{
    int length = (int)(strstr(f->text, ")\n{") - f->text) + 1;
    text_add(s->out, "NETC_HIDDEN %s %s%.*s;\n", result_type(f), f->name, length, f->text);
}

/* The functions go to the parts in turns of equal size, and are declared in the source. */
static void emit_parts(SourceFile *s, Emitted *out)
{
    size_t all = 0, done = 0;
    out->part_count = s->parts;
    for (int i = 0; i < s->parts; i++) {
        s->out = &out->parts[i];
        text_add(s->out,
                 "/* SPDX-License-Identifier: 0BSD\n * Kernels of %s, generated by netc. */\n"
                 "#include \"netc.h\"\n",
                 s->o->name);
        emit_runtime_includes(s->p, s->out);
        text_add(s->out, "\n");
    }
    for (int i = 0; i < s->functions.count; i++) all += strlen(s->functions.items[i].text);
    for (int i = 0; i < s->functions.count; i++) {
        Function *f = &s->functions.items[i];
        f->name = arena_format(s->p->arena, "%s_%s", s->o->name, f->name);
        s->out = &out->source;
        declare_function(s, f);
        s->out = &out->parts[done * (size_t)s->parts / all];
        declare_function(s, f);
        emit_function(s, f);
        done += strlen(f->text);
    }
    s->out = &out->source;
    text_add(s->out, "\n");
}

/* ---- NAME_run ---- */

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
    comment_text(s->out, k->title);
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
    comment_text(s->out, kernel->title);
    kernel_comment(s, kernel);
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

static void run(SourceFile *s, const char *const *names)
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

/* ---- the descriptor ---- */

static void tensor_dims(SourceFile *s, const Tensor *t, const char *kind, int i)
{
    if (t->rank == 0) return;
    text_add(s->out, "static const int64_t %s_%d_dims[] = {", kind, i);
    for (int d = 0; d < t->rank; d++)
        text_add(s->out, "%s%lld", d ? ", " : "", (long long)t->dims[d]);
    text_add(s->out, "};\n");
}

static void tensor_info(SourceFile *s, const Tensor *t, const char *kind, int i)
{
    text_add(s->out, "    {");
    emit_string(s->out, t->name);
    text_add(s->out, ", %d, %d, ", t->dtype, t->rank);
    if (t->rank)
        text_add(s->out, "%s_%d_dims", kind, i);
    else
        text_add(s->out, "NULL");
    text_add(s->out, ", %zu},\n", dtype_bytes(t->dtype, tensor_elements(t)));
}

static void tensor_table(SourceFile *s, Tensor *const *tensors, int count, const char *kind,
                         bool weights)
{
    for (int i = 0; i < count; i++) tensor_dims(s, tensors[i], kind, i);
    if (weights)
        text_add(s->out, "static const int64_t weights_dims[] = {%zu};\n", s->p->weight_bytes);
    if (count + weights == 0) return;
    text_add(s->out, "static const netc_tensor_info %ss[] = {\n", kind);
    for (int i = 0; i < count; i++) tensor_info(s, tensors[i], kind, i);
    if (weights)
        text_add(s->out, "    {\"netc.weights\", %d, 1, weights_dims, %zu},\n", DT_U8,
                 s->p->weight_bytes);
    text_add(s->out, "};\n");
}

static void descriptor(SourceFile *s)
{
    const Graph *g = s->p->graph;
    const char *name = s->o->name;
    bool weights = s->o->weights == WEIGHTS_FILE;
    text_add(s->out, "#ifndef NETC_NO_DESCRIPTOR\n\n");
    tensor_table(s, g->inputs.items, g->inputs.count, "input", weights);
    tensor_table(s, g->outputs.items, g->outputs.count, "output", false);
    text_add(s->out, "\nstatic int call_by_pointers(const void *const *in, void *const *out, void "
                     "*workspace)\n{\n");
    if (g->inputs.count + weights == 0) text_add(s->out, "    (void)in;\n");
    if (g->outputs.count == 0) text_add(s->out, "    (void)out;\n");
    text_add(s->out, "    return %s_run(", name);
    for (int i = 0; i < g->inputs.count; i++) text_add(s->out, "in[%d], ", i);
    for (int i = 0; i < g->outputs.count; i++) text_add(s->out, "out[%d], ", i);
    if (weights) text_add(s->out, "in[%d], ", g->inputs.count);
    text_add(s->out, "workspace);\n}\n\n");
    text_add(s->out,
             "const netc_model *%s_model(void)\n{\n    static const netc_model model = {\n        "
             "NETC_ABI, \"%s\", %d, %d, %s, %s,\n"
             "        %zu, 64, call_by_pointers,\n    };\n    return &model;\n}\n",
             name, name, g->inputs.count + weights, g->outputs.count,
             g->inputs.count + weights > 0 ? "inputs" : "NULL",
             g->outputs.count ? "outputs" : "NULL", s->p->workspace_bytes);
    if (s->o->entry)
        text_add(s->out,
                 "\nconst netc_model *netc_entry(void);\nconst netc_model *netc_entry(void) { "
                 "return %s_model(); }\n",
                 name);
    text_add(s->out, "\n#endif\n");
}

/* ---- the file ---- */

static void file_head(SourceFile *s)
{
    const Program *p = s->p;
    int64_t macs = 0;
    for (int k = 0; k < p->kernels.count; k++) macs += p->kernels.items[k]->macs;
    text_add(s->out,
             "/* SPDX-License-Identifier: 0BSD\n *\n * Network %s for target %s, generated by "
             "netc: no rights reserved.\n",
             s->o->name, p->target->name);
    text_add(
        s->out,
        " * %d kernels, %lld multiply-adds, %zu bytes of weights, %zu bytes of workspace.\n */\n",
        p->kernels.count, (long long)macs, p->weight_bytes, p->workspace_bytes);
    text_add(s->out, "#include \"%s.h\"\n", s->o->name);
    if (s->o->bundle) {
        text_add(s->out, "\n/* ---- the parts of netc's runtime that this file uses ---- */\n\n");
        emit_runtime_text(p, s->out);
        text_add(s->out, "\n/* ---- the network ---- */\n\n");
    } else {
        emit_runtime_includes(p, s->out);
        text_add(s->out, "\n");
    }
    if (p->weight_bytes && s->o->weights == WEIGHTS_OBJECT)
        text_add(s->out, "/* %s_weights.S */\nextern const unsigned char %s_weights[];\n\n",
                 s->o->name, s->o->name);
    emit_inline_weights(p, s->o->weights == WEIGHTS_INLINE, s->out);
}

void emit(const Program *p, const EmitOptions *options, Emitted *out)
{
    SourceFile s = {.p = p, .o = options, .out = &out->source};
    const char **names = emit_interface_names(p);
    find_functions(&s);
    file_head(&s);
    s.parts = choose_parts(&s);
    if (s.parts) emit_parts(&s, out);
    for (int i = 0; i < s.functions.count && !s.parts; i++)
        emit_function(&s, &s.functions.items[i]);
    run(&s, names);
    descriptor(&s);
    emit_header(p, options, &out->header);
    if (options->weights == WEIGHTS_OBJECT) emit_assembler(p, options, &out->assembler);
}
