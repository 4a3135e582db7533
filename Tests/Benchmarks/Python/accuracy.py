"""Measures what accuracy is left after pruning and repair without training: see `scripts/bench`, which starts this."""

import argparse
import tempfile
from pathlib import Path

import trained

# Network, share of the multiply-accumulates that is left: where others were measured too.
CASES = (
    ("vgg_small", 0.44), ("vgg_small", 0.24), ("resnet20", 0.5), ("resnet20", 0.39), ("mobilenetv2_small", 0.5),
    ("mobilenetv2_small", 0.25))
REDUCTIONS = ("mean_abs", "mean_square")


def measure(networks: trained.Trained, network: str, share: float, reduction: str) -> dict:
    """The evaluation of one network: shares of its cost, and accuracies."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        found = networks.search(network, 1 / share, {"method": "taylor", "reduction": reduction}, {}, output)
        certificate = trained.read(output / "certificate.json")["certificate"]
    whole, pruned = found["original"], found["pruned"]
    return {
        "network": network, "reduction": reduction,
        "macs": pruned["cost"]["macs"] / whole["cost"]["macs"], "params": pruned["cost"]["params"] / whole["cost"]["params"],
        "original": whole["top_1"], "pruned": pruned["top_1"], "repaired": found["repaired"]["top_1"],
        "difference": certificate["largest_relative_difference"]}


def page(options: argparse.Namespace, networks: trained.Trained, rows: list) -> str:
    found = trained.others(networks.reference / "PEERS.md")
    lines = [
        "# Accuracy without training", "",
        "What is left of the accuracy when a network is pruned and repaired (`search --apply`), nothing being trained:",
        f"{options.samples} calibration images, the {len(REDUCTIONS)} reductions of the sensitivity, the folded networks,",
        "the 10,000 test images of Fashion-MNIST. Beside it the best that others reach on the same networks without",
        "training, statistics of normalisations measured anew included, with a share of the multiply-accumulates within",
        f"{trained.NEAR:.0%} of ours. One accuracy has a standard error of about 0.003.", "",
        "    scripts/bench accuracy", "",
        "| network (accuracy) | MACs left | params left | sensitivity | pruned | repaired | best of others |",
        "|---|---|---|---|---|---|---|"]
    for row in rows:
        other = trained.best(found, row["network"], row["macs"], lambda one: one.accuracy)
        lines.append(
            f"| {row['network']} ({row['original']:.4f}) | {row['macs']:.3f} | {row['params']:.3f} | `{row['reduction']}` "
            f"| {row['pruned']:.4f} | {row['repaired']:.4f} | {other} |")
    worst = max(row["difference"] for row in rows)
    lines += ["", f"Every pruned network agrees with its masked original within {worst:.1e} relative.", ""]
    return "\n".join(lines)


def main() -> None:
    options = trained.parser("accuracy").parse_args()
    networks = trained.Trained(options)
    rows = []
    for network, share in CASES:
        for reduction in REDUCTIONS:
            rows.append(measure(networks, network, share, reduction))
            trained.say(f"{network} at {rows[-1]['macs']:.3f}, {reduction}: {rows[-1]['repaired']:.4f}")
    text = page(options, networks, rows)
    print(text)
    if options.samples == 512:
        (options.root / "docs" / "accuracy.md").write_text(text)


if __name__ == "__main__":
    main()
