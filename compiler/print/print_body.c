/*
 * In: the calls of a net or a block. Out: its statements: what follows one from the other as a
 * pipe, equal instances of a block as a repeat, names for the values between them. Names are bound
 * again when what they meant is read no more, as a person writes.
 */
#include "print_call.h"

#include "print_net.h"
#include "read_net.h"

#include <ctype.h>

enum { INDENT = 4 };

typedef struct Body {
    const CallMaker *m;
    const PrintCalls *calls;
    const PrintBlock *block; /* NULL: the net */
    const PrintTensors *outputs;
    Map *names;    /* const char * by tensor name: what it is called */
    Map *holders;  /* const Tensor * by name: what the name means now */
    Map *reserved; /* names that mean one thing only */
    Map *paths;    /* names of repeats */
    int *last_use; /* by tensor id: the last call that reads it; calls->count for outputs */
    int *reads;    /* by tensor id */
    int weights;   /* that have been declared */
    Text *out;
} Body;

/* ---- names ---- */

static const char *name_of(const Body *b, const Tensor *t) { return map_get(b->names, t->name); }

static void give_name(Body *b, const Tensor *t, const char *name)
{
    map_set(b->names, t->name, (void *)name);
    map_set(b->holders, name, (void *)t);
}

/* May be bound anew by the statement that ends with call `at`. */
static bool is_free(const Body *b, const char *name, int at)
{
    const Tensor *held = map_get(b->holders, name);
    return !map_get(b->reserved, name) && (!held || b->last_use[held->id] <= at);
}

static const char *fresh_name(const Body *b, int at)
{
    static const char *const names[] = {"x", "y", "z", "a", "b", "c", "d", "e"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (is_free(b, names[i], at)) return names[i];
    for (int number = 1;; number++) {
        const char *name = arena_format(b->m->arena, "v%d", number);
        if (is_free(b, name, at)) return name;
    }
}

static bool is_output(const Body *b, const Tensor *t)
{
    for (int i = 0; i < b->outputs->count; i++)
        if (b->outputs->items[i] == t) return true;
    return false;
}

/* What a statement from call `first` to `last` calls its result: an output's own name, the name of
 * what it was made of when that is read no more, or a fresh one. */
static const char *result_name(const Body *b, const Tensor *t, int first, int last)
{
    const PrintCall *c = b->calls->items[first];
    if (!b->block && is_output(b, t)) return t->name;
    const char *from = c->inputs.count ? name_of(b, c->inputs.items[0]) : NULL;
    return from && net_is_plain_name(from) && is_free(b, from, last) && c->output_count == 1
               ? from
               : fresh_name(b, last);
}

/* ---- one call ---- */

static void put_name(Text *out, const Body *b, const Tensor *t) { print_name(out, name_of(b, t)); }

static void put_arg(Text *out, const Body *b, const PrintCall *c, const PrintArg *a,
                    const char *weight)
{
    if (a->name && !a->by_place) text_add(out, "%s: ", a->name);
    switch (a->given) {
    case GIVEN_VALUE: put_name(out, b, c->inputs.items[a->input]); break;
    case GIVEN_VALUES:
        for (int i = 0; i < c->inputs.count; i++) {
            text_add(out, i ? ", " : "[");
            put_name(out, b, c->inputs.items[i]);
        }
        text_add(out, "]");
        break;
    case GIVEN_WEIGHT: text_add(out, "%s", weight); break;
    case GIVEN_NOTHING: text_add(out, "_"); break;
    default: text_add(out, "%s", a->text);
    }
}

/* Few numbers stand in the text, where there is one instance of it. */
static void put_declaration(Body *b, const PrintArg *a, const char *name)
{
    const Tensor *t = a->weight;
    text_add(b->out, "%*s%s %s: %s[", INDENT, "", t->trainable ? "param" : "const", name,
             dtype_name(t->dtype));
    for (int d = 0; d < t->rank; d++) text_add(b->out, "%s%s", d ? ", " : "", a[1 + d].text);
    text_add(b->out, "]");
    if (!b->block && print_is_short(t)) {
        text_add(b->out, " = ");
        print_elements(b->out, t, 2 * INDENT);
    }
    text_add(b->out, "\n");
}

/* Declares what the call reads of its own; gives the names, by argument. */
static const char **declare_weights(Body *b, const PrintCall *c)
{
    const char **names = NEW_ARRAY(b->m->arena, const char *, c->args.count + 1);
    for (int i = 0; i < c->args.count; i++) {
        if (c->args.items[i].given != GIVEN_WEIGHT) continue;
        do names[i] = arena_format(b->m->arena, "w%d", ++b->weights);
        while (map_get(b->reserved, names[i]));
        put_declaration(b, &c->args.items[i], names[i]);
    }
    return names;
}

/* The arguments but for the first `skip`, in brackets; nothing when a pipe needs none. */
static void put_args(Text *out, const Body *b, const PrintCall *c, int skip,
                     const char *const *weights)
{
    bool any = false;
    for (int i = skip; i < c->args.count; i++) {
        const PrintArg *a = &c->args.items[i];
        bool unsaid = a->given == GIVEN_TEXT && a->otherwise && !strcmp(a->text, a->otherwise);
        if (a->given == GIVEN_DIM || unsaid) continue;
        text_add(out, any ? ", " : "(");
        put_arg(out, b, c, a, weights[i]);
        any = true;
    }
    if (any || !skip) text_add(out, any ? ")" : "()");
}

static void put_arith(Text *out, const Body *b, const PrintCall *c, const char *const *weights)
{
    bool second = false;
    for (int i = 0; i < c->args.count; i++) {
        if (c->args.items[i].given == GIVEN_DIM) continue;
        if (second) text_add(out, " %s ", c->callee);
        put_arg(out, b, c, &c->args.items[i], weights[i]);
        second = true;
    }
}

/* ---- pipes ---- */

static bool is_piped(const PrintCall *c)
{
    return c->kind != CALL_ARITH && c->args.count && c->args.items[0].given == GIVEN_VALUE &&
           !c->args.items[0].name;
}

/* Calls of the same block with the same numbers, each of what the one before gave. */
static int run_length(const Body *b, int at)
{
    const PrintCall *first = b->calls->items[at];
    int length = 1;
    if (first->kind != CALL_BLOCK || first->output_count != 1) return 1;
    for (; at + length < b->calls->count; length++) {
        const PrintCall *before = b->calls->items[at + length - 1],
                        *c = b->calls->items[at + length];
        const Tensor *carried = before->outputs[0];
        if (c->block != first->block || c->inputs.items[0] != carried ||
            b->reads[carried->id] != 1 || is_output(b, carried))
            break;
        bool same = true;
        for (int i = 1; i < c->inputs.count; i++)
            same &= c->inputs.items[i] == first->inputs.items[i];
        for (int i = c->inputs.count; i < c->args.count; i++)
            same &= !strcmp(c->args.items[i].text, first->args.items[i].text);
        if (!same) break;
    }
    return length;
}

/* Call `at` may go on with what the one before gave, and nothing else reads. */
static bool continues(const Body *b, int at)
{
    if (at >= b->calls->count) return false;
    const PrintCall *before = b->calls->items[at - 1], *c = b->calls->items[at];
    if (before->output_count != 1 || !is_piped(c) || c->inputs.items[0] != before->outputs[0])
        return false;
    const Tensor *t = before->outputs[0];
    return b->reads[t->id] == 1 && !is_output(b, t) && run_length(b, at) == 1;
}

/* On one line, however long: the text is laid out when it is whole. */
static void put_chain(Body *b, Text *out, int first, int last)
{
    for (int i = first; i <= last; i++) {
        const PrintCall *c = b->calls->items[i];
        const char *const *weights = declare_weights(b, c);
        bool piped = i > first || (is_piped(c) && last > first);
        if (piped && i == first) put_name(out, b, c->inputs.items[0]);
        if (piped) text_add(out, " |> ");
        if (c->kind == CALL_ARITH) {
            put_arith(out, b, c, weights);
        } else {
            text_add(out, "%s", c->callee);
            put_args(out, b, c, piped, weights);
        }
    }
}

/* ---- repeats ---- */

/* layer1 of layer1[0] and layer1[1], of /layer1/layer1.0 and /layer1/layer1.1 */
static const char *repeat_name(const Body *b, int first, int last)
{
    const char *a = b->calls->items[first]->scope, *z = b->calls->items[last]->scope;
    size_t same = 0;
    while (a[same] && a[same] == z[same]) same++;
    while (
        same && !isalpha((unsigned char)a[same - 1]) &&
        !(same > 1 && isdigit((unsigned char)a[same - 1]) && isalnum((unsigned char)a[same - 2])))
        same--;
    size_t begin = same;
    while (begin && (isalnum((unsigned char)a[begin - 1]) || a[begin - 1] == '_')) begin--;
    const char *base = arena_format(b->m->arena, "%.*s", (int)(same - begin), a + begin),
               *name = base;
    if (!net_is_plain_name(base)) name = base = "stage";
    for (int number = 2; map_get(b->paths, name) || map_get(b->reserved, name); number++)
        name = arena_format(b->m->arena, "%s_%d", base, number);
    map_set(b->paths, name, (void *)name);
    return name;
}

static void put_repeat(Body *b, Text *out, int first, int count)
{
    const PrintCall *c = b->calls->items[first];
    const char *const *none = NEW_ARRAY(b->m->arena, const char *, c->args.count + 1);
    text_add(out, "repeat %d as %s (", count, repeat_name(b, first, first + count - 1));
    put_name(out, b, c->inputs.items[0]);
    text_add(out, ") { %s", c->callee);
    put_args(out, b, c, 0, none);
    text_add(out, " }");
}

/* ---- statements ---- */

static void put_targets(Body *b, int first, int last)
{
    const PrintCall *c = b->calls->items[last];
    const char **names = NEW_ARRAY(b->m->arena, const char *, c->output_count + 1);
    for (int i = 0; i < c->output_count; i++) {
        const Tensor *t = c->outputs[i];
        text_add(b->out, "%s", i ? ", " : "");
        if (!t) {
            text_add(b->out, "_");
            continue;
        }
        names[i] = result_name(b, t, first, last);
        print_name(b->out, names[i]);
        give_name(b, t, names[i]);
    }
    text_add(b->out, " = ");
}

static bool is_result(const Body *b, int last)
{
    const PrintCall *c = b->calls->items[last];
    return b->block && last + 1 == b->calls->count && b->outputs->count == 1 &&
           c->output_count == 1 && c->outputs[0] == b->outputs->items[0];
}

/* Operands first: the result may take the name of one. */
static void put_statement(Body *b, int first, int last, int repeats)
{
    Text value = {0};
    if (repeats > 1)
        put_repeat(b, &value, first, repeats);
    else
        put_chain(b, &value, first, last);
    text_add(b->out, "%*s", INDENT, "");
    if (is_result(b, last))
        text_add(b->out, "return ");
    else
        put_targets(b, first, last);
    text_put(b->out, value.data, value.length);
    text_add(b->out, "\n");
    text_free(&value);
}

static void put_return(Body *b)
{
    if (!b->block || (b->calls->count && is_result(b, b->calls->count - 1))) return;
    text_add(b->out, "%*sreturn ", INDENT, "");
    for (int i = 0; i < b->outputs->count; i++) {
        if (i) text_add(b->out, ", ");
        put_name(b->out, b, b->outputs->items[i]);
    }
    text_add(b->out, "\n");
}

static void count_uses(Body *b)
{
    int tensors = b->m->graph->tensors.count;
    b->last_use = NEW_ARRAY(b->m->arena, int, tensors + 1);
    b->reads = NEW_ARRAY(b->m->arena, int, tensors + 1);
    for (int i = 0; i < b->calls->count; i++)
        for (int k = 0; k < b->calls->items[i]->inputs.count; k++) {
            const Tensor *t = b->calls->items[i]->inputs.items[k];
            b->last_use[t->id] = i;
            b->reads[t->id]++;
        }
    for (int i = 0; i < b->outputs->count; i++)
        b->last_use[b->outputs->items[i]->id] = b->calls->count;
}

/* A block's inputs are x, y, z, ...; a net's inputs and outputs have their names. */
static void name_inputs(Body *b, const PrintTensors *inputs)
{
    for (int i = 0; i < inputs->count; i++) {
        const Tensor *t = inputs->items[i];
        const char *name = b->block ? print_input_name(b->m->arena, i) : t->name;
        give_name(b, t, name);
        if (!b->block || (i == 0 && b->block->asks_input)) map_set(b->reserved, name, b);
    }
    for (int i = 0; !b->block && i < b->outputs->count; i++)
        map_set(b->reserved, b->outputs->items[i]->name, b);
    for (int i = 0; b->block && i < b->block->params.count; i++)
        map_set(b->reserved, b->block->params.items[i].name, b);
}

const char *print_input_name(Arena *arena, int i)
{
    static const char *const names[] = {"x", "y", "z"};
    return i < (int)COUNT(names) ? names[i] : arena_format(arena, "x%d", i + 1);
}

void print_body(const CallMaker *m, const PrintCalls *calls, const PrintTensors *inputs,
                const PrintTensors *outputs, const PrintBlock *block, Text *out)
{
    Body b = {.m = m, .calls = calls, .block = block, .outputs = outputs, .out = out};
    b.names = map_new(m->arena);
    b.holders = map_new(m->arena);
    b.reserved = map_new(m->arena);
    b.paths = map_new(m->arena);
    count_uses(&b);
    name_inputs(&b, inputs);
    for (int first = 0, last; first < calls->count; first = last + 1) {
        int repeats = run_length(&b, first);
        last = first + repeats - 1;
        while (repeats == 1 && continues(&b, last + 1)) last++;
        put_statement(&b, first, last, repeats);
    }
    put_return(&b);
}
