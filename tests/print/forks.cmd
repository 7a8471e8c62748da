# Names that say nothing: what is repeated is found where the graph forks and joins.
"$NETC" print forks.net
