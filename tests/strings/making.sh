# Strings that networks make: by compilers and targets, with the interpreter; too little room, and what is no number.
. "$ROOT/tests/driver/lib/checks.sh"
. lib/same.sh

net=$PWD/lib/making.net
wanted=$PWD/lib/making.txt
cd "$T" || exit 1
printf 'Été\nab-CD--e\n a  b \nnone\n' >words.txt
printf '!\n\n' >tails.txt
printf '\0\0\300\77\315\314\314\075\0\0\200\377' >numbers.raw
printf '\0\377' >counts.raw
printf '1.5\n-2e1\n +7\n' >texts.txt
inputs="words.txt tails.txt numbers.raw counts.raw texts.txt"
same gcc --cc gcc --cflags "-Wall -Wextra -Werror -pedantic"
same clang --cc clang --target generic --cflags "-Wall -Wextra -Werror"
same sanitizers --cc gcc --target scalar --cflags "-g -fsanitize=address,undefined"
same bundle --bundle --weights file

expect "outputs as .npy" 0 ./program $inputs -o out
"$NETC" compile "$net" --emit graph >graph
expect_text "strings of constants are joined by the compiler" graph '"a12", "b12"'
expect_text "and brought to lower case" graph '"x", "ä", "z"'

# With inputs in .npy, which netc reads too.
cat >copy.net <<'NET'
net copy(words: string[4], tails: string[2, 1], numbers: f32[3], counts: u8[2], texts: string[3])
    -> (a: string[4], b: string[2, 1], c: f32[3], d: u8[2], e: string[3]) {
    a = words
    b = tails
    c = numbers
    d = counts
    e = texts
}
NET
expect "copies" 0 "$NETC" build copy.net -o copy
expect "inputs as .npy" 0 ./copy $inputs -o in
data=in/a.npy,in/b.npy,in/c.npy,in/d.npy,in/e.npy
outputs=
for name in joined twice parts lengths fields lower kept matches shown counted read whole folded cut late; do
    outputs=$outputs${outputs:+,}out/$name.npy
done
expect "layer by layer" 0 "$NETC" verify "$net" --layers "$data:$outputs"
expect_text "all agree" stdout 'nodes agree with the interpreter'

# A string of 40 bytes, made of 20 twice.
cat >pair.net <<'NET'
net pair(x: string[1]) -> (y: string[1], z: string[1, 3]) {
    y = StringConcat(x, x)
    z, _ = StringSplit(x, delimiter: ",", maxsplit: 2)
}
NET
printf '0123456789,123456789\n' >long.txt
expect "room for 41" 0 "$NETC" build pair.net --string-bytes 41 -o pair
expect "is enough" 0 ./pair long.txt
expect_text "it is doubled" stdout '"0123456789,1234567890123456789,123456789"'
expect "room for 40" 0 "$NETC" build pair.net --string-bytes 40 -o pair --cflags "-g -fsanitize=address"
expect "is not" 1 ./pair long.txt
expect_text "it says so" stderr 'take more room than there is; netc.s option --string-bytes'
expect "netc says so" 1 "$NETC" run pair.net --string-bytes 40 in/e.npy -o again
"$NETC" compile pair.net --string-bytes 41 -o c
expect_text "the header tells" c/pair.h '3: the strings that it makes take more room'

printf '1\ntwo\n3\n' >texts.txt
expect "no number" 1 ./program $inputs
expect_text "it says that too" stderr 'a string that is to become a number is none'
expect "room has bounds" 2 "$NETC" check "$net" --string-bytes 70000

cat >wrong.net <<'NET'
net wrong(x: string[2], y: string[3], z: string[2, 2]) -> (done: bool[]) {
    pattern = RegexFullMatch(x, pattern: "a(b")
    shapes = StringConcat(x, y)
    row = StringNormalizer(z)
    action = StringNormalizer(x, case_change_action: "TITLE")
    locale = StringNormalizer(x, case_change_action: "UPPER", locale: "tr_TR")
    truth = Cast(x, to: bool)
    nul = StringSplit(x, delimiter: "a\0b")
    pieces, _ = StringSplit(x)
    number = Cast(pieces, to: f32)
    done = Constant(value: bool[] true)
}
NET
expect "mistakes" 1 "$NETC" check wrong.net
for text in 'the pattern "a(b" cannot be compiled: at byte 1, the group does not end' 'string\[2\] and string\[3\]' \
    'one row of strings is wanted' 'not "TITLE"' 'the locale "tr_TR" is not supported' 'strings become numbers, not bool' \
    'delimiter has a NUL' "Cast cannot take 'pieces'"; do
    expect_text "mistake: $text" stderr "$text"
done
