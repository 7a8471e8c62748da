/* Between expr.c, which interns expressions, simplify.c, which rewrites them as they are built, and
 * interp.c. Not for others. */
#ifndef NETC_EXPR_POOL_H
#define NETC_EXPR_POOL_H

#include "expr.h"

/* The expression as it is, shared when it was built before. `args` of the pattern are copied. */
Expr *pool_intern(Pool *p, const Expr *pattern);
Expr *pool_binary(Pool *p, BinaryOp op, Expr *x, Expr *y);
/* Index arithmetic already simplified: op and operands to result. */
Expr *pool_known(const Pool *p, BinaryOp op, const Expr *x, const Expr *y);
void pool_remember(Pool *p, BinaryOp op, const Expr *x, const Expr *y, Expr *result);

static inline bool is_const(const Expr *e) { return e->kind == EX_CONST; }

/* x op y for i64 operands of one lane, simplified (op may compare). */
Expr *simplify_binary(Pool *p, BinaryOp op, Expr *x, Expr *y);
/* The conjunction of two bools when it is simpler than an AND; NULL when it is not. */
Expr *simplify_and(Pool *p, Expr *x, Expr *y);
/* The range of an expression whose arguments have theirs. */
Range simplify_range(const Expr *e);

#endif
