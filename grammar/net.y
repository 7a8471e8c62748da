/*
 * The grammar of .net files. Tokens come from net.l through read_net_parse.c, which ends statements (T_END); every action calls
 * one builder of read_net_ast.c. A syntax error is reported once and the parser goes on behind the end of its statement.
 */
%code requires {
#include "read_net_ast.h"
}
%code {
#include "read_net_parse.h"
}

%define api.pure full
%define api.prefix {net_yy}
%define api.token.prefix {}
%define api.location.type {NetPlace}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {NetParser *p}
%parse-param {NetFile *file}

%union {
    uint64_t whole;
    double real;
    const char *name;
    String string;
    Dtype dtype;
    NetName named;
    NetNames names;
    NetAs as;
    NetExpr *expr;
    NetExprs exprs;
    NetType *type;
    NetParam param;
    NetParams params;
    NetArg arg;
    NetArgs args;
    NetCall *call;
    NetRepeat *repeat;
    NetStmt *stmt;
    NetBody body;
    NetDef *def;
    NetWeights *weights;
    NetImport *import;
}

%code {
/* Appends to a list that is a semantic value. */
#define PUSH(list, item) LIST_PUSH(net_arena(p), &(list), item)
#define NONE             ((NetName){0})
}

%token T_END "the end of the statement"
%token <whole> T_INT "a whole number"
%token <real> T_FLOAT "a number"
%token <string> T_STRING "a string"
%token <name> T_NAME "a name"
%token <dtype> T_DTYPE "an element type"
%token T_OMITTED "`_`"
%token T_PIPE "`|>`" T_ARROW "`->`" T_EQ "`==`" T_NE "`!=`" T_LE "`<=`" T_GE "`>=`" T_FLOORDIV "`//`" T_DOMAIN "`::`"
%token T_AND "`and`" T_AS "`as`" T_ASSERT "`assert`" T_BLOCK "`block`" T_CONST "`const`" T_ELSE "`else`"
%token T_FALSE "`false`" T_GRAPH "`graph`" T_IF "`if`" T_IMPORT "`import`" T_INF "`inf`" T_NAN "`nan`" T_NET "`net`" T_NOT "`not`"
%token T_OPSET "`opset`" T_OR "`or`" T_PARAM "`param`" T_REPEAT "`repeat`" T_RETURN "`return`" T_THEN "`then`"
%token T_TRUE "`true`" T_WEIGHTS "`weights`" T_WHERE "`where`"
%token '(' "`(`" ')' "`)`" '[' "`[`" ']' "`]`" '{' "`{`" '}' "`}`" '<' "`<`" '>' "`>`" '+' "`+`" '-' "`-`" '*' "`*`"
%token '/' "`/`" '%' "`%`" '=' "`=`" ',' "`,`" ':' "`:`" ';' "`;`" '.' "`.`" '@' "`@`"
%token T_EOF 0 "the end of the file"

/* After `as name`, a bracket is an index of the name, not of the call. */
%precedence CALL_AS
%precedence '['

%type <named> name own_opt target index_opt graph_name
%type <as> as_opt instance
%type <names> targets names
%type <expr> expr pipe or and not compare sum term unary postfix primary call literal scalar number binding_path count
%type <exprs> exprs list dims value_opt
%type <type> type
%type <param> param where_item
%type <params> params param_list where_opt where_items
%type <arg> arg
%type <args> args arg_list
%type <call> callee stage
%type <repeat> repeat_head
%type <stmt> statement declaration
%type <body> body statements
%type <def> signature
%type <weights> weights_head weights_body
%type <import> import import_list

%%

file: %empty | file item;

item
    : T_OPSET T_INT T_END                   { PUSH(file->opsets, net_opset(p, @$, NULL, $2)); }
    | T_OPSET T_STRING T_INT T_END          { PUSH(file->opsets, net_opset(p, @$, &$2, $3)); }
    | weights_head T_END                    { PUSH(file->weights, $1); }
    | weights_body '}' T_END                { PUSH(file->weights, $1); }
    | import T_END                          { PUSH(file->imports, $1); }
    | declaration                           { PUSH(file->consts, $1); }
    | T_NET name signature body T_END       { $3->name = $2, $3->body = $4; PUSH(file->nets, $3); }
    | T_BLOCK name '(' params ')' body T_END {
          NetDef *block = net_def(p, @2, $2, $4, (NetParams){0}, (NetParams){0});
          block->body = $6;
          PUSH(file->blocks, block);
      }
    | T_NET error body T_END                { yyerrok; }
    | T_BLOCK error body T_END              { yyerrok; }
    | error T_END                           { yyerrok; }
    ;

weights_head: T_WEIGHTS T_STRING            { $$ = net_weights(p, @$, $2); };
weights_body
    : weights_head '{'
    | weights_body binding_path '=' expr T_END { PUSH($1->bindings, ((NetBinding){$2, $4})); $$ = $1; }
    | weights_body error T_END              { yyerrok; $$ = $1; }
    ;
binding_path: postfix;

import
    : T_IMPORT T_STRING                     { $$ = net_import(p, @2, $2); }
    | import_list comma_opt ')'             { $$ = $1; }
    ;
import_list
    : T_IMPORT T_STRING '(' name own_opt    { $$ = net_import(p, @2, $2); net_import_name(p, $$, $4, $5); }
    | import_list ',' name own_opt          { $$ = $1; net_import_name(p, $$, $3, $4); }
    ;
own_opt: %empty { $$ = NONE; } | T_AS name  { $$ = $2; };

signature
    : '(' params ')' T_ARROW '(' params ')' where_opt { $$ = net_def(p, @$, NONE, $2, $6, $8); }
    ;

where_opt: %empty { $$ = (NetParams){0}; } | T_WHERE where_items { $$ = $2; };
where_items
    : where_item                            { $$ = (NetParams){0}; PUSH($$, $1); }
    | where_items ',' where_item            { $$ = $1; PUSH($$, $3); }
    ;
where_item: name '=' expr                   { $$ = (NetParam){.name = $1, .value = $3}; };

params: %empty { $$ = (NetParams){0}; } | param_list comma_opt;
param_list
    : param                                 { $$ = (NetParams){0}; PUSH($$, $1); }
    | param_list ',' param                  { $$ = $1; PUSH($$, $3); }
    ;
param
    : name                                  { $$ = (NetParam){.name = $1}; }
    | name '=' expr                         { $$ = (NetParam){.name = $1, .value = $3}; }
    | name ':' type                         { $$ = (NetParam){.name = $1, .type = $3}; }
    | name ':' type '=' expr                { $$ = (NetParam){.name = $1, .type = $3, .value = $5}; }
    | name ':' name                         { $$ = (NetParam){.name = $1, .kind = $3}; }
    | name ':' name '=' expr                { $$ = (NetParam){.name = $1, .kind = $3, .value = $5}; }
    | name ':' T_BLOCK                      { $$ = (NetParam){.name = $1, .kind = net_name(p, @3, "block")}; }
    | name ':' T_BLOCK '=' expr             { $$ = (NetParam){.name = $1, .kind = net_name(p, @3, "block"), .value = $5}; }
    ;

type
    : T_DTYPE                               { $$ = net_type(p, @$, $1, NULL); }
    | T_DTYPE '[' dims ']'                  { $$ = net_type(p, @$, $1, &$3); }
    ;
dims: %empty { $$ = (NetExprs){0}; } | exprs comma_opt;

name: T_NAME                                { $$ = net_name(p, @$, $1); };
names
    : name                                  { $$ = (NetNames){0}; PUSH($$, $1); }
    | names ',' name                        { $$ = $1; PUSH($$, $3); }
    ;
comma_opt: %empty | ',';

body: '{' statements '}'                    { $$ = $2; };
statements
    : %empty                                { $$ = (NetBody){0}; }
    | statements statement                  { $$ = $1; PUSH($$, $2); }
    | statements error T_END                { yyerrok; $$ = $1; }
    ;

statement
    : declaration
    | targets '=' expr T_END                { $$ = net_stmt(p, @$, NET_ASSIGN, $1, NULL, (NetExprs){0}); PUSH($$->values, $3); }
    | T_RETURN exprs T_END                  { $$ = net_stmt(p, @$, NET_RETURN, (NetNames){0}, NULL, $2); }
    | T_ASSERT expr T_END                   { $$ = net_stmt(p, @2, NET_ASSERT, (NetNames){0}, NULL, (NetExprs){0}); PUSH($$->values, $2); }
    | expr T_END                            { $$ = net_stmt(p, @1, NET_VALUE, (NetNames){0}, NULL, (NetExprs){0}); PUSH($$->values, $1); }
    ;
declaration
    : T_PARAM name ':' type value_opt T_END {
          $$ = net_stmt(p, @$, NET_PARAM, (NetNames){0}, $4, $5);
          PUSH($$->targets, $2);
      }
    | T_CONST name ':' type value_opt T_END {
          $$ = net_stmt(p, @$, NET_CONST, (NetNames){0}, $4, $5);
          PUSH($$->targets, $2);
      }
    | T_CONST name '=' expr T_END           {
          $$ = net_stmt(p, @$, NET_LET, (NetNames){0}, NULL, (NetExprs){0});
          PUSH($$->targets, $2);
          PUSH($$->values, $4);
      }
    ;
value_opt: %empty { $$ = (NetExprs){0}; } | '=' expr { $$ = (NetExprs){0}; PUSH($$, $2); };
targets
    : target                                { $$ = (NetNames){0}; PUSH($$, $1); }
    | targets ',' target                    { $$ = $1; PUSH($$, $3); }
    ;
target: T_NAME { $$ = net_name(p, @$, $1); } | T_OMITTED { $$ = net_name(p, @$, NULL); };

expr
    : pipe
    | T_IF expr T_THEN expr T_ELSE expr     { $$ = net_if(p, @$, $2, $4, $6); }
    ;
pipe: or | pipe T_PIPE stage                { $$ = net_pipe(p, @3, $1, $3); };
stage
    : callee as_opt                         { $$ = $1; $$->as = $2; }
    | callee '(' args ')' as_opt            { $$ = $1; $$->args = $3; $$->as = $5; }
    ;
as_opt: %empty { $$ = (NetAs){0}; } | T_AS instance { $$ = $2; };
instance
    : target                                { $$ = net_as(p, @$, $1); }
    | instance '[' expr ']'                 { $$ = $1; PUSH($$.indices, $3); }
    ;

or: and | or T_OR and                       { $$ = net_binary(p, @$, NET_OR, $1, $3); };
and: not | and T_AND not                    { $$ = net_binary(p, @$, NET_AND, $1, $3); };
not: compare | T_NOT not                    { $$ = net_unary(p, @$, NET_NOT, $2); };
compare
    : sum
    | sum T_EQ sum                          { $$ = net_binary(p, @$, NET_EQ, $1, $3); }
    | sum T_NE sum                          { $$ = net_binary(p, @$, NET_NE, $1, $3); }
    | sum T_LE sum                          { $$ = net_binary(p, @$, NET_LE, $1, $3); }
    | sum T_GE sum                          { $$ = net_binary(p, @$, NET_GE, $1, $3); }
    | sum '<' sum                           { $$ = net_binary(p, @$, NET_LT, $1, $3); }
    | sum '>' sum                           { $$ = net_binary(p, @$, NET_GT, $1, $3); }
    ;
sum
    : term
    | sum '+' term                          { $$ = net_binary(p, @$, NET_ADD, $1, $3); }
    | sum '-' term                          { $$ = net_binary(p, @$, NET_SUB, $1, $3); }
    ;
term
    : unary
    | term '*' unary                        { $$ = net_binary(p, @$, NET_MUL, $1, $3); }
    | term '/' unary                        { $$ = net_binary(p, @$, NET_DIV, $1, $3); }
    | term T_FLOORDIV unary                 { $$ = net_binary(p, @$, NET_FLOORDIV, $1, $3); }
    | term '%' unary                        { $$ = net_binary(p, @$, NET_MOD, $1, $3); }
    ;
unary
    : postfix
    | T_DTYPE                               { $$ = net_dtype(p, @$, $1); }
    | '-' unary                             { $$ = net_unary(p, @$, NET_NEG, $2); }
    ;
postfix
    : primary
    | postfix '[' expr ']'                  { $$ = net_index(p, @$, $1, $3); }
    | postfix '.' name                      { $$ = net_member(p, @$, $1, $3); }
    ;

primary
    : T_NAME                                { $$ = net_name_expr(p, @$, $1); }
    | scalar
    | T_OMITTED                             { $$ = net_expr(p, NET_OMITTED, @$); }
    | '(' expr ')'                          { $$ = $2; }
    | list                                  { $$ = net_list(p, @$, $1); }
    | T_DTYPE '[' dims ']' literal          { $$ = net_typed(p, @$, net_type(p, @1, $1, &$3), $5); }
    | call
    | call T_AS instance %prec CALL_AS      { $$ = $1; $$->call->as = $3; }
    | repeat_head body                      { $1->body = $2; $$ = net_repeat(p, @1, $1); }
    | T_GRAPH graph_name signature body     { $3->name = $2, $3->signature = true, $3->body = $4; $$ = net_graph(p, @1, $3); }
    ;
graph_name: %empty { $$ = NONE; } | name;
number: T_INT { $$ = net_int(p, @$, $1); } | T_FLOAT { $$ = net_float(p, @$, $1); }
    | T_INF { $$ = net_float(p, @$, __builtin_inf()); } | T_NAN { $$ = net_float(p, @$, __builtin_nan("")); };
scalar
    : number
    | T_STRING                              { $$ = net_string(p, @$, $1); }
    | T_TRUE                                { $$ = net_bool(p, @$, true); }
    | T_FALSE                               { $$ = net_bool(p, @$, false); }
    ;
literal
    : list                                  { $$ = net_list(p, @$, $1); }
    | scalar
    | '-' number                            { $$ = net_unary(p, @$, NET_NEG, $2); }
    ;
list: '[' ']' { $$ = (NetExprs){0}; } | '[' exprs comma_opt ']' { $$ = $2; };
exprs
    : expr                                  { $$ = (NetExprs){0}; PUSH($$, $1); }
    | exprs ',' expr                        { $$ = $1; PUSH($$, $3); }
    ;

callee
    : name                                  { $$ = net_callee(p, NULL, $1, 0); }
    | name '@' T_INT                        { $$ = net_callee(p, NULL, $1, $3); }
    | T_STRING T_DOMAIN name                { $$ = net_callee(p, &$1, $3, 0); }
    | T_STRING T_DOMAIN name '@' T_INT      { $$ = net_callee(p, &$1, $3, $5); }
    ;
call: callee '(' args ')'                   { $1->args = $3; $$ = net_call(p, @$, $1); };
args: %empty { $$ = (NetArgs){0}; } | arg_list comma_opt;
arg_list
    : arg                                   { $$ = (NetArgs){0}; PUSH($$, $1); }
    | arg_list ',' arg                      { $$ = $1; PUSH($$, $3); }
    ;
arg
    : expr                                  { $$ = (NetArg){NONE, $1}; }
    | name ':' expr                         { $$ = (NetArg){$1, $3}; }
    | name ':' body                         { $$ = (NetArg){$1, net_graph(p, @3, net_graph_body(p, @3, $3))}; }
    ;

repeat_head
    : T_REPEAT count T_AS target index_opt '(' names ')' { $$ = net_repeat_head(p, $2, $4, $5, $7); }
    ;
count
    : T_INT                                 { $$ = net_int(p, @$, $1); }
    | T_NAME                                { $$ = net_name_expr(p, @$, $1); }
    | '(' expr ')'                          { $$ = $2; }
    ;
index_opt: %empty { $$ = NONE; } | '[' name ']' { $$ = $2; };

%%

static int yyreport_syntax_error(const yypcontext_t *context, NetParser *p, NetFile *file)
{
    (void)file;
    yysymbol_kind_t tokens[YYNTOKENS];
    const char *expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, tokens, YYNTOKENS);
    for (int i = 0; i < count; i++) expected[i] = yysymbol_name(tokens[i]);
    return net_syntax_error(p, *yypcontext_location(context), yysymbol_name(yypcontext_token(context)), expected, count);
}
