"""Measures what accuracy is left after pruning and repair without training: see `scripts/bench`, which starts this.

The trained networks and what others make of them lie beside the checkout; the test images are Debian's
dataset-fashion-mnist.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# Network, share of the multiply-accumulates that is left: where others were measured too.
CASES = (
    ("vgg_small", 0.44), ("vgg_small", 0.24), ("resnet20", 0.5), ("resnet20", 0.39), ("mobilenetv2_small", 0.5),
    ("mobilenetv2_small", 0.25))
REDUCTIONS = ("mean_abs", "mean_square")
IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
# How near another's share of multiply-accumulates must be to be set beside ours.
NEAR = 0.12


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def configuration(options: argparse.Namespace, network: str, share: float, reduction: str, output: Path) -> dict:
    reference = options.reference
    return {
        "model": str(reference / "models" / network / f"{network}.folded.onnx"),
        "calibration": {
            "inputs": str(reference / "data" / "calib_images.npy"),
            "labels": str(reference / "data" / "calib_labels.npy"), "samples": options.samples},
        "evaluation": {
            "inputs": str(options.dataset / IMAGES), "labels": str(options.dataset / LABELS),
            "preprocessing": {"scale": 1 / 255, "mean": 0.2860, "std": 0.3530}},
        "sensitivity": {"method": "taylor", "reduction": reduction},
        "target": {"compression_ratio": 1 / share, "metric": "macs"},
        "output": {"directory": str(output)}}


def measure(options: argparse.Namespace, network: str, share: float, reduction: str) -> dict:
    """The evaluation of one network: shares of its cost, and accuracies."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        config = Path(folder) / "config.json"
        config.write_text(json.dumps(configuration(options, network, share, reduction, output)))
        run = subprocess.run(
            [options.program, "search", "--apply", "--quiet", str(config)], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"bench: error: {network} at {share}: {run.stderr.strip()}")
        networks = {one["name"]: one for one in json.loads((output / "evaluation.json").read_text())["networks"]}
        certificate = json.loads((output / "certificate.json").read_text())["certificate"]
    whole, pruned = networks["original"], networks["pruned"]
    final = networks.get("repaired", pruned)
    return {
        "network": network, "reduction": reduction,
        "macs": pruned["cost"]["macs"] / whole["cost"]["macs"], "params": pruned["cost"]["params"] / whole["cost"]["params"],
        "original": whole["top_1"], "pruned": pruned["top_1"], "repaired": final["top_1"],
        "difference": certificate["largest_relative_difference"]}


def others(path: Path) -> list:
    """What others were measured at: network, tool and method, share of multiply-accumulates, best accuracy untrained."""
    found, network = [], ""
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("## "):
            network = line[3:].split()[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        try:
            share = float(cells[3])
            accuracies = [float(cell) for cell in cells[5:7] if cell]
        except (IndexError, ValueError):
            continue
        if accuracies:
            found.append((network, f"{cells[0]} {cells[1]}", share, max(accuracies)))
    return found


def best(found: list, network: str, share: float) -> str:
    near = [one for one in found if one[0] == network and abs(one[2] - share) <= NEAR * share]
    if not near:
        return "–"
    _, name, macs, accuracy = max(near, key=lambda one: one[3])
    return f"{accuracy:.4f} ({name} at {macs:.3f})"


def page(options: argparse.Namespace, rows: list) -> str:
    found = others(options.reference / "PEERS.md")
    lines = [
        "# Accuracy without training", "",
        "What is left of the accuracy when a network is pruned and repaired (`search --apply`), nothing being trained:",
        f"{options.samples} calibration images, the {len(REDUCTIONS)} reductions of the sensitivity, the folded networks,",
        "the 10,000 test images of Fashion-MNIST. Beside it the best that others reach on the same networks without",
        "training, statistics of normalisations measured anew included, with a share of the multiply-accumulates within",
        f"{NEAR:.0%} of ours. One accuracy has a standard error of about 0.003.", "",
        "    scripts/bench accuracy", "",
        "| network (accuracy) | MACs left | params left | sensitivity | pruned | repaired | best of others |",
        "|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['network']} ({row['original']:.4f}) | {row['macs']:.3f} | {row['params']:.3f} | `{row['reduction']}` "
            f"| {row['pruned']:.4f} | {row['repaired']:.4f} | {best(found, row['network'], row['macs'])} |")
    worst = max(row["difference"] for row in rows)
    lines += ["", f"Every pruned network agrees with its masked original within {worst:.1e} relative.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--dataset", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--samples", type=int, default=512, help="calibration images")
    options = parser.parse_args()
    options.reference = (options.root / ".." / "shared" / "reference").resolve()
    for needed, what in (
            (options.reference / "models", "the trained networks"),
            (options.dataset / IMAGES, "the test images (Debian's package dataset-fashion-mnist)")):
        if not needed.exists():
            sys.exit(f"bench: error: {what} are not there: {needed}")
    rows = []
    for network, share in CASES:
        for reduction in REDUCTIONS:
            rows.append(measure(options, network, share, reduction))
            say(f"{network} at {rows[-1]['macs']:.3f}, {reduction}: {rows[-1]['repaired']:.4f}")
    text = page(options, rows)
    print(text)
    if options.samples == 512:
        (options.root / "docs" / "accuracy.md").write_text(text)


if __name__ == "__main__":
    main()
