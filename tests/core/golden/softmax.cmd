lib/kernels softmax.net avx2
