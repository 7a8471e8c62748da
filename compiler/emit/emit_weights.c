/* Constants: as C arrays, as an assembler file that includes the weights file, and the weights file
 * itself. */
#include "emit.h"

#include <math.h>
#include <stdlib.h>

/* ---- C arrays ---- */

static void spell_element(const Buffer *b, const void *data, int64_t i, Text *out)
{
    switch (dtype_info(b->dtype)->class) {
    case CLASS_FLOAT: {
        size_t bytes = dtype_bytes(b->dtype, 1);
        if (bytes < sizeof(float)) { /* a code, little-endian */
            const unsigned char *code = (const unsigned char *)data + (size_t)i * bytes;
            text_add(out, bytes == 2 ? "0x%04x" : "0x%02x",
                     bytes == 2 ? code[0] | code[1] << 8 : code[0]);
            return;
        }
        double v = dtype_get_double(b->dtype, data, i);
        const char *suffix = b->dtype == DT_F32 ? "f" : "";
        if (isnan(v))
            text_add(out, "NAN");
        else if (isinf(v))
            text_add(out, "%sINFINITY", v < 0 ? "-" : "");
        else if (v == 0)
            text_add(out, "%s0", signbit(v) ? "-0.0" : "");
        else
            text_add(out, "%a%s", v, suffix);
        return;
    }
    case CLASS_UNSIGNED:
        text_add(out, "%lluu", (unsigned long long)dtype_get_int(b->dtype, data, i));
        return;
    default: {
        int64_t v = dtype_get_int(b->dtype, data, i);
        if (v == INT64_MIN)
            text_add(out, "INT64_MIN");
        else if (b->dtype == DT_I64)
            text_add(out, "INT64_C(%lld)", (long long)v);
        else if (v == INT32_MIN)
            text_add(out, "INT32_MIN");
        else
            text_add(out, "%lld", (long long)v);
    }
    }
}

/* What is too long for a literal is an array of bytes with a name of its own. */
static void long_strings(const Buffer *b, const char *const *data, Text *out)
{
    for (int64_t i = 0; i < b->elements; i++) {
        if (strlen(data[i]) <= EMIT_LONGEST) continue;
        text_add(out, "static const char %s_text%lld[] = {", b->name, (long long)i);
        for (const char *c = data[i]; *c; c++)
            text_add(out, "%s%d,", (c - data[i]) % 32 ? " " : "\n    ", *c);
        text_add(out, " 0};\n");
    }
}

static void spell_text(const Buffer *b, const char *const *data, int64_t i, Text *out)
{
    if (strlen(data[i]) <= EMIT_LONGEST)
        emit_string(out, data[i]);
    else
        text_add(out, "%s_text%lld", b->name, (long long)i);
}

static void inline_array(const Buffer *b, Text *out)
{
    enum { PER_LINE = 8 };
    void *data = malloc(buffer_bytes(b) + 1);
    if (!data) die("out of memory (%zu bytes of weights)", buffer_bytes(b));
    buffer_contents(b, data);
    text_add(out, "/* %s, %s */\n", b->tensor->name, dtype_name(b->dtype));
    if (b->dtype == DT_STRING) long_strings(b, data, out);
    text_add(out, "NETC_ALIGN(64) static ");
    emit_declaration(out, b->dtype, false, "");
    text_add(out, "%s_values[%lld] = {", b->name, (long long)b->elements);
    for (int64_t i = 0; i < b->elements; i++) {
        text_add(out, i % PER_LINE ? " " : "\n    ");
        if (b->dtype == DT_STRING)
            spell_text(b, data, i, out);
        else
            spell_element(b, data, i, out);
        text_add(out, ",");
    }
    text_add(out, "\n};\n\n");
    free(data);
}

static bool is_constant(const Buffer *b) { return b->kind == BUFFER_CONST && !b->parent; }

void emit_inline_weights(const Program *p, bool all, Text *out)
{
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        if (is_constant(b) && (all || !buffer_is_weight(b))) inline_array(b, out);
    }
}

/* ---- object and file ---- */

void emit_assembler(const Program *p, const EmitOptions *o, Text *out)
{
    text_add(out,
             "/* SPDX-License-Identifier: 0BSD\n * The weights of %s, %zu bytes, as they lie in "
             "%s.weights. */\n",
             o->name, p->weight_bytes, o->name);
    text_add(out,
             "#ifdef __APPLE__\n#define SYMBOL _%s_weights\n    .const\n#else\n#define SYMBOL "
             "%s_weights\n"
             "    .section .rodata\n#endif\n",
             o->name, o->name);
    text_add(out,
             "    .balign 64\n    .globl SYMBOL\n#ifdef __ELF__\n    .hidden SYMBOL\n    .type "
             "SYMBOL, %%object\n#endif\nSYMBOL:\n"
             "    .incbin \"%s.weights\"\n    .byte 0\n",
             o->name);
    text_add(out, "#ifdef __ELF__\n    .size SYMBOL, . - SYMBOL\n    .section .note.GNU-stack, "
                  "\"\", %%progbits\n#endif\n");
}

static int by_offset(const void *a, const void *b)
{
    const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

bool emit_weights(const Program *p, FILE *file)
{
    Arena *arena = arena_new();
    Buffer **list = NEW_ARRAY(arena, Buffer *, p->buffers.count + 1);
    int count = 0;
    size_t largest = 0, at = 0;
    for (int i = 0; i < p->buffers.count; i++) {
        Buffer *b = p->buffers.items[i];
        if (!is_constant(b) || !buffer_is_weight(b)) continue;
        list[count++] = b;
        if (buffer_bytes(b) > largest) largest = buffer_bytes(b);
    }
    qsort(list, (size_t)count, sizeof *list, by_offset);
    static const char zeros[64];
    void *data = malloc(largest + 1);
    if (!data) die("out of memory (%zu bytes of weights)", largest);
    bool good = true;
    for (int i = 0; i < count && good; i++) {
        good = fwrite(zeros, 1, list[i]->offset - at, file) == list[i]->offset - at;
        const void *bytes = data;
        if (list[i]->packing || list[i]->dtype != list[i]->tensor->dtype)
            buffer_contents(list[i], data);
        else
            bytes = list[i]->tensor->data;
        size_t n = buffer_bytes(list[i]);
        good = good && fwrite(bytes, 1, n, file) == n;
        at = list[i]->offset + n;
    }
    good = good && fwrite(zeros, 1, p->weight_bytes - at, file) == p->weight_bytes - at;
    free(data);
    arena_free(arena);
    return good;
}
