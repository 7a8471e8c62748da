sh lib/play editing.session --dim N=7
