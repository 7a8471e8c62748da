# show NET: compiles and runs it on its one input, a zero that keeps the numbers from being computed while compiling; prints the outputs.
show() {
    "$NETC" build "$1.net" -o "$T/$1" --target scalar && printf '\0\0\0\0' >"$T/zero" && "$T/$1" "$T/zero"
}
