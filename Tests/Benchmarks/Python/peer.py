"""PyTorch computing what a search needs, in the ways that PyTorch offers. Speaks as `engine-benchmark` does.

usage: peer.py WAY THREADS NETWORK FOLDER SHARED BATCH
       peer.py matrix-products THREADS

WAY: eager           as Torch-Pruning does it: forward, backward with the gradients of all weights, then per output
                     channel |Σ w·∂L/∂w| over the weights of every convolution and linear layer
     eager-nhwc      the same with channels-last tensors
     no-weight-grads what is asked for and no more: channels-last, normalisations folded, no gradients of weights, and
                     per sample and channel Σ a·∂L/∂a at every layer's output
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.fx.experimental import optimization
from torch.nn import functional

import networks

LAYERS = (nn.Conv2d, nn.Linear)
IN_PLACE = (nn.ReLU, nn.ReLU6)


def memory(key: str) -> int:
    """A line of the kernel's account of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


class Eager:
    """Forward, backward with weight gradients, and the reductions over the weights."""

    def __init__(self, model: nn.Module, images: torch.Tensor, labels: torch.Tensor, layout: torch.memory_format):
        self.model = model.to(memory_format=layout)
        self.images, self.labels = images.contiguous(memory_format=layout), labels
        self.layers = [module for module in model.modules() if isinstance(module, LAYERS)]
        self.scores = []

    def step(self) -> float:
        self.model.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.scores = [(layer.weight * layer.weight.grad).detach().flatten(1).sum(1).abs() for layer in self.layers]
        return loss.item()

    def results(self, loss: float) -> dict:
        return {"loss": loss, "layers": None}


class NoWeightGradients:
    """Forward and backward through activations alone, with the sums of a·∂L/∂a taken as gradients arrive."""

    def __init__(self, model: nn.Module, images: torch.Tensor, labels: torch.Tensor):
        self.model = optimization.fuse(model)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.keep_layer_outputs()
        self.model = self.model.to(memory_format=torch.channels_last)
        self.images, self.labels = images.contiguous(memory_format=torch.channels_last), labels
        self.order, self.sums = [], {}
        for name, module in self.model.named_modules():
            if isinstance(module, LAYERS):
                module.register_forward_hook(lambda _, __, output, name=name: self.watch(name, output))

    def keep_layer_outputs(self) -> None:
        """Sees to it that the outputs of layers are still there when their gradients arrive.

        ReLU and ReLU6 may overwrite them: where they change an element, its gradient is zero. Other functions may not
        (`+=` has become `+` in the trace), and none the first layer's output, where differentiation begins.
        """
        graph, modules = self.model.graph, dict(self.model.named_modules())
        first = next(n for n in graph.nodes if n.op == "call_module" and isinstance(modules[n.target], LAYERS))
        for node in graph.nodes:
            if node.op == "call_module" and getattr(modules[node.target], "inplace", False):
                modules[node.target].inplace = isinstance(modules[node.target], IN_PLACE) and first not in node.args
            elif node.op == "call_function" and node.kwargs.get("inplace"):
                node.kwargs = {**node.kwargs, "inplace": False}
        self.model.recompile()

    def watch(self, name: str, output: torch.Tensor) -> torch.Tensor:
        if not output.requires_grad:
            output.requires_grad_(True)
        self.order.append(name)
        activation = output.detach()

        def reduce(gradient: torch.Tensor) -> None:
            product = activation * gradient
            self.sums[name] = product.sum((2, 3)) if product.dim() == 4 else product

        output.register_hook(reduce)
        return output

    def step(self) -> float:
        self.order.clear()
        loss = functional.cross_entropy(self.model(self.images), self.labels, reduction="sum")
        loss.backward()
        return loss.item() / len(self.labels)

    def results(self, loss: float) -> dict:
        return {"loss": loss, "layers": [self.sums[name].double().abs().sum().item() for name in self.order]}


class MatrixProducts:
    """Square matrix products."""

    SIZES = (384, 512, 768, 1024, 1536, 2048)

    def step(self) -> float:
        for size in self.SIZES:
            self.rate(size, 1)
        return 0

    def rate(self, size: int, count: int) -> float:
        left, right = torch.full((size, size), 0.5), torch.full((size, size), 0.25)
        product = torch.mm(left, right)
        start = time.perf_counter()
        for _ in range(count):
            torch.mm(left, right, out=product)
        return size**3 * count / (time.perf_counter() - start)

    def results(self, _: float) -> dict:
        return {"rates": {size: self.rate(size, max(1, 4_000_000_000 // size**3)) for size in self.SIZES}}


def subject(way: str, arguments: list[str]):
    if way == "matrix-products":
        return MatrixProducts()
    name, folder, shared, batch = arguments[0], Path(arguments[1]), Path(arguments[2]), int(arguments[3])
    model = networks.load(name, folder, shared)
    extents = (1, 28, 28) if name in networks.SHARED else (3, 224, 224)
    images = torch.from_numpy(numpy.fromfile(folder / "images.f32", "float32")).reshape(batch, *extents)
    labels = torch.from_numpy(numpy.fromfile(folder / "labels.i64", "int64"))
    if way == "eager":
        return Eager(model, images, labels, torch.contiguous_format)
    if way == "eager-nhwc":
        return Eager(model, images, labels, torch.channels_last)
    return NoWeightGradients(model, images, labels)


def main() -> None:
    way, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    before = memory("VmRSS:")
    running = subject(way, sys.argv[3:])
    answer = {"backend": f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})"}
    print(json.dumps(answer), flush=True)
    loss = 0.0
    for line in sys.stdin:
        words = line.split()
        if words[0] == "run":
            start = time.perf_counter()
            for _ in range(int(words[1])):
                loss = running.step()
            answer = {"seconds": time.perf_counter() - start}
        elif words[0] == "memory":
            answer = {"peak": memory("VmHWM:"), "before": before}
        else:
            answer = {"results": running.results(loss)} if way != "matrix-products" else running.results(loss)
        print(json.dumps(answer), flush=True)


main()
