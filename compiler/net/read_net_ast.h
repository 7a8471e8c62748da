/*
 * The syntax tree of a .net file: what is written, before it means anything. grammar/net.y makes it
 * through the builders below, read_net_*.c walk it. Everything lives in the arena of the
 * compilation and keeps its place in the file.
 */
#ifndef NETC_READ_NET_AST_H
#define NETC_READ_NET_AST_H

#include "diag.h"
#include "dtype.h"

enum { NET_MAX_NESTING = 200, NET_MAX_DEPTH = 1000, NET_MAX_SYNTAX_ERRORS = 20 };

typedef struct NetExpr NetExpr;
typedef LIST(NetExpr *) NetExprs;

typedef struct NetName {
    const char *text; /* NULL: `_` */
    Source source;
} NetName;
typedef LIST(NetName) NetNames;

/* f32[N, 3]; `dims` is unset (shaped false) where only the element type is written. */
typedef struct NetType {
    Dtype dtype;
    bool shaped;
    NetExprs dims;
    Source source;
} NetType;

/* A parameter of a net, graph or block: NAME, NAME: TYPE or NAME: KIND, perhaps with a default. */
typedef struct NetParam {
    NetName name;
    NetType *type;  /* NULL: none */
    NetName kind;   /* "int", "float", "list", "block", "tensor"; text NULL: none */
    NetExpr *value; /* the default, or the value of a `where` name */
} NetParam;
typedef LIST(NetParam) NetParams;

typedef struct NetArg {
    NetName name; /* text NULL: positional */
    NetExpr *value;
} NetArg;
typedef LIST(NetArg) NetArgs;

/* `as NAME[INDEX]...`, or `as _` for the path of what the call stands in. */
typedef struct NetAs {
    NetName name; /* text NULL: `_` */
    NetExprs indices;
    bool given;
} NetAs;

typedef struct NetCall {
    NetName callee;
    const char *domain; /* NULL: none written */
    int64_t version;    /* 0: none written */
    NetArgs args;
    NetAs as;
} NetCall;

typedef enum NetStmtKind {
    NET_ASSIGN,
    NET_PARAM,
    NET_CONST,
    NET_LET,
    NET_RETURN,
    NET_ASSERT,
    NET_VALUE
} NetStmtKind;

typedef struct NetStmt {
    NetStmtKind kind;
    Source source;
    NetNames targets; /* assign: names; param, const, let: one */
    NetType *type;    /* param, const */
    NetExprs values;  /* assign, let, assert, value: one; param, const: one or none; return: any */
} NetStmt;
typedef LIST(NetStmt *) NetBody;

/* A net, an inner graph or a block. */
typedef struct NetDef {
    NetName name; /* text NULL: an inner graph without one */
    NetParams inputs;
    NetParams outputs;
    bool signature; /* false: an inner graph written as { ... } alone */
    NetParams where;
    NetBody body;
    Source source; /* of its head */
} NetDef;

typedef struct NetRepeat {
    NetExpr *count;
    NetName path, index; /* path.text NULL: `_`; index.text NULL: none */
    NetNames carried;
    NetBody body;
} NetRepeat;

typedef enum NetExprKind {
    NET_NAME,
    NET_INT,
    NET_FLOAT,
    NET_STRING,
    NET_BOOL,
    NET_OMITTED,
    NET_DTYPE,
    NET_LIST,
    NET_TYPED,
    NET_CALL,
    NET_UNARY,
    NET_BINARY,
    NET_IF,
    NET_INDEX,
    NET_MEMBER,
    NET_REPEAT,
    NET_GRAPH,
} NetExprKind;

typedef enum NetOperator {
    NET_ADD,
    NET_SUB,
    NET_MUL,
    NET_DIV,
    NET_FLOORDIV,
    NET_MOD,
    NET_EQ,
    NET_NE,
    NET_LT,
    NET_LE,
    NET_GT,
    NET_GE,
    NET_AND,
    NET_OR,
    NET_NOT,
    NET_NEG,
    NET_OPERATOR_COUNT
} NetOperator;
const char *net_operator_text(NetOperator op);

struct NetExpr {
    NetExprKind kind;
    int depth; /* of the tree below */
    Source source;
    union {
        const char *name;
        struct {
            uint64_t magnitude;
            bool negative;
        } integer;
        double number;
        String string;
        bool truth;
        Dtype dtype;
        NetExprs list;
        struct {
            NetType *type;
            NetExpr *value;
        } typed;
        NetCall *call;
        struct {
            NetOperator op;
            NetExpr *left, *right; /* left NULL when unary */
        } binary;
        struct {
            NetExpr *condition, *yes, *no;
        } branch;
        struct {
            NetExpr *of, *at;
        } index;
        struct {
            NetExpr *of;
            NetName name;
        } member;
        NetRepeat *repeat;
        NetDef *graph;
    };
};

typedef struct NetBinding {
    NetExpr *path, *value;
} NetBinding;

typedef struct NetWeights {
    String path;
    Source source;
    LIST(NetBinding) bindings;
} NetWeights;

typedef struct NetOpset {
    const char *domain; /* "" for the default one */
    int64_t version;
    Source source;
} NetOpset;

/* import "file" (name, other as own) */
typedef struct NetImportName {
    NetName name, own; /* in the file, in the importing one */
} NetImportName;

typedef struct NetImport {
    String path;
    Source source;             /* of the path */
    LIST(NetImportName) names; /* none: all that the file defines */
} NetImport;

typedef struct NetFile {
    LIST(NetImport *) imports;
    LIST(NetOpset) opsets;
    LIST(NetWeights *) weights;
    LIST(NetStmt *) consts;
    LIST(NetDef *) blocks;
    LIST(NetDef *) nets;
} NetFile;

/* The whole file; NULL after syntax errors. */
NetFile *net_parse(Arena *arena, const File *file, Diags *diags);

/* One token as it is written, for those who lay text out anew (format_net.c). `kind` is that of
 * net.tab.h; T_END, the end of a statement, has no text. */
typedef struct NetToken {
    int kind;
    int line; /* of its beginning */
    const char *text;
    int length;
} NetToken;
typedef LIST(NetToken) NetTokens;

/* The tokens of a file without syntax errors, the last being T_EOF; false after diagnostics. */
bool net_tokens(Arena *arena, const File *file, NetTokens *tokens, Diags *diags);

/* Whether the scanner (net.l) reads it as a name without backticks. */
bool net_is_plain_name(const char *name);
/* The keywords by number from 0; NULL behind the last. */
const char *net_keyword(int i);

/* ---- what the grammar's actions call; in read_net_parse.c unless said ---- */

typedef struct NetParser NetParser;

/* Places as the scanner counts them: columns are bytes from 1, the end is exclusive. */
typedef struct NetPlace {
    int first_line, first_column, last_line, last_column;
} NetPlace;

Arena *net_arena(NetParser *p);
Source net_source(NetParser *p, NetPlace place);
/* E0410; the rest of the file is not read. */
void net_too_deep(NetParser *p, NetPlace place, const char *what, int limit);
/* E0402 for the scanner: a character or a literal that is none. */
void net_bad_token(NetParser *p, NetPlace place, const char *format, ...) PRINTF(3, 4);
/* The text of "..." or `...` between its quotes, escapes undone. */
String net_unquote(NetParser *p, NetPlace place, const char *text, int length);

/* read_net_ast.c. Each returns a new node in the parser's arena. */
NetExpr *net_expr(NetParser *p, NetExprKind kind, NetPlace place);
NetExpr *net_name_expr(NetParser *p, NetPlace place, const char *name);
NetExpr *net_int(NetParser *p, NetPlace place, uint64_t magnitude);
NetExpr *net_float(NetParser *p, NetPlace place, double value);
NetExpr *net_string(NetParser *p, NetPlace place, String s);
NetExpr *net_bool(NetParser *p, NetPlace place, bool truth);
NetExpr *net_dtype(NetParser *p, NetPlace place, Dtype dtype);
NetExpr *net_list(NetParser *p, NetPlace place, NetExprs items);
NetExpr *net_typed(NetParser *p, NetPlace place, NetType *type, NetExpr *value);
NetExpr *net_call(NetParser *p, NetPlace place, NetCall *call);
NetExpr *net_pipe(NetParser *p, NetPlace place, NetExpr *from, NetCall *stage);
NetExpr *net_unary(NetParser *p, NetPlace place, NetOperator op, NetExpr *of);
NetExpr *net_binary(NetParser *p, NetPlace place, NetOperator op, NetExpr *left, NetExpr *right);
NetExpr *net_if(NetParser *p, NetPlace place, NetExpr *condition, NetExpr *yes, NetExpr *no);
NetExpr *net_index(NetParser *p, NetPlace place, NetExpr *of, NetExpr *at);
NetExpr *net_member(NetParser *p, NetPlace place, NetExpr *of, NetName name);
NetExpr *net_repeat(NetParser *p, NetPlace place, NetRepeat *repeat);
NetExpr *net_graph(NetParser *p, NetPlace place, NetDef *def);
NetName net_name(NetParser *p, NetPlace place, const char *text);
NetAs net_as(NetParser *p, NetPlace place, NetName name);
NetType *net_type(NetParser *p, NetPlace place, Dtype dtype, const NetExprs *dims);
NetCall *net_callee(NetParser *p, const String *domain, NetName callee, uint64_t version);
NetRepeat *net_repeat_head(NetParser *p, NetExpr *count, NetName path, NetName index,
                           NetNames carried);
NetDef *net_def(NetParser *p, NetPlace place, NetName name, NetParams inputs, NetParams outputs,
                NetParams where);
NetDef *net_graph_body(NetParser *p, NetPlace place, NetBody body);
NetStmt *net_stmt(NetParser *p, NetPlace place, NetStmtKind kind, NetNames targets, NetType *type,
                  NetExprs values);
NetWeights *net_weights(NetParser *p, NetPlace place, String path);
NetImport *net_import(NetParser *p, NetPlace place, String path);
/* `own` is what this file calls it, text NULL: the same. */
void net_import_name(NetParser *p, NetImport *import, NetName name, NetName own);
NetOpset net_opset(NetParser *p, NetPlace place, const String *domain, uint64_t version);

/* The text of a path such as layer1[0].conv1; NULL when the expression is none. */
const char *net_path_text(Arena *arena, const NetExpr *path);

#endif
