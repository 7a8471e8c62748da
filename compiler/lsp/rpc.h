/*
 * Messages of JSON-RPC 2.0 as the Language Server Protocol frames them: headers, an empty line,
 * then Content-Length bytes. In: a stream that nobody vouches for. Out: one message at a time, or
 * what is wrong with it; and replies in the same frame.
 */
#ifndef NETC_RPC_H
#define NETC_RPC_H

#include "json.h"

enum { RPC_MOST_BYTES = 64 << 20 }; /* of a message; longer ones are refused */

enum RpcError {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_UNKNOWN_METHOD = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_NOT_INITIALIZED = -32002,
};

typedef struct RpcMessage {
    Arena *arena;       /* of this message */
    const char *method; /* NULL: a reply */
    const char *id;     /* as it was written, a number or a string; NULL: a notification */
    Json params;        /* at their value; at the end of the text when there are none */
} RpcMessage;

typedef enum RpcRead { RPC_MESSAGE, RPC_DAMAGED, RPC_END } RpcRead;

/* The next message. RPC_DAMAGED: it was skipped, and an error was sent for it. */
RpcRead rpc_read(FILE *in, FILE *out, Arena *arena, RpcMessage *message);

/* Each sends one message. `result` is JSON. */
void rpc_result(FILE *out, const RpcMessage *to, const char *result);
void rpc_error(FILE *out, const char *id, int code, const char *text);
void rpc_notify(FILE *out, const char *method, const char *params);

#endif
