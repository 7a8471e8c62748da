#!/usr/bin/python3
"""The networks that `make bench` measures, from PyTorch:

    export.py FOLDER [NAME...]       (Debian: python3-torch python3-torchvision python3-onnx)

For each NAME, FOLDER/NAME.onnx (opset 13, batch 1), NAME.in.npy, an input in f32, and NAME.ref.npy, the
output that PyTorch computes for it in double precision. Weights are random, from a fixed seed, and the
statistics of batch normalisation are made not trivial. What is there already stays.
"""
import math
import os
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy
import torch
import torchvision.models as zoo
from torch import nn
from torch.nn import functional



def lenet5():
    """As published in 1998, but for the connections of its third layer: tanh, average pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10), nn.Softmax(1))


def pooled(inputs, outputs, padding):
    return [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]


def daimler_dense():
    """The pedestrian classifier of the NNCG generator's examples: 36 x 18 grey pixels, two classes."""
    return nn.Sequential(*pooled(1, 4, 1), *pooled(4, 16, 1), *pooled(16, 32, 1),
                         nn.Flatten(), nn.Linear(32 * 4 * 2, 2), nn.Softmax(1))


def dense70x50():
    """The dense network of NNCG's tests: 70 x 50 grey pixels."""
    return nn.Sequential(*pooled(1, 8, 1), *pooled(8, 16, 0), *pooled(16, 32, 0),
                         nn.Flatten(), nn.Linear(32 * 7 * 4, 2), nn.Softmax(1))


class Lstm(nn.Module):
    """Two layers of 128 cells over 50 steps, a classifier on the last."""

    def __init__(self):
        super().__init__()
        self.cells = nn.LSTM(64, 128, 2)
        self.scores = nn.Linear(128, 10)

    def forward(self, x):
        return self.scores(self.cells(x)[0][-1])


def dcgan_generator(noise=100, features=64):
    """Radford et al. 2015: 64 x 64 pictures from noise, by transposed convolutions."""
    layers, channels = [], noise
    for i, outputs in enumerate([8 * features, 4 * features, 2 * features, features]):
        layers += [nn.ConvTranspose2d(channels, outputs, 4, 2 if i else 1, 1 if i else 0, bias=False),
                   nn.BatchNorm2d(outputs), nn.ReLU()]
        channels = outputs
    return nn.Sequential(*layers, nn.ConvTranspose2d(channels, 3, 4, 2, 1, bias=False), nn.Tanh())


class Encoder(nn.Module):
    """A transformer's encoder block, normalised first: 8 heads of 32, 1024 wide inside."""

    def __init__(self, width=256, heads=8, inner=1024):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)

    def attention(self, x):
        steps, width = x.shape[1], x.shape[2]
        parts = self.qkv(x).reshape(1, steps, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        query, key, value = parts[0], parts[1], parts[2]
        weights = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.size)
        mixed = torch.matmul(functional.softmax(weights, -1), value)
        return self.out(mixed.transpose(1, 2).reshape(1, steps, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


PICTURE = (1, 3, 224, 224)
NETWORKS = {
    "lenet5": (lenet5, (1, 1, 28, 28)),
    "nncg_daimler_dense": (daimler_dense, (1, 1, 36, 18)),
    "nncg_dense70x50": (dense70x50, (1, 1, 70, 50)),
    "lstm2": (Lstm, (50, 1, 64)),
    "dcgan64": (dcgan_generator, (1, 100, 1, 1)),
    "shufflenet_v2_x1_0": (lambda: zoo.shufflenet_v2_x1_0(weights=None), PICTURE),
    "transformer_enc2": (lambda: nn.Sequential(Encoder(), Encoder()), (1, 128, 256)),
    "squeezenet1_1": (lambda: zoo.squeezenet1_1(weights=None), PICTURE),
    "googlenet": (lambda: zoo.googlenet(weights=None, aux_logits=False, init_weights=False), PICTURE),
    "alexnet": (lambda: zoo.alexnet(weights=None), PICTURE),
    "resnet18": (lambda: zoo.resnet18(weights=None), PICTURE),
    "resnet50": (lambda: zoo.resnet50(weights=None), PICTURE),
    "vgg16": (lambda: zoo.vgg16(weights=None), PICTURE),
    "mobilenet_v2": (lambda: zoo.mobilenet_v2(weights=None), PICTURE),
}


def vary_statistics(network):
    """Batch normalisation as after training: means around 0, variances and scales around 1."""
    source = torch.Generator().manual_seed(7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in ((module.running_mean, -0.1, 0.1), (module.running_var, 0.75, 1.25),
                                      (module.weight.data, 0.75, 1.25), (module.bias.data, -0.1, 0.1)):
                tensor.copy_(torch.rand(tensor.shape, generator=source) * (high - low) + low)


def export(name, folder):
    make, shape = NETWORKS[name]
    torch.manual_seed(1)
    network = make()
    with torch.no_grad():
        vary_statistics(network)
    network.eval()
    x = torch.randn(*shape)
    path = os.path.join(folder, name)
    with torch.no_grad():
        torch.onnx.export(network, x, path + ".part", opset_version=13, do_constant_folding=True,
                          input_names=["input"], output_names=["output"])
        numpy.save(path + ".in.npy", x.numpy())
        numpy.save(path + ".ref.npy", network.double()(x.double()).numpy())
    os.rename(path + ".part", path + ".onnx")


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    os.makedirs(folder, exist_ok=True)
    torch.set_num_threads(1)
    for name in names:
        if name not in NETWORKS:
            sys.exit(f"export.py: there is no network {name}; there are: {' '.join(NETWORKS)}")
        if not os.path.exists(os.path.join(folder, name + ".onnx")):
            print("exporting", name, flush=True)
            export(name, folder)


main()
