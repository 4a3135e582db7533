"""Writes what one measurement reads: model.onnx, weights.pt, images.f32 and labels.i64 in FOLDER.

usage: export.py NETWORK FOLDER SHARED BATCH
"""

import sys
import warnings
from pathlib import Path

import torch

import networks

OPSET = 17


def main() -> None:
    name, folder, shared, batch = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    model = networks.random(name, shared)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "weights.pt")
    torch.manual_seed(12)
    images = torch.randn(batch, 3, 224, 224)
    with warnings.catch_warnings():
        # The exporter of choice is a newer one, which needs packages that are not installed for this alone.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (images,), str(folder / "model.onnx"), opset_version=OPSET, dynamo=False,
            input_names=["input"], output_names=["logits"],
            dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
    images.numpy().tofile(folder / "images.f32")
    torch.randint(0, 1000, (batch,)).numpy().tofile(folder / "labels.i64")


main()
