lib/kernels fully_connected.net avx2
