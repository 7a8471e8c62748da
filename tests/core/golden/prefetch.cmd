lib/kernels prefetch.net sse4
