lib/kernels broadcast.net sse4
