/*
 * A drawing of a network: boxes with lines of text, in nested groups, and edges between boxes. It
 * is made from a graph or a program (drawing_graph.c, outline.c), placed (drawing_place)
 * and spelled as SVG, or spelled as DOT for Graphviz to place.
 */
#ifndef NETC_DRAWING_H
#define NETC_DRAWING_H

#include "figures.h"
#include "layered.h"
#include "program.h"

/* What a box is, for its colour; the text says it too. */
typedef enum BoxKind {
    BOX_OTHER,
    BOX_INPUT,
    BOX_OUTPUT,
    BOX_CONV,
    BOX_DENSE,
    BOX_POOL,
    BOX_NORM,
    BOX_ACTIVATION,
    BOX_SHAPE,
    BOX_ARITHMETIC,
    BOX_GROUP, /* an instance drawn as one box */
    BOX_KINDS
} BoxKind;
extern const char *const box_kind_names[BOX_KINDS]; /* "conv", ... */
BoxKind box_kind(const char *op_type);

/* A block of numbers seen from a corner: its width, height and depth in pixels. */
typedef struct Body {
    double w, h, d;
} Body;
/* How far the back of a body is to the right of its front, and above it. */
static inline double body_shift(const Body *b) { return 0.5 * b->d; }
static inline double body_rise(const Body *b) { return 0.35 * b->d; }

typedef struct Box {
    const char *lines[4]; /* the first is its name */
    int line_count;
    BoxKind kind;
    const char *link; /* the layer or kernel it stands for; NULL: none */
    int group;
    double w, h; /* h and w given; x, y, the upper left corner, by drawing_place */
    double x, y;
    Body body;     /* of an outline: drawn over the lines, in the middle; w 0: a box around them */
    double anchor; /* where arrows touch, across their direction, from the middle */
} Box;

typedef struct Group {
    const char *label;
    int parent;     /* of group 0, which is the whole and has no frame: -1 */
    bool dissolved; /* by drawing_place, when it could not be drawn as one frame */
    double x, y, w, h;
} Group;

typedef struct Arrow {
    int from, to;
} Arrow;

/* A piece of an arrow, from box or frame to box or frame. */
typedef struct Route {
    Point *points;
    int count;
    bool head; /* it ends at a box */
} Route;

typedef struct Drawing {
    Arena *arena;
    const char *title;
    LIST(Box) boxes;
    LIST(Group) groups;
    LIST(Arrow) arrows; /* each pair once */
    bool sideways;      /* from left to right */
    double w, h;        /* and the routes: by drawing_place */
    LIST(Route) routes;
} Drawing;

Drawing *drawing_new(Arena *arena, const char *title);
int drawing_group(Drawing *d, int parent, const char *label);
/* Returns its number. Sizes follow from the lines. */
int drawing_box(Drawing *d, int group, BoxKind kind, const char *const *lines, int count);
void drawing_arrow(Drawing *d, int from, int to); /* nothing when the last to `to` is it */

/* The layers of a graph, in frames for instances; those at `depth` become one box, unless a way
 * leads out of it and in again (0: none do). */
Drawing *drawing_of_graph(Arena *arena, const FigureTable *t, int depth);
/* The layer that a kernel is there for; the others only join it. NULL: it computes none. */
const Node *kernel_leader(const Kernel *k);
/* The layers of the optimised graph in frames for the kernels that compute them. */
Drawing *drawing_of_program(Arena *arena, const FigureTable *t, const Program *p);

/* A network as a paper would draw it: sideways, in bodies of the size of what is computed, with
 * blocks, repetitions and small layers drawn together. */
Drawing *drawing_outline(Arena *arena, const FigureTable *t);

void drawing_place(Drawing *d);
/* The estimated width of a text in pixels of a font of that size. */
double text_span(const char *text, double size);

/* An <svg> of a placed drawing; with `style` it brings its colours, else the page has them. */
void drawing_svg(const Drawing *d, bool style, Text *out);
void drawing_dot(const Drawing *d, Text *out);
/* Adds text with what XML has a meaning for escaped, and what it cannot hold replaced. */
void xml_text(Text *out, const char *text);

#endif
