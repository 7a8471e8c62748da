# Networks and layers of examples/ that are quickly compared with PyTorch; `make torchvision` compares all.
compare=$ROOT/tests/torchvision/compare
set -- lenet5_classic lstm activations normalisation losses pooling spectral_pooling transposed_convolution convolution_1d_2d_3d \
    dcgan_generator squeezenet1_1
if [ -x /usr/bin/python3 ]; then "$compare" "$NETC" "$T" "$@"
else for name; do echo "skipped $name: not run, there is no /usr/bin/python3"; done; fi
