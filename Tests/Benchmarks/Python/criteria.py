"""Measures what the criteria of a search predict, and the networks that they choose: see `scripts/bench`."""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import fmean

import trained
import units
from criterion import CRITERIA
from study import SHARES, Row, Study
from units import table

RATIOS = (1.5, 2.0, 3.0)
RANDOM_SETS = 30

INTRODUCTION = """\
# Criteria

What the criteria of a search predict, which networks they choose, and what these are worth before and after a repair
without training (`search --apply`): the folded networks, {samples} calibration images, the 10,000 test images of
Fashion-MNIST, targets on multiply-accumulates.

    scripts/bench criteria

One accuracy has a standard error of about 0.003, the difference of two on the same images about 0.002, the mean of nine
such differences about 0.001. There is one set of weights for each network and one set of calibration images: what
others would give has not been measured.
"""

MEANS = """
## Means over the networks

On the test images: accuracy after repair at each ratio, over all of them, and in the worst case; then the loss, and
both as they are right after removal.

The default is `mean_square`: after repair it is level with the best within the noise on all three networks, its plan is
proven the best of its kind, and a search takes half a second. `joint` with its damping is level with it after repair and
better right after removal; without a repair, steps (`solver.iterations`) gain most, with `mean_square` at the least cost.
`mean_abs` chooses a network that cannot be repaired in one of nine cases.
"""

CASES = """
## Every network and ratio

*Predicted* and *measured* is the change of the loss of the calibration images by removal alone, what is predicted
without the damping, which only guides the choice; losses and accuracies are those of the test images. The predictions of
first order have scales of their own; with steps they are what the search says. *Search s* is the whole search without
what follows it, on the machine as it was. *Best of others* is what other pruners reach untrained with a share of the multiply-accumulates
within {near:.0%}: right after pruning, which for AIMET is with its reconstruction, and with statistics of normalisations
measured anew.
"""

SETS = """
## Rank correlation over sets

Spearman's, of what a search minimises, damping included, to the measured loss change on the calibration images: over all
sets / random ones / those that the searches above chose. A random set takes {least:.0%} to {most:.0%} of the units of some groups.
"""

def definitions() -> list[str]:
    rows = []
    for one in CRITERIA:
        options = {"sensitivity": one.sensitivity, "solver": one.solver}
        rows.append([one.name, f"`{json.dumps(options)[1:-1]}`", one.limits])
    return table(["criterion", "configuration", "what it does not see"], rows)


def overview(rows: list[Row]) -> list[str]:
    """Means over networks at each ratio, and over everything."""
    ratios = sorted({row.ratio for row in rows})
    lines = []
    for one in CRITERIA:
        own = [row for row in rows if row.criterion == one.name]
        at_ratios = [fmean(row.repaired.accuracy for row in own if row.ratio == ratio) for ratio in ratios]
        lines.append([
            one.name, *(f"{accuracy:.4f}" for accuracy in at_ratios),
            f"{fmean(row.repaired.accuracy for row in own):.4f}", f"{min(row.repaired.accuracy for row in own):.4f}",
            f"{fmean(row.repaired.loss for row in own):.4f}", f"{fmean(row.pruned.accuracy for row in own):.4f}",
            f"{fmean(row.pruned.loss for row in own):.3f}", f"{fmean(row.seconds for row in own):.2f}"])
    return table(
        ["criterion", *(f"accuracy repaired, 1/{ratio:g}" for ratio in ratios), "all", "worst", "loss repaired",
         "accuracy right after", "loss right after", "search s"], lines)


def case(rows: list[Row], others: list[trained.Other], network: str, ratio: float) -> list[str]:
    own = [row for row in rows if (row.network, row.ratio) == (network, ratio)]
    cells = [
        [row.criterion, f"{row.predicted:.3g}", f"{row.measured:.3f}", *qualities(row), f"{row.seconds:.2f}"]
        for row in own]
    for name, in_steps in (("best of others", False), ("best of others, 5 steps", True)):
        found = [one for one in others if one.is_in_steps == in_steps]
        right_after = trained.best(found, network, 1 / ratio, lambda one: one.right_after)
        recalibrated = trained.best(found, network, 1 / ratio, lambda one: one.recalibrated)
        cells.append([name, "", "", "", right_after, "", recalibrated, ""])
    whole = own[0].original
    return [
        "", f"### {network} at 1/{ratio:g}", "",
        f"The whole network: loss {whole.loss:.4f}, accuracy {whole.accuracy:.4f}.", "",
        *table(
            ["criterion", "predicted", "measured", "loss right after", "accuracy right after", "loss repaired",
             "accuracy repaired", "search s"], cells)]


def qualities(row: Row) -> list[str]:
    return [
        f"{row.pruned.loss:.3f}", f"{row.pruned.accuracy:.4f}", f"{row.repaired.loss:.4f}",
        f"{row.repaired.accuracy:.4f}"]


def correlations(studies: list[Study]) -> list[str]:
    lines = [
        [name, *(" / ".join(f"{one:.2f}" for one in study.correlations[name]) for study in studies)]
        for name in studies[0].correlations]
    header = ["criterion"]
    for study in studies:
        header.append(f"{study.network} ({len(study.random.units)} random, {len(study.searched.units)} searched)")
    return table(header, lines)


def page(options: argparse.Namespace, networks: trained.Trained, studies: list[Study]) -> str:
    rows = [row for study in studies for row in study.rows]
    others = trained.others(networks.reference / "PEERS.md")
    disagreement = max(study.disagreement for study in studies)
    lines = [INTRODUCTION.format(samples=options.samples), *definitions(), MEANS, *overview(rows)]
    lines.append(CASES.format(near=trained.NEAR).rstrip())
    for study in studies:
        for ratio in options.ratios:
            lines += case(rows, others, study.network, ratio)
    lines += [
        SETS.format(least=SHARES[0], most=SHARES[1]), *correlations(studies), "",
        f"The predictions are computed anew from what searches store, and agree with theirs within {disagreement:.0e} "
        "relative.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = trained.parser("criteria")
    parser.add_argument("--networks", default=",".join(trained.NETWORKS))
    parser.add_argument("--ratios", default=",".join(map(str, RATIOS)))
    parser.add_argument("--sets", type=int, default=RANDOM_SETS, help="random sets of units")
    parser.add_argument("--only", choices=("networks", "units"), help="a part of the page")
    options = parser.parse_args()
    options.ratios = tuple(map(float, options.ratios.split(",")))
    options.networks = tuple(options.networks.split(","))
    networks = trained.Trained(options)
    path = options.root / "docs" / "criteria.md"
    is_page = (options.networks, options.samples) == (trained.NETWORKS, 512)
    if options.only != "units":
        text = measured_page(options, networks)
        if is_page and (options.ratios, options.sets) == (RATIOS, RANDOM_SETS):
            path.write_text(join(text, section(path.read_text())))
    if options.only != "networks":
        text = measured_section(options, networks)
        if is_page and options.ratios == RATIOS:
            path.write_text(join(path.read_text(), text))


def measured_page(options: argparse.Namespace, networks: trained.Trained) -> str:
    """All of the page but the part on single units."""
    studies = []
    with tempfile.TemporaryDirectory() as folder:
        for network in options.networks:
            study = Study(networks, network, Path(folder) / network)
            for ratio in options.ratios:
                for one in CRITERIA:
                    study.search(ratio, one)
            study.prune_randomly(options.sets)
            study.correlate()
            studies.append(study)
    text = page(options, networks, studies)
    print(text)
    return text


def measured_section(options: argparse.Namespace, networks: trained.Trained) -> str:
    """The part on single units."""
    with tempfile.TemporaryDirectory() as folder:
        rankings = [
            one for network in options.networks
            for one in units.measure(networks, network, options.ratios, Path(folder) / network)]
    text = units.section(rankings, options.networks, options.ratios)
    print(text)
    return text


def section(text: str) -> str:
    """The part on single units of a page; nothing where it has none."""
    start = text.find(units.HEADING)
    end = text.find("\n## ", start + 1)
    return text[start:] if start >= 0 and end < 0 else text[start:end + 1] if start >= 0 else ""


def join(text: str, part: str) -> str:
    """The page with this part on single units at its end."""
    return text.replace(section(text), "").rstrip("\n") + ("\n\n" + part.strip("\n") + "\n" if part else "\n")


if __name__ == "__main__":
    main()
