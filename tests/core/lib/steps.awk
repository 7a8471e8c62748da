# From `netc compile --emit program`: how many statements run, by the extents of their loops, and how many of them test an index
# (a select). Prints both.
/^kernel/ { depth = 0; next }
/^  #/ || !/^  / { next }
{
    match($0, /^ */)
    level = RLENGTH / 2
    trips[1] = 1
    if ($1 == "for" || $1 == "unrolled" || $1 == "parallel") {
        split($4, range, /\.\./)
        trips[level + 1] = trips[level] * (range[2] - range[1])
    } else {
        steps += trips[level]
        if (/select\(/) guarded += trips[level]
    }
}
END { printf "%d %d\n", steps, guarded }
