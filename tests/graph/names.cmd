"$NETC" graph names.net
"$NETC" graph names.net --layout netc -o "$T/n.svg" && grep "<text" "$T/n.svg"
