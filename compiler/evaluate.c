/*
 * Evaluates one inferred node: its definitions, in order, through the interpreter. Scratch
 * expressions and temporaries live in an arena of their own; only the outputs' bytes stay.
 */
#include "evaluate.h"

typedef struct Evaluation {
    const Definer *definer;
    void **data; /* of each definition's tensor; NULL until computed */
    int known;   /* definitions before this one count as known */
    bool missing;
} Evaluation;

static const void *value_of(const Tensor *t, void *context)
{
    const Evaluation *e = context;
    if (t->data) return t->data;
    for (int i = e->known - 1; i >= 0; i--)
        if (e->definer->definitions.items[i]->out == t) return e->data[i];
    return NULL;
}

static bool is_defined(const Evaluation *e, const Tensor *t)
{
    for (int i = 0; i < e->known; i++)
        if (e->definer->definitions.items[i]->out == t) return true;
    return false;
}

static void check_load(Expr *x, void *context)
{
    Evaluation *e = context;
    if (x->kind == EX_LOAD && !x->tensor->data && !is_defined(e, x->tensor)) e->missing = true;
}

/* Every output is defined, and all that the definitions read is known or defined before. */
static bool is_complete(Evaluation *e, const Node *node)
{
    const Definer *d = e->definer;
    for (e->known = 0; e->known < d->definitions.count; e->known++)
        ex_visit(d->definitions.items[e->known]->body, check_load, e);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] && !is_defined(e, node->outputs[i])) e->missing = true;
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

static void run(Evaluation *e, Graph *g, const Node *node, Arena *scratch)
{
    const Definer *d = e->definer;
    for (e->known = 0; e->known < d->definitions.count; e->known++) {
        const Definition *def = d->definitions.items[e->known];
        Arena *arena = is_output(node, def->out) ? g->arena : scratch;
        e->data[e->known] =
            arena_alloc(arena, dtype_bytes(def->out->dtype, tensor_elements(def->out)));
        interp_run(d->pool, def, e->data[e->known], value_of, e);
    }
}

bool evaluate_node(Graph *g, const Node *node, int64_t *budget, const void **data)
{
    Arena *scratch = arena_new();
    Graph *temporaries = graph_new(scratch, g->name);
    temporaries->outer = g;
    Definer d = {.pool = pool_new(scratch), .graph = temporaries, .node = node};
    Evaluation e = {.definer = &d};
    bool good = define_node(&d, node) && is_complete(&e, node) && is_affordable(&d, budget);
    if (good) {
        e.data = NEW_ARRAY(scratch, void *, d.definitions.count);
        run(&e, g, node, scratch);
        for (int i = 0; i < node->output_count; i++)
            data[i] = node->outputs[i] ? value_of(node->outputs[i], &e) : NULL;
    }
    arena_free(scratch);
    return good;
}
