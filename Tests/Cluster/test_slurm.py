"""The real batch scripts in a real Slurm: early warning, time limit, cancelling, preemption, an array of targets."""

import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

import isolation
from searches import Study
from slurm import Sandbox


class Slurm(unittest.TestCase):
    study: Study
    share: Path
    sandbox: Sandbox

    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox(cls.study.directory / "slurm")

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def submit(self, name: str, *options: str, arguments: tuple[str, ...] = (), **environment: str) -> str:
        path = f"{self.study.program.parent}:{os.environ['PATH']}"
        return self.sandbox.submit(
            "--ntasks=2", "--cpus-per-task=1", f"--output={self.study.log(name)}", *options,
            self.share / "cluster" / "slurm" / "search.sbatch", f"{name}.json", *arguments,
            environment={"PATH": path, **environment}, directory=self.study.directory)

    def wait_for_pieces(self, name: str, count: int) -> None:
        self.sandbox.wait(lambda: self.study.pieces(name) >= count, 60, f"{name}: no {count} pieces")

    def assert_complete(self, name: str) -> None:
        self.assertEqual(self.study.verify(name), 0, self.study.words())
        self.assertEqual(self.study.results(name), self.study.expected, "other bytes")

    def assert_state(self, job: str, state: str, seconds: float = 90) -> None:
        ends = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")
        self.assertEqual(self.sandbox.wait_for(job, ends, seconds), state, self.study.words())

    def early_warning(self, name: str, **environment: str) -> None:
        self.study.config(name)
        job = self.submit(name, **environment)
        self.wait_for_pieces(name, 10)
        self.sandbox.ask("scancel", "-s", "USR1", "--batch", job)
        self.sandbox.wait(lambda: self.sandbox.job(job).get("Restarts") == "1", 30, "not requeued")
        self.assertEqual(self.sandbox.job(job).get("ExitCode"), "0:0")
        stored = self.study.pieces(name)
        self.assertLess(stored, self.study.total)
        self.assert_state(job, "COMPLETED")
        self.assert_complete(name)
        words = self.study.said(name)
        self.assertIn(f"stopped with {stored} pieces of work; back in the queue", words)
        self.assertIn(f"attempt 1 on {isolation.HOST}, {stored} pieces of work", words)

    def test_an_early_warning_requeues_and_the_search_goes_on_under_srun(self):
        self.early_warning("warned")

    def test_an_early_warning_requeues_and_the_search_goes_on_under_mpirun(self):
        self.early_warning("warned-mpirun", PRUNE_CLUSTER_LAUNCH="mpirun --bind-to none")

    def test_the_job_stops_itself_before_its_time_is_up(self):
        # A minute less half of one: for a hundred rounds that is not enough. Slurm's own warning, a signal that does
        # nothing, is not what stops it.
        self.study.config("limited", solver={"iterations": 100})
        job = self.submit("limited", "--time=1", "--signal=B:URG@1")
        self.sandbox.wait(lambda: "; back in the queue" in self.study.said("limited"), 60, "not requeued")
        self.assertNotIn("early warning", self.study.said("limited"))
        self.assertGreater(self.study.pieces("limited"), 0)
        self.sandbox.ask("scancel", job)

    def test_a_cancelled_job_stays_cancelled(self):
        self.study.config("cancelled")
        job = self.submit("cancelled")
        self.wait_for_pieces("cancelled", 5)
        self.sandbox.ask("scancel", job)
        self.assert_state(job, "CANCELLED", 30)
        time.sleep(1)
        self.assertEqual(self.sandbox.state(job), "CANCELLED")

    def test_a_preempted_job_goes_on_later(self):
        self.study.config("preempted")
        job = self.submit("preempted", "--exclusive")
        self.wait_for_pieces("preempted", 10)
        urgent = self.sandbox.submit("--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 1")
        self.assert_state(urgent, "COMPLETED", 60)
        self.assert_state(job, "COMPLETED")
        self.assertIn("attempt 1 on", self.study.said("preempted"))
        self.assert_complete("preempted")

    def test_a_killed_rank_is_tried_again_as_long_as_it_gets_further(self):
        self.study.config("lost")
        job = self.submit("lost")
        self.wait_for_pieces("lost", 10)
        isolation.send(signal.SIGKILL, isolation.processes(matching="search", name="prune-cluster")[:1])
        self.sandbox.wait(lambda: self.sandbox.job(job).get("Restarts") == "1", 30, "not requeued")
        self.assert_state(job, "COMPLETED")
        self.assert_complete("lost")

    def test_a_job_that_gets_nowhere_gives_up(self):
        self.study.config("vain")
        job = self.submit("vain", arguments=("--time-limit", "0.001s"))
        self.assert_state(job, "FAILED", 120)
        self.assertEqual(self.sandbox.job(job)["ExitCode"], "75:0")
        words = self.study.said("vain")
        self.assertEqual(words.count("back in the queue"), 3, words)
        self.assertIn("stopped several times with 0 pieces of work and none gained", words)

    def test_a_wrong_config_fails_once(self):
        self.study.config("wrong", no_such_key=1)
        job = self.submit("wrong")
        self.assert_state(job, "FAILED", 30)
        self.assertEqual(self.sandbox.job(job)["ExitCode"], "78:0")
        self.assertEqual(self.study.said("wrong").count("prune-cluster: error:"), 1)

    def test_a_sweep_measures_once_and_solves_every_target(self):
        self.study.config("swept")
        targets = self.study.directory / "targets"
        targets.write_text("# name, then options of solve\nhalf --compression-ratio 2\n"
                           "third --compression-ratio 3 --set solver.channel_multiple=4\n\nmacs --metric macs --limit 4e6\n")
        path = f"{self.study.program.parent}:{os.environ['PATH']}"
        run = subprocess.run(
            [self.share / "cluster" / "slurm" / "sweep", "swept.json", targets, "--ntasks=2", "--cpus-per-task=1"],
            cwd=self.study.directory, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        jobs = self.sandbox.wait(lambda: self.sandbox.ask("squeue", "-h", "-o", "%A").split(), 10, "no jobs")
        self.assertTrue(jobs)
        self.sandbox.wait(lambda: not self.sandbox.ask("squeue", "-h", "-o", "%A"), 90, "the sweep does not end")
        sweep = self.study.directory / "swept" / "sweep"
        self.assertEqual(sorted(path.name for path in sweep.iterdir()), ["half", "macs", "third"])
        self.assertEqual((sweep / "half" / "ratios.json").read_bytes(), self.study.expected["ratios.json"])
