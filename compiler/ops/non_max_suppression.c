/*
 * NonMaxSuppression: of overlapping boxes the one with the best score, class by class. The choice
 * is the runtime's netc_select_boxes; what is defined here is only what it is called with.
 */
#include "extents.h"
#include "row.h"

#include <math.h>

enum { BOXES, SCORES, MOST_BOXES, OVERLAP, LEAST_SCORE };

/* A limit that is left out or holds one number. */
static bool check_limit(Infer *in, int i)
{
    const Tensor *t = node_input(in->node, i);
    if (!t || tensor_elements(t) == 1) return true;
    return infer_error(in, "E0203", "%s must be one number, it is %s",
                       op_input(in->node->op, in->node->version, i)->name,
                       tensor_type_text(in->graph->arena, t));
}

/* At most so many rows: of each class all boxes, or as many as are asked for. */
static bool most_rows(const Node *n, int64_t *rows)
{
    const Tensor *scores = n->inputs[SCORES], *most = node_input(n, MOST_BOXES);
    int64_t each = scores->dims[2];
    if (!most) each = 0;
    if (most && most->data) each = min64(each, max64(dtype_get_int(DT_I64, most->data, 0), 0));
    *rows = each;
    return checked_mul(scores->dims[0], scores->dims[1], rows) && checked_mul(*rows, each, rows);
}

static bool infer_nms(Infer *in)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    const Tensor *boxes = n->inputs[BOXES], *scores = n->inputs[SCORES];
    int64_t dims[2] = {0, 3}, centred = attr_int(n, "center_point_box");
    if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 ||
        boxes->dims[0] != scores->dims[0] || boxes->dims[1] != scores->dims[2])
        return infer_error(in, "E0201",
                           "boxes are [images, boxes, 4] and scores [images, classes, boxes], not "
                           "%s and %s",
                           tensor_type_text(arena, boxes), tensor_type_text(arena, scores));
    if (centred != 0 && centred != 1)
        return infer_error(in, "E0306", "center_point_box is 0 or 1, not %lld", (long long)centred);
    for (int i = MOST_BOXES; i <= LEAST_SCORE; i++)
        if (!check_limit(in, i)) return false;
    if (!most_rows(n, &dims[0])) return infer_error(in, "E0205", "there could be too many boxes");
    if (!infer_output(in, 0, DT_I64, 2, dims) || !extents_count(in, 1)) return false;
    extents_set(in, 0, 0, n->outputs[1]);
    return true;
}

/* The input, or what stands for it when it is left out. */
static Tensor *limit(Definer *d, int i, Dtype dtype, double otherwise)
{
    Tensor *t = node_input(d->node, i);
    if (t) return t;
    void *data = arena_alloc(d->graph->arena, sizeof(int64_t));
    if (dtype == DT_I64)
        dtype_set_int(dtype, data, 0, (int64_t)otherwise);
    else
        dtype_set_double(dtype, data, 0, otherwise);
    return define_constant(d, "limit", dtype, 0, NULL, data);
}

static void define_nms(Definer *d)
{
    const Node *n = d->node;
    Tensor *boxes = n->inputs[BOXES], *scores = n->inputs[SCORES];
    int64_t count = boxes->dims[1], scratch = 3 * count, rows = 0;
    most_rows(n, &rows);
    int64_t dims[2] = {rows, 3};
    define_call(d, "netc_select_boxes",
                CALL_TENSORS(boxes, scores, limit(d, MOST_BOXES, DT_I64, 0),
                             limit(d, OVERLAP, DT_F32, 0),
                             limit(d, LEAST_SCORE, DT_F32, -INFINITY)),
                CALL_TENSORS(define_target(d, 0, "selected", DT_I64, 2, dims),
                             define_target(d, 1, "count", DT_I64, 0, NULL),
                             define_temporary(d, "scratch", DT_I64, 1, &scratch)),
                CALL_NUMBERS(scores->dims[0], scores->dims[1], count, rows,
                             attr_int(n, "center_point_box")));
}

const Op ops_non_max_suppression[] = {
    {.name = "NonMaxSuppression",
     .doc = "Of boxes that overlap the best, by class: rows of image, class and box.",
     VERSIONS(10, 11),
     INPUTS(SLOT("boxes", TYPE(DT_F32), NULL), SLOT("scores", TYPE(DT_F32), NULL),
            SLOT("max_output_boxes_per_class", TYPE(DT_I64), NULL, .optional = true),
            SLOT("iou_threshold", TYPE(DT_F32), NULL, .optional = true),
            SLOT("score_threshold", TYPE(DT_F32), NULL, .optional = true)),
     OUTPUTS(SLOT("selected_indices", TYPE(DT_I64), NULL),
             SLOT("count", TYPE(DT_I64), NULL, .optional = true)),
     ATTRS(ATTR("center_point_box", INT)),
     .infer = infer_nms,
     .define = define_nms,
     EXAMPLES("NonMaxSuppression(b: f32[1, 5, 4], s: f32[1, 2, 5], i64[1] [3], f32[1] [0.5])")},
    {0},
};
