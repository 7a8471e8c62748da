# Markdown keeps what is markup in names.
"$NETC" summary --md tree.net
