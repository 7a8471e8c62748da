/*
 * Ensembles of decision trees of ai.onnx.ml: TreeEnsemble, whose branches and leaves are separate
 * lists, and TreeEnsembleRegressor before it, where nodes are known by the numbers of their tree
 * and within it. Both are read into a Forest.
 */
#include "forest.h"
#include "post_transform.h"
#include "row.h"

#include <math.h>
#include <stdlib.h>

/* ---- numbers in attributes ---- */

/* The elements of a tensor attribute, or of a list; NULL when it is absent. */
static const double *numbers(Infer *in, const char *name, int64_t *count)
{
    const Attr *a = node_attr(in->node, name);
    *count = a ? a->count : 0;
    if (!a || a->kind != ATTR_TENSOR) return a ? a->floats : NULL;
    if (!a->tensor->data || a->tensor->dtype == DT_STRING) return NULL;
    *count = tensor_elements(a->tensor);
    double *values = NEW_ARRAY(in->graph->arena, double, *count + 1);
    for (int64_t i = 0; i < *count; i++)
        values[i] = dtype_get_double(a->tensor->dtype, a->tensor->data, i);
    return values;
}

/* The list, which must have `count` elements; NULL after a diagnostic. */
static const int64_t *ints(Infer *in, const char *name, int64_t count)
{
    static const int64_t none[1];
    int given;
    const int64_t *list = attr_ints(in->node, name, &given);
    if (given == count) return list ? list : none;
    infer_error(in, "E0306", "%s has %d elements; %lld are wanted", name, given, (long long)count);
    return NULL;
}

static bool check_input(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    return x->rank == 2 || infer_error(in, "E0203", "the input is %s; [sample, feature] is wanted",
                                       tensor_type_text(in->graph->arena, x));
}

/* ---- TreeEnsemble ---- */

/* Copies where branches lead; leaves come after all branches. */
static bool read_ends(Infer *in, Forest *f, const char *ids, const char *leaf_flags, int64_t *ends)
{
    const int64_t *id = ints(in, ids, f->branches), *leaf = ints(in, leaf_flags, f->branches);
    if (!id || !leaf) return false;
    for (int64_t i = 0; i < f->branches; i++) {
        if (id[i] < 0 || id[i] >= (leaf[i] ? f->leaves : f->branches))
            return infer_error(in, "E0306", "%s leads to %lld, which is no %s", ids,
                               (long long)id[i], leaf[i] ? "leaf" : "branch");
        ends[i] = leaf[i] ? f->branches + id[i] : id[i];
    }
    return true;
}

/* The sets of members, each ended by NaN, in the order of the branches that ask for them. */
static bool read_members(Infer *in, Forest *f)
{
    int64_t at = 0;
    const double *values = numbers(in, "membership_values", &f->member_count);
    f->members = (double *)values;
    for (int64_t i = 0; i < f->branches; i++) {
        if (f->modes[i] != FOREST_MEMBER) continue;
        f->first[i] = at;
        while (at < f->member_count && !isnan(values[at])) at++;
        if (at == f->member_count)
            return infer_error(in, "E0306", "membership_values has no set for branch %lld",
                               (long long)i);
        f->last[i] = at++;
    }
    return true;
}

static bool read_branches(Infer *in, Forest *f)
{
    int64_t mode_count, split_count;
    const double *modes = numbers(in, "nodes_modes", &mode_count),
                 *splits = numbers(in, "nodes_splits", &split_count);
    const int64_t *features = ints(in, "nodes_featureids", f->branches), *missing = NULL;
    if (!features) return false;
    if (attr_given(in->node, "nodes_missing_value_tracks_true") &&
        !(missing = ints(in, "nodes_missing_value_tracks_true", f->branches)))
        return false;
    if (!modes || !splits || mode_count != f->branches || split_count != f->branches)
        return infer_error(in, "E0306", "nodes_modes and nodes_splits must have %lld elements",
                           (long long)f->branches);
    for (int64_t i = 0; i < f->branches; i++) {
        f->features[i] = features[i];
        f->modes[i] = modes[i] >= 0 && modes[i] <= FOREST_MEMBER ? (int64_t)modes[i] : -1;
        f->splits[i] = splits[i];
        f->missing[i] = missing ? missing[i] : 0;
    }
    return read_ends(in, f, "nodes_truenodeids", "nodes_trueleafs", f->yes) &&
           read_ends(in, f, "nodes_falsenodeids", "nodes_falseleafs", f->no) && read_members(in, f);
}

static bool read_leaves(Infer *in, Forest *f, const double *weights)
{
    const int64_t *targets = ints(in, "leaf_targetids", f->leaves);
    for (int64_t i = 0; targets && i < f->leaves; i++) {
        if (targets[i] < 0 || targets[i] >= f->targets)
            return infer_error(in, "E0306", "leaf %lld is for target %lld of %lld", (long long)i,
                               (long long)targets[i], (long long)f->targets);
        forest_vote(f, i, targets[i], weights[i]);
    }
    return targets != NULL;
}

static bool read_ensemble(Infer *in, Forest *f)
{
    const Node *n = in->node;
    int trees, branches;
    *f = (Forest){.targets = attr_int(n, "n_targets"),
                  .sum = (ForestSum)attr_int(n, "aggregate_function")};
    f->roots = (int64_t *)attr_ints(n, "tree_roots", &trees);
    attr_ints(n, "nodes_featureids", &branches);
    f->trees = trees;
    f->branches = branches;
    const double *weights = numbers(in, "leaf_weights", &f->leaves);
    if (!weights || f->targets < 1)
        return infer_error(in, "E0306",
                           "leaf_weights and n_targets must say what the trees vote for");
    if (attr_int(n, "aggregate_function") < 0 || attr_int(n, "aggregate_function") > FOREST_MAX)
        return infer_error(in, "E0306", "aggregate_function is %lld; it must be 0 to 3",
                           (long long)attr_int(n, "aggregate_function"));
    for (int64_t i = 0; i < f->trees; i++)
        if (f->roots[i] >= f->branches)
            return infer_error(in, "E0306", "the root of tree %lld is no branch", (long long)i);
    return forest_allocate(in, f) && read_branches(in, f) && read_leaves(in, f, weights) &&
           forest_check(in, f, n->inputs[0]->dims[1]);
}

static bool infer_ensemble(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t transform = attr_int(in->node, "post_transform");
    Forest f;
    if (!check_input(in) || !read_ensemble(in, &f)) return false;
    if (transform < 0 || transform > 4)
        return infer_error(in, "E0306", "post_transform is %lld; it must be 0 to 4",
                           (long long)transform);
    return infer_output(in, 0, x->dtype, 2, (int64_t[]){x->dims[0], f.targets});
}

static void define_forest(Definer *d, const Forest *f, const char *transform)
{
    Tensor *out = node_output(d->node, 0);
    if (!out) return;
    Tensor *scores = post_transform_scores(d, transform, out);
    forest_define(d, f, d->node->inputs[0], scores);
    post_transform_define(d, transform, scores, out);
}

static void define_ensemble(Definer *d)
{
    Infer in = infer_again(d);
    Forest f;
    bool accepted = read_ensemble(&in, &f);
    assert(accepted);
    define_forest(d, &f, post_transforms[attr_int(d->node, "post_transform")]);
}

/* ---- TreeEnsembleRegressor ---- */

/* A node of the old form, to be found by its numbers. */
typedef struct Numbered {
    int64_t tree, node, at; /* at: in the lists; then in the forest */
} Numbered;

static int by_number(const void *a, const void *b)
{
    const Numbered *x = a, *y = b;
    if (x->tree != y->tree) return x->tree < y->tree ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static int mode_of(const char *name)
{
    static const char *const names[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "LEAF"};
    for (int i = 0; i < (int)COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}
enum { LEAF = 6 };

/* The lists of the old form. */
typedef struct Lists {
    int64_t nodes;
    const int64_t *trees, *ids, *features, *yes, *no, *missing;
    const double *values;
    const String *modes;
    int64_t *places; /* in the forest: branches from 0 on, leaves from `branches` on */
    Numbered *sorted;
} Lists;

/* A list of numbers, which may instead be a tensor of doubles. */
static const double *either(Infer *in, const char *list, const char *tensor, int64_t *count)
{
    return numbers(in, attr_given(in->node, tensor) ? tensor : list, count);
}

static bool read_lists(Infer *in, Lists *l, Forest *f)
{
    const Attr *modes = node_attr(in->node, "nodes_modes");
    int64_t values;
    *l = (Lists){.nodes = modes ? modes->count : 0};
    if (!l->nodes) return infer_error(in, "E0306", "there are no trees");
    l->modes = modes->strings;
    l->values = either(in, "nodes_values", "nodes_values_as_tensor", &values);
    if (!(l->trees = ints(in, "nodes_treeids", l->nodes)) ||
        !(l->ids = ints(in, "nodes_nodeids", l->nodes)) ||
        !(l->features = ints(in, "nodes_featureids", l->nodes)) ||
        !(l->yes = ints(in, "nodes_truenodeids", l->nodes)) ||
        !(l->no = ints(in, "nodes_falsenodeids", l->nodes)))
        return false;
    if (attr_given(in->node, "nodes_missing_value_tracks_true") &&
        !(l->missing = ints(in, "nodes_missing_value_tracks_true", l->nodes)))
        return false;
    if (!l->values || values != l->nodes)
        return infer_error(in, "E0306", "nodes_values has %lld elements; %lld are wanted",
                           (long long)values, (long long)l->nodes);
    l->places = NEW_ARRAY(in->graph->arena, int64_t, l->nodes);
    for (int64_t i = 0; i < l->nodes; i++) {
        int mode = mode_of(l->modes[i].data);
        if (mode < 0)
            return infer_error(in, "E0306", "the mode '%s' is not known", l->modes[i].data);
        l->places[i] = mode == LEAF ? f->leaves++ : f->branches++;
    }
    for (int64_t i = 0; i < l->nodes; i++)
        if (mode_of(l->modes[i].data) == LEAF) l->places[i] += f->branches;
    return true;
}

static bool sort_nodes(Infer *in, Lists *l)
{
    l->sorted = NEW_ARRAY(in->graph->arena, Numbered, l->nodes);
    for (int64_t i = 0; i < l->nodes; i++) l->sorted[i] = (Numbered){l->trees[i], l->ids[i], i};
    qsort(l->sorted, (size_t)l->nodes, sizeof *l->sorted, by_number);
    for (int64_t i = 1; i < l->nodes; i++)
        if (by_number(&l->sorted[i - 1], &l->sorted[i]) == 0)
            return infer_error(in, "E0306", "tree %lld has two nodes %lld",
                               (long long)l->sorted[i].tree, (long long)l->sorted[i].node);
    return true;
}

/* Where in the forest a numbered node is; -1 after a diagnostic. */
static int64_t place_of(Infer *in, const Lists *l, int64_t tree, int64_t node)
{
    Numbered key = {tree, node, 0};
    const Numbered *found = bsearch(&key, l->sorted, (size_t)l->nodes, sizeof key, by_number);
    if (found) return l->places[found->at];
    infer_error(in, "E0306", "tree %lld has no node %lld", (long long)tree, (long long)node);
    return -1;
}

/* The first node of each tree in the lists is its root. */
static void read_roots(Infer *in, const Lists *l, Forest *f)
{
    f->roots = NEW_ARRAY(in->graph->arena, int64_t, l->nodes);
    for (int64_t i = 0; i < l->nodes;) {
        int64_t first = l->sorted[i].at, tree = l->sorted[i].tree;
        for (; i < l->nodes && l->sorted[i].tree == tree; i++)
            first = min64(first, l->sorted[i].at);
        f->roots[f->trees++] = l->places[first];
    }
}

static bool read_old_branches(Infer *in, const Lists *l, Forest *f)
{
    for (int64_t i = 0; i < l->nodes; i++) {
        int64_t at = l->places[i];
        if (at >= f->branches) continue;
        f->features[at] = l->features[i];
        f->modes[at] = mode_of(l->modes[i].data);
        f->splits[at] = l->values[i];
        f->missing[at] = l->missing ? l->missing[i] : 0;
        f->yes[at] = place_of(in, l, l->trees[i], l->yes[i]);
        f->no[at] = f->yes[at] < 0 ? -1 : place_of(in, l, l->trees[i], l->no[i]);
        if (f->no[at] < 0) return false;
    }
    return true;
}

static bool read_votes(Infer *in, const Lists *l, Forest *f)
{
    int64_t count;
    const double *weights = either(in, "target_weights", "target_weights_as_tensor", &count);
    const int64_t *targets = ints(in, "target_ids", count), *nodes, *trees;
    if (!targets || !(nodes = ints(in, "target_nodeids", count)) ||
        !(trees = ints(in, "target_treeids", count)))
        return false;
    for (int64_t i = 0; i < count; i++) {
        int64_t place = place_of(in, l, trees[i], nodes[i]);
        if (place < 0) return false;
        if (place < f->branches || targets[i] < 0 || targets[i] >= f->targets)
            return infer_error(in, "E0306", "vote %lld is not from a leaf for one of %lld targets",
                               (long long)i, (long long)f->targets);
        forest_vote(f, place - f->branches, targets[i], weights[i]);
    }
    return true;
}

static bool read_regressor(Infer *in, Forest *f)
{
    static const char *const sums[] = {"AVERAGE", "SUM", "MIN", "MAX"};
    const char *sum = attr_text(in->node, "aggregate_function");
    Lists l;
    int64_t bases;
    *f = (Forest){.targets = attr_int(in->node, "n_targets"), .sum = FOREST_AVERAGE};
    while (f->sum <= FOREST_MAX && strcmp(sums[f->sum], sum)) f->sum++;
    if (f->sum > FOREST_MAX || f->targets < 1)
        return infer_error(in, "E0306", "aggregate_function is '%s' of %lld targets", sum,
                           (long long)f->targets);
    f->base = (double *)either(in, "base_values", "base_values_as_tensor", &bases);
    if (f->base && bases != f->targets)
        return infer_error(in, "E0306", "base_values has %lld elements for %lld targets",
                           (long long)bases, (long long)f->targets);
    if (!read_lists(in, &l, f) || !sort_nodes(in, &l)) return false;
    read_roots(in, &l, f);
    return forest_allocate(in, f) && read_old_branches(in, &l, f) && read_votes(in, &l, f) &&
           forest_check(in, f, in->node->inputs[0]->dims[1]);
}

static bool infer_regressor(Infer *in)
{
    Forest f;
    if (!check_input(in) || !post_transform_check(in, attr_text(in->node, "post_transform")) ||
        !read_regressor(in, &f))
        return false;
    return infer_output(in, 0, DT_F32, 2, (int64_t[]){in->node->inputs[0]->dims[0], f.targets});
}

static void define_regressor(Definer *d)
{
    Infer in = infer_again(d);
    Forest f;
    bool accepted = read_regressor(&in, &f);
    assert(accepted);
    define_forest(d, &f, attr_text(d->node, "post_transform"));
}

#define ENSEMBLE_TYPES  (TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_F16))
#define REGRESSOR_TYPES (TYPE(DT_F32) | TYPE(DT_F64) | TYPES_INDEX)

const Op ops_tree_ensemble[] = {
    {.name = "TreeEnsemble",
     .domain = "ai.onnx.ml",
     .doc = "The sum, mean, least or greatest of the leaves that decision trees lead to.",
     VERSIONS(5),
     INPUTS(SLOT("X", ENSEMBLE_TYPES, "T")),
     OUTPUTS(SLOT("Y", ENSEMBLE_TYPES, "T")),
     ATTRS(ATTR("aggregate_function", INT, .i = FOREST_SUM),
           ATTR("leaf_targetids", INTS, .required = true),
           ATTR("leaf_weights", TENSOR, .required = true), ATTR("membership_values", TENSOR),
           ATTR("n_targets", INT, .i = 1), ATTR("nodes_falseleafs", INTS, .required = true),
           ATTR("nodes_falsenodeids", INTS, .required = true),
           ATTR("nodes_featureids", INTS, .required = true), ATTR("nodes_hitrates", TENSOR),
           ATTR("nodes_missing_value_tracks_true", INTS),
           ATTR("nodes_modes", TENSOR, .required = true),
           ATTR("nodes_splits", TENSOR, .required = true),
           ATTR("nodes_trueleafs", INTS, .required = true),
           ATTR("nodes_truenodeids", INTS, .required = true), ATTR("post_transform", INT),
           ATTR("tree_roots", INTS, .required = true)),
     .infer = infer_ensemble,
     .define = define_ensemble,
     EXAMPLES(
         "\"ai.onnx.ml\"::TreeEnsemble(x: f32[4, 2], n_targets: 2, tree_roots: [0], "
         "nodes_featureids: [0, 1], nodes_modes: u8[2] [0, 3], nodes_splits: f32[2] [0.5, 0], "
         "nodes_truenodeids: [1, 0], nodes_trueleafs: [0, 1], nodes_falsenodeids: [2, 1], "
         "nodes_falseleafs: [1, 1], leaf_targetids: [0, 1, 0], leaf_weights: f32[3] [1, 2, 3])")},
    {.name = "TreeEnsembleRegressor",
     .domain = "ai.onnx.ml",
     .doc = "The values that decision trees give each target, together.",
     VERSIONS(1, 3),
     .last = 4,
     INPUTS(SLOT("X", REGRESSOR_TYPES, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("aggregate_function", STRING, .s = "SUM"), ATTR("base_values", FLOATS),
           ATTR("base_values_as_tensor", TENSOR, .since = 3), ATTR("n_targets", INT, .i = 1),
           ATTR("nodes_falsenodeids", INTS), ATTR("nodes_featureids", INTS),
           ATTR("nodes_hitrates", FLOATS), ATTR("nodes_hitrates_as_tensor", TENSOR, .since = 3),
           ATTR("nodes_missing_value_tracks_true", INTS), ATTR("nodes_modes", STRINGS),
           ATTR("nodes_nodeids", INTS), ATTR("nodes_treeids", INTS),
           ATTR("nodes_truenodeids", INTS), ATTR("nodes_values", FLOATS),
           ATTR("nodes_values_as_tensor", TENSOR, .since = 3),
           ATTR("post_transform", STRING, .s = "NONE"), ATTR("target_ids", INTS),
           ATTR("target_nodeids", INTS), ATTR("target_treeids", INTS),
           ATTR("target_weights", FLOATS), ATTR("target_weights_as_tensor", TENSOR, .since = 3)),
     .infer = infer_regressor,
     .define = define_regressor,
     EXAMPLES("\"ai.onnx.ml\"::TreeEnsembleRegressor(x: f32[4, 2], nodes_treeids: [0, 0, 0], "
              "nodes_nodeids: [0, 1, 2], nodes_modes: [\"BRANCH_LT\", \"LEAF\", \"LEAF\"], "
              "nodes_featureids: [1, 0, 0], nodes_values: [0.5, 0.0, 0.0], nodes_truenodeids: "
              "[1, 0, 0], nodes_falsenodeids: [2, 0, 0], target_treeids: [0, 0], target_nodeids: "
              "[1, 2], target_ids: [0, 0], target_weights: [1.5, -1.0])")},
    {0},
};
