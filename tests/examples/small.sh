# The small networks of examples/ compile and run for several targets and compilers, and agree. `make examples` runs them all.
"$ROOT/tests/examples/every" --small
