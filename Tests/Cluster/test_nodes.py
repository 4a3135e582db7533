"""The real batch script in a Slurm of several nodes, one of which is cut off: it goes on elsewhere. Takes minutes, because
Slurm gives a node up no sooner than after half a minute."""

import os
import unittest
from pathlib import Path

import isolation
from lab import Lab
from searches import Study
from slurm import Sandbox


class Nodes(unittest.TestCase):
    study: Study
    share: Path

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.study.directory / "lab", hosts=3)
        cls.sandbox = Sandbox(cls.study.directory / "slurm", cls.lab)

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()
        cls.lab.close()

    def goes_on_elsewhere(self, name: str, **environment: str) -> None:
        self.sandbox.wait(lambda: self.sandbox.idle() == 3, 60, "not three idle nodes")
        self.study.config(name)
        # By TCP on the lab's network only.
        reach = {key: value for key, value in self.lab.environment().items() if "plm" not in key}
        path = f"{self.study.program.parent}:{os.environ['PATH']}"
        job = self.sandbox.submit(
            "--nodes=2", "--ntasks=2", "--cpus-per-task=1", f"--output={self.study.log(name)}",
            self.share / "cluster" / "slurm" / "search.sbatch", f"{name}.json",
            environment={"PATH": path, **reach, **environment}, directory=self.study.directory)
        self.sandbox.wait(lambda: self.study.pieces(name) >= 10, 60, "no pieces")
        self.assertEqual(self.sandbox.job(job)["NodeList"], "n[1-2]")
        self.lab.cut("n2")
        try:
            self.sandbox.wait(lambda: self.sandbox.job(job).get("Restarts") == "1", 90, "not requeued")
            stored = self.study.pieces(name)
            self.assertLess(stored, self.study.total)
            self.assertEqual(self.sandbox.wait_for(job, ("COMPLETED", "FAILED"), 120), "COMPLETED", self.study.words())
        finally:
            self.lab.join("n2")
        self.assertEqual(self.study.verify(name), 0)
        self.assertEqual(self.study.results(name), self.study.expected, "other bytes")
        isolation.say(f"nodes: n2 cut off, gone on elsewhere from {stored} pieces")

    def test_a_node_cut_off_under_srun(self):
        self.goes_on_elsewhere("cut-srun")

    def test_a_node_cut_off_under_mpirun(self):
        self.goes_on_elsewhere("cut-mpirun", PRUNE_CLUSTER_LAUNCH="mpirun --bind-to none")
