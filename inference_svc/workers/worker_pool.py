"""domain.Model by all workers that there are: each conversation has one of its own, and the others help out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID

import grpc
import structlog

from inference_svc.drafting.domain.events import ModelEvent, Phase, Progress
from inference_svc.drafting.domain.model import GenerateRequest, ModelStatus
from inference_svc.workers.known_worker import PATIENCE_S, KnownWorker
from inference_svc.workers.worker_choice import Choice, WorkerState, choose, idlest
from inference_svc.workers.worker_metrics import BREAKS, OVERFLOWS, REFUSALS, RETRIES, WORKERS
from inference_svc.workers.worker_summary import most_helpful, together
from svc_kit.clients import InternalCaller
from svc_kit.errors import DeadlineExceeded, DomainError, Overloaded, Unavailable
from svc_kit.worker_entry import WorkerEntry

# How often in a row an entry may be missing: Redis may have been emptied, and the next heartbeat brings it back.
_MISSES = 5


class WorkerPool:
    """The workers at `addresses`, which stay, and those that say themselves that they are there. Make it inside the loop."""

    def __init__(self, addresses: Iterable[str], caller: InternalCaller) -> None:
        self._caller = caller
        self._workers = {address: KnownWorker(address, caller, fixed=True) for address in addresses}
        # They left, but something of ours still runs there.
        self._leaving: list[KnownWorker] = []
        self._log = structlog.get_logger()

    async def status(self, seconds: float) -> ModelStatus:
        """How the model is: ready when one worker is, with the work of all of them."""
        workers = [worker for worker in self._workers.values() if not worker.draining]
        try:
            statuses = await self._statuses([worker for worker in workers if worker.answers] or workers, seconds)
        finally:
            # By what is known of them, since whoever asked may have had no time for an answer.
            WORKERS.set(sum(worker.can_draft for worker in workers))
        return together(statuses, len(workers))

    async def count_tokens(self, texts: Sequence[str], seconds: float) -> Sequence[int]:
        """Tokens of each text, by whoever has least to do of those with the model that drafts are made with."""
        refusals: list[DomainError] = []
        for worker in self._at(idlest(self._states())):
            try:
                return await worker.model.count_tokens(texts, seconds)
            except Unavailable as error:
                refusals.append(error)
        raise most_helpful(refusals)

    async def generate(self, order: GenerateRequest) -> AsyncGenerator[ModelEvent, None]:
        """Continue a prompt. What refuses or dies before the first word is made good by the next worker, each asked once.

        After the first word it is told to the caller, who has seen it, and never begun anew.
        """
        deadline = time.monotonic() + order.timeout
        choice = self._choice(order)
        if choice.overflows:
            OVERFLOWS.inc()
        refusals: list[DomainError] = []
        for worker in self._at(choice.order):
            if refusals:
                RETRIES.inc()
            reader = _Reader()
            try:
                with worker.working() as model:
                    async with aclosing(model.generate(replace(order, timeout=_seconds_for_next(deadline)))) as events:
                        async for event in events:
                            for told in reader.told(event):
                                yield told
                return
            except (Unavailable, Overloaded) as error:
                if reader.has_begun:
                    BREAKS.inc()
                    raise
                refusals.append(error)
        REFUSALS.inc()
        raise most_helpful(refusals)

    async def read_ahead(self, order: GenerateRequest) -> None:
        """Read a prompt where `generate` would go with it."""
        refusals: list[DomainError] = []
        for worker in self._at(self._choice(order).order):
            try:
                return await worker.model.read_ahead(order)
            except Unavailable as error:
                refusals.append(error)
        raise most_helpful(refusals)

    async def forget(self, account_id: UUID, conversation_ids: Sequence[UUID]) -> None:
        """Let each worker that is known forget what it read of conversations. Raises Unavailable unless all said that they did."""
        workers = (*self._workers.values(), *self._leaving)
        results = await asyncio.gather(
            *(worker.forget(account_id, conversation_ids) for worker in workers), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def meet(self, entries: Sequence[WorkerEntry]) -> None:
        """Take in who says that it is there, and let go of who has said nothing for a while."""
        for entry in entries:
            self._hear(entry)
        said = {entry.address for entry in entries}
        for worker in [worker for worker in self._workers.values() if worker.registered]:
            if worker.address not in said:
                self._miss(worker)

    async def look_after(self, seconds: float) -> None:
        """Ask those that did not answer how they are, and give up the connections of those that left."""
        silent = [worker for worker in self._workers.values() if not worker.answers]
        await asyncio.gather(*(worker.status(seconds) for worker in silent), return_exceptions=True)
        for worker in [worker for worker in self._leaving if worker.is_idle]:
            self._leaving.remove(worker)
            await worker.close()

    async def close(self) -> None:
        """Give all connections up."""
        for worker in (*self._workers.values(), *self._leaving):
            await worker.close()

    def _hear(self, entry: WorkerEntry) -> None:
        address = entry.address
        if address not in self._workers:
            self._workers[address] = KnownWorker(address, self._caller, fixed=False)
        if not self._workers[address].registered:
            self._log.info("worker joined", worker=address)
        self._workers[address].told(entry)

    def _miss(self, worker: KnownWorker) -> None:
        worker.missed += 1
        if worker.missed < _MISSES and not worker.draining:
            return
        self._log.info("worker left", worker=worker.address)
        worker.left()
        if not worker.fixed:
            del self._workers[worker.address]
            self._leaving.append(worker)

    async def _statuses(self, workers: Sequence[KnownWorker], seconds: float) -> Sequence[ModelStatus]:
        """How those are who answer in time. Raises what kept them from it when nobody does."""
        if not workers:
            raise most_helpful([])
        asking = {asyncio.create_task(_answer(worker, seconds)): worker for worker in workers}
        try:
            done, late = await asyncio.wait(asking, timeout=PATIENCE_S)
            while late and not any(isinstance(task.result(), ModelStatus) for task in done):
                more, late = await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)
                done |= more
        finally:
            for task in asking:
                task.cancel()
        for task in late:
            asking[task].fell_silent()
        answers = [task.result() for task in asking if task in done]
        statuses = [answer for answer in answers if isinstance(answer, ModelStatus)]
        if not statuses:
            raise next(answer for answer in answers if isinstance(answer, Exception))
        return statuses

    def _choice(self, order: GenerateRequest) -> Choice:
        return choose(self._states(), order.account_id, order.conversation_id, order.sha256)

    def _states(self) -> list[WorkerState]:
        return [worker.state() for worker in self._workers.values()]

    def _at(self, addresses: Sequence[str]) -> Iterator[KnownWorker]:
        """The workers at these addresses, but for those that left since they were chosen."""
        return (worker for address in addresses if (worker := self._workers.get(address)))


class _Reader:
    """Whoever reads what one worker writes. `has_begun` once they have seen something of its text."""

    def __init__(self) -> None:
        self.has_begun = False
        self._writes: Progress | None = None

    def told(self, event: ModelEvent) -> tuple[ModelEvent, ...]:
        """What to tell them now. That a worker writes is told with its first word: until then another may have to begin anew."""
        if self.has_begun:
            return (event,)
        if isinstance(event, Progress):
            if event.phase is not Phase.WRITING:
                return (event,)
            self._writes = event
            return ()
        self.has_begun = True
        return (event,) if self._writes is None else (self._writes, event)


async def _answer(worker: KnownWorker, seconds: float) -> ModelStatus | Exception:
    try:
        return await worker.status(seconds)
    except (DomainError, grpc.aio.AioRpcError) as error:
        return error


def _seconds_for_next(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("the draft took longer than the request allows")
    return left
