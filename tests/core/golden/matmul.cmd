lib/kernels matmul.net avx512
