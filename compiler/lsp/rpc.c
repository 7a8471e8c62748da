/* The framing of rpc.h: reads headers and bodies, finds a message's members, writes replies. */
#include "rpc.h"

#include <stdlib.h>

enum { MOST_HEADER = 4096 };

/* ---- out ---- */

/* Names in a .net may have any bytes; a message is UTF-8. */
static Text valid_text(const Text *text)
{
    Text valid = {0};
    int bytes;
    for (size_t at = 0; at < text->length; at += (size_t)bytes)
        if (utf8_decode(text->data + at, text->length - at, &bytes) < 0)
            text_add(&valid, "\xef\xbf\xbd"); /* U+FFFD */
        else
            text_put(&valid, text->data + at, (size_t)bytes);
    return valid;
}

static void send_text(FILE *out, const Text *text)
{
    Text valid = valid_text(text);
    fprintf(out, "Content-Length: %zu\r\n\r\n", valid.length);
    fwrite(valid.data, 1, valid.length, out);
    if (fflush(out) != 0) die("cannot write to standard output");
    text_free(&valid);
}

void rpc_result(FILE *out, const RpcMessage *to, const char *result)
{
    Text text = {0};
    text_add(&text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", to->id, result);
    send_text(out, &text);
    text_free(&text);
}

void rpc_error(FILE *out, const char *id, int code, const char *why)
{
    Text text = {0};
    text_add(&text,
             "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":", id ? id : "null",
             code);
    json_quote(&text, why);
    text_add(&text, "}}");
    send_text(out, &text);
    text_free(&text);
}

void rpc_notify(FILE *out, const char *method, const char *params)
{
    Text text = {0};
    text_add(&text, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s}", method, params);
    send_text(out, &text);
    text_free(&text);
}

/* ---- in: the frame ---- */

/* A line without its end; of a long one the beginning. False at the end of the stream. */
static bool read_line(FILE *in, char line[MOST_HEADER])
{
    size_t length = 0;
    int c;
    while ((c = getc(in)) != EOF && c != '\n')
        if (length < MOST_HEADER - 1) line[length++] = (char)c;
    if (length && line[length - 1] == '\r') length--;
    line[length] = '\0';
    return c != EOF;
}

/* The size that a header gives; -1: it is another header, or gives none that counts. */
static int64_t content_length(const char *line)
{
    static const char name[] = "content-length:";
    if (strncasecmp(line, name, sizeof name - 1) != 0) return -1;
    int64_t size = 0;
    const char *digit = line + sizeof name - 1;
    digit += strspn(digit, " \t");
    if (!*digit) return -1;
    for (; *digit >= '0' && *digit <= '9'; digit++)
        if (!checked_mul(size, 10, &size) || !checked_add(size, *digit - '0', &size)) return -1;
    return digit[strspn(digit, " \t")] ? -1 : size;
}

/* Past the headers; false at the end of the stream. */
static bool read_head(FILE *in, int64_t *size)
{
    char line[MOST_HEADER];
    *size = -1;
    bool any = false;
    while (read_line(in, line)) {
        if (!*line && any) return true;
        if (!*line) continue;
        any = true;
        int64_t given = content_length(line);
        if (given >= 0) *size = given;
    }
    return false;
}

static bool skip_bytes(FILE *in, int64_t count)
{
    while (count > 0 && getc(in) != EOF) count--;
    return count == 0;
}

/* ---- in: the message ---- */

/* The text of a member's value; NULL when the object has none. */
static const char *member_text(const Json *message, const char *name)
{
    Json j = *message;
    if (!json_member(&j, name)) return NULL;
    while (j.at < j.end && strchr(" \t\r\n", *j.at) && *j.at) j.at++;
    const char *start = j.at;
    if (!json_skip(&j)) return NULL;
    return arena_format(j.arena, "%.*s", (int)(j.at - start), start);
}

static bool whole_object(const Json *message)
{
    Json j = *message;
    if (!json_skip(&j)) return false;
    while (j.at < j.end && strchr(" \t\r\n", *j.at) && *j.at) j.at++;
    return j.at == j.end;
}

static RpcRead refuse(FILE *out, int code, const char *why)
{
    rpc_error(out, NULL, code, why);
    return RPC_DAMAGED;
}

static RpcRead parse(FILE *out, Json j, RpcMessage *m)
{
    if (!whole_object(&j)) return refuse(out, RPC_PARSE_ERROR, "the message is not JSON");
    m->params = j;
    if (!json_member(&m->params, "params")) m->params.at = m->params.end;
    Json method = j;
    bool named = json_member(&method, "method");
    m->id = member_text(&j, "id");
    if (m->id && !strcmp(m->id, "null")) m->id = NULL;
    if (m->id && *m->id != '"' && m->id[strspn(m->id, "+-.eE0123456789")])
        return refuse(out, RPC_INVALID_REQUEST, "an id is a number or a string");
    if (named && !json_string(&method, &m->method))
        return refuse(out, RPC_INVALID_REQUEST, "the method is not a string");
    Json result = j, error = j;
    if (!named && !json_member(&result, "result") && !json_member(&error, "error"))
        return refuse(out, RPC_INVALID_REQUEST, "the message has no method");
    return RPC_MESSAGE;
}

RpcRead rpc_read(FILE *in, FILE *out, Arena *arena, RpcMessage *message)
{
    int64_t size;
    if (!read_head(in, &size)) return RPC_END;
    if (size < 0) return refuse(out, RPC_PARSE_ERROR, "no Content-Length is given");
    if (size > RPC_MOST_BYTES) {
        if (!skip_bytes(in, size)) return RPC_END;
        return refuse(out, RPC_INVALID_REQUEST, "the message is longer than 64 MB");
    }
    char *body = arena_alloc(arena, (size_t)size + 1);
    if (fread(body, 1, (size_t)size, in) != (size_t)size) return RPC_END;
    *message = (RpcMessage){.arena = arena};
    return parse(out, (Json){.arena = arena, .text = body, .at = body, .end = body + size},
                 message);
}
