# Every form of the language, laid out by netc fmt; a second time changes nothing.
"$NETC" fmt <ugly.net | tee "$T/once.net"
"$NETC" fmt <"$T/once.net" | cmp - "$T/once.net"
