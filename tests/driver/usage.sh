# The command line: help of every command, mistakes exit with 2 and say what was meant.
. "$ROOT/tests/driver/lib/checks.sh"
net=$ROOT/tests/driver/small.net

for command in check summary compile build run verify bench graph report print ops targets; do
    expect "help-$command" 0 "$NETC" $command --help
    expect_text "help-$command-usage" "$T/stdout" "^usage: netc $command"
    expect_text "help-$command-options" "$T/stdout" '^  -h, --help'
done
expect help 0 "$NETC" --help
expect_text help-lists-commands "$T/stdout" '^  verify '
expect help-of 0 "$NETC" help build
expect_text help-of-usage "$T/stdout" '^usage: netc build FILE -o OUT'
expect version 0 "$NETC" --version
expect_text version-text "$T/stdout" '^netc [0-9]'

# mistake NAME PATTERN ARGUMENT...: exit code 2, nothing on standard output, PATTERN on standard error.
mistake() {
    name=$1 pattern=$2
    shift 2
    expect "$name" 2 "$NETC" "$@"
    expect_text "$name-text" "$T/stderr" "$pattern"
    [ -s "$T/stdout" ] && echo "not ok $name-quiet: writes on standard output"
}
mistake no-command 'usage: netc COMMAND'
mistake unknown-command "no command 'chekc'; did you mean 'check'" chekc "$net"
mistake unknown-help "no command 'nonsense'" help nonsense
mistake option-first 'the command comes first' --json check
mistake unknown-option 'did you mean --target' compile --targt avx2 "$net" -o "$T/x"
mistake unknown-option-far 'no option --zzzzzz' check --zzzzzz "$net"
mistake unknown-letter 'takes no option -q' check -q "$net"
mistake others-option 'takes no option --rtol' check --rtol 1 "$net"
mistake missing-value '--dim needs its NAME=SIZE' check "$net" --dim
mistake flag-with-value '--json takes no value' check --json=yes "$net"
mistake bad-dim '--dim wants NAME=SIZE' check --dim N "$net"
mistake bad-dim-size 'whole number of at least 0' check --dim N=-1 "$net"
mistake huge-dim-size 'whole number of at least 0' check --dim N=99999999999999999999 "$net"
mistake bad-default 'whole number of at least 1' check --dim-default=four "$net"
mistake bad-seed 'whole number of at least 0' check --init=-3 "$net"
mistake bad-target "no target 'avx3'; did you mean 'avx2'" compile --target avx3 "$net" -o "$T/x"
mistake bad-weights 'wants auto, inline, object or file' compile --weights here "$net" -o "$T/x"
mistake bad-emit "wants files, graph, program, plan or schedule" compile --emit=soup "$net"
mistake bad-rtol 'number of at least 0' verify --rtol=-1 "$net" "$T"
mistake nan-atol 'number of at least 0' verify --atol=nan "$net" "$T"
mistake no-file 'too few operands: usage is `netc check FILE`' check
mistake two-files 'one operand too many' check "$net" "$net"
mistake no-output '-o is missing' compile "$net"
mistake no-dataset 'too few operands' verify "$net"
mistake bad-prefix '--prefix wants a C identifier' compile --init 1 --prefix 'a b' "$net" -o "$T/x"
mistake keyword-prefix '--prefix wants a C identifier' compile --init 1 --prefix while "$net" -o "$T/x"

expect both-forms 0 "$NETC" check --dim-default 1 --dim=N=1 "$net"
expect after-operands 0 "$NETC" check "$net" --color never
expect double-dash 0 "$NETC" check -- "$net"
expect missing-file 1 "$NETC" check "$T/nothing.net"
expect_text missing-file-text "$T/stderr" 'nothing.net'

expect ops 0 "$NETC" ops
expect_text ops-lists "$T/stdout" '^Conv .* generated '
expect ops-missing 0 "$NETC" ops --missing
expect_text ops-missing-reason "$T/stdout" '^ImageDecoder  *it decodes JPEG, PNG, TIFF and other files'
expect ops-missing-json 0 "$NETC" ops --missing --json
expect_text ops-missing-json-row "$T/stdout" '"name": "ZipMap", "domain": "ai.onnx.ml", "reason": "maps'
