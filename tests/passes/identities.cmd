"$NETC" compile identities.net --emit graph 2>/dev/null
