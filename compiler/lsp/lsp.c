/* The server's loop: reads messages, keeps the documents, and gives each request to its answer. */
#include "lsp.h"

typedef struct Server {
    FILE *in, *out;
    Documents docs;
    bool initialized, shut_down;
} Server;

/* ---- parameters ---- */

/* Moves to a member of a member: "textDocument", "uri". */
static bool find_member(Json *j, const char *outer, const char *inner)
{
    return json_member(j, outer) && (!inner || json_member(j, inner));
}

static const char *param_text(const RpcMessage *m, const char *outer, const char *inner)
{
    Json j = m->params;
    const char *text;
    return find_member(&j, outer, inner) && json_string(&j, &text) ? text : NULL;
}

static int64_t param_size(const RpcMessage *m, const char *outer, const char *inner)
{
    Json j = m->params;
    int64_t size;
    return find_member(&j, outer, inner) && json_size(&j, &size) ? size : -1;
}

/* The text of the last change, each of them being the whole text. */
static const char *changed_text(const RpcMessage *m)
{
    Json j = m->params;
    const char *text = NULL;
    if (!json_member(&j, "contentChanges") || !json_open(&j, '[')) return NULL;
    for (bool first = true; json_more(&j, ']', &first);) {
        Json change = j, part = j;
        bool good = json_member(&change, "text") && json_string(&change, &text);
        if (!good || json_member(&part, "range") || !json_skip(&j)) return NULL;
    }
    return j.error ? NULL : text;
}

/* ---- notifications ---- */

static void did_open(Server *s, const RpcMessage *m)
{
    const char *uri = param_text(m, "textDocument", "uri");
    const char *text = param_text(m, "textDocument", "text");
    if (!uri || !text) return;
    documents_set(&s->docs, uri, param_size(m, "textDocument", "version"), text);
    lsp_publish(s->out, &s->docs, documents_find(&s->docs, uri));
}

static void did_change(Server *s, const RpcMessage *m)
{
    const char *uri = param_text(m, "textDocument", "uri"), *text = changed_text(m);
    if (!uri || !text || !documents_find(&s->docs, uri)) return;
    documents_set(&s->docs, uri, param_size(m, "textDocument", "version"), text);
    lsp_publish(s->out, &s->docs, documents_find(&s->docs, uri));
}

static void did_close(Server *s, const RpcMessage *m)
{
    const char *uri = param_text(m, "textDocument", "uri");
    Document *doc = uri ? documents_find(&s->docs, uri) : NULL;
    if (!doc) return;
    documents_close(&s->docs, doc);
    lsp_unpublish(s->out, uri);
    lsp_publish(s->out, &s->docs, NULL);
}

static void ignore(Server *s, const RpcMessage *m) { (void)s, (void)m; }

/* ---- requests ---- */

static void initialize(Server *s, const RpcMessage *m)
{
    s->initialized = true;
    rpc_result(s->out, m,
               "{\"capabilities\":{\"positionEncoding\":\"utf-16\",\"textDocumentSync\":{"
               "\"openClose\":true,\"change\":1},\"hoverProvider\":true,\"definitionProvider\":"
               "true,\"completionProvider\":{\"triggerCharacters\":[\"(\"]},"
               "\"documentFormattingProvider\":true},\"serverInfo\":{\"name\":\"netc\"}}");
}

static void shut_down(Server *s, const RpcMessage *m)
{
    s->shut_down = true;
    rpc_result(s->out, m, "null");
}

/* The document of a request; NULL after an error. */
static const Document *requested(Server *s, const RpcMessage *m)
{
    const char *uri = param_text(m, "textDocument", "uri");
    const Document *doc = uri ? documents_find(&s->docs, uri) : NULL;
    if (!doc)
        rpc_error(s->out, m->id, RPC_INVALID_PARAMS,
                  uri ? "the document is not open" : "textDocument.uri is missing");
    return doc;
}

/* And the place in it. */
static const Document *requested_place(Server *s, const RpcMessage *m, int *line, int *column)
{
    const Document *doc = requested(s, m);
    Position at = {param_size(m, "position", "line"), param_size(m, "position", "character")};
    if (!doc) return NULL;
    if (at.line < 0 || at.character < 0) {
        rpc_error(s->out, m->id, RPC_INVALID_PARAMS, "position has no line and character");
        return NULL;
    }
    document_place(doc, at, line, column);
    return doc;
}

static void answer(Server *s, const RpcMessage *m, Text *result)
{
    rpc_result(s->out, m, result->data ? result->data : "null");
    text_free(result);
}

static void hover(Server *s, const RpcMessage *m)
{
    int line, column;
    Text result = {0};
    const Document *doc = requested_place(s, m, &line, &column);
    if (!doc) return;
    lsp_hover(&result, m->arena, doc, line, column);
    answer(s, m, &result);
}

static void definition(Server *s, const RpcMessage *m)
{
    int line, column;
    Text result = {0};
    const Document *doc = requested_place(s, m, &line, &column);
    if (!doc) return;
    lsp_definition(&result, m->arena, &s->docs, doc, line, column);
    answer(s, m, &result);
}

static void completion(Server *s, const RpcMessage *m)
{
    int line, column;
    Text result = {0};
    const Document *doc = requested_place(s, m, &line, &column);
    if (!doc) return;
    lsp_completion(&result, m->arena, doc, line, column);
    answer(s, m, &result);
}

static void formatting(Server *s, const RpcMessage *m)
{
    Text result = {0};
    const Document *doc = requested(s, m);
    if (!doc) return;
    lsp_formatting(&result, m->arena, doc);
    answer(s, m, &result);
}

/* ---- the loop ---- */

static const struct Method {
    const char *name;
    bool request;
    void (*run)(Server *s, const RpcMessage *m);
} methods[] = {
    {"initialize", true, initialize},
    {"initialized", false, ignore},
    {"shutdown", true, shut_down},
    {"textDocument/didOpen", false, did_open},
    {"textDocument/didChange", false, did_change},
    {"textDocument/didClose", false, did_close},
    {"textDocument/hover", true, hover},
    {"textDocument/definition", true, definition},
    {"textDocument/completion", true, completion},
    {"textDocument/formatting", true, formatting},
};

static void dispatch(Server *s, const RpcMessage *m)
{
    const struct Method *method = methods, *end = methods + COUNT(methods);
    while (method < end && strcmp(method->name, m->method)) method++;
    bool first = method < end && method->run == initialize;
    if (!m->id) {
        if (method < end && !method->request && s->initialized && !s->shut_down) method->run(s, m);
    } else if (s->shut_down) {
        rpc_error(s->out, m->id, RPC_INVALID_REQUEST, "the server is shut down");
    } else if (s->initialized == first) {
        rpc_error(s->out, m->id, first ? RPC_INVALID_REQUEST : RPC_NOT_INITIALIZED,
                  first ? "the server is initialized" : "the server is not initialized");
    } else if (method == end || !method->request) {
        rpc_error(s->out, m->id, RPC_UNKNOWN_METHOD, "there is no such request");
    } else {
        method->run(s, m);
    }
}

/* One message; false when it is the last. */
static bool serve_one(Server *s)
{
    Arena *arena = arena_new();
    RpcMessage m;
    RpcRead got = rpc_read(s->in, s->out, arena, &m);
    bool last = got == RPC_END || (got == RPC_MESSAGE && m.method && !strcmp(m.method, "exit"));
    if (got == RPC_MESSAGE && m.method && !last) dispatch(s, &m);
    arena_free(arena);
    return !last;
}

int lsp_serve(FILE *in, FILE *out, const ReadOptions *options)
{
    Server s = {.in = in, .out = out, .docs = {.arena = arena_new(), .options = options}};
    while (serve_one(&s)) continue;
    documents_free(&s.docs);
    arena_free(s.docs.arena);
    return s.shut_down ? EXIT_DONE : EXIT_INPUT;
}
