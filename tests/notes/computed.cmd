. lib/show.sh
show computed
