/* NAME.h: the interface of a generated network, for C and C++. */
#include "emit.h"

#include "c_name.h"

#include <ctype.h>

static const char *upper_case(Arena *arena, const char *name)
{
    char *upper = arena_string(arena, name);
    for (char *p = upper; *p; p++) *p = (char)toupper((unsigned char)*p);
    return upper;
}

/* Beside what is reserved, the parameters that are no tensors, and what the source has at file
 * level. */
static bool is_taken(const Program *p, const char *name)
{
    static const char *const words[] = {"workspace", "weights", "worker", "work", "lanes"};
    bool taken = c_name_is_reserved(name);
    for (size_t i = 0; i < COUNT(words); i++) taken |= !strcmp(name, words[i]);
    for (int k = 0; k < p->kernels.count; k++) taken |= !strcmp(name, p->kernels.items[k]->name);
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        size_t length = strlen(b->name);
        taken |= b->kind == BUFFER_CONST && !strncmp(name, b->name, length) &&
                 !strcmp(name + length, "_values");
    }
    return taken;
}

const char **emit_interface_names(const Program *p)
{
    const Graph *g = p->graph;
    int count = g->inputs.count + g->outputs.count;
    const char **names = NEW_ARRAY(p->arena, const char *, count + 1);
    for (int i = 0; i < count; i++) {
        bool output = i >= g->inputs.count;
        const char *given =
            output ? g->outputs.items[i - g->inputs.count]->name : g->inputs.items[i]->name;
        char *name = arena_format(p->arena, "%s%s",
                                  isalpha((unsigned char)given[0]) ? ""
                                  : output                         ? "out_"
                                                                   : "in_",
                                  given);
        c_name_clean(name);
        names[i] = is_taken(p, name) ? arena_format(p->arena, "%s_", name) : name;
        for (int k = 0, tries = 2; k < i; k++)
            if (strcmp(names[k], names[i]) == 0)
                names[i] = arena_format(p->arena, "%s_%d", name, tries++), k = -1;
    }
    return names;
}

static void array_text(const Tensor *t, Text *out)
{
    for (int d = 0; d < t->rank; d++)
        text_add(out, "%s%lld", d ? " * " : "", (long long)t->dims[d]);
    if (t->rank == 0) text_add(out, "1");
}

void emit_parameter(const Tensor *t, bool output, const char *name, Text *out)
{
    bool empty = tensor_elements(t) == 0; /* C has no arrays without elements */
    emit_declaration(out, t->dtype, output, empty ? "*" : "");
    text_add(out, empty ? "%s" : "%s[", name);
    if (empty) return;
    array_text(t, out);
    text_add(out, "]");
}

/* The position of an output among all tensors of the interface. */
static int output_position(const Graph *g, const Tensor *t)
{
    int i = 0;
    while (g->outputs.items[i] != t) i++;
    return g->inputs.count + i;
}

static void describe_shape(const Graph *g, const Tensor *t, const char *const *names, Text *out)
{
    if (t->shape)
        text_add(out,
                 " at most; the first elements are it, in the shape that %s says, zeros behind",
                 names[output_position(g, t->shape)]);
    for (int i = 0; i < g->outputs.count; i++)
        if (g->outputs.items[i]->shape == t)
            text_add(out, ", the shape of %s", names[g->inputs.count + i]);
}

static void describe_tensors(const Program *p, const char *const *names, Text *out)
{
    const Graph *g = p->graph;
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        bool output = i >= g->inputs.count;
        const Tensor *t = output ? g->outputs.items[i - g->inputs.count] : g->inputs.items[i];
        text_add(out, " *   %s %s: %s", output ? "output" : "input ", names[i],
                 tensor_type_text(p->arena, t));
        if (dtype_is_packed(t->dtype))
            text_add(out, ", %d elements a byte, the first in the low bits",
                     8 / dtype_info(t->dtype)->bits);
        if (output) describe_shape(g, t, names, out);
        text_add(out, "\n");
    }
}

static void embed_descriptor(Text *out)
{
    const CarriedFile *f = carried_get(runtime_files, "netc.h");
    text_put(out, f->data, f->bytes);
}

static void prototype(const Program *p, const EmitOptions *o, Text *out)
{
    const Graph *g = p->graph;
    const char **names = emit_interface_names(p);
    text_add(out, "int %s_run(", o->name);
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        bool output = i >= g->inputs.count;
        emit_parameter(output ? p->outputs.items[i - g->inputs.count] : p->inputs.items[i], output,
                       names[i], out);
        text_add(out, ", ");
    }
    text_add(out, "%svoid *workspace);\n",
             o->weights == WEIGHTS_FILE ? "const void *weights, " : "");
}

static bool has_strings(const Graph *g)
{
    for (int i = 0; i < g->inputs.count; i++)
        if (g->inputs.items[i]->dtype == DT_STRING) return true;
    for (int i = 0; i < g->outputs.count; i++)
        if (g->outputs.items[i]->dtype == DT_STRING) return true;
    return false;
}

static void describe_run(const Program *p, Text *out)
{
    text_add(out, "\n/* Runs the network once. Tensors are dense and row-major; outputs must not "
                  "overlap inputs. Re-entrant: writes nothing\n * but its outputs and the "
                  "workspace. 0: done; 1: a pointer is null; 2: a pointer is misaligned; then "
                  "nothing was\n * written.");
    if (has_strings(p->graph))
        text_add(out, "\n *\n * A string is UTF-8 ended by NUL, and its address is not null. "
                      "Strings of outputs lie among those of the inputs, in\n * this code, or in "
                      "the workspace: they are good until one of these changes.");
    if (emit_may_fail(p))
        text_add(out, "\n *\n * 3: the strings that it makes take more room than there is (netc's "
                      "option --string-bytes); 4: a string that is to\n * become a number is none; "
                      "5: a loop collects more than it may (--bound). Then some outputs are "
                      "written, and none is\n * to be used.");
    text_add(out, " */\n");
}

void emit_header(const Program *p, const EmitOptions *o, Text *out)
{
    const char *upper = upper_case(p->arena, o->name);
    text_add(out,
             "/* SPDX-License-Identifier: 0BSD\n *\n * Network %s, generated by netc for target "
             "%s: no rights reserved.\n *\n",
             o->name, p->target->name);
    describe_tensors(p, emit_interface_names(p), out);
    text_add(
        out,
        " */\n#ifndef %s_NETC_H\n#define %s_NETC_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n",
        upper, upper);
    if (o->bundle)
        embed_descriptor(out);
    else
        text_add(out, "#include \"netc.h\"\n");
    text_add(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    text_add(out, "/* What the caller provides as workspace: this many bytes, so aligned. It holds "
                  "nothing between runs. */\n");
    text_add(out, "#define %s_WORKSPACE_BYTES %zu\n#define %s_ALIGNMENT 64\n", upper,
             p->workspace_bytes, upper);
    if (o->weights == WEIGHTS_FILE)
        text_add(out,
                 "/* The size of %s.weights, which the caller maps or reads to memory aligned to "
                 "64 bytes and passes as weights. */\n"
                 "#define %s_WEIGHTS_BYTES %zu\n",
                 o->name, upper, p->weight_bytes);
    describe_run(p, out);
    prototype(p, o, out);
    if (o->profile)
        text_add(out,
                 "\n/* When set, called with -1 before the first kernel of a run, and with its "
                 "position, from 0, after each. */\nextern void (*%s_profile)(int kernel);\n",
                 o->name);
    text_add(out, "\n/* Names, types and shapes, for tools. Left out of the object code when it is "
                  "compiled with NETC_NO_DESCRIPTOR. */\n");
    text_add(out, "#ifndef NETC_NO_DESCRIPTOR\nconst netc_model *%s_model(void);\n#endif\n",
             o->name);
    text_add(out, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
