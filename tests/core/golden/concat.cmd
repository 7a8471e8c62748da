lib/kernels concat.net scalar
