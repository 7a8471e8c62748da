# netc's own layout: the same bytes everywhere.
"$NETC" graph blocks.net --layout netc -o "$T/blocks.svg"
grep -v '^\.\|^@\|^}' "$T/blocks.svg"
