# What layers cannot say, and names that are no words: operators with their attributes, constants that several read, outputs
# that are inputs, several results, an opset of another domain.
"$NETC" print odd.net
