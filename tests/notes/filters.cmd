. lib/show.sh
show filters
