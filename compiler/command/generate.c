/* From a planned Program to files: names, the emitter, the runtime's parts, and the hash of it all.
 */
#include "generate.h"

#include "c_name.h"
#include "cost.h"
#include "hash.h"

#include <errno.h>

enum {
    INLINE_LIMIT = 1 << 20
}; /* bytes of weights that are spelled as C arrays unless asked otherwise */

static const char *choose_name(const Job *job)
{
    return job->options->prefix ? job->options->prefix
                                : c_name_from(job->arena, job->graph->name);
}

static WeightsKind choose_weights(const Job *job)
{
    switch (job->options->weights) {
    case CHOOSE_INLINE: return WEIGHTS_INLINE;
    case CHOOSE_OBJECT: return WEIGHTS_OBJECT;
    case CHOOSE_FILE: return WEIGHTS_FILE;
    default: return job->program->weight_bytes <= INLINE_LIMIT ? WEIGHTS_INLINE : WEIGHTS_OBJECT;
    }
}

const Generated *generate(const Job *job, bool entry, bool split)
{
    Generated *g = NEW(job->arena, Generated);
    g->program = job->program;
    g->options = (EmitOptions){
        .name = choose_name(job),
        .weights = choose_weights(job),
        .bundle = job->options->bundle,
        .entry = entry,
        .profile = job->options->profile,
        .split = split,
    };
    g->source = arena_format(job->arena, "%s.c", g->options.name);
    g->header = arena_format(job->arena, "%s.h", g->options.name);
    if (g->options.weights != WEIGHTS_INLINE)
        g->weights = arena_format(job->arena, "%s.weights", g->options.name);
    if (g->options.weights == WEIGHTS_OBJECT)
        g->assembler = arena_format(job->arena, "%s_weights.S", g->options.name);
    emit(job->program, &g->options, &g->text);
    for (int i = 0; i < g->text.part_count; i++)
        g->parts[i] = arena_format(job->arena, "%s-%d.c", g->options.name, i);
    return g;
}

int generate_print_stage(const Job *job)
{
    Text text = {0};
    switch (job->options->emit) {
    case EMIT_GRAPH: print_net(job->graph, NULL, NULL, &text); break;
    case EMIT_PROGRAM: print_program(job->program, &text); break;
    case EMIT_SCHEDULE: print_schedule(job->program, &text); break;
    default: print_plan(job->program, &text); break;
    }
    if (text.length) fwrite(text.data, 1, text.length, stdout);
    text_free(&text);
    return EXIT_DONE;
}

static void write_weights(const Generated *g, const Workdir *w)
{
    FILE *file = fopen(workdir_file(w, g->weights), "wb");
    bool good = file && emit_weights(g->program, file);
    if (file && fclose(file) != 0) good = false;
    if (!good) die("cannot write %s in %s: %s", g->weights, w->parent, strerror(errno));
}

void generated_write(const Generated *g, const Workdir *w, bool parts)
{
    workdir_write(w, g->source, g->text.source.data, g->text.source.length);
    workdir_write(w, g->header, g->text.header.data, g->text.header.length);
    for (int i = 0; i < g->text.part_count; i++)
        workdir_write(w, g->parts[i], g->text.parts[i].data, g->text.parts[i].length);
    if (g->assembler)
        workdir_write(w, g->assembler, g->text.assembler.data, g->text.assembler.length);
    if (g->weights) write_weights(g, w);
    if (!parts) return;
    for (const CarriedFile *const *part = emit_runtime_parts(g->program); *part; part++)
        workdir_write(w, (*part)->name, (*part)->data, (*part)->bytes);
}

const char *const *generated_files(Arena *arena, const Generated *g, bool parts)
{
    LIST(const char *) names = {0};
    const char *const own[] = {g->source, g->header, g->assembler, g->weights};
    for (size_t i = 0; i < COUNT(own); i++)
        if (own[i]) LIST_PUSH(arena, &names, own[i]);
    for (int i = 0; i < g->text.part_count; i++) LIST_PUSH(arena, &names, g->parts[i]);
    const CarriedFile *const *part = emit_runtime_parts(g->program);
    for (; parts && *part; part++) LIST_PUSH(arena, &names, (*part)->name);
    LIST_PUSH(arena, &names, NULL);
    return names.items;
}

/* ---- the hash ---- */

static ssize_t hash_write(void *cookie, const char *bytes, size_t count)
{
    hash_add(cookie, bytes, count);
    return (ssize_t)count;
}

static void hash_text_of(Hash *hash, const Text *text)
{
    hash_add(hash, &text->length, sizeof text->length);
    if (text->length) hash_add(hash, text->data, text->length);
}

const char *generated_hash(Arena *arena, const Generated *g, const char *salt)
{
    Hash hash = hash_start();
    hash_add(&hash, salt, strlen(salt) + 1);
    const Text *texts[] = {&g->text.source, &g->text.header, &g->text.assembler};
    for (size_t i = 0; i < COUNT(texts); i++) hash_text_of(&hash, texts[i]);
    for (int i = 0; i < g->text.part_count; i++) hash_text_of(&hash, &g->text.parts[i]);
    for (const CarriedFile *const *part = emit_runtime_parts(g->program); *part; part++)
        hash_add(&hash, (*part)->data, (*part)->bytes);
    if (g->weights) {
        FILE *stream = fopencookie(&hash, "w", (cookie_io_functions_t){.write = hash_write});
        if (!stream || !emit_weights(g->program, stream) || fclose(stream) != 0)
            die("cannot hash the weights");
    }
    return hash_text(arena, &hash);
}
