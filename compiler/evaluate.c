/*
 * Evaluates one inferred node: its definitions, in order, through the interpreter. Scratch
 * expressions and temporaries live in an arena of their own; only the outputs' bytes stay.
 */
#include "evaluate.h"

typedef struct Evaluation {
    Arena *scratch;
    LIST(struct Known {
        const Tensor *tensor;
        void *data; /* NULL: nothing is computed yet */
    })
    known;
    bool missing;
} Evaluation;

static const void *value_of(const Tensor *t, void *context)
{
    const Evaluation *e = context;
    if (t->data) return t->data;
    for (int i = e->known.count - 1; i >= 0; i--)
        if (e->known.items[i].tensor == t) return e->known.items[i].data;
    return NULL;
}

static bool is_defined(const Evaluation *e, const Tensor *t)
{
    for (int i = 0; i < e->known.count; i++)
        if (e->known.items[i].tensor == t) return true;
    return false;
}

static void set_known(Evaluation *e, const Tensor *t, void *data)
{
    struct Known known = {t, data};
    LIST_PUSH(e->scratch, &e->known, known);
}

static void check_read(Evaluation *e, const Tensor *t)
{
    if (!t->data && !is_defined(e, t)) e->missing = true;
}

static void check_load(Expr *x, void *context)
{
    if (x->kind == EX_LOAD) check_read(context, x->tensor);
}

static void check_definition(Evaluation *e, const Definition *def)
{
    ex_visit(def->body, check_load, e);
    for (int i = 0; def->call && i < def->call->read_count; i++) check_read(e, def->call->reads[i]);
    for (int i = 0; def->call && i < def->call->write_count; i++)
        set_known(e, def->call->writes[i], NULL);
    set_known(e, def->out, NULL);
}

/* Every output is defined, and all that the definitions read is known or defined before. */
static bool is_complete(Evaluation *e, const Definer *d, const Node *node)
{
    for (int i = 0; i < d->definitions.count; i++) check_definition(e, d->definitions.items[i]);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] && !is_defined(e, node->outputs[i])) e->missing = true;
    e->known.count = 0;
    return !e->missing;
}

static bool is_affordable(const Definer *d, int64_t *budget)
{
    int64_t left = *budget;
    for (int i = 0; i < d->definitions.count; i++) {
        int64_t cost = interp_cost(d->definitions.items[i]);
        if (cost > left) return false;
        left -= cost;
    }
    *budget = left;
    return true;
}

static bool is_output(const Node *node, const Tensor *t)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] == t) return true;
    return false;
}

/* Memory for a tensor: the graph's for outputs of the node and what their strings point into, else
 * scratch. */
static void *place(Evaluation *e, Graph *g, const Node *node, const Tensor *t)
{
    Arena *arena = is_output(node, t) || t->lasting ? g->arena : e->scratch;
    return arena_alloc(arena, dtype_bytes(t->dtype, tensor_elements(t)) + 1);
}

/* False when a call fails. */
static bool run(Evaluation *e, Graph *g, const Node *node, const Definer *d)
{
    for (int i = 0; i < d->definitions.count; i++) {
        const Definition *def = d->definitions.items[i];
        const Call *call = def->call;
        if (!call) {
            void *data = place(e, g, node, def->out);
            interp_run(d->pool, def, data, value_of, e);
            set_known(e, def->out, data);
            continue;
        }
        void **data = NEW_ARRAY(e->scratch, void *, call->write_count);
        for (int k = 0; k < call->write_count; k++) data[k] = place(e, g, node, call->writes[k]);
        if (!interp_call(def, data, value_of, e)) return false;
        for (int k = 0; k < call->write_count; k++) set_known(e, call->writes[k], data[k]);
    }
    return true;
}

bool evaluate_node(Graph *g, const Node *node, int64_t *budget, const void **data)
{
    Arena *scratch = arena_new();
    Graph *temporaries = graph_new(scratch, g->name);
    temporaries->outer = g;
    Definer d = {.pool = pool_new(scratch), .graph = temporaries, .node = node};
    Evaluation e = {.scratch = scratch};
    bool good = define_node(&d, node) && is_complete(&e, &d, node) && is_affordable(&d, budget);
    good = good && run(&e, g, node, &d);
    for (int i = 0; good && i < node->output_count; i++)
        data[i] = node->outputs[i] ? value_of(node->outputs[i], &e) : NULL;
    arena_free(scratch);
    return good;
}
