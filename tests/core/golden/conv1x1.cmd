lib/kernels conv1x1.net avx2
