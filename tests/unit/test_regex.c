/*
 * Regular expressions as automata: what each pattern matches and does not, by the generated code's
 * own function; and patterns that are refused, with where they are wrong.
 */
#include "unit.h"

#include "netc_string.h"
#include "regex.h"

typedef struct Case {
    const char *pattern;
    const char *yes[4], *no[4];
} Case;

static const Case cases[] = {
    {"", {""}, {"a", " "}},
    {"a", {"a"}, {"", "aa", "A", "b"}},
    {"ab|cd*", {"ab", "c", "cddd"}, {"abcd", "abd", "d"}},
    {"(a|b)*c", {"c", "ababc"}, {"ab", "cc"}},
    {"a{2,3}", {"aa", "aaa"}, {"a", "aaaa"}},
    {"a{2}b{0}c{1,}", {"aac", "aacc"}, {"aabc", "aa"}},
    {"x*?y+?z??", {"y", "xxyyz"}, {"x", "yzz"}},
    {"a{,2}{", {"a{,2}{"}, {"a{", "aa{"}},
    {".", {"a", "\303\251", "\360\237\230\200"}, {"", "\n", "ab"}},
    {"(?s).", {"\n"}, {"\n\n"}},
    {"[a-c\303\251-\303\274]", {"b", "\303\251", "\303\272"}, {"d", "\303\250", "\303"}},
    {"[^a]", {"b", "\n", "\342\202\254"}, {"a", ""}},
    {"[]-]+", {"]-", "-"}, {"a"}},
    {"[\\d\\-x]+", {"1-x9"}, {"y"}},
    {"[[:alpha:][:^ascii:]]+", {"a\303\251"}, {"1", "a1"}},
    {"\\d\\D\\s\\S\\w\\W", {"1a b_-", "2\303\251\ty9\303\251"}, {"1a b__"}},
    {"\\bab\\b", {"ab"}, {"abc"}},
    {"a\\b.\\bb", {"a.b", "a b"}, {"acb", "a.-"}},
    {"\\B", {""}, {"a"}},
    {"^a$", {"a"}, {"a\n"}},
    {"(^|x)a", {"a", "xa"}, {"ya"}},
    {"a^b", {NULL}, {"ab", "a^b"}},
    {"(?m)a$\\n^b", {"a\nb"}, {"a\n b", "ab"}},
    {"(?m:^)a\\z", {"a"}, {"b"}},
    {"(?i)Stra\303\237e", {"STRA\303\237E", "stra\303\237e", "stra\341\272\236e"}, {"strasse"}},
    {"(?i:a)b(?i)c", {"Abc", "abC"}, {"AB", "ABC"}},
    {"(?i)k", {"k", "K", "\342\204\252"}, {"j"}},
    {"(?i)[^a]", {"b"}, {"a", "A"}},
    {"(?P<year>\\d{4})-(?<month>\\d\\d)", {"2024-05"}, {"2024-5"}},
    {"(?U)a+?", {"aa"}, {""}},
    {"\\Qa.b*\\E*", {"a.b", "a.b***"}, {"axb*", "a.b*a"}},
    {"\\x41\\x{1F600}\\101\\t\\.", {"A\360\237\230\200A\t."}, {"A"}},
    {"(a*)*b", {"b", "aab"}, {"a"}},
    {"(|a)+", {"", "aaa"}, {"b"}},
    {"[^\\x01-\\x{10ffff}]", {NULL}, {"", "a"}},
    {"(\\W|^)[\\w.\\-]{0,25}@(yahoo|gmail)\\.com(\\W|$)",
     {"account@gmail.com", " a@yahoo.com."},
     {"account@hotmail.com", "a@gmail.comx", "abcdefghijklmnopqrstuvwxyz@gmail.com"}},
    {"(a|b)*a(a|b){8}", {"abbbbbbbb", "babababababa"}, {"bbbbbbbbb", "a"}},
};

static bool matches(const RegexTable *t, const char *text)
{
    uint8_t result = 2;
    netc_match_strings(&text, t->class_of, t->next, t->accepts, &result, 1, t->classes);
    assert_in_range(result, 0, 1);
    return result;
}

static void matches_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        Arena *arena = arena_new();
        const char *why;
        size_t at;
        const RegexTable *t = regex_compile(arena, cases[i].pattern, &why, &at);
        if (!t) fail_msg("'%s': byte %zu, %s", cases[i].pattern, at, why);
        for (int k = 0; k < 4 && cases[i].yes[k]; k++)
            if (!matches(t, cases[i].yes[k]))
                fail_msg("'%s' does not match '%s'", cases[i].pattern, cases[i].yes[k]);
        for (int k = 0; k < 4 && cases[i].no[k]; k++)
            if (matches(t, cases[i].no[k]))
                fail_msg("'%s' matches '%s'", cases[i].pattern, cases[i].no[k]);
        arena_free(arena);
    }
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t at;
        const char *why;
    } wrong[] = {
        {"*a", 0, "nothing to repeat"},
        {"a**", 2, "cannot be repeated"},
        {"a{2}{3}", 4, "cannot be repeated"},
        {"a{3,2}", 1, "from few to many"},
        {"a{1001}", 1, "1000 at most"},
        {"(a", 0, "group does not end"},
        {"a)", 1, "no group that ends"},
        {"[a", 0, "class does not end"},
        {"[b-a]", 1, "wrong way round"},
        {"[[:letter:]]", 1, "no such class"},
        {"a\\", 2, "nothing follows"},
        {"(a)\\1", 4, "backreferences"},
        {"\\pL", 1, "classes of Unicode"},
        {"\\y", 1, "no such escape"},
        {"\\x{110000}", 2, "number of a character"},
        {"(?=a)", 2, "no such flag"},
        {"(?<!a)", 2, "no such flag"},
        {"(?P<>a)", 4, "name is wrong"},
        {"((a{1000}){1000}){1000}", 0, "too large"},
        {"(a|b)*a(a|b){20}", 0, "too large"},
        {"\377", 0, "not UTF-8"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        Arena *arena = arena_new();
        const char *why = "";
        size_t at = 99;
        if (regex_compile(arena, wrong[i].pattern, &why, &at))
            fail_msg("'%s' is not refused", wrong[i].pattern);
        if (!strstr(why, wrong[i].why)) fail_msg("'%s': '%s'", wrong[i].pattern, why);
        if (at != wrong[i].at) fail_msg("'%s': at byte %zu", wrong[i].pattern, at);
        arena_free(arena);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Text deep = {0};
    const char *why = "";
    size_t at;
    for (int i = 0; i < 10000; i++) text_add(&deep, "(");
    assert_null(regex_compile(arena, deep.data, &why, &at));
    assert_non_null(strstr(why, "too deep"));
    text_free(&deep);
    arena_free(arena);
}

static void length_is_bounded(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Text text = {0};
    const char *why = "";
    size_t at;
    text_add(&text, "(?i)");
    while (text.length < 16384) text_add(&text, "k");
    assert_null(regex_compile(arena, text.data, &why, &at));
    assert_non_null(strstr(why, "too large"));
    text_add(&text, "k");
    assert_null(regex_compile(arena, text.data, &why, &at));
    assert_non_null(strstr(why, "longer than"));
    text_free(&text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_what_it_says),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(length_is_bounded),
    };
    return cmocka_run_group_tests_name("regular expressions", tests, NULL, NULL);
}
