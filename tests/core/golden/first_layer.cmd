lib/kernels first_layer.net sse4
