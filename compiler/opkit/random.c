/* Keys of streams from nodes, and the hash of a position as an expression. */
#include "random.h"

#include <math.h>

static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u, FIRST = 0xbf58476d1ce4e5b9u,
                      SECOND = 0x94d049bb133111ebu;

static uint64_t finalise(uint64_t z)
{
    z = (z ^ z >> 30) * FIRST;
    z = (z ^ z >> 27) * SECOND;
    return z ^ z >> 31;
}

uint64_t random_key(const Node *n)
{
    uint64_t key = 0;
    const Attr *seed = node_attr(n, "seed");
    if (seed) {
        double value = seed->kind == ATTR_INT ? (double)seed->i : seed->f;
        memcpy(&key, &value, sizeof key);
    } else {
        for (const char *s = n->name; *s; s++) key = finalise(key + (unsigned char)*s);
    }
    return finalise(key + GOLDEN);
}

void random_mark(Infer *in)
{
    Graph *g = in->graph;
    while (g->outer) g = g->outer;
    g->random = in->node->op_type;
}

static Expr *u64(Pool *p, uint64_t value) { return ex_int_of(p, DT_U64, (int64_t)value); }
static Expr *shifted(Pool *p, Expr *x, int bits)
{
    return ex_binary(p, BI_SHR, x, u64(p, (uint64_t)bits));
}

static Expr *mixed(Pool *p, Expr *z, int shift, uint64_t factor)
{
    return ex_mul(p, ex_binary(p, BI_XOR, z, shifted(p, z, shift)), u64(p, factor));
}

static Expr *hash(Pool *p, uint64_t key, Expr *position)
{
    Expr *z = ex_add(p, ex_mul(p, ex_cast(p, DT_U64, position), u64(p, GOLDEN)), u64(p, key));
    z = mixed(p, mixed(p, z, 30, FIRST), 27, SECOND);
    return ex_binary(p, BI_XOR, z, shifted(p, z, 31));
}

/* The high bits of the hash, as many as the type holds exactly. */
Expr *random_uniform(Pool *p, uint64_t key, Dtype dtype, Expr *position)
{
    int bits = dtype == DT_F64 ? 53 : 24;
    Expr *whole = ex_cast(p, DT_I64, shifted(p, hash(p, key, position), 64 - bits));
    return ex_mul(p, ex_cast(p, dtype, whole), ex_const(p, dtype, ldexp(1, -bits)));
}

/* The logarithm is of 1 - u, which is not 0. */
Expr *random_normal(Pool *p, uint64_t key, Dtype dtype, Expr *position)
{
    Expr *twice = ex_mul(p, position, ex_int(p, 2)), *next = ex_add(p, twice, ex_int(p, 1));
    Expr *rest = ex_sub(p, ex_const(p, dtype, 1), random_uniform(p, key, dtype, twice));
    Expr *square = ex_mul(p, ex_const(p, dtype, -2), ex_unary(p, UN_LOG, rest));
    Expr *turn = ex_mul(p, ex_const(p, dtype, 2 * M_PI), random_uniform(p, key, dtype, next));
    return ex_mul(p, ex_unary(p, UN_SQRT, square), ex_unary(p, UN_COS, turn));
}
