"""Tests of what is in `cluster/`, each part in a corner of this machine that vanishes with all its processes.

    run.py --program FILE [PART …]     parts: files, manual, package, kills, hosts, slurm; nodes runs only when it is named

See `scripts/test --cluster`, which builds the program. A part that this machine does not allow says so and is skipped.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import cleanroot
import isolation
import slurm

ROOT = Path(__file__).resolve().parents[2]
# For each part the pieces of work of its search, and seconds after which it is ended with everything that it has started.
PARTS = {"files": (0, 120), "manual": (0, 120), "package": (0, 400), "kills": (128, 400), "hosts": (192, 400),
         "slurm": (96, 400), "nodes": (192, 400)}
USUAL = ("files", "manual", "package", "kills", "hosts", "slurm")
# Those that need no namespaces, and those that need no network of their own.
ANYWHERE = ("files", "manual")
CONNECTED = ("package",)


def obstacle(part: str) -> str:
    """Why a part cannot be tested here; empty where it can."""
    if part in ANYWHERE:
        return ""
    if part == "package":
        return cleanroot.missing()
    if shutil.which("mpirun") is None:
        return "there is no mpirun"
    return isolation.missing() or (slurm.missing() if part in ("slurm", "nodes") else "")


def install(program: Path, directory: Path) -> Path:
    prefix = directory / "installed"
    script = [ROOT / "scripts" / "install", "--program", program, prefix]
    run = subprocess.run(script, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr.strip())
    return prefix


def run_inside(part: str, prefix: Path, directory: Path, filters: list) -> int:
    """The tests of a part, in this process."""
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    module = __import__(f"test_{part}")
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{one}*" for one in filters] or None
    suite = loader.loadTestsFromModule(module)
    if PARTS[part][0]:
        from searches import Study
        isolation.enter(directory)
        study = Study(ROOT, prefix / "bin" / "prune-cluster", directory / "study", PARTS[part][0])
        isolation.say(f"{part}: an undisturbed search of {study.total} pieces takes {study.seconds:.1f} s")
        for tests in suite:
            for test in tests:
                type(test).study = study
    for tests in suite:
        for test in tests:
            type(test).root = ROOT
            type(test).prefix = prefix
            type(test).share = prefix / "share" / "prune-cluster"
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    return 0 if outcome.wasSuccessful() else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--tests", action="append", default=[], help="only tests whose name contains this")
    parser.add_argument("--keep", action="store_true", help="leave the files of the tests where they are")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    options = parser.parse_args()
    if options.inside:
        return run_inside(options.parts[0], options.program, options.inside, options.tests)

    directory = Path(tempfile.mkdtemp(prefix="prune-cluster-"))
    failed = []
    try:
        prefix = install(options.program.resolve(), directory)
        for part in options.parts or USUAL:
            if why := obstacle(part):
                isolation.say(f"{part}: NOT RUN HERE: {why}")
                continue
            own = directory / part
            own.mkdir()
            inner = [sys.executable, __file__, "--program", prefix, "--inside", own,
                     *(f"--tests={one}" for one in options.tests), part]
            started = time.monotonic()
            if part not in ANYWHERE:
                inner = isolation.command(inner, network=part not in CONNECTED)
            process = subprocess.Popen(list(map(str, inner)))
            try:
                code = process.wait(PARTS[part][1])
            except subprocess.TimeoutExpired:
                isolation.say(f"{part}: not done after {PARTS[part][1]} s, ended")
                code = -1
            finally:
                process.kill()
                process.wait()
            isolation.say(f"{part}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s")
            if code != 0:
                failed.append(part)
    finally:
        if options.keep:
            isolation.say(f"files of the tests: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
