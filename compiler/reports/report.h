/*
 * The page of `netc report`: what is known of a network and its program as JSON, drawings as SVG,
 * and the files of page/ that show them, in one HTML file that needs no other.
 */
#ifndef NETC_REPORT_H
#define NETC_REPORT_H

#include "drawing.h"
#include "profile.h"
#include "weights.h"

typedef struct ReportDrawing {
    const char *title; /* "Layers" */
    Drawing *drawing;  /* placed */
} ReportDrawing;

typedef struct Report {
    const char *file, *version;
    const FigureTable *written; /* of the graph before it was optimised: nodes may have changed */
    const Program *program;
    const Profile *profile;   /* NULL: none */
    const char *weights_type; /* "f32" */
    RoundingErrors rounding;  /* of each output, when that is another */
    LIST(ReportDrawing) drawings;
} Report;

void report_page(Arena *arena, const Report *r, Text *out);
/* The facts as JSON that is safe inside a <script>. */
void report_data(Arena *arena, const Report *r, Text *out);

#endif
