"""What the criteria predict and choose on one network, and what is true of it."""

import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import trained
from criterion import Criterion
from predictions import Prediction, Units, prediction, removed, spearman

# A random set takes such shares of the units of some groups.
SHARES = (0.1, 0.5)
SEED = 5
# Between what a search says that it predicts and the same computed from its files lie only roundings.
AGREEMENT = 1e-4


class Quality(NamedTuple):
    """Of a network, on the test images."""

    loss: float
    accuracy: float


class Row(NamedTuple):
    """One network pruned by one criterion."""

    network: str
    ratio: float
    criterion: str
    # Loss changes on the calibration samples.
    predicted: float
    measured: float
    pruned: Quality
    repaired: Quality
    original: Quality
    # What the search took, without pruning and evaluation.
    seconds: float


@dataclass
class Sets:
    """Sets of units and what their removal does to the loss of the calibration samples."""

    units: list[Units] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)

    def add(self, units: Units, measured: float) -> None:
        # Two criteria may choose the same set, which counts once.
        if units not in self.units:
            self.units.append(units)
            self.measured.append(measured)


class Study:
    """What is measured of one network."""

    def __init__(self, networks: trained.Trained, network: str, folder: Path):
        self.networks, self.network, self.folder = networks, network, folder
        self.rows: list[Row] = []
        self.predictions: dict[str, Prediction] = {}
        self.random, self.searched = Sets(), Sets()
        # Of predicted to measured loss changes: over all sets, the random ones, the searched ones.
        self.correlations: dict[str, tuple[float, float, float]] = {}
        # Relative, between what a search says that it predicts and the same computed here.
        self.disagreement = 0.0

    def search(self, ratio: float, one: Criterion) -> None:
        output = self.folder / f"{one.name} {ratio}"
        start = time.perf_counter()
        found = self.networks.search(self.network, ratio, one.sensitivity, one.solver, output)
        seconds = time.perf_counter() - start - trained.read(output / "run.json")["seconds"]["apply"]
        ratios = trained.read(output / "ratios.json")
        solution, units = ratios["solution"], removed(ratios)
        if one.predicts:
            if one.name not in self.predictions:
                self.predictions[one.name] = prediction(output)
            # Without damping the objective is the predicted change itself.
            said = solution.get("objective", solution["predicted_loss_change"])
            here = self.predictions[one.name](units)
            difference = abs(here - said) / max(abs(said), 1e-9)
            if difference > AGREEMENT:
                sys.exit(f"bench: error: {output.name}: its objective is {said}, and by its files {here}")
            self.disagreement = max(self.disagreement, difference)
        self.searched.add(units, solution["measured_loss_change"])
        row = Row(
            self.network, ratio, one.name, solution["predicted_loss_change"], solution["measured_loss_change"],
            *(Quality(found[name]["mean_loss"], found[name]["top_1"]) for name in ("pruned", "repaired", "original")),
            seconds)
        self.rows.append(row)
        accuracies = f"{row.pruned.accuracy:.4f}, repaired {row.repaired.accuracy:.4f}"
        trained.say(f"{self.network} at 1/{ratio:g}, {one.name}: {accuracies}")

    def prune_randomly(self, count: int) -> None:
        layers = self.removable()
        generator = random.Random(f"{SEED} {self.network}")
        config, ratios, model = (self.folder / name for name in ("data.json", "random.json", "random.onnx"))
        config.write_text(json.dumps({
            "model": str(self.networks.model(self.network)), "calibration": self.networks.calibration(),
            "target": {"compression_ratio": 2}}))
        for _ in range(count):
            units = {
                group: sorted(generator.sample(range(channels), max(1, round(generator.uniform(*SHARES) * channels))))
                for group, (_, channels) in generator.sample(
                    sorted(layers.items()), generator.randint(1, len(layers)))}
            ratios.write_text(json.dumps({layers[group][0]: taken for group, taken in units.items()}))
            self.networks.run(
                "apply", ratios, "--model", self.networks.model(self.network), "--output", model, "--config", config,
                "--no-repair", "--quiet")
            whole, pruned = trained.read(self.folder / "evaluation.json")["calibration_losses"]
            self.random.add(units, pruned - whole)
        trained.say(f"{self.network}: {count} random sets")

    def removable(self) -> dict[int, tuple[str, int]]:
        """Of every group that may lose channels, a layer whose channels are its units, and their number."""
        found, frozen = {}, set()
        for layer in json.loads(self.networks.run("inspect", "--json", self.networks.model(self.network)))["layers"]:
            [group] = layer["groups"]
            found.setdefault(group, (layer["name"], layer["channels"]))
            if not layer["prunable"]:
                frozen.add(group)
        return {group: layer for group, layer in found.items() if group not in frozen}

    def correlate(self) -> None:
        """Compares what is predicted with what has been measured; lets the predictions go, which hold much."""
        for name, predicts in self.predictions.items():
            random_ones, searched = ([predicts(units) for units in sets.units] for sets in (self.random, self.searched))
            self.correlations[name] = (
                spearman(random_ones + searched, self.random.measured + self.searched.measured),
                spearman(random_ones, self.random.measured), spearman(searched, self.searched.measured))
        self.predictions.clear()
