lib/kernels conv3x3.net avx512
