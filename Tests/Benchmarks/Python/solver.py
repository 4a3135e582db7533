"""Measures the optimal allocator on problems of the size of real networks: see `scripts/bench`, which starts this."""

import argparse
import json
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

NETWORKS = {
    "vgg16": "VGG-16", "mobileNetV2": "MobileNetV2", "resNet50": "ResNet-50", "googLeNet": "GoogLeNet",
    "denseNet121": "DenseNet-121", "vgg16Bits": "VGG-16, bits too", "resNet50Bits": "ResNet-50, bits too"}
KINDS = {
    "exponential": "exponential", "heavyTailed": "heavy-tailed", "convex": "convex", "ties": "four levels",
    "negative": "a fifth negative"}
DEMANDS = {
    "half": "÷ 2", "sixth": "÷ 6", "multiplesHalf": "÷ 2, multiples of 8", "multiplesSixth": "÷ 6, multiples of 8",
    "twoLimits": "MACs ÷ 2 and weights ÷ 2.5", "measured": "measured latency ÷ 2", "frontier": "curve"}
OTHERS = ("multiplesHalf", "multiplesSixth", "twoLimits", "measured")
# A curve goes on to where one unit is left in nearly every group; up to here networks are pruned.
USUAL = 20
# A gap that is worth a line.
NOTED = 0.002


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def measure(options: argparse.Namespace) -> dict:
    """What the program says of each (network, demand, kind): one measurement for every problem."""
    results = defaultdict(list)
    for network in options.networks:
        for kind in options.kinds:
            run = subprocess.run(
                [options.program, "--networks", network, "--kinds", kind, "--problems", str(options.problems)],
                capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit(f"bench: error: {network}, {kind}: {run.stderr.strip()}")
            for line in run.stdout.splitlines():
                row = json.loads(line)
                results[network, row["demand"], kind].append(row["measurement"])
            say(f"{NETWORKS[network]}, {KINDS[kind]}: {seconds(results[network, 'half', kind]):.3f} s")
    return dict(results)


def seconds(measured: list) -> float:
    return statistics.median(one["seconds"] for one in measured)


def gap(points: list) -> float:
    # JSON has no infinity: a word stands for it.
    return max(float(point["gap"]) for point in points)


def relative(measurement: dict, point: dict) -> float:
    """The plan's loss ÷ the greedy plan's, both counted from the least that there is without a limit."""
    ours, greedy = (point[key] - measurement["leastLoss"] for key in ("loss", "greedyLoss"))
    return ours / greedy if greedy > 0 else 1


def points(measured: list) -> list:
    return [point for one in measured for point in one["points"]]


def relatives(measured: list) -> list:
    return [relative(one, point) for one in measured for point in one["points"]]


def percent(share: float) -> str:
    return "0" if share == 0 else f"{share:.3%}" if share >= 5e-6 else "<0.001%"


def table(header: list, rows: list, texts: int) -> str:
    """A table whose first columns are texts, the others numbers."""
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def one_limit(results: dict, options: argparse.Namespace) -> str:
    rows = []
    for network in options.networks:
        for kind in options.kinds:
            row = [NETWORKS[network], KINDS[kind]]
            for demand in ("half", "sixth"):
                measured = results[network, demand, kind]
                row += [
                    f"{seconds(measured):.3f}", percent(gap(points(measured))),
                    f"{statistics.median(relatives(measured)):.4f}"]
            rows.append(row)
    columns = [f"{DEMANDS[demand]}: {what}" for demand in ("half", "sixth") for what in ("s", "gap", "loss")]
    return table(["network", "losses", *columns], rows, texts=2)


def other_demands(results: dict, options: argparse.Namespace) -> str:
    rows = []
    for network in options.networks:
        for demand in OTHERS:
            # Bits have no measured table.
            measured = [one for kind in options.kinds for one in results.get((network, demand, kind), [])]
            if not measured:
                continue
            shares = relatives(measured)
            longest = max(one["seconds"] for one in measured)
            usual = statistics.median(gap([point]) for point in points(measured))
            rows.append([
                NETWORKS[network], DEMANDS[demand], f"{seconds(measured):.3f}", f"{longest:.3f}", percent(usual),
                percent(gap(points(measured))), f"{statistics.median(shares):.4f}", f"{min(shares):.4f}"])
    header = ["network", "asked for", "s", "longest", "gap", "largest", "loss", "least"]
    return table(header, rows, texts=2)


def curves(results: dict, options: argparse.Namespace) -> str:
    rows = []
    for network in options.networks:
        for kind in options.kinds:
            measured = results[network, "frontier", kind]
            usual = [point for point in points(measured) if point["ratio"] <= USUAL]
            beyond = [point for point in points(measured) if point["ratio"] > USUAL]
            shares = relatives(measured)
            largest = max(point["ratio"] for point in points(measured))
            rows.append([
                NETWORKS[network], KINDS[kind], f"{seconds(measured):.2f}", percent(gap(usual)), percent(gap(beyond)),
                f"{largest:.0f}", f"{statistics.median(shares):.4f}", f"{min(shares):.4f}"])
    header = [
        "network", "losses", "s", f"gap up to ÷ {USUAL}", "gap beyond", "largest ratio", "loss", "least"]
    return table(header, rows, texts=2)


def wide_gaps(results: dict) -> str:
    """The gaps of single plans that are worth a line, the widest first."""
    wide = [
        (gap(points(measured)), key) for key, measured in results.items()
        if key[1] != "frontier" and gap(points(measured)) > NOTED]
    rows = [
        [NETWORKS[network], KINDS[kind], DEMANDS[demand], percent(largest)]
        for largest, (network, demand, kind) in sorted(wide, reverse=True)]
    return table(["network", "losses", "asked for", "largest gap"], rows, texts=3) if rows else "Nowhere."


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def page(results: dict, options: argparse.Namespace) -> str:
    single = [one for (_, demand, _), measured in results.items() if demand != "frontier" for one in measured]
    gaps = [gap([point]) for point in points(single)]
    shown = "No plan, curves included, loses more than the greedy one."
    if any(point["loss"] > point["greedyLoss"] for measured in results.values() for point in points(measured)):
        shown = "**Some plans lose more than the greedy ones, which must not be.**"
    return PAGE.format(
        problems=options.problems, processor=processor(), plans=len(single), shown=shown, usual=USUAL,
        noted=f"{NOTED:.1%}", proven=f"{sum(one <= 1e-4 for one in gaps) / len(gaps):.0%}",
        longest=f"{max(one['seconds'] for one in single):.1f}",
        greedy=f"{max(one['greedySeconds'] for one in single):.3f}", one_limit=one_limit(results, options),
        other_demands=other_demands(results, options), curves=curves(results, options), wide_gaps=wide_gaps(results))


PAGE = """\
# The optimal allocator

How long it takes to choose all counts at once (`OptimalAllocator`), how far the plans can be from the best, and what
that gains over removing step by step (`GreedyAllocator`).

    scripts/bench solver                                   # everything, some minutes; writes this page
    scripts/bench solver --networks vgg16 --kinds ties     # a part; prints

## How it is measured

Widths, kernels and areas are those of the networks at 224 × 224. Losses are random, of fixed seeds, with a scale for
each group; they are

- exponential: independent;
- heavy-tailed: third powers of exponentials, a few units hold nearly all loss;
- convex: (unit ÷ units)⁶, most units lose nearly nothing;
- four levels: most units tie;
- a fifth negative: exponentials, shifted so that a fifth of the units is better gone.

"Bits too": every layer has five bit widths to choose from, and the cost is multiply-accumulates times bits. A measured
latency is a table of every eighth width for each layer, with a constant for starting it. `Tests/AllocationTests` solves
the same networks.

Each row has {problems} problems of each kind of losses.

- Seconds: the median, in processor time on one core of a machine with {processor}. The solver is one thread that never
  waits, and does the same work on every machine.
- Gap: (loss − proven bound) ÷ |loss|, the largest. Where losses of both signs add up to nearly nothing, that is large
  for a small difference.
- Loss: that of the plan ÷ that of the greedy plan for the same problem, both counted from the least that there is
  without any limit; the median.

Of {plans} plans, curves aside, {proven} are proven within 0.01% of the best, and none took longer than {longest} s
(greedy: {greedy} s). {shown}

## Multiply-accumulates to a half and a sixth

{one_limit}

## Other demands

All kinds of losses together. "Longest", "largest" and "least" are the extremes of seconds, gap and loss.

{other_demands}

## Curves

40 ratios in equal steps of log cost up to the largest that can be reached (at most 1000). Seconds are for all 40; gaps
are the largest of any point up to a ratio of {usual} and beyond; "least" is the least loss of any point relative to
greedy's. It is 0 where the greedy allocator stops at a limit near 1 and leaves units that are better gone.

{curves}

## Limits

Where a single plan's gap is above {noted}:

{wide_gaps}

A gap is what is not proven: the plan may still be the best. Why it is wider there:

- **Work is counted.** What is not closed after a fixed number of label operations stays open; the larger the network
  and the harder the problem, the wider. A point of a curve gets about a seventh of the work of a single plan, and is
  done once it is proven within 0.1%, not 0.01%. Tried once on the single plans of ResNet-50 with four levels: with 27
  times the work all but one of 18 are proven within 0.01%, in at most 3 s, and lose up to 0.6% less.
- **Equal losses.** At the price that decides, whole blocks of equal units go or stay at once. Plans between two such
  minimisers lie above their line, and too many are alike for branch and bound to tell apart.
- **Cycles.** In chains the bound at given prices is exact. Groups of a residual stream or a concatenation meet in
  several layers; there it comes from tree-reweighted passes, which may stay below.
- **Few units left.** Where most groups keep one to three units, as at the end of a curve, one unit more or less is a
  large step of the cost: plans lie sparsely between the corners that prices can reach.
- **Bits.** Five bit widths are a few large steps too, and each couples three choices: the bits and both widths.
- **Measured tables.** A step of eight units saves nothing before its last one. Over a concatenation only lines below
  the staircase enter the bound; where one group stands on both sides of a layer, or sums on both, only its least value.
"""


def check_smoke(results: dict) -> None:
    """Sees to it that everything was measured; how fast and how good it was is nobody's business here."""
    assert {demand for _, demand, _ in results} == set(DEMANDS), "a demand is missing"
    for key, measured in results.items():
        for one in measured:
            assert one["seconds"] > 0 and one["greedySeconds"] > 0, key
            assert len(one["points"]) == (40 if key[1] == "frontier" else 1), key
            assert all(point["loss"] <= point["greedyLoss"] for point in one["points"]), key


def main() -> None:
    def names(known: dict):
        def parse(text: str) -> list:
            chosen = text.split(",")
            unknown = [name for name in chosen if name not in known]
            if unknown:
                raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: expected some of {', '.join(known)}")
            return chosen
        return parse

    parser = argparse.ArgumentParser(prog="scripts/bench solver")
    parser.add_argument("--root", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--networks", type=names(NETWORKS), default=list(NETWORKS), metavar="NAME,…")
    parser.add_argument("--kinds", type=names(KINDS), default=list(KINDS), metavar="NAME,…", help="of losses")
    parser.add_argument("--problems", type=int, default=3, help="of each kind")
    parser.add_argument("--smoke", action="store_true", help="one small network; writes nothing")
    options = parser.parse_args()
    if options.smoke:
        options.networks, options.kinds, options.problems = ["mobileNetV2"], ["exponential"], 1
    results = measure(options)
    text = page(results, options)
    if options.smoke:
        check_smoke(results)
        say("works")
        return
    print(text)
    is_whole = options.networks == list(NETWORKS) and options.kinds == list(KINDS) and options.problems == 3
    if is_whole:
        (options.root / "docs" / "solver.md").write_text(text)


if __name__ == "__main__":
    main()
