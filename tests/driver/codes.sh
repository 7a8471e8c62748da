# Every diagnostic code that the compiler uses has its row in the table.
. "$ROOT/tests/driver/lib/checks.sh"
for code in $(grep -rhoE '"[EW]0[0-9]{3}"' "$ROOT/compiler" --include='*.c' | sort -u); do
    expect_text "$(echo "$code" | tr -d '"')" "$ROOT/compiler/diag/diag_codes.c" "{$code, "
done
