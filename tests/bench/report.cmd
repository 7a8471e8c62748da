# The table, the README's part and the chart, from numbers made up: with a network that ran alone, and one off the chart.
report="$ROOT/tests/bench/report"
"$report" table sample.tsv
printf 'A machine\n' >"$T/machine"
printf 'before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n' >"$T/README.md"
"$report" readme sample.tsv "$T/machine" "$T/README.md"
"$report" readme sample.tsv "$T/machine" "$T/README.md"
cat "$T/README.md"
printf 'no markers\n' >"$T/plain.md"
"$report" readme sample.tsv "$T/machine" "$T/plain.md" 2>/dev/null || echo "refused: $(cat "$T/plain.md")"
"$report" chart sample.tsv
printf 'net\t100000000\t50000000\t0.01\t0.005\t0.006\t0.005\t0.0025\t0.003\t1.23e-5\t-\n' >"$T/precision.tsv"
"$report" precision "$T/precision.tsv"
printf '<!-- precision: begin -->\nold\n<!-- precision: end -->\nafter\n' >"$T/README.md"
"$report" precision-readme "$T/precision.tsv" "$T/README.md"
cat "$T/README.md"
