. lib/show.sh
show correlation
