"""A search on clusters that are not there: SimGrid's SMPI runs `Simulation/search.c` on a described network."""

import math
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "Simulation" / "search.c"
SEED = 7
# Cores of each host of the clusters, one rank on each.
CORES = 32
# Relative standard deviation of the speeds of ranks; nothing measured, an assumption.
SPREAD = 0.02


@dataclass(frozen=True)
class Cluster:
    """Hosts and the network between them."""

    name: str
    # Of each host's link, bytes per second, and the latency of one hop in seconds.
    bandwidth: float
    latency: float
    # Whether hosts meet in a tree of switches (twice as many hosts as links upwards) or at one switch, whose
    # inside carries a quarter of what all hosts could send.
    is_tree: bool

    def platform(self, hosts: int, cores: int) -> str:
        """SimGrid's description of so many hosts, a power of two."""
        network = f'bw="{self.bandwidth:.0f}Bps" lat="{self.latency * 1e6:.3f}us"'
        if self.is_tree and hosts > 1:
            down = 1 << ((hosts.bit_length()) // 2)
            up = max(1, down // 2)
            network += f' topology="FAT_TREE" topo_parameters="2;{down},{hosts // down};1,{up};1,1"'
        elif hosts > 1:
            network += f' bb_bw="{self.bandwidth * max(1, hosts / 4):.0f}Bps" bb_lat="{self.latency * 1e6:.3f}us"'
        # Inside a host messages are copies in memory.
        return f"""<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <zone id="world" routing="Full">
    <cluster id="cluster" prefix="h" suffix="" radical="0-{hosts - 1}" speed="1Gf" core="{cores}"
             loopback_bw="5GBps" loopback_lat="1us" {network}/>
  </zone>
</platform>
"""


CLUSTERS = (
    Cluster("fat tree, 100 Gbit/s", 12.5e9, 1e-6, is_tree=True),
    Cluster("one switch, 10 Gbit/s", 1.25e9, 25e-6, is_tree=False))
# Two ranks on one machine, which talk through its memory.
HERE = Cluster("here", 12.5e9, 1e-6, is_tree=True)


@dataclass(frozen=True)
class Outcome:
    """Seconds from the moment when all ranks are there."""

    ranks: int
    # All have the configuration and the model.
    prepared: float
    # All have compiled.
    compiled: float
    # Rank 0 has the last result.
    measured: float
    finished: float
    # What rank 0's thread for messages was busy.
    coordinating: float
    # What all workers were busy, together.
    busy: float
    # When workers were done: on average, and the last.
    mean_last: float
    last: float
    # Pieces computed.
    pieces: float

    @property
    def computing(self) -> float:
        """From the first piece to the last result."""
        return self.measured - self.compiled

    @property
    def measuring(self) -> float:
        """The same with the compilation before it."""
        return self.measured - self.prepared


class Simulator:
    """Runs simulations in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.program = folder / "search"
        run(["smpicc", "-O2", "-o", str(self.program), str(SOURCE), "-lm"])

    @staticmethod
    def is_there() -> bool:
        return all(shutil.which(tool) for tool in ("smpicc", "smpirun"))

    def search(
            self, model: dict, pieces: list[int], ranks: int, cluster: Cluster, cores: int = CORES,
            spread: float = SPREAD, slow_every: int = 0, is_static: bool = False, is_spared: bool = False) -> Outcome:
        """One search.

        model: the constants by their names in search.c. pieces: of each the runs of the network. slow_every: of so many
        hosts one has half the speed. is_spared: rank 0 only hands out and collects.
        """
        hosts = 1 << max(0, math.ceil(ranks / cores) - 1).bit_length()
        (self.folder / "platform.xml").write_text(cluster.platform(hosts, cores))
        # Number 0 is the second thread of the rank that number 1 is.
        (self.folder / "hosts").write_text("".join(f"h{max(0, n - 1) // cores}\n" for n in range(ranks + 1)))
        lines = [
            f"per_node {cores}", f"slow_every {slow_every}", f"static {int(is_static)}", f"spared {int(is_spared)}",
            f"seed {SEED}", f"spread {spread}"]
        for key, value in model.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{key} {one:.9g}" for one in values]
        lines += [f"piece {one}" for one in pieces]
        (self.folder / "model").write_text("\n".join(lines) + "\n")
        settings = {
            "smpi/simulate-computation": "no", "smpi/bcast": "binomial_tree", "smpi/reduce": "binomial",
            "smpi/allreduce": "rdb",
            # As the cluster says, but for what protocols take; the simulator's own factors are of one old cluster.
            "smpi/lat-factor": "0:1", "smpi/bw-factor": "0:0.94",
            "contexts/stack-size": "256", "network/crosstraffic": "0",
            "smpi/privatization": "no", "smpi/shared-malloc": "global", "smpi/display-timing": "no"}
        output = run([
            "smpirun", "-np", str(ranks + 1), "-platform", str(self.folder / "platform.xml"),
            "-hostfile", str(self.folder / "hosts"), *(f"--cfg={key}:{value}" for key, value in settings.items()),
            "--log=root.thresh:critical", str(self.program), str(self.folder / "model")])
        values = dict(line.split() for line in output.splitlines() if len(line.split()) == 2)
        if "finished" not in values:
            sys.exit(f"bench: error: the simulator ended without a result: {output.strip()[-2000:]}")
        outcome = Outcome(ranks, **{key: float(value) for key, value in values.items()})
        if outcome.pieces != len(pieces):
            sys.exit(f"bench: error: {outcome.pieces:.0f} of {len(pieces)} pieces were simulated")
        return outcome


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: error: {' '.join(command[:3])} …: {(done.stderr + done.stdout).strip()[-2000:]}")
    return done.stdout
