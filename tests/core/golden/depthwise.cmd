lib/kernels depthwise.net avx2
