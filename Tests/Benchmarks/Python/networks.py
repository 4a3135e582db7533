"""The networks that are measured: torchvision's with random weights, and the shared ones where they are there."""

import importlib.util
from pathlib import Path

import torch
import torchvision

SHARED = ("vgg_small", "resnet20", "mobilenetv2_small")


def build(name: str, shared: Path) -> torch.nn.Module:
    """The network without its weights, in evaluation mode."""
    if name not in SHARED:
        return torchvision.models.get_model(name, weights=None).eval()
    spec = importlib.util.spec_from_file_location("models_shared", shared / "gen" / "models_shared.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MODELS[name][0]().eval()


def load(name: str, folder: Path, shared: Path) -> torch.nn.Module:
    """The network with the weights that its ONNX file has, in evaluation mode."""
    model = build(name, shared)
    weights = folder / "weights.pt" if name not in SHARED else shared / "models" / name / f"{name}.pt"
    state = torch.load(weights, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model


def random(name: str, shared: Path) -> torch.nn.Module:
    """The network with random weights from a fixed seed, its normalisations set to what random images give.

    Without that, activations of a network of random weights grow or vanish from layer to layer.
    """
    torch.manual_seed(11)
    model = build(name, shared)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.no_grad():
        model(torch.randn(8, 3, 224, 224))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return model.eval()
