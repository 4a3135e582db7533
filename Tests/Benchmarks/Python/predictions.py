"""What the criteria predict for any set of units, from the files that a search leaves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import trained

# Units that go, by group.
Units = dict[int, list[int]]
Prediction = Callable[[Units], float]

# What less is left of a sample's probability counts as nothing, as in the program.
LEAST_REST = 1e-6
# The log-probability of a class that does not occur.
IMPOSSIBLE = -700.0


def removed(ratios: dict) -> Units:
    """The units that a search takes. On these networks a unit of a group is a channel of each of its layers."""
    return {layer["group"]: layer["pruned_channels"] for layer in ratios["layers"] if layer.get("pruned_channels")}


def prediction(folder: Path) -> Prediction:
    """What the search in this folder minimises: the predicted loss change, with its damping.

    It has to be a search in one step: with more, the files are of a network that has been pruned already.
    """
    archive = np.load(folder / "sensitivities.npz")
    groups = [archive[f"group/{group}"] for group in range(sum(name.startswith("group/") for name in archive.files))]
    sensitivity = trained.read(folder / "run.json")["configuration"]["sensitivity"]
    if sensitivity.get("set_loss", "additive") == "additive":
        return lambda units: float(sum(groups[group][taken].sum() for group, taken in units.items()))
    starts = np.cumsum([0] + [len(group) for group in groups])

    def indices(units: Units) -> list[int]:
        return [int(starts[group]) + unit for group, taken in units.items() for unit in taken]

    stored = np.load(folder / "set_loss.npz")
    form = logits if sensitivity["set_loss"] == "logits" else quadratic
    of_set = form(stored, sensitivity["damping"])
    slopes = stored["slopes"] if sensitivity.get("first_order", False) else np.zeros(len(stored["slopes"]))
    return lambda units: of_set(indices(units)) + float(slopes[indices(units)].sum())


def quadratic(stored: np.lib.npyio.NpzFile, damping: float) -> Callable[[list[int]], float]:
    """½ · mean over samples of Σ over rows (Σ over units t)², and the damping of each unit's own square."""
    rows, samples = stored["rows"], stored["counts"][0]
    own = damping * np.square(rows, dtype=np.float64).sum(axis=0) / samples

    def loss(taken: list[int]) -> float:
        shifts = rows[:, taken].sum(axis=1, dtype=np.float64)
        return float(0.5 * (shifts**2).sum() / samples + own[taken].sum())

    return loss


def logits(stored: np.lib.npyio.NpzFile, damping: float) -> Callable[[list[int]], float]:
    """The cross-entropy of shifted log-probabilities against those of the whole network, less its entropy."""
    samples, classes = map(int, stored["counts"][:2])
    rows = stored["rows"].astype(np.float64).reshape(samples, classes, -1)
    log_probabilities = -stored["losses"].reshape(samples, classes)
    probabilities = np.exp(log_probabilities)
    rest = 1 - probabilities.sum(axis=1)
    rest[rest <= LEAST_REST] = 0
    if rest.any():
        # Over all classes Σ p·∂log p = 0, which gives the shift of those without a row.
        shift = -np.einsum("nc,ncu->nu", probabilities, rows) / np.where(rest > 0, rest, 1)[:, None]
        rows = np.concatenate([rows, np.where(rest[:, None] > 0, shift, 0)[:, None]], axis=1)
        added = np.where(rest > 0, np.log(np.where(rest > 0, rest, 1)), IMPOSSIBLE)
        log_probabilities = np.concatenate([log_probabilities, added[:, None]], axis=1)
    targets = np.exp(log_probabilities)
    targets /= targets.sum(axis=1, keepdims=True)
    own = damping * np.einsum("nc,ncu->u", targets, rows**2) / samples

    def cross_entropy(shifts: np.ndarray | float) -> float:
        shifted = log_probabilities + shifts
        highest = shifted.max(axis=1, keepdims=True)
        total = highest[:, 0] + np.log(np.exp(shifted - highest).sum(axis=1))
        return float((total - (targets * shifted).sum(axis=1)).mean())

    before = cross_entropy(0.0)
    return lambda taken: cross_entropy(rows[:, :, taken].sum(axis=2)) - before + float(own[taken].sum())


def spearman(first: list[float], second: list[float]) -> float:
    """The correlation of ranks; equal numbers share the mean of theirs."""
    def ranks(values: list[float]) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])
