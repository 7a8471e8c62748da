/*
 * Holds a random network: adds statements that the front end accepts, renders the text, fills
 * inputs and parameters, evaluates with the interpreter. Chooses nothing: that is operators.c.
 */
#include "network.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "evaluate.h"

enum { MOST_ELEMENTS = 10000, WORK = 1 << 21 };

/* ---- random numbers ---- */

static uint64_t step(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t random_next(Network *n) { return step(&n->state); }
int random_below(Network *n, int limit) { return (int)(random_next(n) % (uint64_t)limit); }
bool random_chance(Network *n, int percent) { return random_below(n, 100) < percent; }

/* ---- data ---- */

static double fill_float(Fill fill, uint64_t *state)
{
    static const double specials[] = {INFINITY, -INFINITY, NAN, 0.0, -0.0, 1,    -1,  1e-30, -1e-30,
                                      12,       -12,       89,  -89, 110,  -110, 3e4, -3e4,  0.5};
    switch (fill) {
    case FILL_ROUGH: return (double)(step(state) >> 11) * 0x1p-51 - 2;
    case FILL_SPECIAL: return specials[step(state) % COUNT(specials)];
    case FILL_POSITIVE: return (double)(step(state) % 8 + 2) / 4;
    default: return (double)(step(state) % 33) / 8 - 2;
    }
}

static void fill_data(Value v, void *data, int64_t count, uint64_t state)
{
    bool is_signed = dtype_info(v.dtype)->class == CLASS_SIGNED;
    for (int64_t i = 0; i < count; i++) {
        if (dtype_is_float(v.dtype))
            dtype_set_double(v.dtype, data, i, fill_float(v.fill, &state));
        else if (v.dtype == DT_BOOL)
            dtype_set_int(v.dtype, data, i, (int64_t)(step(&state) & 1));
        else if (v.fill == FILL_BIG)
            dtype_set_int(v.dtype, data, i, (int64_t)step(&state));
        else
            dtype_set_int(v.dtype, data, i, (int64_t)(step(&state) % 7) - (is_signed ? 3 : 0));
    }
}

void networks_fill(Network *const *nets, Graph *g, bool inputs)
{
    for (int i = 0; i < g->tensors.count; i++) {
        Tensor *t = g->tensors.items[i];
        if (t->data || (t->kind != TENSOR_PARAM && !(inputs && t->kind == TENSOR_INPUT))) continue;
        int net = 0, value = i;
        Value v = {.dtype = t->dtype, .fill = FILL_EXACT};
        if (nets && sscanf(t->name, "n%dv%d", &net, &value) == 2)
            v = nets[net]->values.items[value];
        int64_t count = tensor_elements(t);
        void *data = arena_alloc(g->arena, dtype_bytes(t->dtype, count) + 1);
        fill_data(v, data, count, (nets ? nets[net]->seed * 1000003 : 0) + (uint64_t)value);
        t->data = data;
    }
}

/* ---- text ---- */

static void render_text(const char *text, int net, Text *out)
{
    for (; *text; text++) {
        if (*text == '$')
            text_add(out, "n%dv", net);
        else
            text_put(out, text, 1);
    }
}

static void add_type(Text *out, const Value *v)
{
    text_add(out, "%s[", dtype_name(v->dtype));
    for (int d = 0; d < v->rank; d++) text_add(out, "%s%lld", d ? ", " : "", (long long)v->dims[d]);
    text_add(out, "]");
}

/* Which values the outputs need: statements come after what they read. */
static bool *needed_values(Arena *arena, const Network *n)
{
    bool *needed = NEW_ARRAY(arena, bool, n->values.count + 1);
    for (int v = 0; v < n->values.count; v++) needed[v] = n->values.items[v].output;
    for (int s = n->statements.count - 1; s >= 0; s--) {
        const Statement *st = &n->statements.items[s];
        bool wanted = false;
        for (int k = 0; k < st->count; k++)
            wanted |= needed[st->first + k] && !n->values.items[st->first + k].cut;
        for (const char *c = st->text; wanted && (c = strchr(c, '$')); c++)
            needed[atoi(c + 1)] = true;
    }
    return needed;
}

typedef struct Rendering {
    Text inputs, outputs, body;
} Rendering;

static void render_values(const Network *n, int net, const bool *needed, Rendering *r)
{
    for (int v = 0; v < n->values.count; v++) {
        const Value *value = &n->values.items[v];
        if (!needed[v]) continue;
        bool leaf = value->statement < 0 || value->cut;
        if (leaf && (value->input || value->cut)) {
            text_add(&r->inputs, "%sn%dv%d: ", r->inputs.length ? ", " : "", net, v);
            add_type(&r->inputs, value);
        } else if (leaf) {
            text_add(&r->body, "    param n%dv%d: ", net, v);
            add_type(&r->body, value);
            text_add(&r->body, "\n");
        }
        if (value->output)
            text_add(&r->outputs, "%sn%dv%d%s", r->outputs.length ? ", " : "", net, v,
                     leaf ? "_out" : "");
    }
}

/* A value that a statement computes but that is cut keeps a name of its own there. */
static void render_statement(const Network *n, int net, const Statement *s, Rendering *r)
{
    const char *call = strstr(s->text, " = ");
    text_add(&r->body, "    ");
    for (int k = 0; k < s->count; k++)
        text_add(&r->body, "%sn%dv%d%s", k ? ", " : "", net, s->first + k,
                 n->values.items[s->first + k].cut ? "_cut" : "");
    render_text(call, net, &r->body);
    text_add(&r->body, "\n");
}

void networks_render(Network *const *nets, int count, const char *name, Text *out)
{
    Arena *arena = arena_new();
    Rendering r = {0};
    for (int i = 0; i < count; i++) {
        const Network *n = nets[i];
        const bool *needed = needed_values(arena, n);
        render_values(n, i, needed, &r);
        for (int s = 0; s < n->statements.count; s++) {
            const Statement *st = &n->statements.items[s];
            bool wanted = false;
            for (int k = 0; k < st->count; k++)
                wanted |= needed[st->first + k] && !n->values.items[st->first + k].cut;
            if (wanted) render_statement(n, i, st, &r);
        }
        for (int v = 0; v < n->values.count; v++) /* outputs that are inputs or parameters */
            if (n->values.items[v].output &&
                (n->values.items[v].statement < 0 || n->values.items[v].cut))
                text_add(&r.body, "    n%dv%d_out = Identity@25(n%dv%d)\n", i, v, i, v);
    }
    text_add(out, "net %s(%s) -> (%s) {\n%s}\n", name, r.inputs.length ? r.inputs.data : "",
             r.outputs.length ? r.outputs.data : "", r.body.length ? r.body.data : "");
    text_free(&r.inputs);
    text_free(&r.outputs);
    text_free(&r.body);
    arena_free(arena);
}

/* ---- reading and evaluating ---- */

Graph *network_read(Arena *arena, const char *text, bool loud)
{
    File *file = NEW(arena, File);
    *file = (File){.path = "random.net",
                   .data = (const uint8_t *)arena_string(arena, text),
                   .bytes = strlen(text)};
    Diags *diags = diags_new(arena);
    ReadOptions options = {0};
    Graph *g = read_net(arena, file, &options, diags);
    bool good = g && !diags_errors(diags) && infer(g, diags) && !diags_errors(diags);
    if (!good && loud) diags_print(diags, stderr, false);
    return good ? g : NULL;
}

bool network_evaluate(Graph *g, int64_t work)
{
    for (int i = 0; i < g->nodes.count; i++) {
        Node *node = g->nodes.items[i];
        const void **data = NEW_ARRAY(g->arena, const void *, node->output_count + 1);
        int64_t budget = work;
        if (!evaluate_node(g, node, &budget, data)) return false;
        for (int k = 0; k < node->output_count; k++)
            if (node->outputs[k]) node->outputs[k]->data = data[k];
    }
    return true;
}

/* ---- adding ---- */

int network_leaf(Network *n, Dtype dtype, int rank, const int64_t *dims, Fill fill)
{
    Value v = {.dtype = dtype, .rank = rank, .fill = fill, .statement = -1};
    if (rank) memcpy(v.dims, dims, (size_t)rank * sizeof *dims);
    v.exact = dtype_is_float(dtype) ? fill != FILL_ROUGH : true;
    v.input = random_chance(n, 40);
    LIST_PUSH(n->arena, &n->values, v);
    return n->values.count - 1;
}

/* Small, finite, and exact when its arguments and its elements are. */
static bool take_value(Network *n, Value *v, const Tensor *t, bool exact)
{
    int64_t count = tensor_elements(t);
    if (count == 0 || count > MOST_ELEMENTS || t->rank > 6 || !t->data) return false;
    v->dtype = t->dtype;
    v->rank = t->rank;
    if (t->rank) memcpy(v->dims, t->dims, (size_t)t->rank * sizeof *t->dims);
    v->exact = exact;
    v->fill = n->special ? FILL_SPECIAL : FILL_EXACT; /* when it is cut */
    for (int64_t i = 0; dtype_is_float(t->dtype) && i < count; i++) {
        double x = dtype_get_double(t->dtype, t->data, i);
        if (!n->special &&
            (!isfinite(x) || fabs(x) > (t->dtype == DT_F16 || t->dtype == DT_BF16 ? 1000 : 10000)))
            return false;
        v->exact &= fabs(x) <= 2048 && x * 256 == floor(x * 256);
    }
    return true;
}

static bool take_values(Network *n, Statement *s, bool exact)
{
    Arena *arena = arena_new();
    Text text = {0};
    for (int k = 0; k < s->count; k++) n->values.items[s->first + k].output = true;
    networks_render(&n, 1, "candidate", &text);
    for (int k = 0; k < s->count; k++) n->values.items[s->first + k].output = false;
    Graph *g = network_read(arena, text.data, getenv("LOUD") != NULL);
    if (g) networks_fill(&n, g, true);
    bool good = g && network_evaluate(g, WORK);
    for (int k = 0; k < s->count && good; k++) {
        const Tensor *t = graph_find(g, arena_format(arena, "n0v%d", s->first + k));
        good = t && take_value(n, &n->values.items[s->first + k], t, exact);
    }
    text_free(&text);
    arena_free(arena);
    return good;
}

int network_add(Network *n, int outputs, bool exact, const char *call)
{
    Statement s = {.first = n->values.count, .count = outputs};
    Text text = {0};
    for (int k = 0; k < outputs; k++) text_add(&text, "%s$%d", k ? ", " : "", s.first + k);
    text_add(&text, " = %s", call);
    s.text = arena_string(n->arena, text.data);
    text_free(&text);
    for (const char *c = strstr(s.text, " = "); (c = strchr(c, '$')); c++)
        exact &= n->values.items[atoi(c + 1)].exact;
    for (int k = 0; k < outputs; k++) {
        Value v = {.statement = n->statements.count};
        LIST_PUSH(n->arena, &n->values, v);
    }
    LIST_PUSH(n->arena, &n->statements, s);
    if (take_values(n, &s, exact)) return s.first;
    n->values.count -= outputs;
    n->statements.count--;
    return -1;
}
