"""Searches killed at any moment, and run again with other numbers of ranks."""

import os
import random
import re
import signal
import subprocess
import time
import unittest

import isolation
from searches import STOPPED, Study


class Kills(unittest.TestCase):
    study: Study

    MOMENTS = 20
    WAYS = ("rank", "rank", "mpirun", "ask")
    # Whether ranks of the last attempt may still be there, and store what they have at hand.
    may_linger = False

    def test_twenty_kills_at_random_moments_and_the_same_bytes(self):
        seed = int(os.environ.get("PRUNE_CLUSTER_SEED", random.randrange(2**32)))
        isolation.say(f"kills: seed {seed} (PRUNE_CLUSTER_SEED repeats it)")
        chance = random.Random(seed)
        config = self.study.config("killed")
        killed, completed, ranks, most = 0, 0, 0, 0
        while killed < self.MOMENTS:
            ranks = chance.choice([count for count in (1, 2, 3, 4) if count != ranks])
            way, moment = chance.choice(self.WAYS), chance.uniform(0, 0.5 * self.study.seconds)
            before, said = self.study.pieces("killed"), self.study.log("killed").stat().st_size if killed else 0
            process = self.study.launch(config, ranks)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                code = self.kill(process, way, chance)
                killed += 1
            else:
                code = process.returncode
            after = self.study.pieces("killed")
            with self.subTest(kill=killed, ranks=ranks, way=way, moment=moment, code=code):
                self.assertGreaterEqual(after, before, "a finished piece has gone")
                # What was told as done is safe, but for what a worker may have at hand: two cores have two workers, or
                # one for each rank.
                done = re.findall(r"measuring: .*\((\d+) of \d+ samples\)", self.since(said))
                lost = int(done[-1]) // self.study.batch - after if done else 0
                most = max(most, lost)
                self.assertLessEqual(lost, max(ranks, os.cpu_count()), "more than a piece for each worker was lost")
                if code == 0:
                    self.assert_complete(before)
                elif code == STOPPED and after > before and not self.may_linger:
                    attempt = self.study.record("killed")["attempts"][-1]
                    counted = (attempt["state"], attempt["pieces_restored"], attempt["pieces_computed"])
                    self.assertEqual(counted, ("stopped", before, after - before))
            self.may_linger = way == "mpirun" and code != 0
            if code == 0:
                completed += 1
                config = self.study.config("killed")
        before = self.study.pieces("killed")
        self.study.finish(self.study.launch(config, chance.choice([1, 2, 3, 4])))
        self.assert_complete(before)
        isolation.say(
            f"kills: {killed} in {completed + 1} searches, each of the same bytes; at most {most} pieces told as done were lost")

    def since(self, offset: int) -> str:
        """What the search has said since."""
        with open(self.study.log("killed"), "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def kill(self, process: subprocess.Popen, way: str, chance: random.Random) -> int:
        if way == "ask":
            process.send_signal(signal.SIGUSR1)
            code = process.wait(30)
            # Asked before the ranks listen, they end by the signal.
            self.assertIn(code, (0, STOPPED, 128 + signal.SIGUSR1, -signal.SIGUSR1), self.study.words())
            return code
        if way == "mpirun":
            process.kill()
            code = process.wait(30)
            # Its ranks notice within a second; nobody may have waited for that before the next attempt.
            if chance.random() < 0.5:
                time.sleep(1.5)
            return code
        ranks = isolation.processes(matching=f"{self.study.program} search", name="prune-cluster")
        if not ranks:
            process.kill()
        else:
            isolation.send(signal.SIGKILL, [chance.choice(ranks)])
        return process.wait(30)

    def assert_complete(self, before: int) -> None:
        """The result is whole, has the bytes that it should have, and what had been measured was not measured again."""
        self.assertEqual(self.study.verify("killed"), 0, "the result is not complete")
        self.assertEqual(self.study.results("killed"), self.study.expected, "other bytes")
        attempt = self.study.record("killed")["attempts"][-1]
        self.assertEqual(attempt["pieces_restored"] + attempt["pieces_computed"], self.study.total)
        self.assertGreaterEqual(attempt["pieces_restored"], before)
