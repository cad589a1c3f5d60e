"""Taking what waits in the queue: some jobs at a time, each under a lease that is renewed while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from inference_svc.jobs.domain.attempt import JobAttempt
from inference_svc.jobs.domain.board import heard
from inference_svc.jobs.domain.job import JobState, Lease, Postponed, backoff
from inference_svc.jobs.domain.ports import JobEvents, JobLeases, JobQueue, News
from inference_svc.metrics import JOBS_RUNNING
from svc_kit.background_tasks import BackgroundTasks
from svc_kit.errors import Unavailable
from svc_kit.logs import where
from svc_kit.request_id import REQUEST_ID_HEADER, begin_request
from svc_kit.task_end import end_task

# So many more are looked at than are wanted: others may be taking the first ones.
_SPARE = 16


@dataclass(frozen=True)
class JobIntervals:
    """How long a lease holds, how often the queue is looked at without news, and the first pause after a refusal."""

    lease: float = 30.0
    look: float = 2.0
    pause: float = 1.0
    upkeep: float = 10.0


@dataclass(slots=True)
class _Run:
    lease: Lease
    limit: asyncio.Timeout
    task: asyncio.Task[None]
    ending: bool = False


class JobRunner:
    """Runs up to `slots` jobs. A lease that cannot be renewed ends here before anybody else can take it."""

    def __init__(
        self,
        attempt: JobAttempt,
        leases: JobLeases,
        queue: JobQueue,
        news: JobEvents,
        background: BackgroundTasks,
        *,
        slots: int,
        intervals: JobIntervals,
    ) -> None:
        self._attempt = attempt
        self._leases = leases
        self._queue = queue
        self._news = news
        self._background = background
        self._slots = slots
        self._intervals = intervals
        self._runs: dict[UUID, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Something is to be taken; something is to be looked after.
        self._wanted = asyncio.Event()
        self._doubted = asyncio.Event()
        self._refusals = 0
        self._rests_until = 0.0
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Run jobs for ever; when this is cancelled, those that run go back into the queue."""
        renewing = asyncio.create_task(self._keep_leases())
        try:
            with self._news.subscribe(lambda news: news.state is JobState.QUEUED, self._wanted):
                while True:
                    self._wanted.clear()
                    await heard(self._wanted, await self._fill())
        finally:
            for task in (renewing, *self._tasks):
                # Not waited for here, where a second cancellation would cut that short.
                self._background.spawn(partial(end_task, task))

    async def _fill(self) -> float:
        """Take as many jobs as there is room for; how long to wait until the next look."""
        resting = self._rests_until - asyncio.get_running_loop().time()
        if resting > 0:
            # A queued job is no reason to ask again a part that was away a moment ago.
            await asyncio.sleep(resting)
        room = self._slots - len(self._tasks)
        if room > 0:
            # Whatever is between the question and the answer is time off the lease.
            until = asyncio.get_running_loop().time() + self._intervals.lease
            taking = asyncio.create_task(self._take(room))
            try:
                taken = await asyncio.shield(taking)
            except asyncio.CancelledError:
                self._background.spawn(partial(self._give_back_all, taking))
                raise
            except Unavailable:
                return self._intervals.look
            except Exception as error:  # Whatever it was, the jobs wait in the database for the next look.
                self._log.error("jobs not taken", **where(error))
                return self._intervals.look
            for lease in taken:
                self._start(lease, until)
        return self._intervals.look

    async def _take(self, room: int) -> Sequence[Lease]:
        """The first jobs by the queue; and by the database, which knows also what the queue has lost."""
        keys = await self._queue.first(room + _SPARE)
        taken = list(await self._leases.claim(keys, room, self._intervals.lease)) if keys else []
        if len(taken) < room:
            # What could not be taken of these does not wait any more, or will be put back.
            await self._queue.remove(keys)
            try:
                taken += await self._leases.claim(None, room - len(taken), self._intervals.lease)
            except Unavailable:
                if not taken:
                    raise
        else:
            await self._queue.remove([lease.key for lease in taken])
        return taken

    def _start(self, lease: Lease, until: float) -> None:
        task = asyncio.create_task(self._work(lease, until))
        self._tasks.add(task)
        JOBS_RUNNING.inc()
        task.add_done_callback(partial(self._ended, lease))

    def _ended(self, lease: Lease, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        JOBS_RUNNING.dec()
        self._wanted.set()
        if task.cancelled():
            # The process ends, or the job did. In the first case somebody else should have it at once.
            self._background.spawn(partial(self._give_back, lease))
        elif (error := task.exception()) is not None:
            self._log.error("job broke off", job_id=str(lease.key.job_id), **where(error))

    async def _work(self, lease: Lease, until: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        # So the logs of all parts that have to do with the job carry its id.
        begin_request([(REQUEST_ID_HEADER, str(lease.key.job_id))])
        try:
            async with asyncio.timeout_at(until) as limit:
                run = self._runs[lease.lease_id] = _Run(lease, limit, task)
                try:
                    await self._run(run)
                finally:
                    del self._runs[lease.lease_id]
        except TimeoutError:
            self._log.warning("lease of a job lost", job_id=str(lease.key.job_id))

    async def _run(self, run: _Run) -> None:
        await self._news.tell(News(run.lease.key, JobState.RUNNING))
        pause = backoff(self._intervals.pause, self._refusals + 1)
        outcome = await self._attempt.make(run.lease, pause)
        if isinstance(outcome, Postponed) and not outcome.counts:
            self._rest(outcome.seconds)
        else:
            self._refusals = 0
        # From here on a lost lease is no reason to stop: the statement that ends the job compares it.
        run.ending = True
        while True:
            try:
                await self._attempt.settle(run.lease, outcome)
            except Unavailable:
                # Until the database is back or the lease is over.
                await asyncio.sleep(self._intervals.pause)
            else:
                return

    def _rest(self, seconds: float) -> None:
        """Nobody gets through now: let all jobs wait instead of trying each."""
        now = asyncio.get_running_loop().time()
        if now >= self._rests_until:
            self._refusals += 1
        self._rests_until = max(self._rests_until, now + seconds)

    async def _give_back(self, lease: Lease) -> None:
        job = await self._leases.postpone(lease, 0, counts=False)
        if job is not None:
            await self._queue.put([job])
            await self._news.tell(News(job.key, job.state))

    async def _give_back_all(self, taking: asyncio.Task[Sequence[Lease]]) -> None:
        for lease in await taking:
            await self._give_back(lease)

    async def _keep_leases(self) -> None:
        with self._news.subscribe(lambda news: news.state is JobState.CANCELLED, self._doubted):
            while True:
                await heard(self._doubted, self._intervals.lease / 3)
                self._doubted.clear()
                try:
                    await self._renew()
                except Unavailable:
                    continue  # Each lease ends by itself, and what runs under it.
                except Exception as error:
                    self._log.error("leases of jobs not renewed", **where(error))

    async def _renew(self) -> None:
        runs = list(self._runs.values())
        if not runs:
            return
        until = asyncio.get_running_loop().time() + self._intervals.lease
        held = await self._leases.renew([run.lease for run in runs], self._intervals.lease)
        for run in runs:
            if run.lease.lease_id not in self._runs:
                continue
            if run.lease.lease_id in held and not run.limit.expired():
                run.limit.reschedule(until)
            elif run.limit.expired() or not run.ending:
                # Again, if need be: a driver may lose a cancellation.
                run.task.cancel()
