"""How criteria rank single units, beside the loss that the network has without each, and what they choose."""

from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

import trained
from criterion import ABLATION, OTHERS, Criterion
from predictions import spearman

HEADING = "## Single units, and every criterion"
RATIO = 2.0

TEXT = """
Spearman's rank correlation of a criterion's scores of single units to the measured change of the loss when the unit is
removed alone (`ablation`; its magnitude, since most criteria tell no sign): over all units of the network / the mean over
the groups. Beside it the accuracy on the test images of the network that the criterion chooses at 1/{ratio:g} of the
multiply-accumulates, after repair, and right after removal in brackets.

    scripts/bench criteria --only units

What ranks single units well need not choose good sets of them: what many cost together is not the sum of what each costs
alone.
"""


class Ranking(NamedTuple):
    """What one criterion says of one network."""

    network: str
    criterion: str
    # Over all units, and the mean over groups.
    whole: float
    inside: float
    pruned: float
    repaired: float


def scores(output: Path) -> list[np.ndarray]:
    archive = np.load(output / "sensitivities.npz")
    return [archive[f"group/{group}"] for group in range(sum(name.startswith("group/") for name in archive.files))]


def measure(networks: trained.Trained, network: str, folder: Path) -> list[Ranking]:
    truth: list[np.ndarray] = []
    rankings = []

    def rank(one: Criterion) -> None:
        output = folder / one.name
        found = networks.search(network, RATIO, one.sensitivity, one.solver, output)
        own = scores(output)
        if not truth:
            truth.extend(abs(deltas) for deltas in own)
            own = truth
        # Groups that have to stay are not measured.
        groups = [group for group, deltas in enumerate(truth) if deltas.any()]
        correlations = [
            spearman(list(own[group]), list(truth[group])) for group in groups
            if len(set(own[group])) > 1 and len(truth[group]) > 2]
        joined = [list(np.concatenate([values[group] for group in groups])) for values in (own, truth)]
        rankings.append(Ranking(
            network, one.name, spearman(*joined), fmean(correlations), found["pruned"]["top_1"],
            found["repaired"]["top_1"]))
        trained.say(f"{network}, {one.name}: {rankings[-1].whole:.3f}, repaired {rankings[-1].repaired:.4f}")

    for one in (ABLATION, *OTHERS):
        rank(one)
    return rankings


def section(rankings: list[Ranking], networks: tuple[str, ...]) -> str:
    """The part of the page."""
    by_criterion = {}
    for one in rankings:
        by_criterion.setdefault(one.criterion, {})[one.network] = one
    lines = []
    for name, found in by_criterion.items():
        cells = [name]
        for network in networks:
            one = found[network]
            cells += [f"{one.whole:.2f} / {one.inside:.2f}", f"{one.repaired:.4f} ({one.pruned:.4f})"]
        cells.append(f"{fmean(found[network].repaired for network in networks):.4f}")
        lines.append(cells)
    header = ["criterion"]
    for network in networks:
        header += [network, "accuracy"]
    rows = [f"| {' | '.join(cells)} |" for cells in ([*header, "mean accuracy"], ["---"] * (len(header) + 1), *lines)]
    return "\n".join([HEADING, TEXT.format(ratio=RATIO), *rows, ""])
