/*
 * Layout: definitions in, the same definitions with a buffer for every tensor out. Decides blocked
 * channels, halos and views; offsets in the workspace are plan's.
 */
#include "layout.h"

Place *layout_place(Layouts *l, const Tensor *t)
{
    assert(t->id < l->capacity);
    return &l->places[t->id];
}

static void grow_places(Layouts *l)
{
    int wanted = l->p->graph->tensors.count;
    if (wanted <= l->capacity) return;
    Place *places = NEW_ARRAY(l->arena, Place, 2 * wanted);
    if (l->capacity) memcpy(places, l->places, (size_t)l->capacity * sizeof *places);
    l->places = places;
    l->capacity = 2 * wanted;
}

Definition *layout_insert(Layouts *l, int at, const char *suffix, const Tensor *t,
                          const int64_t *dims)
{
    Program *p = l->p;
    Graph *g = p->graph;
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.%s", t->name, suffix));
    Definition *def = NEW(p->arena, Definition);
    def->out = graph_add_tensor(g, TENSOR_VALUE, name, t->dtype, t->rank, dims);
    def->index = NEW_ARRAY(p->arena, Var *, t->rank);
    for (int d = 0; d < t->rank; d++)
        def->index[d] = pool_var(p->pool, arena_format(p->arena, "i%d", d), 0, dims[d]);
    LIST_PUSH(p->arena, &p->definitions, def);
    for (int i = p->definitions.count - 1; i > at; i--)
        p->definitions.items[i] = p->definitions.items[i - 1];
    p->definitions.items[at] = def;
    grow_places(l);
    layout_place(l, def->out)->definition = def;
    return def;
}

static void note_readers(Layouts *l, Definition *def)
{
    Form *form = form_of(l->arena, def);
    for (int s = 0; s < form->sites.count; s++) {
        Place *place = layout_place(l, form->sites.items[s].load->tensor);
        if (!place->readers.count || place->readers.items[place->readers.count - 1] != def)
            LIST_PUSH(l->arena, &place->readers, def);
    }
}

/* What a call touches lies as the interface does. */
static void note_call(Layouts *l, Definition *def)
{
    const Call *call = def->call;
    for (int i = 0; i < call->read_count + call->write_count; i++) {
        bool writes = i >= call->read_count;
        Place *place =
            layout_place(l, writes ? call->writes[i - call->read_count] : call->reads[i]);
        place->dense = place->apart = true;
        if (writes) place->definition = def;
    }
}

static void note_band(Layouts *l, const Band *band)
{
    for (int k = 0; k + 1 < band->count; k++) {
        Place *place = layout_place(l, band->members[k]->out);
        place->wrap[band->dims[k]] = band->kept[k] ? band->kept[k] : band->rows[k] * band->copies;
        place->rings = band->kept[k] ? band->copies : (int)max64(1, place->rings);
    }
}

void layout(Program *p)
{
    Layouts l = {.p = p, .arena = arena_new()};
    grow_places(&l);
    for (int i = 0; i < p->outputs.count; i++)
        layout_place(&l, p->outputs.items[i])->is_output = true;
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        layout_place(&l, def->out)->definition = def;
        note_readers(&l, def);
        if (def->call) note_call(&l, def);
    }
    for (int i = 0; i < p->bands.count; i++)
        for (const Band *band = p->bands.items[i]; band; band = band->inner) note_band(&l, band);
    layout_choose_blocks(&l);
    layout_choose_dense(&l);
    layout_choose_halos(&l);
    layout_make_buffers(&l);
    arena_free(l.arena);
}
