/*
 * Tensors in files: bytes that numpy wrote, round trips through every format and type, and damage
 * of every kind.
 */
#include "datafile.h"
#include "files.h"

#include "unit.h"

/* A string literal's bytes, which may hold NULs. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const char NPY_FORTRAN[] =
    "\223NUMPY\001\000v\000{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }"
    "                                                           "
    "\012\000\000\000\000@@\000\000\077\200\000\000@\200\000\000@\000\000\000@\240\000\000";
static const char NPY_TEXT[] =
    "\223NUMPY\001\000v\000{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }"
    "                                                            "
    "\012h\000\000\000\351\000\000\000\000\366\001\000\000\000\000\000";
static const char NPY_V2[] =
    "\223NUMPY\002\000t\000\000\000{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }"
    "                                                          \012\001\000\376\377";
static const char NPZ_DEFLATED[] =
    "PK\003\004\024\000\000\000\010\000\000\000!"
    "\000H\352f\354G\000\000\000\203\000\000\000\005\000\024\000w.npy\001\000\020\000\203"
    "\000\000\000\000\000\000\000G\000\000\000\000\000\000\000\233\354\027\352\033\020\311\310P\306"
    "P\255\236\222Z\234\134\244n\245\240^Sj\250\256\243\240\236"
    "\226_TR\224\230\027\237_\224\222\012\022wK\314)N\005\212\027g$\026\244\002\371\032\306:\232:"
    "\012\265\012\024\000.\006F&\000PK\003\004\024\000\000\000\010"
    "\000\000\000!\000\202-\370\323C\000\000\000\201\000\000\000\005\000\024\000b."
    "npy\001\000\020\000\201\000\000\000\000\000\000\000C\000\000\000\000\000\000"
    "\000\233\354\027\352\033\020\311\310P\306P\255\236\222Z\234\134\244n\245\240^"
    "\223d\250\256\243\240\236\226_TR\224\230\027\237_\224\222\012\022wK\314)N\005"
    "\212\027g$\026\244\002\371\032\232:\012\265\012\024\001."
    "F\000PK\001\002\024\003\024\000\000\000\010\000\000\000!"
    "\000H\352f\354G\000\000\000\203\000\000\000"
    "\005\000\000\000\000\000\000\000\000\000\000\000\200\001\000\000\000\000w."
    "npyPK\001\002\024\003\024\000\000\000\010\000\000\000!\000\202-\370\323C\000\000"
    "\000\201\000\000\000\005\000\000\000\000\000\000\000\000\000\000\000\200\001~\000\000\000b."
    "npyPK\005\006\000\000\000\000\002\000\002\000f\000\000\000\370"
    "\000\000\000\000\000";
/* 1 and -2 in a zip64 archive, stored; sizes and places are in the extra fields. */
static const char NPZ_ZIP64[] =
    "PK\003\004-\000\000\000\000\000\000\000!\000\211\247\370\304\377\377\377\377\377\377\377"
    "\377\005\000\024\000w.npy\001\000\020\000H\000\000\000\000\000\000\000H\000\000\000\000"
    "\000\000\000\223NUMPY\001\000:\000{'descr': '<i2', 'fortran_order': False, 'shape': (2,)"
    ", }\012\001\000\376\377PK\001\002-\000-\000\000\000\000\000\000\000!\000\211\247\370\304"
    "\377\377\377\377\377\377\377\377\005\000\034\000\000\000\000\000\000\000\000\000\000\000"
    "\377\377\377\377w.npy\001\000\030\000H\000\000\000\000\000\000\000H\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000PK\006\006,\000\000\000\000\000\000\000-\000-"
    "\000\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000"
    "\000\000\000O\000\000\000\000\000\000\000\177\000\000\000\000\000\000\000PK\006\007\000"
    "\000\000\000\316\000\000\000\000\000\000\000\001\000\000\000PK\005\006\000\000\000\000"
    "\377\377\377\377\377\377\377\377\377\377\377\377\000\000";
static const char SAFETENSORS[] =
    "\220\000\000\000\000\000\000\000{\"__metadata__\":{\"by\":\"hand\"}, \"a\\u00e9\": "
    "{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[4,8]},"
    "\n\"b\":{\"shape\":[],\"data_offsets\":[0,4],\"dtype\":\"F32\"}}"
    "\000\000\200\077\001\000\376\377";

typedef struct Fixture {
    Arena *arena;
    Diags *diags;
    Scratch scratch;
    DataTensors tensors;
} Fixture;

static Fixture *open_fixture(const char *name)
{
    Arena *arena = arena_new();
    Fixture *f = NEW(arena, Fixture);
    f->arena = arena;
    f->diags = diags_new(arena);
    scratch_open(&f->scratch, name);
    return f;
}

static const DataTensor *find_tensor(const DataTensors *tensors, const char *name)
{
    for (int i = 0; i < tensors->count; i++)
        if (strcmp(tensors->items[i].name, name) == 0) return &tensors->items[i];
    return NULL;
}

static void close_fixture(Fixture *f)
{
    scratch_close(&f->scratch);
    arena_free(f->arena);
}

static Fixture *read_bytes(const char *name, const char *bytes, size_t count)
{
    Fixture *f = open_fixture(name);
    scratch_write(&f->scratch, bytes, count);
    bool ok = datafile_read(f->arena, f->scratch.path, &f->tensors, f->diags);
    assert_int_equal(ok, diags_errors(f->diags) == 0);
    return f;
}

/* ---- what others wrote ---- */

static void numpy_fortran_order_and_big_endian(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.npy", BYTES(NPY_FORTRAN));
    static const float expected[] = {0, 1, 2, 3, 4, 5};
    assert_int_equal(f->tensors.count, 1);
    const DataTensor *t = &f->tensors.items[0];
    assert_string_equal(t->name, "x");
    assert_int_equal(t->dtype, DT_F32);
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->dims[1], 3);
    assert_memory_equal(t->data, expected, sizeof expected);
    close_fixture(f);
}

static void numpy_text(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.npy", BYTES(NPY_TEXT));
    const char *const *s = f->tensors.items[0].data;
    assert_int_equal(f->tensors.items[0].dtype, DT_STRING);
    assert_string_equal(s[0], "h\303\251");
    assert_string_equal(s[1], "\360\237\230\200");
    close_fixture(f);
}

static void numpy_version_2(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.npy", BYTES(NPY_V2));
    assert_int_equal(f->tensors.items[0].dtype, DT_I16);
    assert_int_equal(((const int16_t *)f->tensors.items[0].data)[1], -2);
    close_fixture(f);
}

static void numpy_archive(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.npz", BYTES(NPZ_DEFLATED));
    assert_int_equal(f->tensors.count, 2);
    const DataTensor *w = find_tensor(&f->tensors, "w"), *b = find_tensor(&f->tensors, "b");
    assert_non_null(w);
    assert_memory_equal(w->data, "\0\1\2", 3);
    assert_non_null(b);
    assert_int_equal(b->dtype, DT_BOOL);
    assert_int_equal(b->rank, 0);
    assert_int_equal(*(const uint8_t *)b->data, 1);
    assert_null(find_tensor(&f->tensors, "v"));
    close_fixture(f);
}

static void numpy_archive_of_64_bits(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.npz", BYTES(NPZ_ZIP64));
    assert_int_equal(f->tensors.count, 1);
    assert_string_equal(f->tensors.items[0].name, "w");
    assert_int_equal(((const int16_t *)f->tensors.items[0].data)[1], -2);
    close_fixture(f);
}

static void safetensors(void **state)
{
    (void)state;
    Fixture *f = read_bytes("x.safetensors", BYTES(SAFETENSORS));
    const DataTensor *a = find_tensor(&f->tensors, "a\303\251"),
                     *b = find_tensor(&f->tensors, "b");
    assert_non_null(a);
    assert_int_equal(((const int16_t *)a->data)[1], -2);
    assert_non_null(b);
    assert_true(*(const float *)b->data == 1.0f);
    close_fixture(f);
}

/* Two numbers, one, none; and one in a sequence in an optional. */
#define ONE "\032\010\020\001\112\004\0\0\200\077"
static void sequences(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
        int elements;
        const char *first;
    } lists[] = {
        {BYTES("\012\003seq\020\001" ONE ONE), 2, "seq_0"},
        {BYTES("\012\003seq\020\001" ONE), 1, "seq"},
        {BYTES("\012\003seq\020\001"), 0, NULL},
        {BYTES("\020\001"), 0, NULL},
        {BYTES("\012\003seq\020\003\052\014\020\001" ONE), 1, "seq"},
        {BYTES("\020\001" ONE), 1, ""},
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        Fixture *f = read_bytes("x.pb", lists[i].bytes, lists[i].count);
        assert_int_equal(diags_errors(f->diags), 0);
        assert_int_equal(f->tensors.count, lists[i].elements);
        for (int k = 0; k < f->tensors.count; k++)
            assert_true(*(const float *)f->tensors.items[k].data == 1.0f);
        if (lists[i].first) assert_string_equal(f->tensors.items[0].name, lists[i].first);
        close_fixture(f);
    }
}

/* ---- what is wrong ---- */

static const struct {
    const char *name, *bytes;
    size_t count;
    const char *reason;
} WRONG[] = {
    {"x.txt", BYTES("1 2 3"), "no file of tensors"},
    {"x.npy", BYTES(""), "cut short"},
    {"x.npy", BYTES("\223NUMPY\004\000\002\000\000\000{}"), "known are 1 to 3"},
    {"x.npy", BYTES("\223NUMPY\001\000\377\377{}"), "a header of 65535 bytes where 2 are left"},
    {"x.npy", BYTES("\223NUMPY\001\000\002\000{}"), "three fields"},
    {"x.npy", BYTES("\223NUMPY\001\000\037\000{'descr': '<f4', 'shape': (1, 2"), "is missing"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\066\000{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"),
     "Python objects"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\100\000{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': "
           "(1,)}\0\0\0\0"),
     "records"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\072\000{'descr': '<M8[s]', 'fortran_order': False, 'shape': "
           "(1,)}\0\0\0\0"),
     "type '<M8[s]'"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\116\000{'descr': '<f4', 'fortran_order': False, 'shape': "
           "(4294967296, 4294967296, 4)}"),
     "overflows"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\067\000{'descr': '<f4', 'fortran_order': False, 'shape': "
           "(2,)}\0\0\0\0"),
     "takes 8 bytes, the file has 4"},
    {"x.npy",
     BYTES("\223NUMPY\001\000\067\000{'descr': '<U1', 'fortran_order': False, 'shape': "
           "(1,)}\0\0\377\0"),
     "element 0 is not a string"},
    {"x.npz", BYTES("PK\003\004"), "no zip directory"},
    {"x.npz",
     BYTES("PK\005\006\000\000\000\000\001\000\001\000\056\000\000\000\377\377\377\177\000\000"),
     "entry is missing"},
    {"x.safetensors", BYTES(""), "cut short"},
    {"x.safetensors", BYTES("\377\377\377\377\377\377\377\377{}"),
     "a header of 18446744073709551615 bytes"},
    {"x.safetensors", BYTES("\002\0\0\0\0\0\0\0[]"), "'{' is missing"},
    {"x.safetensors", BYTES("\003\0\0\0\0\0\0\0{\"a"), "end of a string"},
    {"x.safetensors",
     BYTES("\067\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,40]}}"
           "\0\0\0\0"),
     "at bytes 0 to 40 of 4"},
    {"x.safetensors",
     BYTES("\066\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}"
           "\0\0\0\0"),
     "its shape takes 8"},
    {"x.safetensors",
     BYTES("\066\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}"
           "\0\0\0\0"),
     "unknown type 'F99'"},
    {"x.safetensors",
     BYTES("\147\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},\"a\":{"
           "\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}\0"),
     "two tensors"},
    {"x.safetensors",
     BYTES("\126\0\0\0\0\0\0\0{\"__metadata__\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
           "[[[[[[[[[[[[[[[[[[["),
     "nested less deeply"},
    {"x.pb", BYTES(""), "element type 0"},
    {"x.pb", BYTES("\010\002\020\001\112\004\0\0\0\0"), "raw_data has 4 bytes"},
    {"x.pb", BYTES("\012\003seq\020\001\032\010\020\001\112\004\0\0\0"), "left"},
    {"x.pb", BYTES("\012\003seq\020\001\032\007\020\001\112\003\0\0\0"), "raw_data has 3 bytes"},
    {"x.pb", BYTES("\012\003seq\020\003\052\000\052\000"), "a sequence of 2 sequences"},
    {"x.pb", BYTES("\012\003seq\020\003\052\002\052\000"), "sequences in each other"},
    {"x.onnx", BYTES("\377"), "cut short"},
};

static void wrong_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        Fixture *f = read_bytes(WRONG[i].name, WRONG[i].bytes, WRONG[i].count);
        char *said = NULL;
        size_t length;
        FILE *out = open_memstream(&said, &length);
        diags_print(f->diags, out, false);
        fclose(out);
        if (!strstr(said, WRONG[i].reason))
            fail_msg("case %zu (%s): '%s' is not for '%s'", i, WRONG[i].name, said,
                     WRONG[i].reason);
        free(said);
        close_fixture(f);
    }
}

/* ---- round trips ---- */

static const DataTensor *round_trip(Fixture *f, const DataTensor *t)
{
    DataTensor *back = NEW(f->arena, DataTensor);
    if (!datafile_write(f->scratch.path, t, 1, f->diags)) return NULL;
    assert_true(datafile_read_one(f->arena, f->scratch.path, back, f->diags));
    if (strstr(f->scratch.path, ".npy") && back->dtype != t->dtype)
        assert_true(npy_narrow(f->arena, back, t->dtype));
    assert_int_equal(back->dtype, t->dtype);
    assert_int_equal(back->rank, t->rank);
    for (int d = 0; d < t->rank; d++) assert_int_equal(back->dims[d], t->dims[d]);
    return back;
}

static void every_type_comes_back(void **state)
{
    (void)state;
    static const char *const files[] = {"x.pb", "x.npy", "x.safetensors"};
    uint64_t random = 1;
    for (size_t k = 0; k < COUNT(files); k++) {
        int held = 0;
        for (int dtype = 1; dtype < DT_COUNT; dtype++) {
            if (dtype == DT_STRING) continue;
            Fixture *f = open_fixture(files[k]);
            uint8_t data[3 * 5 * 16];
            for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)random_step(&random) & (dtype == DT_BOOL ? 1 : 0x3f);
            if (dtype_info((Dtype)dtype)->bits == 4) data[7] &= 0x0f; /* beyond the last */
            DataTensor t = {"a \"name\"\n", (Dtype)dtype, 2, {3, 5}, data, false};
            const DataTensor *back = round_trip(f, &t);
            if (back)
                assert_memory_equal(back->data, data, dtype_bytes((Dtype)dtype, 15));
            else
                assert_int_equal(diags_errors(f->diags), 1);
            held += back != NULL;
            close_fixture(f);
        }
        assert_true(k == 2 ? held >= 15 : held == DT_COUNT - 2);
    }
}

static void bytes_become_narrow_types(void **state)
{
    (void)state;
    static const struct {
        Dtype from, to;
        int8_t value;
        bool good;
    } cases[] = {
        {DT_I8, DT_I4, -8, true},     {DT_I8, DT_I4, 8, false},      {DT_U8, DT_I4, 1, false},
        {DT_U8, DT_U4, 15, true},     {DT_U8, DT_U4, 16, false},     {DT_U8, DT_U2, 4, false},
        {DT_I8, DT_I2, -2, true},     {DT_I8, DT_I2, -3, false},     {DT_U8, DT_F4E2M1, 15, true},
        {DT_U8, DT_F8E5M2, -1, true}, {DT_U8, DT_F4E2M1, 16, false}, {DT_U8, DT_I8, 1, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        Arena *arena = arena_new();
        DataTensor t = {"", cases[i].from, 1, {1}, &cases[i].value, true};
        assert_int_equal(npy_narrow(arena, &t, cases[i].to), cases[i].good);
        if (cases[i].good) assert_int_equal(t.dtype, cases[i].to);
        arena_free(arena);
    }
}

static void strings_come_back(void **state)
{
    (void)state;
    static const char *const strings[] = {"", "two words", "\303\251"};
    DataTensor t = {"s", DT_STRING, 1, {3}, strings, false};
    static const char *const files[] = {"x.pb", "x.npy"};
    for (size_t k = 0; k < COUNT(files); k++) {
        Fixture *f = open_fixture(files[k]);
        const char *const *back = round_trip(f, &t)->data;
        for (int i = 0; i < 3; i++) assert_string_equal(back[i], strings[i]);
        close_fixture(f);
    }
}

static void nothing_and_one_come_back(void **state)
{
    (void)state;
    static const char *const files[] = {"x.pb", "x.npy", "x.safetensors"};
    static const float one = 1;
    const DataTensor tensors[] = {{"", DT_F32, 0, {0}, &one, false},
                                  {"", DT_F32, 3, {2, 0, 4}, &one, false}};
    for (size_t i = 0; i < COUNT(files) * COUNT(tensors); i++) {
        Fixture *f = open_fixture(files[i / 2]);
        const DataTensor *back = round_trip(f, &tensors[i % 2]);
        assert_non_null(back);
        assert_non_null(back->data);
        if (i % 2 == 0) assert_true(*(const float *)back->data == 1);
        close_fixture(f);
    }
}

/* Elements of every size in one file, each where its type may be. */
static void many_in_one_file_are_aligned(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    static const double doubles[] = {1.5, -2.5};
    static const uint16_t shorts[] = {7};
    const DataTensor tensors[] = {{"b", DT_U8, 1, {3}, bytes, false},
                                  {"s", DT_U16, 1, {1}, shorts, false},
                                  {"d", DT_F64, 1, {2}, doubles, false}};
    Fixture *f = open_fixture("x.safetensors");
    assert_true(datafile_write(f->scratch.path, tensors, COUNT(tensors), f->diags));
    assert_true(datafile_read(f->arena, f->scratch.path, &f->tensors, f->diags));
    assert_int_equal(f->tensors.count, 3);
    assert_memory_equal(find_tensor(&f->tensors, "d")->data, doubles, sizeof doubles);
    assert_memory_equal(find_tensor(&f->tensors, "b")->data, bytes, sizeof bytes);
    assert_int_equal((uintptr_t)find_tensor(&f->tensors, "d")->data % 8, 0);
    close_fixture(f);
}

/* ---- damage ---- */

static void damage_is_survived(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t count;
    } seeds[] = {
        {"x.npy", BYTES(NPY_FORTRAN)},
        {"x.npy", BYTES(NPY_TEXT)},
        {"x.npz", BYTES(NPZ_DEFLATED)},
        {"x.npz", BYTES(NPZ_ZIP64)},
        {"x.safetensors", BYTES(SAFETENSORS)},
        {"x.pb", BYTES("\010\002\010\001\020\001\102\001x\112\010\0\0\200\077\0\0\0\100")},
    };
    uint64_t random = 42;
    uint8_t bytes[1024];
    for (int i = 0; i < 3000; i++) {
        size_t k = (size_t)i % COUNT(seeds);
        memcpy(bytes, seeds[k].bytes, seeds[k].count);
        size_t count = damage(bytes, seeds[k].count, &random);
        close_fixture(read_bytes(seeds[k].name, (const char *)bytes, count));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numpy_fortran_order_and_big_endian),
        cmocka_unit_test(numpy_text),
        cmocka_unit_test(numpy_version_2),
        cmocka_unit_test(numpy_archive),
        cmocka_unit_test(numpy_archive_of_64_bits),
        cmocka_unit_test(safetensors),
        cmocka_unit_test(sequences),
        cmocka_unit_test(wrong_files_are_refused),
        cmocka_unit_test(every_type_comes_back),
        cmocka_unit_test(bytes_become_narrow_types),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(nothing_and_one_come_back),
        cmocka_unit_test(many_in_one_file_are_aligned),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
