# Checks for test scripts: each prints `ok NAME` or `not ok NAME: why`.

# expect NAME CODE COMMAND...: it exits with CODE; what it printed is in $T/stdout and $T/stderr.
expect() {
    check_name=$1 check_code=$2
    shift 2
    "$@" >"$T/stdout" 2>"$T/stderr"
    check_got=$?
    if [ $check_got -eq "$check_code" ]; then
        echo "ok $check_name"
    else
        echo "not ok $check_name: exit code $check_got, expected $check_code: $(head -n 1 "$T/stderr")"
        return 1
    fi
}

# expect_text NAME FILE PATTERN: the file has a line that matches.
expect_text() {
    if grep -q -e "$3" "$2"; then echo "ok $1"
    else echo "not ok $1: no '$3' in: $(head -n 3 "$2" | tr '\n' ' ')"; fi
}

# expect_true NAME COMMAND...: it succeeds; $T/stdout and $T/stderr stay as they are.
expect_true() {
    check_name=$1
    shift
    if "$@" >"$T/.true" 2>&1; then echo "ok $check_name"
    else echo "not ok $check_name: $* fails: $(head -n 1 "$T/.true")"; fi
}

# expect_empty NAME FOLDER: nothing is in it, hidden or not.
expect_empty() {
    if [ -z "$(ls -A "$2" 2>/dev/null)" ]; then echo "ok $1"
    else echo "not ok $1: $2 has $(ls -A "$2" | tr '\n' ' ')"; fi
}
