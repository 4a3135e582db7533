"""The trained networks beside the checkout: pruning them with the program, and what others make of them.

The test images are Debian's dataset-fashion-mnist.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

NETWORKS = ("vgg_small", "resnet20", "mobilenetv2_small")
IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
# How near another's share of multiply-accumulates must be to be set beside ours.
NEAR = 0.12


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def parser(measurement: str) -> argparse.ArgumentParser:
    """What every measurement on these networks is told."""
    result = argparse.ArgumentParser(prog=f"scripts/bench {measurement}")
    result.add_argument("--root", type=Path, required=True)
    result.add_argument("--program", required=True)
    result.add_argument("--dataset", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    result.add_argument("--samples", type=int, default=512, help="calibration images")
    return result


class Trained:
    """The networks, their data, and the program."""

    def __init__(self, options: argparse.Namespace):
        self.program, self.dataset, self.samples = options.program, options.dataset, options.samples
        self.reference = (options.root / ".." / "shared" / "reference").resolve()
        for needed, what in (
                (self.reference / "models", "the trained networks"),
                (self.dataset / IMAGES, "the test images (Debian's package dataset-fashion-mnist)")):
            if not needed.exists():
                sys.exit(f"bench: error: {what} are not there: {needed}")

    def model(self, network: str, variant: str = "folded") -> Path:
        return self.reference / "models" / network / f"{network}.{variant}.onnx"

    def run(self, *arguments: object) -> str:
        """What the program prints."""
        run = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"bench: error: {' '.join(map(str, arguments))}: {run.stderr.strip()}")
        return run.stdout

    def calibration(self) -> dict:
        data = self.reference / "data"
        return {
            "inputs": str(data / "calib_images.npy"), "labels": str(data / "calib_labels.npy"), "samples": self.samples}

    def search(
            self, network: str, ratio: float, sensitivity: dict, solver: dict, output: Path,
            variant: str = "folded", rules: tuple[dict, ...] = ()) -> dict:
        """Prunes a network to 1/ratio of its multiply-accumulates and repairs it.

        Gives the evaluations on the test images by the networks' names; `output` holds the rest, and what another ratio
        need not measure again.
        """
        output.mkdir(parents=True, exist_ok=True)
        config = output / "config.json"
        config.write_text(json.dumps({
            "model": str(self.model(network, variant)),
            "calibration": self.calibration(),
            "evaluation": {
                "inputs": str(self.dataset / IMAGES), "labels": str(self.dataset / LABELS),
                "preprocessing": {"scale": 1 / 255, "mean": 0.2860, "std": 0.3530}},
            "sensitivity": sensitivity,
            "solver": solver,
            "config_list": list(rules),
            "target": {"compression_ratio": ratio, "metric": "macs"},
            "output": {"directory": str(output)}}))
        self.run("search", "--apply", "--quiet", config)
        networks = {one["name"]: one for one in read(output / "evaluation.json")["networks"]}
        # Where no repair gains anything, there is no network of this name.
        networks.setdefault("repaired", networks["pruned"])
        return networks


def read(path: Path) -> dict:
    return json.loads(path.read_text())


class Other(NamedTuple):
    """What another pruner was measured at, without training."""

    network: str
    name: str
    # Of the multiply-accumulates that are left.
    share: float
    right_after: float | None
    # With statistics of normalisations measured anew.
    recalibrated: float | None

    @property
    def accuracy(self) -> float | None:
        return max((one for one in (self.right_after, self.recalibrated) if one is not None), default=None)

    @property
    def is_in_steps(self) -> bool:
        return self.name.endswith("-5")


def others(path: Path) -> list[Other]:
    found, network = [], ""
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("## "):
            network = line[3:].split()[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        try:
            share = float(cells[3])
            right_after, recalibrated = (float(cell) if cell else None for cell in cells[5:7])
        except (IndexError, ValueError):
            continue
        found.append(Other(network, f"{cells[0]} {cells[1]}", share, right_after, recalibrated))
    return found


def best(found: list[Other], network: str, share: float, accuracy: Callable[[Other], float | None]) -> str:
    """The best of others with about so many multiply-accumulates left."""
    near = [
        one for one in found
        if one.network == network and abs(one.share - share) <= NEAR * share and accuracy(one) is not None]
    if not near:
        return "–"
    one = max(near, key=accuracy)
    return f"{accuracy(one):.4f} ({one.name} at {one.share:.3f})"
