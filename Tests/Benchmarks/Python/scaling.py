"""Measures the program with more ranks and threads, and simulates it with thousands: see `scripts/bench`."""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import scaling_prediction
import scaling_page
from searches import Measurement, Placement, Subject, cores, run, run_beside, say

SHARED = ("vgg_small", "resnet20", "mobilenetv2_small")
# Of each of them: some ten seconds on one core, as a rank's first run and its end take the same however long it runs.
SMALL_SAMPLES = 49152
LARGE = "resnet50"
# Two runs of five samples: 50,000 samples make 5,000 batches, and 1,024 ranks get nearly as many of them each.
LARGE_BATCH = 10
SMALLEST = "fashion-resnet"
# So many batches that each of two ranks has several, even where one of them starts late.
SMALLEST_SAMPLES = 4096
ROUNDS = 3


def subjects(options: argparse.Namespace) -> list[Subject]:
    """The networks that are there."""
    if options.smoke:
        # Part of the checkout.
        model = options.root / "configs" / SMALLEST / f"{SMALLEST}.onnx"
        return [Subject(SMALLEST, model, (1, 28, 28), 10, SMALLEST_SAMPLES, 32)]
    found = []
    shared = (options.root / ".." / "shared" / "reference" / "models").resolve()
    for name in SHARED:
        model = shared / name / f"{name}.folded.onnx"
        if name in options.networks and model.exists():
            found.append(Subject(name, model, (1, 28, 28), 10, SMALL_SAMPLES, 32))
        elif name in options.networks:
            say(f"{name} is left out: it is not at {model}")
    if LARGE in options.networks:
        if options.resnet50:
            found.append(Subject(LARGE, options.resnet50, (3, 224, 224), 1000, options.samples, LARGE_BATCH))
        else:
            say(f"{LARGE} is left out: it is exported with PyTorch, which cannot be installed here")
    return found


def placements(options: argparse.Namespace) -> list[Placement]:
    """One rank, more ranks with one thread, and one rank with as many threads; as far as there are cores."""
    wanted = [Placement(ranks, 1) for ranks in options.ranks]
    wanted += [Placement(1, ranks) for ranks in options.ranks if ranks > 1]
    for one in wanted:
        if one.processors > len(cores()):
            say(f"{one} (ranks × threads) is left out: there are {len(cores())} cores")
    return [one for one in wanted if one.processors <= len(cores())]


def measure(
        subject: Subject, wanted: list[Placement], options: argparse.Namespace, folder: Path
) -> tuple[dict[Placement, list[Measurement]], float | None]:
    """Every placement, in turns: what else happens on the machine meets all alike.

    The number beside them is how much two searches that know nothing of each other get done at the same time, relative
    to one; `None` on a single core.
    """
    config = subject.write(folder)
    results, both = {placement: [] for placement in wanted}, []
    program = [str(options.program), "search", "--quiet", "CONFIG"]
    for _ in range(options.rounds):
        for placement in wanted:
            results[placement].append(run(placement.command(program), config, folder))
        if len(cores()) > 1:
            alone = results[Placement(1, 1)][-1]
            both.append(sum(alone.measuring / one.measuring for one in run_beside(2, program, config, folder)))
    for placement, measured in results.items():
        say(f"{subject.name}, {placement}: measuring {median(one.measuring for one in measured):.2f} s")
    return results, median(both) if both else None


def main() -> None:
    def numbers(text: str) -> list[int]:
        found = sorted({int(one) for one in text.split(",")})
        if found[0] < 1:
            raise ValueError
        return found

    parser = argparse.ArgumentParser(prog="scripts/bench scaling")
    parser.add_argument("--root", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--program", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--trace-program", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--resnet50", type=Path, help="the exported network")
    parser.add_argument("--networks", type=lambda text: text.split(","), default=[*SHARED, LARGE], metavar="NAME,…")
    parser.add_argument("--ranks", type=numbers, default=[1, 2], metavar="1,2,…", help="of one thread, measured")
    parser.add_argument("--samples", type=int, default=480, help=f"of {LARGE}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-simulation", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="one small network, a few simulated ranks; writes nothing")
    options = parser.parse_args()
    unknown = [name for name in options.networks if name not in (*SHARED, LARGE)]
    if unknown:
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join((*SHARED, LARGE))}")
    if 1 not in options.ranks:
        parser.error("--ranks: all are compared with 1, which is missing")
    is_whole = not options.smoke and not options.no_simulation and options.networks == [*SHARED, LARGE]
    if options.smoke:
        options.rounds = 1

    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        folder = Path(name)
        found, wanted = subjects(options), placements(options)
        measured, both = {}, {}
        for subject in found:
            measured[subject.name], both[subject.name] = measure(subject, wanted, options, folder)
        simulated = None
        if options.no_simulation or not found or Placement(2, 1) not in wanted:
            say("nothing is simulated")
        elif not scaling_prediction.is_possible():
            say("nothing is simulated: SimGrid is not there (Debian: libsimgrid-dev)")
        else:
            simulated = scaling_prediction.predict(found[-1], options, folder)
    if options.smoke:
        check_smoke(measured, both, simulated)
        say("works")
        return
    text = scaling_page.page(found, measured, both, simulated, options)
    print(text)
    if is_whole and simulated and len(measured) == len(SHARED) + 1:
        (options.root / "docs" / "scaling.md").write_text(text)
        (options.root / "docs" / "scaling.svg").write_text(scaling_page.figure(simulated))


def check_smoke(measured: dict, both: dict, simulated) -> None:
    """Sees to it that everything was measured; how fast it was is nobody's business here."""
    for name, results in measured.items():
        for placement, runs in results.items():
            if not all(one.measuring > 0 and one.processor > 0 for one in runs):
                sys.exit(f"bench: error: {name}, {placement}: nothing was measured")
        if both[name] is not None and not both[name] > 0:
            sys.exit(f"bench: error: {name}: two searches at a time were not measured")
    if simulated:
        for case in simulated.cases:
            for point in case.points:
                if not 0 < point.efficiency <= 1.05:
                    sys.exit(f"bench: error: {case.name}, {point.ranks} ranks: an efficiency of {point.efficiency}")


if __name__ == "__main__":
    main()
