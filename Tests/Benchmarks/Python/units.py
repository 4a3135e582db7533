"""How criteria rank single units, beside the loss that the network has without each, and what they choose."""

from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

import trained
from criterion import ABLATION, OTHERS, Criterion
from predictions import spearman

HEADING = "## Single units, and every criterion"

TEXT = """
Spearman's rank correlation of a criterion's scores of single units to the measured change of the loss when the unit is
removed alone (`ablation`; its magnitude, since most criteria tell no sign): over all units of the network / the mean over
the groups.

    scripts/bench criteria --only units

What ranks single units well need not choose good sets of them: what many cost together is not the sum of what each costs
alone. `bn_scale` goes by the networks before their normalisations were folded, which compute the same, and leaves linear layers
whole, which have none.
"""

CHOICES = """
The accuracy on the test images of the networks that each criterion chooses at a share of the multiply-accumulates, after
repair: means over the networks, then over all, the worst of all, and the mean right after removal.
"""


class Ranking(NamedTuple):
    """What one criterion says of one network."""

    network: str
    criterion: str
    # Rank correlation over all units, and its mean over groups.
    whole: float
    inside: float
    # By ratio the accuracies right after removal and after repair.
    pruned: dict[float, float]
    repaired: dict[float, float]


def scores(output: Path) -> list[np.ndarray]:
    archive = np.load(output / "sensitivities.npz")
    return [archive[f"group/{group}"] for group in range(sum(name.startswith("group/") for name in archive.files))]


def measure(
        networks: trained.Trained, network: str, ratios: tuple[float, ...], folder: Path) -> list[Ranking]:
    truth: list[np.ndarray] = []
    rankings = []

    def rank(one: Criterion) -> None:
        output = folder / one.name
        found = {
            ratio: networks.search(network, ratio, one.sensitivity, one.solver, output, one.variant, one.rules)
            for ratio in ratios}
        own = scores(output)
        if not truth:
            truth.extend(abs(deltas) for deltas in own)
        # Groups that have to stay are not measured, and those of layers left out have no scores.
        groups = [group for group, deltas in enumerate(truth) if deltas.any() and own[group].any()]
        own = [abs(values) for values in own] if one.sensitivity.get("method") == "ablation" else own
        correlations = [
            spearman(list(own[group]), list(truth[group])) for group in groups
            if len(set(own[group])) > 1 and len(truth[group]) > 2]
        joined = [list(np.concatenate([values[group] for group in groups])) for values in (own, truth)]
        rankings.append(Ranking(
            network, one.name, spearman(*joined), fmean(correlations),
            {ratio: ours["pruned"]["top_1"] for ratio, ours in found.items()},
            {ratio: ours["repaired"]["top_1"] for ratio, ours in found.items()}))
        trained.say(
            f"{network}, {one.name}: {rankings[-1].whole:.3f}, repaired "
            + " ".join(f"{accuracy:.4f}" for accuracy in rankings[-1].repaired.values()))

    for one in (ABLATION, *OTHERS):
        rank(one)
    return rankings


def section(rankings: list[Ranking], networks: tuple[str, ...], ratios: tuple[float, ...]) -> str:
    """The part of the page."""
    by_criterion: dict[str, list[Ranking]] = {}
    for one in rankings:
        by_criterion.setdefault(one.criterion, []).append(one)
    orders, choices = [], []
    for name, found in by_criterion.items():
        orders.append([name, *(f"{one.whole:.2f} / {one.inside:.2f}" for one in found)])
        accuracies = [accuracy for one in found for accuracy in one.repaired.values()]
        choices.append([
            name, *(f"{fmean(one.repaired[ratio] for one in found):.4f}" for ratio in ratios),
            f"{fmean(accuracies):.4f}", f"{min(accuracies):.4f}",
            f"{fmean(accuracy for one in found for accuracy in one.pruned.values()):.4f}"])
    header = ["criterion", *(f"1/{ratio:g}" for ratio in ratios), "all", "worst", "right after"]
    return "\n".join([
        HEADING, TEXT, *table(["criterion", *networks], orders), CHOICES, *table(header, choices), ""])


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]
