# What the networks of examples/ are compared with: for each a PyTorch module with the same names of parameters, and the shapes of its
# inputs (integers below a bound, where there is one). Networks that torchvision has are torchvision's.
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as models


class Function(nn.Module):
    """A module without parameters."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(16, 120, 5), nn.Tanh())
        self.classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

    def forward(self, x):
        logits = self.classifier(torch.flatten(self.feature_extractor(x), 1))
        return logits, F.softmax(logits, dim=1)


class TwoTowers(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.fc6, self.fc7, self.fc8 = nn.Linear(9216, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)

    def forward(self, x):
        normalised = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)
        pooled = nn.MaxPool2d(3, 2)
        x = pooled(normalised(F.relu(self.conv1(x))))
        x = pooled(normalised(F.relu(self.conv2(x))))
        x = pooled(F.relu(self.conv5(F.relu(self.conv4(F.relu(self.conv3(x)))))))
        return F.softmax(self.fc8(F.relu(self.fc7(F.relu(self.fc6(torch.flatten(x, 1)))))), dim=-1)


class Separable(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, out, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x):
        return F.relu(self.bn2(self.pointwise(F.relu(self.bn1(self.depthwise(x))))))


class MobileNetV1(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.batchnorm1 = nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32)
        steps = [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
        for i, (channels, out, stride) in enumerate(steps):
            setattr(self, f"separable{i + 1}", Separable(channels, out, stride))
        self.wide = nn.ModuleList(Separable(512, 512, 1) for _ in range(5))
        self.separable7, self.separable8 = Separable(512, 1024, 2), Separable(1024, 1024, 1)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x):
        x = F.relu(self.batchnorm1(self.conv1(x)))
        for i in range(6):
            x = getattr(self, f"separable{i + 1}")(x)
        for layer in self.wide:
            x = layer(x)
        return self.fc(self.separable8(self.separable7(x)).mean([2, 3]))


class Double(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, out, 3), nn.Conv2d(out, out, 3)

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, channels // 2, 2, 2)
        self.convs = Double(channels, channels // 2)

    def forward(self, x, beside):
        x = self.up(x)
        edge = (beside.shape[2] - x.shape[2]) // 2
        return self.convs(torch.cat([beside[:, :, edge:edge + x.shape[2], edge:edge + x.shape[3]], x], 1))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (channels, out) in enumerate([(1, 64), (64, 128), (128, 256), (256, 512)]):
            setattr(self, f"down{i + 1}", Double(channels, out))
        self.bottom = Double(512, 1024)
        for i, channels in enumerate([128, 256, 512, 1024]):
            setattr(self, f"up{i + 1}", Up(channels))
        self.classify = nn.Conv2d(64, 2, 1)

    def forward(self, x):
        ways = []
        for i in range(4):
            ways.append(getattr(self, f"down{i + 1}")(x))
            x = F.max_pool2d(ways[-1], 2)
        x = self.bottom(x)
        for i in reversed(range(4)):
            x = getattr(self, f"up{i + 1}")(x, ways[i])
        return self.classify(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.ConvTranspose2d(100, 512, 4, 1, 0, bias=False), nn.BatchNorm2d(512), nn.ReLU()]
        for channels in (512, 256, 128):
            layers += [nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(channels // 2), nn.ReLU()]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Context(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleList(nn.Conv2d(21, 21, 3, padding=d, dilation=d) for d in (1, 1, 2, 4, 8, 16, 1))
        self.last = nn.Conv2d(21, 21, 1)

    def forward(self, x):
        for layer in self.layer:
            x = F.relu(layer(x))
        return self.last(x)


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(18766, 300)
        self.conv3, self.conv4, self.conv5 = (nn.Conv1d(300, 100, words) for words in (3, 4, 5))
        self.fc = nn.Linear(300, 2)

    def forward(self, words):
        x = self.embedding(words).transpose(1, 2)
        return self.fc(torch.cat([F.relu(conv(x)).amax(2) for conv in (self.conv3, self.conv4, self.conv5)], 1))


class LSTM(nn.LSTM):
    def __init__(self):
        super().__init__(28, 64, batch_first=True)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        _, (h, _) = super().forward(x)
        return self.fc(h[0]), h[0]


class Normalisation(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, padding=1)
        self.batchnorm, self.layernorm = nn.BatchNorm2d(32), nn.GroupNorm(1, 32)
        self.instancenorm, self.groupnorm = nn.InstanceNorm2d(32, affine=True), nn.GroupNorm(8, 32)

    def forward(self, image):
        x = self.conv(image)
        return tuple(F.relu(norm(x)) for norm in (self.batchnorm, self.layernorm, self.instancenorm, self.groupnorm))


class Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.four, self.five = nn.ConvTranspose2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 3, 2)
        self.twice = nn.ConvTranspose1d(1, 1, 4, 2, 1)

    def forward(self, x, signal):
        known = F.conv_transpose1d(signal, torch.tensor([[[0.5, 1, 0.5]]]), stride=2)
        return self.four(x), self.five(x), self.twice(signal), known


class Dimensions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1d, self.conv2d, self.conv3d = nn.Conv1d(3, 6, 5), nn.Conv2d(3, 6, 5), nn.Conv3d(3, 6, 5)

    def forward(self, signal, image, volume):
        return self.conv1d(signal), self.conv2d(image), self.conv3d(volume)


class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.learned = nn.PReLU(64)

    def forward(self, x):
        return (F.relu(x), F.leaky_relu(x, 0.01), self.learned(x), F.elu(x), F.selu(x), F.gelu(x), F.silu(x), F.mish(x),
                torch.sigmoid(x), torch.tanh(x), F.softplus(x), F.softsign(x), F.relu6(x), F.hardswish(x), F.softmax(x, 1))


class GraphConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.gc1, self.gc2 = nn.Linear(34, 16, bias=False), nn.Linear(16, 4, bias=False)

    def forward(self, features, adjacency):
        return F.softmax(adjacency @ self.gc2(F.relu(adjacency @ self.gc1(features))), 1)


def gaussian_filters(image):
    image = F.pad(image, (10, 10, 10, 10), mode="replicate")
    squares = torch.arange(-10, 11).float() ** 2
    rows = [torch.exp(-squares / (2 * sigma * sigma)) for sigma in (1, 2, 4, 8)]
    return tuple(F.conv2d(image, (torch.outer(row, row) / row.sum() ** 2)[None, None]) for row in rows)


def pooling(x):
    largest, mean = F.max_pool2d(x, 2), F.avg_pool2d(x, 2)
    return largest, mean, F.lp_pool2d(x, 2, 2), 0.5 * largest + 0.5 * mean, F.max_pool2d(x, 3, 2)


def spectral_pooling(x):
    f = torch.fft.fft2(x)
    kept = [0, 1, 2, -2, -1]
    return torch.fft.ifft2(f[:, :, kept][:, :, :, kept]).real * (25 / 64)


def losses(logits, labels, w):
    answers = labels.argmax(1)
    # PyTorch's margin loss divides by the number of classes and leaves the right one out.
    hinge = F.multi_margin_loss(logits, answers, reduction="none") * logits.shape[1]
    p = F.softmax(logits, 1)
    return (F.mse_loss(p, labels), hinge.mean(), F.cross_entropy(logits, answers),
            F.binary_cross_entropy_with_logits(logits, labels), (w * w).sum())


def with_auxiliaries():
    """torchvision's GoogLeNet gives what its auxiliary classifiers say only while it is trained."""
    module = models.googlenet(weights=None, aux_logits=True, init_weights=False)
    said = {}
    module.inception4a.register_forward_hook(lambda *call: said.update(aux1=module.aux1(call[2])))
    module.inception4d.register_forward_hook(lambda *call: said.update(aux2=module.aux2(call[2])))
    module.register_forward_hook(lambda *call: (call[2], said["aux2"], said["aux1"]))
    return module


IMAGE = (1, 3, 224, 224)


def torchvision(name, shape=IMAGE, **options):
    find = models.video.r3d_18 if name == "r3d_18" else getattr(models, name)
    return lambda: find(weights=None, **options), [shape]


def own(module, *shapes):
    return module, list(shapes)


def one_hot(rows, classes):
    return lambda: F.one_hot(torch.randint(classes, (rows,)), classes).float()


REFERENCES = {
    "alexnet_torchvision": torchvision("alexnet"),
    "vgg11": torchvision("vgg11"),
    "vgg13": torchvision("vgg13"),
    "vgg16": torchvision("vgg16"),
    "vgg19": torchvision("vgg19"),
    "googlenet_torchvision": torchvision("googlenet", aux_logits=False, init_weights=False),
    "googlenet_torchvision_auxiliary": (with_auxiliaries, [IMAGE]),
    "resnet18": torchvision("resnet18"),
    "resnet34": torchvision("resnet34"),
    "resnet50": torchvision("resnet50"),
    "resnet101": torchvision("resnet101"),
    "resnet152": torchvision("resnet152"),
    "resnext50_32x4d": torchvision("resnext50_32x4d"),
    "mobilenet_v2": torchvision("mobilenet_v2"),
    "shufflenet_v2": torchvision("shufflenet_v2_x1_0"),
    "squeezenet1_0": torchvision("squeezenet1_0"),
    "squeezenet1_1": torchvision("squeezenet1_1"),
    "densenet121": torchvision("densenet121"),
    "r3d_18": torchvision("r3d_18", (1, 3, 16, 112, 112)),
    "vit_b_16": torchvision("vit_b_16"),
    "lenet5_classic": own(LeNet5, (1, 1, 32, 32)),
    "alexnet_two_tower": own(TwoTowers, (1, 3, 227, 227)),
    "mobilenet_v1": own(MobileNetV1, IMAGE),
    "unet": own(UNet, (1, 1, 572, 572)),
    "dcgan_generator": own(Generator, (1, 100, 1, 1)),
    "dilated_context": own(Context, (1, 21, 64, 64)),
    "text_cnn": own(TextCNN, lambda: torch.randint(18766, (1, 56))),
    "transformer_encoder": own(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8, 2048, batch_first=True), 6),
                               (1, 32, 512)),
    "lstm": own(LSTM, (1, 28, 28)),
    "graph_convolution": own(GraphConvolution, (34, 34), (34, 34)),
    "gaussian_filters": own(lambda: Function(gaussian_filters), (1, 1, 240, 320)),
    "normalisation": own(Normalisation, (2, 3, 32, 32)),
    "transposed_convolution": own(Transposed, (1, 1, 2, 2), (1, 1, 4)),
    "convolution_1d_2d_3d": own(Dimensions, (1, 3, 32), (1, 3, 32, 32), (1, 3, 16, 32, 32)),
    "activations": own(Activations, (1, 64)),
    "pooling": own(lambda: Function(pooling), (1, 64, 224, 224)),
    "spectral_pooling": own(lambda: Function(spectral_pooling), (1, 3, 8, 8)),
    "losses": own(lambda: Function(losses), (8, 10), one_hot(8, 10), (10, 10)),
}
