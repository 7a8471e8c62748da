# What --emit schedule says of each layer; the schedules and their cycles are free to change.
"$NETC" compile schedule.net --init 1 --target avx512 --winograd off --emit schedule |
    sed -e 's/\(schedule\|cycles\|executes\): .*/\1: .../' -e 's/predicted: [0-9,]* cycles ([0-9.]* %), bound by [A-Za-z0-9]*/predicted: N cycles, bound by .../' \
        -e 's/, [0-9.]* a cycle/, N a cycle/' -e 's/[0-9]* kernels, [0-9,]* cycles/N kernels, N cycles/' |
    awk 'BEGIN { RS = ""; ORS = "\n\n" } /^[a-z0-9]*: [A-Z]|^schedule/'
