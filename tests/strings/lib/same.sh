# For tests of strings that are run in many builds: $net is the network, $inputs its files, $wanted what it prints.

# same NAME FLAGS...: the program built so prints what it should.
same() {
    name=$1
    shift
    expect "$name is built" 0 "$NETC" build "$net" -o program "$@"
    expect "$name runs" 0 ./program $inputs
    if [ -n "${BLESS:-}" ]; then cp stdout "$wanted"; fi
    expect_true "$name prints" cmp "$wanted" stdout
}
