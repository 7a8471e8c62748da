lib/kernels maxpool_flatten.net sse4
