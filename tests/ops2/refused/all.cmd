# What each operator refuses: codes, messages and help; geometry.err has whole diagnostics.
"$NETC" check all.net 2>&1 | grep -e '^error' -e '= help'
