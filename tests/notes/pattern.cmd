. lib/show.sh
show pattern
