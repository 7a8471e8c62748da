lib/kernels few_channels.net sse4
