"""Searches that are run to see how long they take: networks with random data, on chosen processors."""

import array
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SEED = 5


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Subject:
    """A network and how much of its data is run. The data are random: what a search does does not depend on them."""

    name: str
    model: Path
    # Of one sample.
    shape: tuple
    classes: int
    samples: int
    batch: int

    @property
    def sample_bytes(self) -> int:
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    def write(self, folder: Path) -> Path:
        """Makes the data, bytes of 0 … 255, and gives a configuration without its output."""
        generator = random.Random(f"{SEED} {self.name}")
        images, labels = folder / f"{self.name}.images.npy", folder / f"{self.name}.labels.npy"
        with images.open("wb") as file:
            file.write(header("|u1", (self.samples, *self.shape)))
            for _ in range(self.samples):
                file.write(generator.randbytes(self.sample_bytes))
        numbers = array.array("q", (generator.randrange(self.classes) for _ in range(self.samples)))
        if sys.byteorder == "big":
            numbers.byteswap()
        labels.write_bytes(header("<i8", (self.samples,)) + numbers.tobytes())
        config = folder / f"{self.name}.json"
        config.write_text(json.dumps({
            "model": str(self.model.resolve()),
            "calibration": {
                "inputs": str(images), "labels": str(labels), "batch_size": self.batch,
                "preprocessing": {"scale": 1 / 255, "mean": 0.5, "std": 0.289}},
            "target": {"compression_ratio": 2, "metric": "macs"}}))
        return config


def header(kind: str, shape: tuple) -> bytes:
    """Of an .npy file."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@dataclass(frozen=True)
class Placement:
    """How many ranks, with how many threads each."""

    ranks: int
    threads: int

    @property
    def processors(self) -> int:
        return self.ranks * self.threads

    def __str__(self) -> str:
        return f"{self.ranks} × {self.threads}"

    def command(self, program: list, first: int = 0) -> list:
        """The program on processors of its own: it has as many threads as the processors that it may run on."""
        own = cores()[first:first + self.processors]
        parts = [own[rank * self.threads:(rank + 1) * self.threads] for rank in range(self.ranks)]
        bound = [["taskset", "-c", ",".join(map(str, part)), *program] for part in parts]
        if self.ranks == 1:
            return bound[0]
        # One context for each rank, all with one command but for the processors.
        contexts = [["-n", "1", *one] for one in bound]
        command = ["mpirun", "--bind-to", "none", *contexts[0]]
        for context in contexts[1:]:
            command += [":", *context]
        return command


def cores() -> list:
    """Of every core that this process may use one processor, in order: two of one core share its arithmetic."""
    found = {}
    for processor in sorted(os.sched_getaffinity(0)):
        siblings = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
        found.setdefault(siblings.read_text().strip() if siblings.exists() else str(processor), processor)
    return sorted(found.values())


def environment() -> dict:
    # Open MPI refuses to start as root, which is what a container usually is, unless told twice.
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"} if os.geteuid() == 0 else {}
    return {**os.environ, **allowed}


@dataclass(frozen=True)
class Measurement:
    """One run of the program."""

    # By phase, as the program says.
    phases: dict
    # From the start of the process to its end, and the processor time of all ranks and their launcher.
    wall: float
    processor: float

    @property
    def measuring(self) -> float:
        return self.phases["measure"]


def run(command: list, config: Path, folder: Path, *further: str) -> Measurement:
    """Runs a program with a configuration and a folder of its own for the results, so that it finds nothing done."""
    with tempfile.TemporaryDirectory(dir=folder) as output:
        whole = json.loads(config.read_text())
        whole["output"] = {"directory": output}
        path = Path(output) / "config.json"
        path.write_text(json.dumps(whole))
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        filled = [str(path) if word == "CONFIG" else word for word in command]
        done = subprocess.run([*filled, *further], capture_output=True, text=True, env=environment(), timeout=3600)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"bench: error: {' '.join(filled[:8])} …: {(done.stderr + done.stdout).strip()[-2000:]}")
        phases = json.loads((Path(output) / "run.json").read_text())["seconds"]
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Measurement(phases, wall, used)


def run_beside(count: int, program: list, config: Path, folder: Path) -> list[Measurement]:
    """So many searches of one thread at the same time, each on a core of its own and none knowing of the others."""
    commands = [Placement(1, 1).command(program, first) for first in range(count)]
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(lambda command: run(command, config, folder), commands))
