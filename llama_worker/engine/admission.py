"""The bounded queue: fair between accounts, with an estimate of the time to wait."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from llama_worker.engine.job import Job
from svc_kit.errors import Overloaded, Unavailable

_MEMORY = 0.8


class AdmissionQueue:
    """Jobs that wait. The event loop offers, the engine's thread takes; a lock keeps the bound exact.

    Accounts take turns, so that one that asks for a hundred drafts does not make the others wait for all of them. Preempted
    work comes first: its reader has a part of the text already. Prefills come last, and no more of them wait than could run
    at once.
    """

    def __init__(self, limit: int, sequences: int) -> None:
        self._limit = limit
        self._sequences = sequences
        self._lock = threading.Lock()
        self._resumed: deque[Job] = deque()
        self._lanes: OrderedDict[str, deque[Job]] = OrderedDict()
        self._prefills: deque[Job] = deque()
        self._size = 0
        self._job_seconds = 0.0
        self._closed = False

    def __len__(self) -> int:
        return self._size

    def offer(self, job: Job) -> None:
        """Add a job at the end of its account's lane, or raise Overloaded."""
        with self._lock:
            if self._closed:
                raise Unavailable("no model is loaded")
            if job.request.prefill_only:
                self._offer_prefill(job)
            elif self._size - len(self._prefills) >= self._limit:
                raise Overloaded("the queue is full", retry_after=max(1.0, self.eta(self._size)))
            else:
                self._lanes.setdefault(job.request.account_id, deque()).append(job)
            self._size += 1

    def _offer_prefill(self, job: Job) -> None:
        if len(self._prefills) >= self._sequences:
            raise Overloaded("enough prompts wait for their prefill", retry_after=max(1.0, self.eta(self._size)))
        self._prefills.append(job)

    def put_back(self, job: Job) -> None:
        """Add preempted work, before all that has not begun. It is never refused."""
        with self._lock:
            (self._prefills if job.request.prefill_only else self._resumed).appendleft(job)
            self._size += 1

    def head(self) -> Job | None:
        """The next job. One whose reader is behind is passed over."""
        with self._lock:
            return next((job for job in self._order() if not job.paused), None)

    def take(self, job: Job) -> None:
        """Remove a job that runs now; its account's next job comes after one of each other account."""
        with self._lock:
            self._remove(job)
            if job.request.account_id in self._lanes:
                self._lanes.move_to_end(job.request.account_id)

    def take_out(self, condition: Callable[[Job], bool]) -> list[Job]:
        """Remove and return the jobs for which the condition holds."""
        if not self._size:
            return []
        with self._lock:
            out = [job for job in self._order() if condition(job)]
            for job in out:
                self._remove(job)
            return out

    def close(self) -> list[Job]:
        """Refuse all work from now on; return what waited."""
        with self._lock:
            self._closed = True
            left = list(self._order())
            for job in left:
                self._remove(job)
            return left

    def order(self) -> list[Job]:
        """All that wait, in the order in which they will run."""
        with self._lock:
            return list(self._order())

    def record(self, seconds: float) -> None:
        """Learn that a job ran for so many seconds."""
        known = self._job_seconds or seconds
        self._job_seconds = _MEMORY * known + (1 - _MEMORY) * seconds

    def eta(self, position: int) -> float:
        """Seconds until a job at this position begins; 0 while nothing has run."""
        return (position + 1) * self._job_seconds / self._sequences

    def _order(self) -> Iterator[Job]:
        yield from self._resumed
        lanes = [list(lane) for lane in self._lanes.values()]
        for turn in range(max(map(len, lanes), default=0)):
            yield from (lane[turn] for lane in lanes if turn < len(lane))
        yield from self._prefills

    def _remove(self, job: Job) -> None:
        self._size -= 1
        for line in (self._resumed, self._prefills):
            if job in line:
                line.remove(job)
                return
        lane = self._lanes[job.request.account_id]
        lane.remove(job)
        if not lane:
            del self._lanes[job.request.account_id]
