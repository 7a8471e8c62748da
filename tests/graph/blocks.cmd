# As written, with frames in frames; two deep; what is left when it is optimised; kernels as frames, here without their schedules.
"$NETC" graph blocks.net
"$NETC" graph blocks.net --depth 2
"$NETC" graph blocks.net --optimised
"$NETC" graph blocks.net --kernels --target avx2 | sed "s/: [a-z]*: .*;/\";/"
