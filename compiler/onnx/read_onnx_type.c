/*
 * In: TypeProtos of a model. Out: element types and shapes, with symbolic dimensions given their
 * sizes by the command line. Collects the symbols that have none, so that one message names them
 * all.
 */
#include "read_onnx.h"

static const char *const kinds[] = {"tensor",       "sequence",      "map",
                                    "opaque value", "sparse tensor", "optional"};

static const char *kind_of(const Onnx__TypeProto *t)
{
    const void *const set[] = {t->tensor_type, t->sequence_type,      t->map_type,
                               t->opaque_type, t->sparse_tensor_type, t->optional_type};
    for (size_t i = 0; i < COUNT(set); i++)
        if (set[i]) return kinds[i];
    return NULL;
}

/* ---- symbols ---- */

static Symbol *symbol_of(Reader *r, const char *name)
{
    Symbol *symbol = map_get(r->symbol_by_name, name);
    if (symbol) return symbol;
    symbol = NEW(r->scratch, Symbol);
    symbol->name = arena_string(r->scratch, name);
    const int64_t *given = read_model_dim(r->options, name);
    symbol->size = given ? *given : -1;
    map_set(r->symbol_by_name, symbol->name, symbol);
    LIST_PUSH(r->scratch, &r->symbols, symbol);
    return symbol;
}

static bool has_size(const Onnx__TensorShapeProto__Dimension *d)
{
    return d->has_dim_value && d->dim_value >= 0;
}

static bool has_symbol(const Onnx__TensorShapeProto__Dimension *d)
{
    return d->dim_param && *d->dim_param;
}

/* A dimension of an input without size and symbol is called INPUT.INDEX. */
static int64_t input_dim(Reader *r, const Onnx__TensorShapeProto__Dimension *d, const char *input,
                         int index, const char **name)
{
    *name = NULL;
    if (has_size(d)) return d->dim_value;
    Symbol *symbol = symbol_of(r, has_symbol(d) ? d->dim_param
                                                : arena_format(r->scratch, "%s.%d", input, index));
    if (has_symbol(d) || r->options->inputs_only) *name = arena_string(r->file.arena, symbol->name);
    if (!symbol->place)
        symbol->place = arena_format(r->scratch, "dimension %d of input '%s'", index, input);
    symbol->of_input = true;
    if (symbol->size < 0 && r->options->dim_default) symbol->size = r->options->dim_default;
    return symbol->size < 0 ? 1 : symbol->size;
}

void report_symbols(Reader *r)
{
    Text unset = {0}, help = {0}, known = {0};
    for (int i = 0; i < r->symbols.count; i++) {
        const Symbol *s = r->symbols.items[i];
        text_add(&known, "%s%s", known.length ? ", " : "", s->name);
        if (s->size >= 0 || !s->of_input) continue;
        text_add(&unset, "%s%s (%s)", unset.length ? ", " : "", s->name, s->place);
        text_add(&help, "--dim %s=1 ", s->name);
    }
    if (unset.length) {
        Diagnostic *d = diag_error(r->file.diags, "E0208", (Source){.file = r->file.file},
                                   "dimensions without a size: %s", unset.data);
        diag_help(d, "give each a size: %sor all of them the same: --dim-default 1", help.data);
    }
    for (int i = 0; i < r->options->dims.count; i++) {
        const char *name = r->options->dims.items[i].name;
        if (map_get(r->symbol_by_name, name)) continue;
        diag_warning(r->file.diags, "W0003", (Source){.file = r->file.file},
                     "--dim %s: the model has no dimension of that name, %s%s", name,
                     known.length ? "only " : "all its sizes are fixed",
                     known.length ? known.data : "");
    }
    text_free(&unset);
    text_free(&help);
    text_free(&known);
}

/* ---- types ---- */

static bool check_elem_type(Reader *r, int64_t type, Source where)
{
    if (type > DT_NONE && type < DT_COUNT) return true;
    read_error(r, "E0112", where, "element type %lld; ONNX has 1 to %d", (long long)type,
               DT_COUNT - 1);
    return false;
}

static bool check_rank(Reader *r, size_t rank, Source where)
{
    if (rank <= MAX_RANK) return true;
    read_error(r, "E0112", where, "%zu dimensions; at most %d are supported", rank, MAX_RANK);
    return false;
}

bool read_input_type(Reader *r, const Onnx__ValueInfoProto *info, Source where, DataTensor *type,
                     const char **dim_names)
{
    const char *kind = info->type ? kind_of(info->type) : NULL;
    if (!kind) {
        read_error(r, "E0112", where, "the input has no type");
        return false;
    }
    const Onnx__TypeProto__Tensor *t = info->type->tensor_type;
    if (!t) {
        read_error(r, "E0112", where,
                   "the input is a%s %s; netc takes tensors, and sequences and optionals of them",
                   strchr("aeiou", *kind) ? "n" : "", kind);
        return false;
    }
    if (!check_elem_type(r, t->elem_type, where)) return false;
    if (!t->shape) {
        Diagnostic *d =
            diag_error(r->file.diags, "E0208", where, "the input has no declared shape");
        diag_help(d, "export the model with the shapes of its inputs; sizes may be symbols, which "
                     "--dim sets");
        return false;
    }
    if (!check_rank(r, t->shape->n_dim, where)) return false;
    *type = (DataTensor){
        .name = info->name, .dtype = (Dtype)t->elem_type, .rank = (int)t->shape->n_dim};
    for (int i = 0; i < type->rank; i++)
        type->dims[i] = input_dim(r, t->shape->dim[i], info->name, i, &dim_names[i]);
    if (datafile_bytes(type->dtype, type->rank, type->dims) >= 0) return true;
    read_error(r, "E0205", where, "%s is too large: the product of its dimensions overflows",
               data_type_text(r->file.arena, type));
    return false;
}

const Declared *read_declared(Reader *r, const Onnx__TypeProto *type, Source where)
{
    const Onnx__TypeProto__Tensor *t = type->tensor_type;
    if (!t) return NULL; /* a sequence or the like: for the operator that makes it to say */
    Declared *d = NEW(r->file.arena, Declared);
    *d = (Declared){.rank = -1, .source = where};
    if (t->elem_type && check_elem_type(r, t->elem_type, where)) d->dtype = (Dtype)t->elem_type;
    if (!t->shape || !check_rank(r, t->shape->n_dim, where)) return d;
    d->rank = (int)t->shape->n_dim;
    int64_t *dims = NEW_ARRAY(r->file.arena, int64_t, d->rank);
    for (int i = 0; i < d->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = t->shape->dim[i];
        dims[i] = has_size(dim)     ? dim->dim_value
                  : has_symbol(dim) ? symbol_of(r, dim->dim_param)->size
                                    : -1;
    }
    d->dims = dims;
    return d;
}

const char **read_dim_names(Reader *r, const Onnx__TypeProto *type)
{
    const Onnx__TypeProto__Tensor *t = type->tensor_type;
    if (!t || !t->shape || t->shape->n_dim > MAX_RANK) return NULL;
    const char **names =
        NEW_ARRAY(r->file.arena, const char *, MAX_RANK); /* it may turn out to have more */
    for (size_t i = 0; i < t->shape->n_dim; i++)
        if (!has_size(t->shape->dim[i]) && has_symbol(t->shape->dim[i]))
            names[i] = arena_string(r->file.arena, t->shape->dim[i]->dim_param);
    return names;
}
