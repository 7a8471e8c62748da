# Sizes from the file, from --dim, from --dim-default; a name that is none.
"$NETC" print --flat dims.net | tail -n 3
"$NETC" print --flat dims.net --dim N=4 --dim C=5 | tail -n 3
sed 's/ where.*{/ {/' dims.net >"$T/open.net"
"$NETC" print --flat "$T/open.net" --dim-default 2 --dim H=6 2>&1 | tail -n 3
"$NETC" check dims.net --dim M=3 2>&1
