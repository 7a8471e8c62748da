/*
 * The form of a definition: what it loads and how often, whether it reduces, whether it only moves
 * elements. Fusion, layout and the schedules decide by form, never by the operator's name.
 */
#ifndef NETC_FORM_H
#define NETC_FORM_H

#include "program.h"

/* One place in a body that loads a tensor. */
typedef struct LoadSite {
    Expr *load;
    double trips; /* how often it is evaluated for the whole output */
    bool reduced; /* under a reduction */
    bool guarded; /* in an arm of a select */
    bool indexes; /* in the index of another load */
} LoadSite;

typedef struct Form {
    LIST(LoadSite)
    sites;        /* a load that stands in several places has a site for its most frequent one */
    Expr *reduce; /* the outermost reduction that occurs first; NULL: a map */
    int reduces;  /* how many reductions, nested ones too */
    double work;  /* arithmetic per output element outside index expressions, in additions */
    int nodes;    /* distinct expressions */
    bool selects; /* has a select on an index condition: a guard, a concatenation */
} Form;

Form *form_of(Arena *arena, const Definition *def);
/* body is one load: nothing is computed. */
bool form_moves(const Definition *def);
/* form_moves, and in row-major order every element stays where it is: a Reshape. */
bool form_is_view(Pool *p, const Definition *def);
/* Zero padding of an image: select(inside, load, 0) on a condition of indices, each index the
 * definition's own, the spatial ones shifted. */
bool form_pads(Pool *p, const Definition *def);
/* select(a, select(b, x, 0), 0) as select(a & b, x, 0), everywhere in e: one guard a load. */
Expr *form_merge_guards(Pool *p, Expr *e);
/* The load's indices are the definition's own, one for one (0 where the extent is 1). */
bool form_identity(const Definition *def, const Expr *load);

/* The outermost reduction, when it is a sum of products of a load (with at most a guard that gives
 * 0) and anything else; NULL: it is not. */
Expr *form_products(const Definition *def);
/* A sum of products over reduced variables, each factor one load with at most a guard that gives 0.
 */
typedef struct Contraction {
    Expr *reduce;
    Expr *factor[2]; /* EX_LOAD; the guard is dropped here */
    Expr *guard[2];  /* the select around it, or NULL */
} Contraction;
bool form_contraction(const Definition *def, Contraction *out);
/* The output dimension whose elements stand side by side in vectors: 1 for channels-first images
 * whose constant factor runs over channels (and does not run over the last dimension as well,
 * unless the other factor runs over neither), else the last one with more than one element. -1: a
 * single element. */
int form_vector_dim(const Definition *def);
/* Does the body test v for single values, `v == k`: is it a choice of expressions? */
bool form_tells_apart(Expr *body, const Var *v);
/* Does the index of `load` in dimension d use v? */
bool form_index_uses(const Expr *load, int d, const Var *v);
bool form_load_uses(const Expr *load, const Var *v);

#endif
