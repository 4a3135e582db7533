"""Trains the demonstration network and writes everything else in this folder.

    python train.py DATA_FOLDER [--output FOLDER] [--epochs N]

DATA_FOLDER holds Fashion-MNIST as its four gzipped IDX files. Needs torch, onnx and onnxruntime.
One core is used, all seeds are fixed: the same machine and versions give the same files.
"""

import argparse
import gzip
import struct
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

SCALE, MEAN, STD = 1 / 255, 0.2860, 0.3530
CALIBRATION_SAMPLES = 512
BATCH_SIZE = 128


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 projection where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class FashionResNet(nn.Module):
    """Stem and pooling to 14x14, then stages of 16, 32 and 64 channels with two blocks each."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.stage1 = nn.Sequential(ResidualBlock(16, 16, 1), ResidualBlock(16, 16, 1))
        self.stage2 = nn.Sequential(ResidualBlock(16, 32, 2), ResidualBlock(32, 32, 1))
        self.stage3 = nn.Sequential(ResidualBlock(32, 64, 2), ResidualBlock(64, 64, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.stage3(self.stage2(self.stage1(self.stem(x))))
        return self.head(torch.flatten(self.pool(x), 1))


def read_idx(path):
    """The array of a gzipped IDX file of unsigned bytes."""
    content = gzip.decompress(path.read_bytes())
    zero, kind, axes = struct.unpack(">HBB", content[:4])
    if (zero, kind) != (0, 8):
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def write_idx(path, array):
    """Writes unsigned bytes as a gzipped IDX file, without a time stamp, so that its bytes repeat."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), 9, mtime=0))


def normalised(images):
    """Images as the network takes them: float32 [N, 1, 28, 28]."""
    return (images[:, None].astype(np.float32) * np.float32(SCALE) - np.float32(MEAN)) / np.float32(STD)


def augmented(images):
    """A batch with every image mirrored by chance, all of it moved by up to two pixels."""
    mirror = torch.rand(len(images), 1, 1, 1) < 0.5
    down, right = torch.randint(0, 5, (2,)).tolist()
    moved = functional.pad(images, (2, 2, 2, 2), value=-MEAN / STD)[..., down : down + 28, right : right + 28]
    return torch.where(mirror, moved.flip(-1), moved)


def train(model, images, labels, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = len(images) // BATCH_SIZE
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.2, epochs=epochs, steps_per_epoch=steps, pct_start=0.25
    )
    model.train()
    start = time.monotonic()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(images))[: steps * BATCH_SIZE].split(BATCH_SIZE):
            loss = functional.cross_entropy(model(augmented(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1} of {epochs}: loss {total / steps:.4f}, {time.monotonic() - start:.0f} s", flush=True)
    model.eval()


def export(model, path):
    """The file a user would have: exported in evaluation mode with the exporter's own defaults."""
    torch.onnx.export(
        model,
        (torch.zeros(1, 1, 28, 28),),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )
    onnx.checker.check_model(str(path), full_check=True)


def evaluate(path, images, labels):
    """Accuracy and mean cross-entropy of the ONNX file under onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = range(0, len(images), 500)
    logits = np.concatenate([session.run(None, {"image": images[i : i + 500]})[0] for i in parts])
    loss = functional.cross_entropy(torch.tensor(logits).double(), torch.tensor(labels, dtype=torch.long))
    return (logits.argmax(1) == labels).mean(), loss.item()


def main():
    parser = argparse.ArgumentParser(description="Trains the demonstration network.")
    parser.add_argument("data", type=Path, help="folder of the four gzipped IDX files of Fashion-MNIST")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(2026)
    torch.use_deterministic_algorithms(True)

    images = read_idx(arguments.data / "train-images-idx3-ubyte.gz")
    labels = read_idx(arguments.data / "train-labels-idx1-ubyte.gz")
    test_images = normalised(read_idx(arguments.data / "t10k-images-idx3-ubyte.gz"))
    test_labels = read_idx(arguments.data / "t10k-labels-idx1-ubyte.gz")

    model = FashionResNet()
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    train(model, torch.tensor(normalised(images)), torch.tensor(labels, dtype=torch.long), arguments.epochs)

    network = arguments.output / "fashion-resnet.onnx"
    export(model, network)
    chosen = np.sort(np.random.default_rng(2026).choice(len(images), CALIBRATION_SAMPLES, replace=False))
    write_idx(arguments.output / "calibration-images.idx3-ubyte.gz", images[chosen])
    write_idx(arguments.output / "calibration-labels.idx1-ubyte.gz", labels[chosen])

    for name, x, y in [
        ("test images", test_images, test_labels),
        ("calibration images", normalised(images[chosen]), labels[chosen]),
    ]:
        accuracy, loss = evaluate(network, x, y)
        print(f"{len(y)} {name} under onnxruntime: accuracy {accuracy:.4f}, mean cross-entropy {loss:.4f}")


if __name__ == "__main__":
    main()
