# Diagnostics as JSON: columns count characters, places have ranges.
"$NETC" check --json assertions.net
code=$?
"$NETC" check --json wide_text.net
exit $code
