# A page as it is shown, whatever the case of the code; a list of all; a code that is none.
"$NETC" explain e0210
"$NETC" explain | head -n 3
"$NETC" explain E9999 2>&1
