lib/kernels stem.net avx2
