/*
 * In: instances of a block, which do the same to different numbers. Out: the block, with a
 * parameter for each number that differs, unless it is a multiple of another or of the channels of
 * the first input; and the calls of it.
 */
#include "print_group.h"

#include "op.h"
#include "print_net.h"
#include "read_net.h"

void print_group_describe(const PrintCall *c, const Map *known, Text *out)
{
    text_add(out, "%d %s", c->kind, c->callee);
    for (int i = 0; i < c->args.count; i++) {
        const PrintArg *a = &c->args.items[i];
        text_add(out, " %s:%d", a->name ? a->name : "", a->given);
        if (a->given == GIVEN_VALUE)
            text_add(out, "%s", (const char *)map_get(known, c->inputs.items[a->input]->name));
        for (int k = 0; a->given == GIVEN_VALUES && k < c->inputs.count; k++)
            text_add(out, ",%s", (const char *)map_get(known, c->inputs.items[k]->name));
        if (a->given == GIVEN_WEIGHT) text_add(out, "%d%d", a->weight->dtype, a->weight->trainable);
    }
    for (int i = 0; i < c->output_count; i++) text_add(out, " %d", c->outputs[i] != NULL);
    text_add(out, "\n");
}

/* ---- parameters ---- */

typedef struct Maker {
    const CallMaker *m;
    const PrintCalls *calls;
    const PrintInstance *const *instances;
    int count;
    PrintBlock *block;
    LIST(const PrintArg **)
    given;               /* of each parameter: the argument that it stands for in each instance */
    LIST(bool) channels; /* of each parameter: a number of channels */
} Maker;

static const PrintArg **arguments(const Maker *b, int call, int arg)
{
    const PrintArg **list = NEW_ARRAY(b->m->arena, const PrintArg *, b->count);
    for (int i = 0; i < b->count; i++)
        list[i] = &b->calls->items[b->instances[i]->first + call]->args.items[arg];
    return list;
}

static bool all_same(const Maker *b, const PrintArg *const *a)
{
    for (int i = 1; i < b->count; i++)
        if (strcmp(a[i]->text, a[0]->text)) return false;
    return true;
}

static bool all_type(const Maker *b, const PrintArg *const *a, TextType type)
{
    for (int i = 0; i < b->count; i++)
        if (a[i]->type != type) return false;
    return true;
}

static bool is_channels(const PrintCall *c, const PrintArg *a)
{
    static const char *const layers[] = {"conv", "conv_transpose", "linear"};
    if (a->given == GIVEN_DIM || (a->name && !strcmp(a->name, "groups"))) return true;
    if (!strcmp(c->callee, "slice"))
        return a->name && (!strcmp(a->name, "from") || !strcmp(a->name, "to"));
    for (size_t i = 0; !a->name && i < COUNT(layers); i++)
        if (c->kind == CALL_LAYER && !strcmp(c->callee, layers[i])) return true;
    return c->kind == CALL_BLOCK && a->name &&
           (!strncmp(a->name, "out", 3) || !strncmp(a->name, "size", 4));
}

/* Every number is the same multiple of the other's: how often, 0 when not. */
static int64_t multiple(const Maker *b, const int64_t *numbers, const int64_t *of)
{
    enum { MOST_TIMES = 16 };
    int64_t times = of[0] > 0 && numbers[0] % of[0] == 0 ? numbers[0] / of[0] : 0;
    for (int i = 0; i < b->count; i++)
        if (times < 1 || times > MOST_TIMES || numbers[i] != times * of[i]) return 0;
    return times;
}

static int64_t *numbers_of(const Maker *b, const PrintArg *const *a)
{
    int64_t *numbers = NEW_ARRAY(b->m->arena, int64_t, b->count);
    for (int i = 0; i < b->count; i++) numbers[i] = a[i]->number;
    return numbers;
}

static const char *times_text(const Maker *b, int64_t times, const char *name)
{
    return times == 1 ? name : arena_format(b->m->arena, "%lld * %s", (long long)times, name);
}

/* As a multiple of the input's channels, or of a parameter, or as a part of one. */
static const char *derived(const Maker *b, const PrintArg *const *a)
{
    enum { LEAST_CHANNELS = 4 };
    const int64_t *numbers = numbers_of(b, a);
    int64_t *channels = NEW_ARRAY(b->m->arena, int64_t, b->count);
    for (int i = 0; i < b->count; i++) {
        const Tensor *x = b->instances[i]->inputs.items[0];
        if (numbers[i] < LEAST_CHANNELS) return NULL;
        channels[i] = x->rank > 2 ? x->dims[1] : 0;
    }
    int64_t times = multiple(b, numbers, channels);
    if (times) {
        b->block->asks_input = true;
        return times_text(b, times, "channels(x)");
    }
    if ((times = multiple(b, channels, numbers))) {
        b->block->asks_input = true;
        return arena_format(b->m->arena, "channels(x) // %lld", (long long)times);
    }
    for (int p = 0; p < b->block->params.count; p++) {
        const char *name = b->block->params.items[p].name;
        if (!b->channels.items[p]) continue;
        const int64_t *of = numbers_of(b, b->given.items[p]);
        if ((times = multiple(b, numbers, of))) return times_text(b, times, name);
        if ((times = multiple(b, of, numbers)))
            return arena_format(b->m->arena, "%s // %lld", name, (long long)times);
    }
    return NULL;
}

/* A parameter that stands for an argument of the same name with the same values. */
static const char *same_param(const Maker *b, const PrintArg *const *a)
{
    for (int p = 0; p < b->block->params.count; p++) {
        const PrintArg *const *given = b->given.items[p];
        bool same = a[0]->name && given[0]->name && !strcmp(a[0]->name, given[0]->name);
        for (int i = 0; same && i < b->count; i++) same = !strcmp(a[i]->text, given[i]->text);
        if (same) return b->block->params.items[p].name;
    }
    return NULL;
}

static const char *base_name(const PrintCall *c, const PrintArg *a)
{
    static const struct {
        const char *callee, *name;
    } names[] = {{"conv", "out"},       {"conv_transpose", "out"},
                 {"linear", "out"},     {"reshape", "shape"},
                 {"transpose", "perm"}, {"split", "parts"},
                 {"maxpool", "kernel"}, {"avgpool", "kernel"},
                 {"squeeze", "axes"},   {"unsqueeze", "axes"},
                 {"lrn", "size"},       {"groupnorm", "groups"},
                 {"dropout", "ratio"},  {"channel_shuffle", "groups"}};
    if (a->given == GIVEN_DIM) return "size";
    if (a->name && net_is_plain_name(a->name)) return a->name;
    for (size_t i = 0; i < COUNT(names); i++)
        if (c->kind == CALL_LAYER && !strcmp(names[i].callee, c->callee)) return names[i].name;
    return c->kind == CALL_ARITH ? "scale" : "value";
}

static const char *param_name(const Maker *b, const char *base)
{
    size_t stem = strlen(base);
    while (stem > 1 && base[stem - 1] >= '0' && base[stem - 1] <= '9') stem--;
    for (int number = 1;; number++) {
        const char *name = number == 1
                               ? arena_format(b->m->arena, "%.*s", (int)stem, base)
                               : arena_format(b->m->arena, "%.*s%d", (int)stem, base, number);
        bool taken = false;
        for (int p = 0; p < b->block->params.count; p++)
            taken |= !strcmp(name, b->block->params.items[p].name);
        if (!taken) return name;
    }
}

static TextType common_type(const Maker *b, const PrintArg *const *a)
{
    for (TextType type = TEXT_INT; type <= TEXT_BOOL; type++)
        if (all_type(b, a, type)) return type;
    bool numbers = true;
    for (int i = 0; i < b->count; i++)
        numbers &= a[i]->type == TEXT_INT || a[i]->type == TEXT_FLOAT;
    return numbers ? TEXT_FLOAT : TEXT_OTHER;
}

/* What the layer itself would take, where some instance leaves it at that. */
static const char *param_default(const Maker *b, const PrintArg *const *a)
{
    bool some = false;
    for (int i = 0; i < b->count; i++) {
        if (!a[i]->otherwise || strcmp(a[i]->otherwise, a[0]->otherwise)) return NULL;
        some |= !strcmp(a[i]->text, a[i]->otherwise);
    }
    return some ? a[0]->otherwise : NULL;
}

static const char *parameter(Maker *b, const PrintCall *c, const PrintArg **a)
{
    bool channels = is_channels(c, a[0]) && all_type(b, (const PrintArg *const *)a, TEXT_INT);
    const PrintArg *const *given = (const PrintArg *const *)a;
    const char *text = channels ? derived(b, given) : same_param(b, given);
    if (text) return text;
    PrintParam p = {.name = param_name(b, base_name(c, a[0])),
                    .type = common_type(b, given),
                    .otherwise = param_default(b, given)};
    LIST_PUSH(b->m->arena, &b->block->params, p);
    LIST_PUSH(b->m->arena, &b->given, a);
    LIST_PUSH(b->m->arena, &b->channels, channels);
    return p.name;
}

/* ---- the block ---- */

static PrintCall *generalise(Maker *b, int at)
{
    const PrintCall *first = b->calls->items[b->instances[0]->first + at];
    PrintCall *c = arena_copy(b->m->arena, first, sizeof *first);
    c->args.items = arena_copy(b->m->arena, first->args.items,
                               (size_t)first->args.count * sizeof *first->args.items);
    for (int i = 0; i < c->args.count; i++) {
        PrintArg *a = &c->args.items[i];
        if (a->given != GIVEN_TEXT && a->given != GIVEN_DIM) continue;
        const PrintArg **all = arguments(b, at, i);
        if (all_same(b, (const PrintArg *const *)all)) continue;
        a->text = parameter(b, first, all);
        a->otherwise = NULL;
        a->type = TEXT_OTHER;
    }
    return c;
}

static bool name_taken(const PrintBlocks *others, const char *name)
{
    for (int i = 0; i < others->count; i++)
        if (!strcmp(others->items[i]->name, name)) return true;
    return layer_find(name) || function_find(name) || !net_is_plain_name(name);
}

/* The word that the last parts of all scopes begin with: inception3a, inception3b, ...; none where
 * they are numbered parts of something. */
static const char *scope_word(const Maker *b)
{
    enum { LEAST_LETTERS = 3 };
    const char *word = NULL;
    size_t length = 0;
    for (int i = 0; i < b->count; i++) {
        const char *scope = b->instances[i]->scope, *slash = strrchr(scope, '/');
        const char *part = slash ? slash + 1 : scope;
        size_t same = strspn(part, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (strpbrk(part, ".[") || (word && (same != length || strncmp(word, part, same))))
            return NULL;
        word = part, length = same;
    }
    return length >= LEAST_LETTERS ? arena_format(b->m->arena, "%.*s", (int)length, word) : NULL;
}

static bool reads_input(const PrintCall *c, const Tensor *x)
{
    for (int i = 0; i < c->inputs.count; i++)
        if (c->inputs.items[i] == x) return true;
    return false;
}

static bool has_depthwise(const PrintCall *c)
{
    for (int k = 0; !strcmp(c->callee, "conv") && k < c->args.count; k++)
        if (c->args.items[k].name && !strcmp(c->args.items[k].name, "groups") &&
            strcmp(c->args.items[k].text, "1"))
            return true;
    return false;
}

typedef struct Features {
    bool sum, skip, softmax, conv, depthwise, attention, concat, mean;
} Features;

static Features features(const PrintBlock *block)
{
    Features f = {0};
    for (int i = 0; i < block->calls.count; i++) {
        const PrintCall *c = block->calls.items[i];
        bool sum = c->kind == CALL_ARITH && !strcmp(c->callee, "+") && c->inputs.count == 2;
        f.sum |= sum;
        f.skip |= sum && reads_input(c, block->inputs.items[0]);
        f.softmax |= !strcmp(c->callee, "softmax");
        f.conv |= !strcmp(c->callee, "conv") || !strcmp(c->callee, "separable");
        f.depthwise |= has_depthwise(c);
        f.attention |= !strncmp(c->callee, "attention", strlen("attention"));
        f.concat |= !strcmp(c->callee, "concat");
        f.mean |= !strcmp(c->callee, "mean") || !strcmp(c->callee, "ReduceMean");
    }
    return f;
}

/* By what it does, where that has a name in the field, else by the scopes. */
static const char *kind_name(const Maker *b)
{
    Features f = features(b->block);
    const char *word = scope_word(b);
    if (f.conv && f.sum) return f.skip ? "residual" : "projection";
    if (f.attention || (f.softmax && f.skip)) return "encoder";
    if (f.softmax) return "attention";
    if (word && !name_taken(&(PrintBlocks){0}, word)) return word;
    return f.concat ? "branches" : f.depthwise ? "separable" : f.mean ? "normalise" : "part";
}

static const char *block_name(const Maker *b, const PrintBlocks *others)
{
    const char *base = kind_name(b), *name = base;
    for (int number = 2; name_taken(others, name); number++)
        name = arena_format(b->m->arena, "%s_%d", base, number);
    return name;
}

/* Those without a default come first. */
static void sort_params(PrintBlock *block, const Maker *b)
{
    LIST(PrintParam) sorted = {0};
    LIST(const PrintArg **) given = {0};
    for (int defaults = 0; defaults < 2; defaults++)
        for (int p = 0; p < block->params.count; p++) {
            if ((block->params.items[p].otherwise != NULL) != defaults) continue;
            LIST_PUSH(b->m->arena, &sorted, block->params.items[p]);
            LIST_PUSH(b->m->arena, &given, b->given.items[p]);
        }
    for (int p = 0; p < sorted.count; p++)
        block->params.items[p] = sorted.items[p], b->given.items[p] = given.items[p];
}

static void set_values(const Maker *b)
{
    for (int i = 0; i < b->count; i++) {
        const PrintArg **values = NEW_ARRAY(b->m->arena, const PrintArg *, b->block->params.count);
        for (int p = 0; p < b->block->params.count; p++) values[p] = b->given.items[p][i];
        ((PrintInstance *)b->instances[i])->values = values;
    }
}

PrintBlock *print_block(const CallMaker *m, const PrintCalls *calls,
                        const PrintInstance *const *instances, int count, const PrintBlocks *others)
{
    Maker b = {.m = m,
               .calls = calls,
               .instances = instances,
               .count = count,
               .block = NEW(m->arena, PrintBlock)};
    b.block->inputs = instances[0]->inputs;
    b.block->outputs = instances[0]->outputs;
    for (int i = 0; i <= instances[0]->last - instances[0]->first; i++)
        LIST_PUSH(m->arena, &b.block->calls, generalise(&b, i));
    b.block->name = block_name(&b, others);
    sort_params(b.block, &b);
    set_values(&b);
    return b.block;
}

PrintCall *print_block_call(const CallMaker *m, const PrintBlock *block, const PrintInstance *n)
{
    PrintCall *c = NEW(m->arena, PrintCall);
    int required = 0;
    c->kind = CALL_BLOCK;
    c->callee = block->name;
    c->block = block;
    c->scope = n->scope;
    for (int i = 0; i < n->inputs.count; i++) call_value(m, c, NULL, n->inputs.items[i]);
    for (int p = 0; p < block->params.count; p++) required += !block->params.items[p].otherwise;
    for (int p = 0; p < block->params.count; p++) {
        PrintArg arg = *n->values[p];
        arg.given = GIVEN_TEXT;
        arg.name = block->params.items[p].name;
        arg.by_place = required == 1 && p == 0;
        arg.otherwise = block->params.items[p].otherwise;
        LIST_PUSH(m->arena, &c->args, arg);
    }
    c->outputs = (const Tensor *const *)n->outputs.items;
    c->output_count = n->outputs.count;
    return c;
}
