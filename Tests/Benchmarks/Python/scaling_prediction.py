"""From the trace of a search here to one of many ranks on clusters."""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from communication import Trace
from searches import Placement, Subject, run, say
from simulation import CLUSTERS, HERE, Cluster, Outcome, Simulator

# Samples of a search that is traced.
TRACED = 120
# What is predicted: so many samples, and what each of them has to say.
SAMPLES = 50_000
RANKS = (8, 64, 256, 512, 1024, 2048, 4096)
FEWER = (64, 256, 1024, 4096)
# Results that are stored at a time, as by `PieceWriter`, and how many are to see how long that takes.
WRITERS = 4
STORED = 200
# Results from which it is seen what rank 0 needs for one: several for each of 256 groups of shards, whose tables stay.
MANY = 1500
# Numbers that rank 0 holds of results before their turn, as `WorkSession` has it; of each worker four results at least.
WAITING = 1 << 23
# `ShardPlan` has no more shards.
SHARDS = 8192
# Of so many hosts one is slow, where that is asked about.
SLOW_EVERY = 16


@dataclass(frozen=True)
class Point:
    """One simulated search, beside the same on one rank."""

    outcome: Outcome
    one: Outcome

    @property
    def ranks(self) -> int:
        return self.outcome.ranks

    def _share(self, key: str) -> float:
        return getattr(self.one, key) / (self.ranks * getattr(self.outcome, key))

    @property
    def efficiency(self) -> float:
        """Of the measuring: from the first piece to the last result."""
        return self._share("computing")

    @property
    def compiling_efficiency(self) -> float:
        """The same with the compilation before it."""
        return self._share("measuring")

    @property
    def whole_efficiency(self) -> float:
        return self._share("finished")


@dataclass(frozen=True)
class Case:
    """Searches of one kind on one cluster."""

    name: str
    cluster: Cluster
    batch: int
    is_static: bool
    points: list

    def point(self, ranks: int) -> Point:
        return next(point for point in self.points if point.ranks == ranks)


@dataclass(frozen=True)
class Check:
    """A traced search beside its simulation."""

    ranks: int
    measuring: float
    simulated_measuring: float
    whole: float
    simulated_whole: float


@dataclass(frozen=True)
class Prediction:
    """Everything that is predicted, and from what."""

    subject: Subject
    # The constants of search.c.
    model: dict
    # Samples that run at a time.
    run_samples: int
    # What a rank's first run takes longer where this machine first gets the memory from its host.
    first_unready: float
    # Seconds of `finish` that go into hashing the calibration data.
    hashing: float
    checks: list
    cases: list

    def case(self, name: str, cluster: Cluster) -> Case:
        return next(case for case in self.cases if case.name == name and case.cluster == cluster)


def is_possible() -> bool:
    return Simulator.is_there()


def predict(measured: Subject, options: argparse.Namespace, folder: Path) -> Prediction:
    subject = measured if options.smoke else replace(measured, samples=min(measured.samples, TRACED))
    place = folder / "traced"
    place.mkdir()
    config = subject.write(place)
    # Small networks take little, and small machines have little.
    ready = [] if options.smoke else ["ready"]
    unready = []
    for attempt in range(options.rounds):
        # After a while without: the system gives memory that nobody has used for some seconds back to the host.
        time.sleep(0 if options.smoke else 5)
        place = folder / f"trace {attempt} without memory at hand"
        place.mkdir()
        run(Placement(2, 1).command([str(options.trace_program), "CONFIG", str(place)]), config, folder)
        unready.append(Trace(place, 2).first)
    traces, digests, firsts = {}, {}, []
    for attempt in range(options.rounds):
        for ranks in (1, 2):
            place = folder / f"trace {ranks} {attempt}"
            place.mkdir()
            command = Placement(ranks, 1).command([str(options.trace_program), "CONFIG", str(place), *ready])
            digest = run(command, config, folder).phases["digest"]
            trace = Trace(place, ranks)
            # What else the machine does only makes it longer.
            if ranks not in traces or trace.whole < traces[ranks].whole:
                traces[ranks], digests[ranks] = trace, digest
            if ranks == 2:
                firsts.append(trace.first)
    say(f"{subject.name}: traced; what follows is simulated, and the machine may do other things too")
    simulator = Simulator(folder / "simulation")
    model, size = constants(traces[2]), traces[2].run_samples
    model["first"] = median(firsts)
    model["store"] = stored_seconds(folder, model["result"])
    if not options.smoke:
        model["keep"] = traced_with_many_results(subject, options, folder).keep
    checks = []
    for ranks, trace in traces.items():
        here = model | {"window": window(ranks, model["result"])}
        outcome = simulator.search(here, pieces(subject.samples, subject.batch, size), ranks, HERE, cores=2, spread=0)
        checks.append(Check(
            ranks, trace.measuring, outcome.measured - outcome.compiled, trace.whole, outcome.finished))

    # Hashing is as fast as it was, of more data; storing as fast as this disk is.
    rate = subject.samples * subject.sample_bytes / max(digests[2], 0.0005)
    hashing = SAMPLES * subject.sample_bytes / rate
    model["finish"] = max(0.0, model["finish"] - digests[2]) + hashing
    prediction = Prediction(subject, model, size, median(unready), hashing, checks, [])

    def simulate(
            name: str, cluster: Cluster, all_ranks: tuple, batch: int = subject.batch, is_static: bool = False,
            **how) -> None:
        # The runs that were traced, as long as their samples are many.
        run_samples = run_size(batch, size)
        scaled = model | {"run": [seconds * run_samples / size for seconds in model["run"]]}
        split = pieces(SAMPLES, batch, run_samples)
        one = simulator.search(scaled | {"window": window(1, model["result"])}, split, 1, cluster, spread=0)
        points = []
        for ranks in all_ranks:
            started = time.perf_counter()
            here = scaled | {"window": window(ranks, model["result"])} | how.get("model", {})
            settings = {key: value for key, value in how.items() if key != "model"}
            points.append(Point(
                simulator.search(here, split, ranks, cluster, is_static=is_static, **settings), one))
            say(
                f"{cluster.name}, {name}, {ranks} ranks: efficiency {points[-1].efficiency:.3f} "
                f"({time.perf_counter() - started:.0f} s)")
        prediction.cases.append(Case(name, cluster, batch, is_static, points))

    if options.smoke:
        simulate("dynamic", CLUSTERS[0], (8, 64))
        simulate("static", CLUSTERS[1], (8, 64), is_static=True)
        return prediction
    for cluster in CLUSTERS:
        simulate("dynamic", cluster, RANKS)
        simulate("static", cluster, FEWER, is_static=True)
    tree = CLUSTERS[0]
    simulate("dynamic, batches of 32", tree, FEWER, batch=32)
    simulate("dynamic, batches of 4", tree, FEWER, batch=4)
    simulate("dynamic, rank 0 computes nothing", tree, FEWER, is_spared=True)
    simulate("dynamic, slow hosts", tree, FEWER, slow_every=SLOW_EVERY)
    simulate("static, slow hosts", tree, FEWER, is_static=True, slow_every=SLOW_EVERY)
    simulate("dynamic, nothing stored", tree, FEWER, model={"store": 0})
    simulate("dynamic, first run as here", tree, FEWER, model={"first": prediction.first_unready})
    return prediction


def window(ranks: int, result: int) -> int:
    """How far a piece may lie beyond the one that is combined next."""
    return max(WAITING // (result // 8), 4 * ranks)


def traced_with_many_results(subject: Subject, options: argparse.Namespace, folder: Path) -> Trace:
    """Two ranks whose pieces are single samples."""
    place = folder / "many results"
    trace = place / "trace"
    trace.mkdir(parents=True)
    config = replace(subject, samples=MANY, batch=1).write(place)
    run(Placement(2, 1).command([str(options.trace_program), "CONFIG", str(trace), "ready"]), config, place)
    say(f"{subject.name}: traced with {MANY} results")
    return Trace(trace, 2)


def constants(trace: Trace) -> dict:
    return {
        "prepare": trace.prepare, "broadcast": trace.broadcasts, "decode": trace.decode, "compile": trace.compile,
        "first": trace.first, "between": trace.between, "run": trace.run_times, "notice": trace.notice,
        "take": trace.take, "keep": trace.keep, "finish": trace.finish, "result": trace.result}


def run_size(batch: int, most: int) -> int:
    """The samples that run at a time, as `RunSize` has it: those that waste least, and of these the most."""
    return min(range(2, min(most, max(batch, 2)) + 1), key=lambda size: (-(-max(batch, 2) // size) * size, -size))


def pieces(samples: int, batch: int, run_samples: int) -> list[int]:
    """Of every shard, the runs that it takes: one batch each, or so many that there are no more than may be."""
    runs = [-(-min(batch, samples - start) // run_samples) for start in range(0, samples, batch)]
    while len(runs) > SHARDS:
        runs = [sum(runs[start:start + 2]) for start in range(0, len(runs), 2)]
    return runs


def stored_seconds(folder: Path, size: int) -> float:
    """Seconds for each of many files of this size to be stored on this disk so that they outlive a power cut."""
    place = folder / "stored"
    place.mkdir()
    content = os.urandom(size)

    def store(number: int) -> None:
        path = place / f"{number}.part"
        file = os.open(path, os.O_CREAT | os.O_WRONLY)
        directory = os.open(place, os.O_RDONLY)
        try:
            os.write(file, content)
            os.fsync(file)
            path.rename(place / str(number))
            os.fsync(directory)
        finally:
            os.close(file)
            os.close(directory)

    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(store, range(STORED)))
    return (time.perf_counter() - start) / STORED
