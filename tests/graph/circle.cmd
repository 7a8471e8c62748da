# A way leads out of `a` and in again: one box of it would be before and behind `between`.
"$NETC" graph circle.net --depth 1
"$NETC" graph circle.net --layout netc -o "$T/c.svg"
grep 'class="frame"' "$T/c.svg" || echo "no frame"
