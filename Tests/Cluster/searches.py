"""A search that takes long enough to be disturbed, and what its undisturbed result is."""

import gzip
import json
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

# What has the same bytes for any ranks, hosts and interruptions.
RESULTS = ("ratios.json", "sensitivities.npz")

STOPPED = 75
LOST = 69


class Study:
    """One network and its data, searched again and again; every search has a directory of its own."""

    def __init__(self, root: Path, program: Path, directory: Path, pieces: int):
        """`pieces` of work: more than all workers together ever have at hand, each a small part of a second."""
        self.root = root
        self.program = program
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        source = root / "configs" / "fashion-resnet"
        images = gzip.decompress((source / "calibration-images.idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((source / "calibration-labels.idx1-ubyte.gz").read_bytes())
        self.total = pieces
        self.batch = 256
        copies = pieces * self.batch // 512
        count = struct.pack(">I", 512 * copies)
        (directory / "images.idx").write_bytes(images[:4] + count + images[8:16] + images[16:] * copies)
        (directory / "labels.idx").write_bytes(labels[:4] + count + labels[8:] * copies)
        started = time.monotonic()
        reference = self.config("reference")
        self.finish(self.launch(reference, ranks=1))
        self.seconds = time.monotonic() - started
        self.expected = self.results("reference")

    def config(self, name: str, **changes: object) -> Path:
        """The configuration of a new search, without anything measured yet."""
        shutil.rmtree(self.directory / name, ignore_errors=True)
        model = self.root / "configs" / "fashion-resnet" / "fashion-resnet.onnx"
        document = {
            "model": str(model),
            "calibration": {
                "inputs": "images.idx", "labels": "labels.idx", "batch_size": self.batch,
                "preprocessing": {"scale": 1 / 255, "mean": 0.2860, "std": 0.3530}},
            "target": {"compression_ratio": 2.0},
            "output": {"directory": name}, **changes}
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(document, indent=2))
        return path

    def launch(self, config: Path, ranks: int, *options: str, **popen: object) -> subprocess.Popen:
        """Starts a search under mpirun on this host."""
        command = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", str(self.program), "search",
                   *options, str(config)]
        return self.start(command, config.stem, **popen)

    def start(self, command: list, name: str, **popen: object) -> subprocess.Popen:
        """Starts a command whose output goes to NAME.log; in a session of its own, with signals as they should be."""
        with open(self.log(name), "ab") as log:
            return subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **popen)

    def finish(self, process: subprocess.Popen, code: int = 0, seconds: float = 120) -> None:
        """Waits for the end, which is to come with this code."""
        ended = process.wait(seconds)
        if ended != code:
            raise AssertionError(f"ended with {ended}, not {code}:\n{self.words()}")

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def said(self, name: str) -> str:
        """What the searches of this name have said so far."""
        return self.log(name).read_text(errors="replace") if self.log(name).exists() else ""

    def words(self) -> str:
        """The ends of all logs."""
        logs = sorted(self.directory.glob("*.log"), key=os.path.getmtime)[-2:]
        return "\n".join(f"{path.name}: {line}" for path in logs
                         for line in path.read_text(errors="replace").splitlines()[-25:])

    def pieces(self, name: str) -> int:
        """Pieces of work that are finished and safe."""
        return len(list((self.directory / name / "checkpoint").glob("*.piece")))

    def record(self, name: str) -> dict:
        return json.loads((self.directory / name / "run.json").read_text())

    def results(self, name: str) -> dict:
        return {file: (self.directory / name / file).read_bytes() for file in RESULTS}

    def verify(self, name: str) -> int:
        return subprocess.run(
            [self.program, "verify", self.directory / name], stdin=subprocess.DEVNULL, capture_output=True).returncode

    def wait_for_pieces(self, name: str, count: int, process: subprocess.Popen, seconds: float = 60) -> None:
        """Waits until so many pieces are safe, while the process still runs."""
        end = time.monotonic() + seconds
        while self.pieces(name) < count:
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(
                    f"{self.pieces(name)} pieces, not {count}; ended: {process.poll()}\n{self.words()}")
            time.sleep(0.01)
