lib/kernels transpose.net avx2
