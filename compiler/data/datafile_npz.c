/*
 * In: a .npz, numpy's zip archive of .npy files, stored or deflated, with zip64 extensions. Out: a
 * DataTensor each, named by its member. Stored members stay in the mapped file. Checks sizes and
 * CRCs; no other kind of zip is of use here.
 */
#include "datafile.h"

#include <zlib.h>

enum { STORED = 0, DEFLATED = 8, MOST_RATIO = 1040 /* deflate reaches 1032 */ };

typedef struct Zip {
    const File *file;
    Diags *diags;
} Zip;

typedef struct Member {
    const char *name;
    unsigned method, flags, crc;
    uint64_t packed, unpacked, local; /* sizes; where its local header is */
} Member;

static bool PRINTF(2, 3) zip_error(Zip *z, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(z->diags, "E0122", (Source){.file = z->file}, format, args);
    va_end(args);
    return false;
}

/* A little-endian number of `bytes` bytes; whoever calls has checked that they are there. */
static uint64_t number(const Zip *z, uint64_t at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | z->file->data[at + (uint64_t)i];
    return value;
}

static bool inside(const Zip *z, uint64_t at, uint64_t bytes)
{
    return at <= z->file->bytes && bytes <= z->file->bytes - at;
}

static bool is_signature(const Zip *z, uint64_t at, uint64_t size, uint32_t signature)
{
    return inside(z, at, size) && number(z, at, 4) == signature;
}

/* ---- the directory at the end ---- */

enum { END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20, ENTRY_SIZE = 46, LOCAL_SIZE = 30 };

static bool find_directory(Zip *z, uint64_t *at, uint64_t *count)
{
    uint64_t end = z->file->bytes >= END_SIZE ? z->file->bytes - END_SIZE : 0;
    uint64_t first = end > 0xffff ? end - 0xffff : 0; /* a comment may follow */
    while (end > first && !is_signature(z, end, END_SIZE, 0x06054b50)) end--;
    if (!is_signature(z, end, END_SIZE, 0x06054b50))
        return zip_error(z, "no zip directory at the end: not a .npz, or cut short");
    *count = number(z, end + 10, 2);
    *at = number(z, end + 16, 4);
    if (end < LOCATOR_SIZE || !is_signature(z, end - LOCATOR_SIZE, LOCATOR_SIZE, 0x07064b50))
        return true;
    uint64_t end64 = number(z, end - LOCATOR_SIZE + 8, 8);
    if (!is_signature(z, end64, END64_SIZE, 0x06064b50))
        return zip_error(z, "the zip64 directory is not where it should be");
    *count = number(z, end64 + 32, 8);
    *at = number(z, end64 + 48, 8);
    return true;
}

/* The zip64 extra field replaces, in this order, each of those that is all ones. */
static void read_zip64(const Zip *z, uint64_t at, uint64_t bytes, Member *m)
{
    uint64_t *const fields[] = {&m->unpacked, &m->packed, &m->local};
    for (uint64_t end = at + bytes; end - at >= 4;) {
        uint64_t id = number(z, at, 2), size = number(z, at + 2, 2);
        at += 4;
        if (size > end - at) return;
        uint64_t next = at + size;
        for (size_t i = 0; id == 1 && i < COUNT(fields); i++) {
            if (*fields[i] != UINT32_MAX || next - at < 8) continue;
            *fields[i] = number(z, at, 8);
            at += 8;
        }
        at = next;
    }
}

static bool read_entry(Zip *z, Arena *arena, uint64_t *at, Member *m)
{
    if (!is_signature(z, *at, ENTRY_SIZE, 0x02014b50))
        return zip_error(z, "byte %llu: a directory entry is missing", (unsigned long long)*at);
    uint64_t name = number(z, *at + 28, 2), extra = number(z, *at + 30, 2),
             comment = number(z, *at + 32, 2);
    if (!inside(z, *at + ENTRY_SIZE, name + extra + comment))
        return zip_error(z, "byte %llu: a directory entry is cut short", (unsigned long long)*at);
    *m = (Member){.flags = (unsigned)number(z, *at + 8, 2),
                  .method = (unsigned)number(z, *at + 10, 2),
                  .crc = (unsigned)number(z, *at + 16, 4),
                  .packed = number(z, *at + 20, 4),
                  .unpacked = number(z, *at + 24, 4),
                  .local = number(z, *at + 42, 4)};
    m->name =
        arena_format(arena, "%.*s", (int)name, (const char *)z->file->data + *at + ENTRY_SIZE);
    read_zip64(z, *at + ENTRY_SIZE + name, extra, m);
    *at += ENTRY_SIZE + name + extra + comment;
    return true;
}

/* ---- the members ---- */

static const uint8_t *inflate_member(Zip *z, Arena *arena, const Member *m, const uint8_t *packed)
{
    if (m->unpacked / MOST_RATIO > m->packed) {
        zip_error(z, "member '%s' cannot be %llu bytes from %llu", m->name,
                  (unsigned long long)m->unpacked, (unsigned long long)m->packed);
        return NULL;
    }
    uint8_t *out = arena_alloc(arena, m->unpacked + 1);
    z_stream s = {.next_in = (Bytef *)packed, .next_out = out};
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) die("out of memory (zlib)");
    int status = Z_OK;
    while (status == Z_OK) { /* zlib counts in 32 bits */
        uint64_t in_left = m->packed - (uint64_t)(s.next_in - packed),
                 out_left = m->unpacked - (uint64_t)(s.next_out - out);
        s.avail_in = (uInt)(in_left < UINT32_MAX ? in_left : UINT32_MAX);
        s.avail_out = (uInt)(out_left < UINT32_MAX ? out_left : UINT32_MAX);
        status = inflate(&s, Z_NO_FLUSH);
    }
    bool whole = status == Z_STREAM_END && (uint64_t)(s.next_out - out) == m->unpacked;
    inflateEnd(&s);
    if (!whole)
        zip_error(z, "member '%s' is not %llu deflated bytes", m->name,
                  (unsigned long long)m->unpacked);
    return whole ? out : NULL;
}

static const uint8_t *member_bytes(Zip *z, Arena *arena, const Member *m)
{
    const uint8_t *bytes = NULL;
    uint64_t at = m->local;
    bool found = is_signature(z, at, LOCAL_SIZE, 0x04034b50);
    if (found) at += LOCAL_SIZE + number(z, at + 26, 2) + number(z, at + 28, 2);
    if (!found || !inside(z, at, m->packed))
        zip_error(z, "member '%s' is not where the directory says", m->name);
    else if (m->flags & 1)
        zip_error(z, "member '%s' is encrypted", m->name);
    else if (m->method == DEFLATED)
        bytes = inflate_member(z, arena, m, z->file->data + at);
    else if (m->method != STORED)
        zip_error(z, "member '%s' is compressed by method %u; .npz has 0 and 8", m->name,
                  m->method);
    else if (m->packed != m->unpacked)
        zip_error(z, "member '%s' is stored, but its two sizes differ", m->name);
    else
        bytes = z->file->data + at;
    if (bytes && crc32_z(0, bytes, m->unpacked) != m->crc) {
        zip_error(z, "member '%s' is damaged: its checksum is not %08x", m->name, m->crc);
        return NULL;
    }
    return bytes;
}

static bool read_member(Zip *z, Arena *arena, const Member *m, DataTensors *out)
{
    size_t length = strlen(m->name);
    if (length <= 4 || strcmp(m->name + length - 4, ".npy") != 0)
        return zip_error(z, "member '%s' is not a .npy", m->name);
    const uint8_t *bytes = member_bytes(z, arena, m);
    if (!bytes) return false;
    File *file = NEW(arena, File);
    *file = (File){arena_format(arena, "%s/%s", z->file->path, m->name), bytes, m->unpacked};
    DataTensor t;
    if (!npy_read(arena, file, &t, z->diags)) return false;
    t.name = arena_format(arena, "%.*s", (int)length - 4, m->name);
    LIST_PUSH(arena, out, t);
    return true;
}

bool npz_read(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    Zip z = {file, diags};
    Map *names = map_new(arena);
    uint64_t at = 0, count = 0;
    if (!find_directory(&z, &at, &count)) return false;
    for (uint64_t i = 0; i < count; i++) {
        Member m = {0};
        if (!read_entry(&z, arena, &at, &m)) return false;
        if (map_get(names, m.name)) return zip_error(&z, "two members have the name '%s'", m.name);
        map_set(names, m.name, names);
        if (!read_member(&z, arena, &m, out)) return false;
    }
    return true;
}
