. lib/show.sh
show pooling
