"""The page and the figure of `scripts/bench scaling`."""

import argparse
import platform
import textwrap
from pathlib import Path
from statistics import median

from scaling_prediction import MANY, SAMPLES, SHARDS, SLOW_EVERY, WRITERS, Point, Prediction
from searches import Measurement, Placement, Subject, cores
from simulation import CLUSTERS, CORES, SPREAD

# What is asked for.
FASTER_WITH_TWO = 1.9
EFFICIENCY, AT_RANKS = 0.85, 1024
WIDTH = 120
TOGETHER = {"break_long_words": False, "break_on_hyphens": False}
NAMES = {"resnet50": "ResNet-50"}

INTRODUCTION = """\
# Scaling

How much faster a search gets with more ranks: measured as far as there are cores, simulated beyond.

    scripts/bench scaling                        # everything, half an hour; writes this page
    scripts/bench scaling --ranks 1,2,4,8,16     # on a machine with more cores
    scripts/bench scaling --networks resnet50 --no-simulation --rounds 3
"""

MEASURED = """\
## Measured

The program itself, release build, {rounds} rounds in which all placements take turns; medians. Every rank has
processors of its own, one for each thread; the program has as many threads as processors that it may run on:

    taskset -c 0 prune-cluster search config.json
    mpirun --bind-to none -n 1 taskset -c 0 prune-cluster search config.json \\
                        : -n 1 taskset -c 1 prune-cluster search config.json
    taskset -c 0,1 prune-cluster search config.json

(`mpirun -n 2 --bind-to core prune-cluster …` binds in the same way.) The data are random bytes with random labels:
{samples}. *Measuring* is that phase of `run.json`, without the compilation; *search* is from the start of the process,
or of `mpirun`, to its end. *Faster* is the median over the rounds of 1 × 1 ÷ this. *Processor* is what all ranks and
`mpirun` used, in seconds. The machine: {processor}, {cores} cores{load}.

{table}

{verdict}

{both}
"""

SIMULATED = """\
## Simulated: {ranks_text} ranks

**What follows is simulated, not measured.** A search of {name} with {samples:,} samples in batches of {batch}, one
thread per rank, on two clusters whose hosts have {cores} cores, one rank on each:

{clusters}

Efficiency is t(1) ÷ (p · t(p)), where t(1) is simulated with the same constants. *Measuring* is from the first piece of
work to the last result; *+ compiling* has the compilation before it; *search* is everything from the moment when all
ranks are there, with reading the model and {hashing:.1f} s of hashing {data:.1f} GB of data at rank 0.

![Efficiency of the measuring, simulated](scaling.svg)

{tables}

{verdict}

### What else was tried

On the fat tree, efficiency of the measuring, simulated:

{variants}

- *Batches of 32* are the default of `batch_size`. A batch is never divided, so with {samples:,} samples
  {at_ranks:,} ranks get {large_batches:,} batches, and the ranks that get one more decide: ranks of one speed cannot
  exceed x ÷ ⌈x⌉ with x = shards ÷ ranks, which is {bound_large:.3f} here, and {bound:.3f} with batches of {batch}. (A
  shard is one batch as long as there are at most {shards:,}, else two, four or more.) `batch_size` is part of what is
  measured by default, so it is chosen before the first run; `search --dry-run` prints the number of shards.
- *Batches of 4* make shards of two, {bound_4:.3f} at the most, and give rank 0 more results to take in.
- *Rank 0 computes nothing*: it only hands out and collects. At {at_ranks:,} ranks its thread for messages is busy
  {coordinating:.0%} of the measuring, beside its worker.
- *Slow hosts*: of {slow_every} hosts one has half the speed; relative to as many usual hosts, so at most
  {capacity:.3f}. With a static schedule everybody waits for them: {static_slow:.2f} s of measuring at {at_ranks:,}
  ranks, {dynamic_slow:.2f} s with the dynamic one.
- *Nothing stored*: without the files in which finished pieces outlive the run. The others end their measuring when all
  results are stored, {writers} at a time on a disk like the one here, {store:.2f} ms for each.
- *First run as here*: a virtual machine gets a page of memory from its host when the page is touched for the first time.
  With such memory a rank's first run took {unready:.2f} s longer here than its other runs. Everything else is simulated
  from traces of searches that found memory lately touched, where it is {first:.2f} s.

### Where the time goes

{name}, {at_ranks:,} ranks, dynamic, simulated, seconds:

{losses}
"""

MODEL = """\
## The model

`Tests/Benchmarks/Simulation/search.c` runs the messages of a search in SimGrid's SMPI: the broadcasts of configuration
and model, the compilation, reports and results to rank 0 and its answers with pieces, as `Sources/WorkSharing` does it:
a piece ahead for each worker as long as many are left, and no piece too far beyond the one that is combined next. Rank
0's worker and its thread for messages share the cores of their host with the other ranks there. What takes time comes
from traces: `scaling-trace` runs the search with one and two ranks here and writes down every call between ranks, every
compilation and every run of the network. Constants, from the least disturbed of {rounds} runs of two ranks (of what a first run
takes longer the median), all with memory that was touched just before, and for what rank 0 needs for a result from
one with {many:,} of them:

{constants}

The simulator beside the traced searches ({samples} samples, memory touched before; the measuring, and everything):

{checks}

## Limits

- Ranks of one host share its memory and caches; that computing gets slower when all cores do it is measured here for
  {here} cores only, and simulated hosts do not slow down.
- The speeds of ranks are assumed to vary with a standard deviation of {spread:.0%}; the runs of the network vary as
  measured here.
- Reading the calibration data costs what it costs here, from memory: {at_ranks:,} ranks read {rate:.1f} GB a second
  together, which a shared file system has to give. Starting processes and MPI is not simulated either.
- Latencies are the clusters' nominal ones, bandwidths 94 % of them; other jobs on the network and the noise of operating
  systems are left out. Broadcasts go along a binomial tree, in parts of 1 MiB.
- Reports between pieces, one a second, are left out: a piece takes less.
- What rank 0 needs for a report and a result is measured with two ranks of one machine. With a thousand it goes through
  a longer list of ranks in every turn, and over TCP a received byte costs processor time that it does not cost here.
- With more work per rank (`order` 2, larger images, more samples) fixed times weigh less, and the other way round.
"""


def wrapped(text: str) -> str:
    """The text with its paragraphs and lists broken into lines again, as the numbers in them need."""
    blocks = []
    for block in text.strip().split("\n\n"):
        if block.startswith("- "):
            items = [" ".join(item.split()) for item in block[2:].split("\n- ")]
            block = "\n".join(
                textwrap.fill(f"- {item}", WIDTH, subsequent_indent="  ", **TOGETHER) for item in items)
        elif not block.startswith(("|", "#", "!", "    ")):
            block = textwrap.fill(" ".join(block.split()), WIDTH, **TOGETHER)
        blocks.append(block)
    return "\n\n".join(blocks) + "\n"


def table(header: list, rows: list, texts: int = 1) -> str:
    """A table whose first columns are texts, the others numbers."""
    lines = [header, ["---"] * texts + ["---:"] * (len(header) - texts), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def load(measured: dict) -> str:
    """A word about what else the machine did, where that was much: a single thread then had no core to itself."""
    alone = [run for results in measured.values() for run in results[Placement(1, 1)]]
    share = median(run.processor / run.wall for run in alone)
    if share >= 0.9:
        return ""
    return f". **It was busy with other things: one thread had {share:.0%} of a core, so these times say little**"


def faster(results: dict, placement: Placement, key: str) -> float:
    pairs = zip(results[Placement(1, 1)], results[placement])
    return median(getattr(one, key) / getattr(other, key) for one, other in pairs)


def middle(measured: list[Measurement], key: str) -> float:
    return median(getattr(one, key) for one in measured)


def measured_table(measured: dict) -> str:
    rows = []
    for name, results in measured.items():
        for placement, runs in results.items():
            is_one = placement == Placement(1, 1)
            rows.append([
                NAMES.get(name, name), str(placement), f"{middle(runs, 'measuring'):.2f}",
                "" if is_one else f"{faster(results, placement, 'measuring'):.2f}", f"{middle(runs, 'wall'):.2f}",
                "" if is_one else f"{faster(results, placement, 'wall'):.2f}", f"{middle(runs, 'processor'):.2f}"])
    return table(
        ["network", "ranks × threads", "measuring, s", "faster", "search, s", "faster", "processor, s"], rows, texts=2)


def measured_verdict(measured: dict) -> str:
    two = Placement(2, 1)
    factors = {
        NAMES.get(name, name): faster(results, two, "measuring")
        for name, results in measured.items() if two in results}
    if not factors:
        return "There are too few cores for two ranks."
    missed = [f"{name} ({factor:.2f})" for name, factor in factors.items() if factor < FASTER_WITH_TWO]
    asked = f"Two ranks of one thread are asked to measure at least {FASTER_WITH_TWO} times as fast as one"
    return f"{asked}: not reached by {', '.join(missed)}." if missed else f"{asked}; all are."


def both_cores(both: dict) -> str:
    known = [f"{NAMES.get(name, name)} {factor:.2f}" for name, factor in both.items() if factor]
    if not known:
        return ""
    return (
        "For comparison, what these cores give: two searches of one thread at the same time, each on a core of its own, "
        "that know nothing of each other and wait for nothing, get so many times as much done as one alone: "
        f"{', '.join(known)}.")


def prediction_tables(prediction: Prediction) -> str:
    parts = []
    for cluster in CLUSTERS:
        dynamic, static = (prediction.case(name, cluster) for name in ("dynamic", "static"))
        rows = []
        for point in dynamic.points:
            other = [one for one in static.points if one.ranks == point.ranks]
            rows.append([
                f"{point.ranks:,}", f"{point.outcome.computing:.2f}", f"{point.efficiency:.3f}",
                f"{point.compiling_efficiency:.3f}", f"{point.outcome.finished:.2f}", f"{point.whole_efficiency:.3f}",
                f"{other[0].outcome.computing:.2f}" if other else "", f"{other[0].efficiency:.3f}" if other else ""])
        header = [
            "ranks", "measuring, s", "efficiency", "+ compiling", "search, s", "efficiency", "static: measuring, s",
            "efficiency"]
        parts.append(f"### {cluster.name}\n\nSimulated.\n\n{table(header, rows, texts=0)}")
    return "\n\n".join(parts)


def prediction_verdict(prediction: Prediction) -> str:
    points = [prediction.case("dynamic", cluster).point(AT_RANKS) for cluster in CLUSTERS]
    parts = [
        f"{cluster.name} {point.efficiency:.3f} (with compiling {point.compiling_efficiency:.3f}, whole search "
        f"{point.whole_efficiency:.3f})"
        for cluster, point in zip(CLUSTERS, points)]
    are_enough = all(point.efficiency >= EFFICIENCY for point in points)
    large = prediction.case("dynamic, batches of 32", CLUSTERS[0]).point(AT_RANKS).efficiency
    return (
        f"Asked for is an efficiency of {EFFICIENCY} at {AT_RANKS:,} ranks, which the measuring in batches of "
        f"{prediction.subject.batch} {'reaches' if are_enough else 'does not reach'}: {'; '.join(parts)}. In batches of "
        f"32, the default, of which there are too few for so many ranks, it is {large:.3f} on the fat tree.")


def variants(prediction: Prediction) -> str:
    tree = CLUSTERS[0]
    cases = [case for case in prediction.cases if case.cluster == tree]
    ranks = [point.ranks for point in prediction.case("static", tree).points]
    rows = [[case.name, *(f"{case.point(count).efficiency:.3f}" for count in ranks)] for case in cases]
    return table(["", *(f"{count:,} ranks" for count in ranks)], rows)


def losses(prediction: Prediction) -> str:
    cases = [prediction.case("dynamic", cluster).point(AT_RANKS) for cluster in CLUSTERS]

    def row(name: str, value) -> list:
        return [name, *(f"{value(point):.2f}" for point in cases)]

    def ideal(point: Point) -> float:
        return point.one.computing / point.ranks

    return table(["", *(cluster.name for cluster in CLUSTERS)], [
        row("reading the model at rank 0", lambda point: prediction.model["prepare"]),
        row("broadcast", lambda point: point.outcome.prepared - prediction.model["prepare"]),
        row("decoding and compiling", lambda point: point.outcome.compiled - point.outcome.prepared),
        row("measuring, if it were divided evenly", ideal),
        row("the rest of the average rank's measuring", lambda point: (
            point.outcome.mean_last - point.outcome.compiled - ideal(point))),
        row("waiting of the average rank for the last", lambda point: point.outcome.last - point.outcome.mean_last),
        row("rank 0, after the last piece: results to add and to store", lambda point: point.outcome.measured - point.outcome.last),
        row("hashing the data at rank 0", lambda point: prediction.hashing),
        row("solving and writing", lambda point: prediction.model["finish"] - prediction.hashing)])


def constants(prediction: Prediction) -> str:
    model = prediction.model
    runs = sorted(model["run"])
    few = len(runs) // 20
    rows = [
        ["reading the model at rank 0", f"{model['prepare']:.3f} s"],
        ["broadcasts", f"{sum(model['broadcast']):,} bytes"],
        ["decoding it at the others", f"{model['decode']:.3f} s"],
        ["compiling", f"{model['compile']:.3f} s"],
        [f"a run of {prediction.run_samples} samples: median", f"{median(runs) * 1000:.1f} ms"],
        ["… 5 % and 95 % of them", ", ".join(f"{runs[place] * 1000:.1f}" for place in (few, -1 - few)) + " ms"],
        ["between two runs", f"{model['between'] * 1000:.2f} ms"],
        ["a rank's first run takes longer by", f"{model['first'] * 1000:.1f} ms"],
        ["a result", f"{model['result']:,} bytes"],
        ["from a report to the answer, rank 0 having time", f"{model['notice'] * 1e6:.0f} µs"],
        ["rank 0: a report and its answer", f"{model['take'] * 1e6:.0f} µs"],
        ["rank 0: a result", f"{model['keep'] * 1e6:.0f} µs"],
        ["storing a result", f"{model['store'] * 1e6:.0f} µs"],
        ["rank 0: solving and writing", f"{model['finish'] - prediction.hashing:.3f} s"]]
    return table(["constant", "value"], rows)


def checks(prediction: Prediction) -> str:
    rows = []
    for check in prediction.checks:
        row = [str(check.ranks)]
        for real, simulated in (
                (check.measuring, check.simulated_measuring), (check.whole, check.simulated_whole)):
            row += [f"{real:.3f}", f"{simulated:.3f}", f"{simulated / real - 1:+.1%}"]
        rows.append(row)
    header = ["ranks", "measuring, s", "simulated", "error", "all, s", "simulated", "error"]
    return table(header, rows, texts=0)


def page(
        subjects: list[Subject], measured: dict, both: dict, prediction: Prediction | None, options: argparse.Namespace
) -> str:
    parts = [INTRODUCTION]
    if measured:
        samples = "; ".join(
            f"{subject.samples:,} of {' × '.join(map(str, subject.shape))} in batches of {subject.batch} for "
            f"{NAMES.get(subject.name, subject.name)}" for subject in subjects)
        parts.append(MEASURED.format(
            rounds=options.rounds, samples=samples, processor=processor(), cores=len(cores()), load=load(measured),
            table=measured_table(measured), verdict=measured_verdict(measured), both=both_cores(both)))
    if prediction:
        parts += [simulated_part(prediction), model_part(prediction, options.rounds)]
    return wrapped("\n".join(parts))


def simulated_part(prediction: Prediction) -> str:
    tree = CLUSTERS[0]
    data = SAMPLES * prediction.subject.sample_bytes
    clusters = "\n".join(
        f"- {cluster.name}: " + (
            "a fat tree of two levels with half as many links upwards as hosts, "
            if cluster.is_tree else "hosts at one switch that carries a quarter of what all could send at once, ")
        + f"{cluster.latency * 1e6:.0f} µs of latency for each hop." for cluster in CLUSTERS)
    point = prediction.case("dynamic", tree).point(AT_RANKS)
    ranks = [point.ranks for point in prediction.case("dynamic", tree).points]
    return SIMULATED.format(
        ranks_text=f"{ranks[0]} to {ranks[-1]:,}", name=NAMES.get(prediction.subject.name, prediction.subject.name),
        samples=SAMPLES, batch=prediction.subject.batch, cores=CORES, clusters=clusters, hashing=prediction.hashing,
        data=data / 1e9, tables=prediction_tables(prediction), verdict=prediction_verdict(prediction),
        variants=variants(prediction), large_batches=-(-SAMPLES // 32), at_ranks=AT_RANKS,
        bound=bound(prediction.subject.batch), bound_large=bound(32), bound_4=bound(4), shards=SHARDS,
        coordinating=point.outcome.coordinating / point.outcome.computing, slow_every=SLOW_EVERY,
        capacity=1 - 0.5 / SLOW_EVERY,
        static_slow=prediction.case("static, slow hosts", tree).point(AT_RANKS).outcome.computing,
        dynamic_slow=prediction.case("dynamic, slow hosts", tree).point(AT_RANKS).outcome.computing,
        writers=WRITERS, store=prediction.model["store"] * 1000,
        unready=prediction.first_unready, first=prediction.model["first"], losses=losses(prediction))


def bound(batch: int) -> float:
    """What the efficiency of whole batches cannot exceed."""
    shards = -(-SAMPLES // batch)
    while shards > SHARDS:
        shards = -(-shards // 2)
    return shards / AT_RANKS / -(-shards // AT_RANKS)


def model_part(prediction: Prediction, rounds: int) -> str:
    seconds = prediction.case("dynamic", CLUSTERS[0]).point(AT_RANKS).outcome.computing
    return MODEL.format(
        rounds=rounds, many=MANY, constants=constants(prediction), samples=prediction.subject.samples,
        checks=checks(prediction), here=len(cores()), spread=SPREAD, at_ranks=AT_RANKS,
        rate=SAMPLES * prediction.subject.sample_bytes / seconds / 1e9)


def figure(prediction: Prediction) -> str:
    """Efficiency of the measuring by ranks, as an SVG."""
    width, height, left, top, right, bottom = 680, 360, 56, 24, 210, 46
    ranks = [point.ranks for point in prediction.case("dynamic", CLUSTERS[0]).points]
    low, high = ranks[0].bit_length(), ranks[-1].bit_length()

    def place(count: int, efficiency: float) -> tuple:
        x = left + (count.bit_length() - low) / (high - low) * (width - left - right)
        return x, top + (1 - efficiency) * (height - top - bottom)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>']
    for tenth in range(0, 11, 2):
        _, y = place(ranks[0], tenth / 10)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    for count in ranks:
        x, y = place(count, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{count}</text>')
    x, y = place(ranks[0], 0)
    parts.append(f'<text x="{(left + width - right) / 2:.0f}" y="{y + 36:.1f}" text-anchor="middle">ranks</text>')
    styles = (("#1f77b4", "none"), ("#1f77b4", "5,4"), ("#d62728", "none"), ("#d62728", "5,4"))
    lines = [prediction.case(name, cluster) for cluster in CLUSTERS for name in ("dynamic", "static")]
    for number, (case, (color, dashes)) in enumerate(zip(lines, styles)):
        points = " ".join("{:.1f},{:.1f}".format(*place(point.ranks, point.efficiency)) for point in case.points)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        y = top + 14 + 34 * number
        parts.append(
            f'<line x1="{width - right + 12}" x2="{width - right + 36}" y1="{y}" y2="{y}" stroke="{color}" '
            f'stroke-width="2" stroke-dasharray="{dashes}"/>')
        parts.append(f'<text x="{width - right + 42}" y="{y}">{case.name}</text>')
        parts.append(f'<text x="{width - right + 42}" y="{y + 14}" fill="#555">{case.cluster.name}</text>')
    parts.append(f'<text x="{left}" y="14">efficiency of the measuring, simulated</text>')
    return "\n".join([*parts, "</svg>", ""])
