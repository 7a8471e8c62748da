# Names and operators; the values are the business of the unit test.
"$NETC" compile batchnorm.net --init 1 --emit graph | grep -v '^        ' | sed 's/ = \[.*//'
