/*
 * Which names generated C may have: identifiers that neither C11 to C23 nor C++ up to C++23 takes
 * for something else. That they are unique is not seen to here (program_name, emit_header.c).
 */
#include "c_name.h"

#include <ctype.h>

/* clang-format off */
static const char *const reserved[] = {
    /* C */
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for",
    "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct",
    "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "alignas", "alignof", "bool", "constexpr", "false", "nullptr", "static_assert", "thread_local", "true", "typeof",
    "typeof_unqual", "asm", "main",
    "_Alignas", "_Alignof", "_Atomic", "_BitInt", "_Bool", "_Complex", "_Decimal128", "_Decimal32", "_Decimal64", "_Generic",
    "_Imaginary", "_Noreturn", "_Static_assert", "_Thread_local",
    /* C++ */
    "and", "and_eq", "bitand", "bitor", "catch", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
    "compl", "concept", "const_cast", "consteval", "constinit", "decltype", "delete", "dynamic_cast", "explicit", "export",
    "friend", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "operator", "or", "or_eq", "private", "protected",
    "public", "reinterpret_cast", "requires", "static_cast", "template", "this", "throw", "try", "typeid", "typename", "using",
    "virtual", "wchar_t", "xor", "xor_eq",
    /* what headers and compilers define */
    "NULL", "linux", "unix", "offsetof", "size_t", "ptrdiff_t", "max_align_t", "int8_t", "int16_t", "int32_t", "int64_t",
    "uint8_t", "uint16_t", "uint32_t", "uint64_t", "intptr_t", "uintptr_t",
};
/* clang-format on */

bool c_name_is_reserved(const char *name)
{
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (strcmp(name, reserved[i]) == 0) return true;
    return false;
}

bool c_name_is_good(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_') return false;
    return *name && !isdigit((unsigned char)*name) && !c_name_is_reserved(name);
}

void c_name_clean(char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name)) *name = '_';
}

const char *c_name_from(Arena *arena, const char *text)
{
    char *name = arena_string(arena, text);
    c_name_clean(name);
    return c_name_is_good(name) ? name : arena_format(arena, "net_%s", name);
}
