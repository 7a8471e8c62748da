lib/kernels integers.net scalar
