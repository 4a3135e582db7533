"""Searches on several hosts: cut off, frozen, slowed down, killed; by `cluster/run-on-hosts`, as a person would."""

import json
import os
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

import isolation
from lab import Lab
from searches import LOST, STOPPED, Study


class Hosts(unittest.TestCase):
    study: Study
    share: Path
    lab: Lab

    # Of the documented settings (cluster/environment.sh): 6 s of silence and 4 questions, 3 s apart.
    KEEPALIVE_SECONDS = 6 + 4 * 3
    LENIENCE = 30

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.study.directory / "lab", hosts=4)

    @classmethod
    def tearDownClass(cls):
        cls.lab.close()

    def tearDown(self):
        self.lab.sweep()

    def start(self, name: str, *options: str, ranks: int = 3) -> subprocess.Popen:
        command = [self.share / "cluster" / "run-on-hosts", "--hostfile", self.lab.hostfile, "-n", ranks, "--hours", "1",
                   self.study.directory / f"{name}.json", *options]
        return self.study.start(command, name, env={**os.environ, **self.lab.environment()})

    def assert_complete(self, name: str) -> None:
        self.assertEqual(self.study.verify(name), 0, "the result is not complete")
        self.assertEqual(self.study.results(name), self.study.expected, "other bytes")

    def assert_ends(self, name: str, process: subprocess.Popen, code: int, promised: float) -> float:
        """The search ends with this code, and one line of ours says what to do.

        What is promised in seconds is for a machine that has the time; what is refused is a hang.
        """
        within = promised + self.LENIENCE
        started = time.monotonic()
        try:
            ended = process.wait(within)
        except subprocess.TimeoutExpired:
            self.fail(f"still running after {within} s\n{self.study.words()}")
        took = time.monotonic() - started
        self.assertEqual(ended, code, self.study.words())
        words = self.study.said(name).splitlines()
        self.assertIn("the same line goes on from here", words[-1])
        return took

    def test_three_hosts_give_the_bytes_of_one_process(self):
        self.study.config("hosts")
        self.study.finish(self.start("hosts"))
        self.assert_complete("hosts")
        hosts = {rank["host"] for rank in self.study.record("hosts")["ranks"]}
        self.assertEqual(hosts, {"n1", "n2", "n3"})

    def test_a_host_cut_off_ends_the_run_and_loses_nothing_stored(self):
        self.study.config("cut")
        process = self.start("cut")
        self.study.wait_for_pieces("cut", 10, process)
        self.lab.cut("n3")
        took = self.assert_ends("cut", process, LOST, self.KEEPALIVE_SECONDS)
        stored = self.study.pieces("cut")
        isolation.say(f"hosts: n3 cut off, ended after {took:.1f} s with {stored} pieces")
        words = self.study.said("cut")
        self.assertEqual(words.count("a rank or a host was lost"), 1, words)
        self.assertIn("on node n3", words)
        # What is left of the run on the cut host goes by itself once it is noticed there.
        self.lab.join("n3")
        self.study.finish(self.start("cut", ranks=4))
        self.assert_complete("cut")

    def test_a_frozen_rank_is_named_within_the_stall_timeout(self):
        # The others notice last that rank 0, on n1, is silent: it would have been the one to tell.
        for victim, later in (("n2", 0), ("n1", 10)):
            with self.subTest(victim=victim):
                name = f"frozen-{victim}"
                self.study.config(name)
                process = self.start(name, "--stall-timeout", "5s")
                self.study.wait_for_pieces(name, 10, process)
                isolation.send(signal.SIGSTOP, self.lab.ranks(victim, self.study.program))
                took = self.assert_ends(name, process, LOST, 5 + later)
                isolation.say(f"hosts: rank on {victim} frozen, ended after {took:.1f} s")
                words = self.study.said(name)
                self.assertIn(f"({victim})", words)
                self.assertEqual(words.count("prune-cluster: error:"), 1, words)
                self.study.finish(self.start(name, ranks=2))
                self.assert_complete(name)

    def test_a_frozen_host_is_named_and_does_not_keep_the_run(self):
        self.study.config("host")
        process = self.start("host", "--stall-timeout", "5s")
        self.study.wait_for_pieces("host", 10, process)
        isolation.send(signal.SIGSTOP, self.lab.ranks("n3", self.study.program) + self.lab.daemons("n3"))
        # mpirun would wait for the daemon of that host for ever: it gets 15 s after the error.
        took = self.assert_ends("host", process, LOST, 5 + 15)
        isolation.say(f"hosts: n3 frozen, ended after {took:.1f} s")
        self.assertIn("(n3)", self.study.said("host"))
        self.study.finish(self.start("host", ranks=2))
        self.assert_complete("host")

    def test_a_slow_host_gets_less_and_the_run_goes_on(self):
        self.study.config("slow")
        process = self.start("slow", "--stall-timeout", "10s")
        self.study.wait_for_pieces("slow", 1, process)
        self.lab.limit_rate("n3", "10mbit")
        ended = threading.Event()

        def hold_back() -> None:
            while not ended.is_set():
                ranks = self.lab.ranks("n3", self.study.program)
                isolation.send(signal.SIGSTOP, ranks)
                ended.wait(0.9)
                isolation.send(signal.SIGCONT, ranks)
                ended.wait(0.1)

        thread = threading.Thread(target=hold_back)
        thread.start()
        try:
            self.study.finish(process)
        finally:
            ended.set()
            thread.join()
        self.assert_complete("slow")
        pieces = {rank["host"]: rank["pieces"] for rank in self.study.record("slow")["ranks"]}
        isolation.say(f"hosts: pieces by host, n3 held back: {json.dumps(pieces)}")
        self.assertLess(pieces["n3"], 0.5 * max(pieces["n1"], pieces["n2"]))

    def test_kills_of_a_rank_a_daemon_and_mpirun_in_one_search(self):
        self.study.config("kills")
        for kill in ("rank", "daemon", "mpirun"):
            with self.subTest(kill=kill):
                before = self.study.pieces("kills")
                process = self.start("kills")
                self.study.wait_for_pieces("kills", before + 10, process)
                if kill == "rank":
                    victims = self.lab.ranks("n2", self.study.program)[:1]
                elif kill == "daemon":
                    victims = self.lab.daemons("n3")
                else:
                    victims = isolation.processes(matching="--hostfile", name="mpirun")
                self.assertEqual(len(victims), 1)
                isolation.send(signal.SIGKILL, victims)
                took = self.assert_ends("kills", process, LOST, 2)
                isolation.say(f"hosts: kill -9 of a {kill}, ended after {took:.1f} s, {self.study.pieces('kills')} pieces")
        process = self.start("kills")
        self.study.wait_for_pieces("kills", self.study.pieces("kills") + 5, process)
        process.send_signal(signal.SIGTERM)
        self.assert_ends("kills", process, STOPPED, 2)
        stored = self.study.pieces("kills")
        self.study.finish(self.start("kills", ranks=4))
        self.assert_complete("kills")
        # Nothing that was safe was computed again.
        attempts = self.study.record("kills")["attempts"]
        # Ranks that have lost mpirun are sent TERM, and may still say so.
        states = [attempt["state"] for attempt in attempts]
        self.assertIn(states.pop(2), ("lost", "stopped"))
        self.assertEqual(states, ["lost", "lost", "stopped", "complete"])
        self.assertEqual(attempts[-1]["pieces_restored"], stored)
        self.assertEqual(attempts[-1]["pieces_computed"], self.study.total - stored)
