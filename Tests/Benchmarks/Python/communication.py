"""What a trace of a search says about its parts: the constants of the model that `simulation.py` runs."""

import bisect
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

# A thread that waits for messages looks at least so often, and has seen by then what its workers have finished.
NOTICED = 0.005
MESSAGES = ("send", "post", "receive", "probe", "poll")


class Event(NamedTuple):
    """A line of a trace; seconds, bytes or samples."""

    start: float
    taken: float
    call: str
    size: int
    peer: str
    tag: str
    # Processor time of the thread in it, and of the thread of the messages since its last call.
    busy: float
    own: float

    @property
    def end(self) -> float:
        return self.start + self.taken


def read(path: Path) -> list[Event]:
    events = []
    for line in path.read_text().splitlines():
        start, taken, call, size, peer, tag, busy, own = line.split()
        seconds = [int(one) / 1e9 for one in (start, taken, busy, own)]
        events.append(Event(*seconds[:2], call, int(size), peer, tag, *seconds[2:]))
    return events


class Trace:
    """All ranks of one search with one worker each."""

    def __init__(self, folder: Path, ranks: int):
        self.ranks = [read(folder / f"{rank}.trace") for rank in range(ranks)]

    def of(self, rank: int, *calls: str) -> list[Event]:
        return [event for event in self.ranks[rank] if event.call in calls]

    @property
    def prepare(self) -> float:
        """Rank 0, before it sends anything."""
        return self.of(0, "broadcast")[0].start

    @property
    def broadcasts(self) -> list[int]:
        """Bytes that rank 0 sends to all before they compile."""
        compiled = self.of(0, "compile")[0].start
        return [event.size for event in self.of(0, "broadcast") if event.start < compiled]

    @property
    def decode(self) -> float:
        """The other ranks, from the model's bytes to the compilation."""
        times = []
        for rank in range(1, len(self.ranks)):
            compiled = self.of(rank, "compile")[0].start
            before = [event for event in self.ranks[rank] if event.end <= compiled]
            received = max(event.end for event in before if event.call == "broadcast")
            times.append(compiled - received - sum(event.taken for event in before if event.start >= received))
        return median(times)

    @property
    def compile(self) -> float:
        return median(self.of(rank, "compile")[0].taken for rank in range(len(self.ranks)))

    def runs(self) -> Iterable[list[Event]]:
        """Every rank's runs of as many samples as fit."""
        for rank in range(len(self.ranks)):
            runs = self.of(rank, "run")
            most = max(event.size for event in runs)
            yield [event for event in runs if event.size == most]

    @property
    def run_samples(self) -> int:
        """Samples that run at a time."""
        return max(event.size for event in self.of(0, "run"))

    @property
    def run_times(self) -> list[float]:
        """Of all runs but every rank's first."""
        return [event.taken for runs in self.runs() for event in runs[1:]]

    @property
    def first(self) -> float:
        """What a rank's first run takes longer than others."""
        usual = median(self.run_times)
        return max(0.0, median(runs[0].taken - usual for runs in self.runs()))

    @property
    def between(self) -> float:
        """From the end of a run to the start of the next, where the rank does not wait for work in between."""
        return median(
            later.start - earlier.end for runs in self.runs() for earlier, later in zip(runs[1:], runs[2:]))

    @property
    def result(self) -> int:
        """Bytes of a result: the largest message to rank 0."""
        return max(event.size for event in self.of(0, "receive"))

    @property
    def notice(self) -> float:
        """The other ranks, from a report to the answer: rank 0 and they look for messages in turns with pauses."""
        times = []
        for rank in range(1, len(self.ranks)):
            asked = None
            for event in self.of(rank, "send", "post", "probe"):
                if event.call == "probe" and asked is not None:
                    times.append(event.end - asked)
                asked = event.end if event.call != "probe" and event.size < self.result else None
        return median(times)

    @property
    def take(self) -> float:
        """Rank 0: to receive and answer a report, without the result that may come with it; processor time."""
        small = [event for event in self.of(0, "send", "post", "probe", "receive") if event.size < self.result]
        reports = sum(event.call == "receive" for event in small)
        return sum(event.busy for event in small) / reports

    @property
    def keep(self) -> float:
        """Rank 0, whose pieces are one run each: to receive a result and add it up; processor time, which waiting in a
        call is too."""
        events = self.of(0, *MESSAGES)
        received, turns = [], []
        behind = set()
        for index, event in enumerate(events[:-1]):
            if event.call == "receive" and event.size == self.result:
                before = events[index - 1]
                waited = before.busy if before.call == "probe" and before.size == self.result else 0.0
                received.append(waited + event.own + event.busy)
                turns.append(events[index + 1].own)
                behind.add(index + 1)
        # A result is added up at once, or later where an earlier one is missing, behind it: hence the mean, and of rank
        # 0's own results too. Its thread notices them within a pause of its loop.
        starts = [event.start for event in events]
        for run in self.of(0, "run"):
            first, end = (bisect.bisect(starts, time) for time in (run.end, run.end + NOTICED))
            noticed = [events[index].own for index in range(first, end) if index not in behind]
            if noticed:
                turns.append(max(noticed))
        return median(received) + fmean(turns)

    @property
    def finish(self) -> float:
        """Rank 0: all that follows the last result."""
        return self.of(0, "end")[0].end - self.of(0, *MESSAGES)[-1].end

    @property
    def measuring(self) -> float:
        """From the end of rank 0's compilation to its last message about work."""
        return self.of(0, *MESSAGES)[-1].end - self.of(0, "compile")[0].end

    @property
    def whole(self) -> float:
        return self.of(0, "end")[0].end
