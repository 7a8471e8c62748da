# Colours are asked for; otherwise there are none where the output is no terminal.
"$NETC" check --color always add_channels.net 2>&1
"$NETC" check add_channels.net 2>&1 | grep -c "$(printf '\033')"
