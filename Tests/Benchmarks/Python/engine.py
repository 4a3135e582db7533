"""Measures the engine against PyTorch: see `scripts/bench`, which starts this."""

import argparse
import array
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import report
from candidates import Candidate, CandidateError

LARGE = ("resnet18", "resnet50", "mobilenet_v2", "vgg16_bn", "densenet121", "efficientnet_b0", "shufflenet_v2_x1_0")
SHARED = ("vgg_small", "resnet20", "mobilenetv2_small")
WAYS = ("eager", "eager-nhwc", "no-weight-grads")
# A turn of a candidate lasts about so long: short enough that all see the machine in the same state.
SECONDS_PER_TURN = 0.5
# Where rounding decides at a ReLU or a maximum, networks of random weights differ by less; another calculation differs
# by more.
AGREEMENT = 0.02


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    """One run of the benchmark."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.root = Path(options.root)
        self.shared = self.root / ".." / "shared" / "reference"
        self.folder = self.root / ".build-bench-networks"
        self.backends = {}
        # Runnable processes on average over the minute before.
        self.load = os.getloadavg()[0]

    def run(self) -> dict:
        networks = {}
        for name in self.options.networks:
            files = self.files(name)
            if not files:
                continue
            say(name)
            measured = {}
            for threads in self.options.threads:
                measured[str(threads)] = self.measure(name, files, threads)
            networks[name] = {"threads": measured, "start": self.start_up(files, measured)}
        return {
            "batch": self.options.batch, "rounds": self.options.rounds, "machine": self.machine(), "networks": networks}

    def files(self, name: str) -> dict | None:
        """The files of a network, made where they are not there; None where they cannot be had."""
        batch = self.options.batch
        folder = self.folder / f"{name}-{batch}"
        model = folder / "model.onnx"
        if name in LARGE:
            if not (folder / "labels.i64").exists():
                say(f"exporting {name}")
                self.python("export.py", name, folder, self.shared, batch)
        else:
            model = self.shared / "models" / name / f"{name}.bn.onnx"
            if self.options.smoke:
                model = self.root / "configs" / name / f"{name}.onnx"
            if not model.exists():
                say(f"{name} is left out: there is no {os.path.relpath(model, self.root)}")
                return None
            folder.mkdir(parents=True, exist_ok=True)
            numbers = random.Random(13)
            with open(folder / "images.f32", "wb") as file:
                array.array("f", [numbers.gauss(0, 1) for _ in range(batch * 28 * 28)]).tofile(file)
            with open(folder / "labels.i64", "wb") as file:
                array.array("q", [numbers.randrange(10) for _ in range(batch)]).tofile(file)
        return {"model": model, "images": folder / "images.f32", "labels": folder / "labels.i64", "folder": folder}

    def python(self, script: str, *arguments) -> None:
        here = Path(__file__).parent
        subprocess.run([self.options.python, here / script, *map(str, arguments)], check=True)

    def ours(self, files: dict, label: str, workers: int, ranks: int = 1) -> Candidate:
        command = [
            self.options.program, "network", "--model", str(files["model"]), "--images", str(files["images"]),
            "--labels", str(files["labels"]), "--batch", str(self.options.batch), "--workers", str(workers)]
        return Candidate(label, command, self.options.batch * workers * ranks, ranks)

    def candidates(self, name: str, files: dict, threads: int):
        """Starts the processes that take turns, one after the other."""
        peer = [self.options.python, str(Path(__file__).parent / "peer.py")]
        if self.options.python:
            arguments = [name, str(files["folder"]), str(self.shared), str(self.options.batch)]
            for way in WAYS:
                yield Candidate(way, [*peer, way, str(threads), *arguments], self.options.batch)
        yield self.ours(files, "ours", threads)
        if threads > 1:
            yield self.ours(files, "ours-ranks", 1, ranks=threads)
        yield Candidate("products", [self.options.program, "matrix-products", "--workers", str(threads)], 0)
        if self.options.python:
            yield Candidate("torch-products", [*peer, "matrix-products", str(threads)], 0)

    def measure(self, name: str, files: dict, threads: int) -> dict:
        """Lets all candidates for one network and number of threads take turns."""
        running, measured = [], {}
        try:
            for candidate in self.candidates(name, files, threads):
                running.append(candidate)
                ready = candidate.answer()
                self.backends.setdefault(candidate.name, ready.get("backend"))
                measured[candidate.name] = {"rates": [], **ready}
            turns = {}
            for candidate in running:
                candidate.ask("run 1")
                if candidate.images_per_run:
                    seconds = candidate.ask("run 1")["seconds"]
                    turns[candidate.name] = 1 if self.options.smoke else max(1, round(SECONDS_PER_TURN / seconds))
            for turn in range(self.options.rounds):
                say(f"{name}, {threads} thread{'s' if threads > 1 else ''}, round {turn + 1} of {self.options.rounds}")
                for candidate in running:
                    measured[candidate.name]["rates"].append(self.rate(candidate, turns.get(candidate.name, 0)))
            for candidate in running:
                if candidate.images_per_run:
                    measured[candidate.name] |= {**candidate.ask("memory"), **candidate.ask("results")}
                if candidate.name == "ours":
                    profiles = [candidate.ask("profile")["profile"] for _ in range(3)]
                    measured["ours"]["profile"] = sorted(profiles, key=lambda one: sum(one["kinds"].values()))[1]
        finally:
            for candidate in running:
                candidate.end()
        for one in measured.values():
            one["rate"] = statistics.median(one["rates"])
        self.check_agreement(name, measured)
        return measured

    @staticmethod
    def rate(candidate: Candidate, count: int) -> float:
        """Images per second of one turn; of matrix products multiply-adds per second at the size that suits best."""
        if not count:
            return max(candidate.ask("results")["rates"].values())
        return candidate.images_per_run * count / candidate.ask(f"run {count}")["seconds"]

    @staticmethod
    def check_agreement(name: str, measured: dict) -> None:
        """Ends the run where two candidates did not compute the same: their times could not be compared."""
        ours = measured["ours"]["results"]
        for candidate, one in measured.items():
            theirs = one.get("results")
            if not theirs:
                continue
            apart = abs(theirs["loss"] - ours["loss"]) / abs(ours["loss"])
            if apart > 1e-4:
                raise CandidateError(f"{name}: the loss of {candidate} is {theirs['loss']}, ours is {ours['loss']}")
            if theirs["layers"] is None:
                continue
            if len(theirs["layers"]) != len(ours["layers"]):
                raise CandidateError(
                    f"{name}: {candidate} sees {len(theirs['layers'])} layers, we see {len(ours['layers'])}")
            difference = sum(abs(a - b) for a, b in zip(theirs["layers"], ours["layers"])) / sum(ours["layers"])
            if difference > AGREEMENT:
                raise CandidateError(f"{name}: the sensitivities of {candidate} are {difference:.1%} away from ours")

    def start_up(self, files: dict, measured: dict) -> dict:
        """Seconds from the start of a process to its first finished batch, without what a batch takes."""
        taken = []
        for _ in range(1 if self.options.smoke else 3):
            start = time.perf_counter()
            candidate = self.ours(files, "ours", 1)
            try:
                candidate.send("run 1")
                ready = candidate.answer()
                candidate.answer()
                end = time.perf_counter()
                # One more, now that everything is warm: what the first batch took beside it belongs to the start.
                taken.append((end - start - candidate.ask("run 1")["seconds"], ready["compileSeconds"]))
            finally:
                candidate.end()
        seconds, compiling = sorted(taken)[len(taken) // 2]
        return {"seconds": seconds, "compile": compiling}

    def machine(self) -> dict:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        kibibytes = int(Path("/proc/meminfo").read_text().split()[1])
        return {
            "processor": f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores",
            "memory": f"{kibibytes / 2**20:.0f} GiB",
            "load": self.load,
            "ours": self.backends.get("ours"),
            "peer": self.backends.get("eager"),
        }


def check_smoke(results: dict) -> None:
    """Sees to it that everything was measured; how fast it was is nobody's business here."""
    for name, network in results["networks"].items():
        for threads, measured in network["threads"].items():
            for candidate, one in measured.items():
                assert one["rates"] and min(one["rates"]) > 0, (name, threads, candidate)
            ours = measured["ours"]
            assert ours["peak"] > ours["before"] > 0, ours
            assert ours["memoryRequired"] > 0 and ours["work"]["forward"] > ours["work"]["backward"] > 0, ours
            assert sum(ours["profile"]["kinds"].values()) > 0 and ours["profile"]["slowest"], ours
        assert network["start"]["seconds"] > network["start"]["compile"] > 0, network["start"]
    assert results["networks"], "nothing was measured"


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench engine")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", default="", help=argparse.SUPPRESS)
    parser.add_argument("--networks", default=",".join(LARGE + SHARED), help="names, separated by commas")
    parser.add_argument("--batch", type=positive, default=8, help="images per batch")
    parser.add_argument("--rounds", type=positive, default=5, help="turns of every candidate")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    parser.add_argument("--smoke", action="store_true", help="only see that it works, without PyTorch")
    options = parser.parse_args()
    everything = vars(parser.parse_args(["--root", "", "--program", ""]))
    is_whole = all(vars(options)[key] == everything[key] for key in ("networks", "threads", "batch", "smoke"))
    if options.smoke:
        options.networks, options.rounds = "fashion-resnet", 1
    options.networks = options.networks.split(",")
    try:
        options.threads = [positive(text) for text in options.threads.split(",")]
    except ValueError:
        parser.error(f"--threads {options.threads}: expected whole numbers from 1 on")
    unknown = [name for name in options.networks if name not in LARGE + SHARED]
    if unknown and not options.smoke:
        parser.error(f"unknown network {unknown[0]}, known are {', '.join(LARGE + SHARED)}")

    # As an exit, so that the processes that were started are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options)
    if bench.load > 0.5 and not options.smoke:
        say(f"warning: something else uses this machine (load {bench.load:.1f}): the numbers will say little")
    try:
        results = bench.run()
    except CandidateError as error:
        print(f"bench: error: {error}", file=sys.stderr)
        return 70
    except subprocess.CalledProcessError as error:
        print(f"bench: error: {Path(error.cmd[1]).name} failed", file=sys.stderr)
        return 70
    page = bench.root / "docs" / "performance.md"
    text = report.text(results)
    if options.smoke:
        check_smoke(results)
        report.inserted(text, page)
        say("every candidate runs and answers")
        return 0
    bench.folder.mkdir(exist_ok=True)
    (bench.folder / "results.json").write_text(json.dumps(results, indent=1))
    if is_whole:
        page.write_text(report.inserted(text, page))
        say("wrote docs/performance.md")
    else:
        print(text)
        say("docs/performance.md is written only by a run of all networks, at the usual batch size and threads")
    return 0


sys.exit(main())
