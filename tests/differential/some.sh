# A short part of `make differential`, where there is an ONNX Runtime.
"$BUILD/differential" --cases 256 --seed 1 >"$T/said" 2>"$T/stderr"
case $? in
0) echo "ok $(tail -n 1 "$T/said")" ;;
77) echo "skipped $(tail -n 1 "$T/said")" ;;
1) echo "not ok $(tail -n 1 "$T/said"): $(grep -m 1 -e DIFFERS -e REFUSED -e CRASHED "$T/said" | tail -n 1)" ;;
*) echo "not ok differential: $(tail -n 1 "$T/stderr")" ;;
esac
