# Bodies, blocks drawn as one, repetitions.
"$NETC" graph outline.net --outline
"$NETC" graph outline.net --outline -o "$T/o.svg"
grep -v "^\.\|^@\|^}" "$T/o.svg"
