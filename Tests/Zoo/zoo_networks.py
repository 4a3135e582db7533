"""The networks of zoo.py: torchvision's, and some of segmentation, detection and int8; random numbers; export."""
import os

import numpy as np
import onnx
import torch
import torchvision
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

import zoo_cases

# Input extents of torchvision's architectures; what is not named takes 64.
EXTENT = {
    "alexnet": 224, "vgg11": 224, "vgg16_bn": 224, "inception_v3": 96, "swin_t": 112, "swin_v2_t": 128, "maxvit_t": 224}
TORCHVISION = (
    "alexnet vgg11 vgg16_bn resnet18 resnet50 resnext50_32x4d wide_resnet50_2 densenet121 googlenet inception_v3 mobilenet_v2 "
    "mobilenet_v3_small mobilenet_v3_large mnasnet0_5 mnasnet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0 squeezenet1_0 "
    "squeezenet1_1 efficientnet_b0 efficientnet_b1 efficientnet_v2_s regnet_x_400mf regnet_y_400mf convnext_tiny vit_b_16 "
    "swin_t swin_v2_t maxvit_t").split()
# By the dynamo exporter too.
DYNAMO = "resnet18 shufflenet_v2_x0_5 densenet121 mobilenet_v3_small case_attention case_heads case_group_norm".split()
# Of onnx's light models, whose weights are all equal, with random ones too.
FILLED = "light_densenet121 light_inception_v1 light_inception_v2 light_resnet50 light_shufflenet light_squeezenet".split()
UNFOLDED = "resnet18 mobilenet_v2 shufflenet_v2_x0_5".split()  # with BatchNormalization kept too


def block(inputs, outputs, kernel=3, stride=1, activation=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), activation())


class UNet(nn.Module):
    """An encoder and a decoder, joined level by level: ConvTranspose or Resize, skips through Concat."""

    def __init__(self, widths=(24, 48, 96), transposed=True):
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(block(i, o), block(o, o)) for i, o in zip((3,) + widths[:-1], widths))
        self.bottom = block(widths[-1], 2 * widths[-1])
        steps = list(zip((2 * widths[-1],) + widths[:0:-1], widths[::-1]))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 2, 2) if transposed
            else nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.Conv2d(i, o, 1))
            for i, o in steps)
        self.join = nn.ModuleList(block(2 * o, o) for _, o in steps)
        self.head = nn.Conv2d(widths[0], 5, 1)

    def forward(self, x):
        skips = []
        for level in self.down:
            x = level(x)
            skips.append(x)
            x = functional.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([up(x), skips.pop()], 1))
        return self.head(x)


class SplitStage(nn.Module):
    """A cross-stage partial block as in YOLO: split in halves, residual blocks on one, everything concatenated."""

    def __init__(self, width):
        super().__init__()
        self.first = block(width, width, 1, activation=nn.SiLU)
        self.inner = nn.ModuleList(
            nn.Sequential(block(width // 2, width // 2, activation=nn.SiLU), block(width // 2, width // 2, activation=nn.SiLU))
            for _ in range(2))
        self.last = block(width * 2, width, 1, activation=nn.SiLU)

    def forward(self, x):
        parts = list(self.first(x).chunk(2, 1))
        for inner in self.inner:
            parts.append(parts[-1] + inner(parts[-1]))
        return self.last(torch.cat(parts, 1))


class Detector(nn.Module):
    """Two scales with a top-down path, spatial pyramid pooling, two outputs."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(block(3, 16, stride=2, activation=nn.SiLU), block(16, 32, stride=2, activation=nn.SiLU))
        self.stage1 = nn.Sequential(SplitStage(32), block(32, 64, stride=2, activation=nn.SiLU), SplitStage(64))
        self.stage2 = nn.Sequential(block(64, 128, stride=2, activation=nn.SiLU), SplitStage(128))
        self.pyramid1, self.pyramid2 = block(128, 64, 1, activation=nn.SiLU), block(256, 128, 1, activation=nn.SiLU)
        self.lateral = block(128 + 64, 64, 1, activation=nn.SiLU)
        self.merge = SplitStage(64)
        self.head1, self.head2 = nn.Conv2d(64, 18, 1), nn.Conv2d(128, 18, 1)

    def forward(self, x):
        fine = self.stage1(self.stem(x))
        coarse = self.pyramid1(self.stage2(fine))
        pools = [coarse]
        for _ in range(3):
            pools.append(functional.max_pool2d(pools[-1], 5, 1, 2))
        coarse = self.pyramid2(torch.cat(pools, 1))
        wide = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        fine = self.merge(self.lateral(torch.cat([wide, fine], 1)))
        return self.head1(fine), self.head2(coarse)


class Residual(nn.Module):
    """A residual network whose normalisation and activation are given."""

    def __init__(self, norm, activation, widths=(32, 64, 128)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks, self.skips = nn.ModuleList(), nn.ModuleList()
        for i, o in zip(widths[:1] + widths[:-1], widths):
            self.blocks.append(nn.Sequential(
                norm(i), activation(i), nn.Conv2d(i, o, 3, 2, 1), norm(o), activation(o), nn.Conv2d(o, o, 3, 1, 1)))
            self.skips.append(nn.Conv2d(i, o, 1, 2))
        self.head = nn.Linear(widths[-1], 10)

    def forward(self, x):
        x = self.stem(x)
        for inner, skip in zip(self.blocks, self.skips):
            x = inner(x) + skip(x)
        return self.head(x.mean((2, 3)))


class Multiplier(nn.Module):
    """Depthwise with a multiplier, a squeeze-and-excitation gate, a weight used twice, pixel shuffle, reflected padding."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 24)
        self.depthwise = nn.Conv2d(24, 48, 3, padding=1, groups=24)
        self.squeeze, self.excite = nn.Conv2d(48, 12, 1), nn.Conv2d(12, 48, 1)
        self.narrow, self.twice = nn.Conv2d(48, 32, 3), nn.Conv2d(32, 32, 3, padding=1)
        self.shuffle, self.head = nn.Conv2d(32, 64, 1), nn.Linear(16, 10)

    def forward(self, x):
        x = functional.hardswish(self.depthwise(self.stem(x)))
        x = x * torch.sigmoid(self.excite(functional.relu(self.squeeze(x.mean((2, 3), keepdim=True)))))
        x = self.narrow(functional.pad(x, (1, 1, 1, 1), mode="reflect"))
        x = functional.relu(self.twice(functional.relu(self.twice(x))))
        x = functional.relu(functional.pixel_shuffle(self.shuffle(x), 2))
        return self.head(x.mean((2, 3)))


NETWORKS = {
    "hand_unet": UNet,
    "hand_unet_resize": lambda: UNet(transposed=False),
    "hand_detector": Detector,
    "hand_groupnorm_resnet": lambda: Residual(lambda width: nn.GroupNorm(8, width), lambda width: nn.ReLU()),
    "hand_instancenorm_prelu": lambda: Residual(lambda width: nn.InstanceNorm2d(width, affine=True), nn.PReLU),
    "hand_multiplier": Multiplier,
    "hand_convnet_qdq": lambda: Residual(nn.BatchNorm2d, lambda width: nn.ReLU()),
    "hand_unet_external": UNet,
} | {"case_" + name: case for name, case in zoo_cases.NETWORKS.items()}
GRAPHS = {"case_" + name: graph for name, graph in zoo_cases.graphs().items()}


def build(architecture):
    """A network and the extents of one of its samples."""
    shape = (3, EXTENT.get(architecture, 64), EXTENT.get(architecture, 64))
    if architecture in NETWORKS:
        return NETWORKS[architecture](), shape
    options = {"aux_logits": False, "init_weights": False} if architecture in ("googlenet", "inception_v3") else {}
    if architecture.startswith("vit"):
        options["image_size"] = shape[1]
    return getattr(torchvision.models, architecture)(weights=None, **options), shape


def quantise(model, shape):
    """Puts int8 QuantizeLinear and DequantizeLinear around weights and activations, per channel."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Images(CalibrationDataReader):
        def __init__(self):
            self.left = [np.random.default_rng(n).standard_normal((1, *shape), np.float32) for n in range(8)]

        def get_next(self):
            return {"input": self.left.pop()} if self.left else None

    quantize_static(
        model, model + ".int8", Images(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    os.replace(model + ".int8", model)


def randomise(network, images):
    """Random numbers where initialisation leaves constants; BatchNorm statistics near those of random images."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.numel() < 2 or parameter.min() != parameter.max():
                continue
            value = parameter.flatten()[0].item()
            if 0 < abs(value) < 0.01:  # layer scales that would switch their block off
                parameter.uniform_(0.2, 0.6)
            elif value == 0 and parameter.dim() > 1 and parameter.shape[0] > 1:  # weights that start as zero
                parameter.normal_(0, parameter[0].numel() ** -0.5)
            else:
                parameter.add_(0.2 * torch.randn_like(parameter))
        norms = [module for module in network.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        network.train()
        network(images)
        network.eval()
        for norm in norms:
            norm.running_mean += 0.2 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
            norm.running_var *= 0.7 + 0.6 * torch.rand_like(norm.running_var)


def export(network, images, path, way):
    if way == "dynamo":
        batch = torch.export.Dim("batch", max=1024)
        program = torch.onnx.export(
            network, (images,), dynamo=True, opset_version=21, input_names=["input"], dynamic_shapes=({0: batch},))
        return program.save(path)
    kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False} if way == "bn" else {}
    with torch.no_grad():
        results = network(images)
    outputs = ["logits"] if torch.is_tensor(results) else [f"output{index}" for index in range(len(results))]
    torch.onnx.export(
        network, images, path, opset_version=17, dynamo=False, input_names=["input"], output_names=outputs,
        dynamic_axes={name: {0: "batch"} for name in ["input"] + outputs}, **kept)


def fill(model):
    """Random numbers in place of weights that the file makes all equal, with which no two networks would differ."""
    random, graph = np.random.default_rng(5), model.graph
    extents = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape" or node.input[0] not in extents:
            nodes.append(node)
            continue
        shape = extents[node.input[0]]
        value = random.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
        value = value if len(shape) > 1 else random.uniform(0.5, 1.5, shape)
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), node.output[0]))
    if nodes[-1].op_type == "Softmax":  # which would hide differences
        graph.output[0].name = nodes.pop().input[0]
    del graph.node[:]
    graph.node.extend(nodes)
    model.ir_version = max(model.ir_version, 4)  # below, every initializer is an input too
    return model
