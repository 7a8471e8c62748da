# ONNX's backend tests as Debian has them (package libonnx-testdata): every one passes, or is in testdata.list with the reason.
data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
list=$ROOT/tests/driver/testdata.list
[ -d "$data/node" ] || { echo "skipped backend tests: not run: no $data/node (Debian's package libonnx-testdata)"; exit 0; }
for category in node simple pytorch-converted pytorch-operator; do # real/ names networks to be fetched
    find "$data/$category" -name model.onnx
done | sed 's|/model.onnx$||' | sort >"$T/tests"
"$ROOT/tests/conformance" "$T/tests" "$T/table" --cflags -O1 >"$T/said"
awk -F '\t' '
    function is_known(test, name) {
        for (name in known) if (test == name || (name ~ /_$/ && index(test, name) == 1)) return 1
        return 0
    }
    FNR == NR { if ($0 !~ /^#/) known[$1] = $2; next }
    $3 == "passed" { passed[$1]++; next }
    is_known($1 "/" $2) { expected++; next }
    { printf "not ok %s/%s: %s: %s\n", $1, $2, $3, $4; wrong++ }
    END {
        for (category in passed) { printf "ok %s, %d passed\n", category, passed[category]; all += passed[category] }
        if (all < 1000) print "not ok all of them: only " all " passed"
        if (!wrong) print "ok no others fail, " expected " known to"
    }' "$list" "$T/table"
