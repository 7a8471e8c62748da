lib/kernels maxpool.net generic
