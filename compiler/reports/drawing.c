/* The parts of a drawing, and what operators are, for their colour. */
#include "drawing.h"

#include <math.h>

const char *const box_kind_names[BOX_KINDS] = {"other", "input",      "output", "conv",
                                               "dense", "pool",       "norm",   "activation",
                                               "shape", "arithmetic", "group"};

static const char *const kinds[BOX_KINDS][32] = {
    [BOX_CONV] = {"Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv",
                  "CausalConvWithState"},
    [BOX_DENSE] = {"Gemm", "MatMul", "MatMulInteger", "QLinearMatMul", "Einsum", "LSTM", "GRU",
                   "RNN", "Attention", "LinearRegressor", "LinearClassifier"},
    [BOX_POOL] = {"MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool",
                  "GlobalLpPool", "MaxUnpool", "MaxRoiPool", "RoiAlign"},
    [BOX_NORM] = {"BatchNormalization", "LayerNormalization", "GroupNormalization",
                  "InstanceNormalization", "RMSNormalization", "LpNormalization",
                  "MeanVarianceNormalization", "LRN"},
    [BOX_ACTIVATION] = {"Relu",
                        "LeakyRelu",
                        "PRelu",
                        "Elu",
                        "Celu",
                        "Selu",
                        "Gelu",
                        "Swish",
                        "Mish",
                        "HardSwish",
                        "HardSigmoid",
                        "Sigmoid",
                        "Tanh",
                        "Softplus",
                        "Softsign",
                        "Softmax",
                        "LogSoftmax",
                        "Hardmax",
                        "ThresholdedRelu",
                        "Clip",
                        "Shrink",
                        "Dropout"},
    [BOX_SHAPE] = {"Reshape",   "Flatten",        "Transpose",    "Squeeze",
                   "Unsqueeze", "Concat",         "Split",        "Slice",
                   "Pad",       "Expand",         "Tile",         "Gather",
                   "GatherND",  "GatherElements", "DepthToSpace", "SpaceToDepth",
                   "Resize",    "Upsample",       "Cast",         "CenterCropPad"},
    [BOX_ARITHMETIC] = {"Add",      "Sub",        "Mul",       "Div",       "Pow",
                        "Sum",      "Max",        "Min",       "Mean",      "Sqrt",
                        "Exp",      "Log",        "Neg",       "Abs",       "Reciprocal",
                        "Erf",      "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin",
                        "ReduceL2", "ReduceProd", "ArgMax",    "ArgMin"},
};

BoxKind box_kind(const char *op_type)
{
    for (int k = 0; k < BOX_KINDS; k++)
        for (size_t i = 0; i < COUNT(kinds[k]) && kinds[k][i]; i++)
            if (strcmp(op_type, kinds[k][i]) == 0) return (BoxKind)k;
    return BOX_OTHER;
}

/* Widths of the letters of a sans-serif font, in four classes. */
double text_span(const char *text, double size)
{
    double span = 0;
    for (const char *p = text; *p; p++) {
        if ((*p & 0xc0) == 0x80) continue;
        span += strchr("fijlrtI.,:;|'![]()/ ", *p) ? 0.38
                : strchr("mwMW@%", *p)             ? 0.95
                : *p >= 'A' && *p <= 'Z'           ? 0.7
                                                   : 0.615;
    }
    return span * size;
}

Drawing *drawing_new(Arena *arena, const char *title)
{
    Drawing *d = NEW(arena, Drawing);
    d->arena = arena;
    d->title = title;
    drawing_group(d, -1, title);
    return d;
}

int drawing_group(Drawing *d, int parent, const char *label)
{
    Group g = {.label = label, .parent = parent};
    LIST_PUSH(d->arena, &d->groups, g);
    return d->groups.count - 1;
}

int drawing_box(Drawing *d, int group, BoxKind kind, const char *const *lines, int count)
{
    enum { LINE = 14, MARGIN = 9, NAME = 11, LETTERS = 10 };
    Box b = {.group = group, .kind = kind, .line_count = count, .w = 44};
    for (int i = 0; i < count; i++) {
        b.lines[i] = lines[i];
        b.w = fmax(b.w, text_span(lines[i], i ? LETTERS : NAME * 1.08) + 2 * MARGIN);
    }
    b.h = LINE * count + 10;
    LIST_PUSH(d->arena, &d->boxes, b);
    return d->boxes.count - 1;
}

void drawing_arrow(Drawing *d, int from, int to)
{
    for (int i = d->arrows.count - 1; i >= 0 && d->arrows.items[i].to == to; i--)
        if (d->arrows.items[i].from == from)
            return; /* those to one box are drawn one after the other */
    Arrow a = {from, to};
    LIST_PUSH(d->arena, &d->arrows, a);
}
