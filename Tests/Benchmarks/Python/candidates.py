"""The processes that are measured, and how one talks with them: a command a line, a JSON object a line back."""

import json
import os
import subprocess
import tempfile
from pathlib import Path


class CandidateError(Exception):
    """A process that ended, or said what it should not."""


class Candidate:
    """A running process that waits, without using the processor, until it is its turn."""

    def __init__(self, name: str, command: list[str], images_per_run: int, ranks: int = 1):
        self.name = name
        # Images that `run 1` computes.
        self.images_per_run = images_per_run
        self.errors = tempfile.TemporaryFile("w+")
        self.folder, inputs = None, subprocess.PIPE
        if ranks > 1:
            # A launcher hands its own input to one rank alone, so every rank gets a pipe of its own.
            self.folder = tempfile.TemporaryDirectory()
            pipe = Path(self.folder.name) / "commands"
            command = [
                "mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *command, "--commands", str(pipe)]
            pipes = [f"{pipe}.{rank}" for rank in range(ranks)]
            for path in pipes:
                os.mkfifo(path)
            inputs = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, stdin=inputs, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        if ranks > 1:
            # For reading too: opening does not wait then for a rank that may have failed.
            self.inputs = [os.fdopen(os.open(path, os.O_RDWR), "w") for path in pipes]
        else:
            self.inputs = [self.process.stdin]

    def send(self, command: str) -> None:
        try:
            for file in self.inputs:
                file.write(command + "\n")
                file.flush()
        except BrokenPipeError:
            pass  # The answer that does not come says why.

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise CandidateError(f"{self.name} ended with {self.process.returncode}: {self.errors.read().strip()}")
        return json.loads(line)

    def ask(self, command: str) -> dict:
        self.send(command)
        return self.answer()

    def end(self) -> None:
        for file in self.inputs:
            try:
                file.close()
            except BrokenPipeError:
                pass
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        if self.folder:
            self.folder.cleanup()
