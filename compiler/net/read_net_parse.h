/*
 * Between the scanner (grammar/net.l) and the parser (grammar/net.y): what read_net_parse.c gives
 * them.
 */
#ifndef NETC_READ_NET_PARSE_H
#define NETC_READ_NET_PARSE_H

#include "net.tab.h"

int net_yylex(NET_YYSTYPE *value, NetPlace *place, NetParser *p);
/* For what the parser itself gives up on: its stack is full. */
void net_yyerror(const NetPlace *place, NetParser *p, NetFile *file, const char *message);
/* Reports E0401: `found` and `expected` are the names of tokens in net.y. Returns 0, bison's "go
 * on". */
int net_syntax_error(NetParser *p, NetPlace place, const char *found, const char *const *expected,
                     int count);

#endif
