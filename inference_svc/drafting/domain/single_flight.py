"""The same draft, asked for by several at once: the model is asked once, and each hears all that it says."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from itertools import zip_longest

from inference_svc.drafting.domain.draft import Finish
from inference_svc.drafting.domain.draft_plan import DraftPlan
from inference_svc.drafting.domain.events import Finished, ModelEvent, Piece, Progress
from inference_svc.drafting.domain.model import GenerateRequest
from inference_svc.drafting.domain.ports import Model
from svc_kit.errors import DeadlineExceeded
from svc_kit.task_end import end_task

# Who follows ends with what they follow, so that must have nearly the time that they have.
_SHARE_OF_TIME = 0.9


class SingleFlight:
    """Asks the model, once for all who want the same at the same time. One per process."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._flights: dict[str, _Flight] = {}

    async def generate(self, plan: DraftPlan) -> AsyncGenerator[ModelEvent, None]:
        """What the model says to a plan: from its beginning, also to those who came later.

        Closing it stops the model, unless others listen. Who did not ask first and was shown no text does not share a
        failure either: they ask again.
        """
        if plan.order.skip_cache:
            async with aclosing(self._model.generate(plan.model_order())) as events:
                async for said in events:
                    yield said
            return
        while True:
            order = plan.model_order()
            flight, leads = self._board(plan.key, order)
            began, listener, until = leads, flight.listener(), time.monotonic() + order.timeout
            try:
                while (event := await flight.next(listener, until)) is not None:
                    if not began and _is_late(event):
                        break
                    began = began or isinstance(event, Piece | Finished)
                    yield event
                else:
                    if began:
                        return
            except Exception as error:
                if began or error is not flight.error:
                    raise
            finally:
                await self._leave(plan.key, flight)

    def _board(self, key: str, order: GenerateRequest) -> tuple[_Flight, bool]:
        """A flight for this order, and whether it is a new one."""
        flight = self._flights.get(key)
        leads = flight is None or not flight.serves(order.timeout)
        if flight is None or leads:
            flight = self._flights[key] = _Flight(self._model.generate(order), order.timeout)
        flight.listeners += 1
        return flight, leads

    async def _leave(self, key: str, flight: _Flight) -> None:
        flight.listeners -= 1
        # Who leaves what has ended has put it into the cache, where the owner can have it forgotten.
        if self._flights.get(key) is flight and (flight.over or not flight.listeners):
            del self._flights[key]
        if not flight.listeners:
            await flight.end()


class _Listener:
    """How far one listener has heard: first what was said before they came, then each event."""

    def __init__(self, events: Sequence[ModelEvent]) -> None:
        self.missed = deque(_without_old_places(events))
        self.heard = len(events)


class _Flight:
    """One question to the model, with all that it said so far: as much as the longest draft at most."""

    def __init__(self, said: AsyncGenerator[ModelEvent, None], timeout: float) -> None:
        self.listeners = 0
        self.over = False
        self.error: Exception | None = None
        self._until = time.monotonic() + timeout
        self._events: list[ModelEvent] = []
        self._said_more = asyncio.Event()
        # In a task of its own: whoever asked first may leave before the others.
        self._listening = asyncio.create_task(self._listen(said))

    def serves(self, timeout: float) -> bool:
        """Whether one more, who has so much time, is likely to hear a whole draft here."""
        if self.error is not None or any(_is_late(event) for event in self._events[-1:]):
            return False
        return self.over or self._until - time.monotonic() >= timeout * _SHARE_OF_TIME

    def listener(self) -> _Listener:
        """One more who listens from now on, and is told what was said before."""
        return _Listener(self._events)

    async def next(self, listener: _Listener, until: float) -> ModelEvent | None:
        """The next event that a listener has not heard; None after the last one.

        Raises DeadlineExceeded at `until`, and what the model ended with.
        """
        if listener.missed:
            return listener.missed.popleft()
        while listener.heard == len(self._events):
            if self.over:
                if self.error is not None:
                    raise self.error
                return None
            await _until_set(self._said_more, until)
        listener.heard += 1
        return self._events[listener.heard - 1]

    async def end(self) -> None:
        """Stop the model."""
        await end_task(self._listening)

    async def _listen(self, said: AsyncGenerator[ModelEvent, None]) -> None:
        try:
            async with aclosing(said):
                async for event in said:
                    self._events.append(event)
                    self._tell()
        except Exception as error:
            self.error = error
        finally:
            self.over = True
            self._tell()

    def _tell(self) -> None:
        # Each waits for the event of their own look, so none has to be told that all have heard it.
        event, self._said_more = self._said_more, asyncio.Event()
        event.set()


def _without_old_places(events: Sequence[ModelEvent]) -> Iterator[ModelEvent]:
    """What was said before, without the places in the queue that are no more."""
    for event, following in zip_longest(events, events[1:]):
        if not (isinstance(event, Progress) and isinstance(following, Progress)):
            yield event


async def _until_set(event: asyncio.Event, until: float) -> None:
    try:
        async with asyncio.timeout(until - time.monotonic()):
            await event.wait()
    except TimeoutError:
        raise DeadlineExceeded("the draft took longer than the request allows") from None


def _is_late(event: ModelEvent) -> bool:
    """Whether the model ran out of the time that whoever asked it had."""
    return isinstance(event, Finished) and event.finish is Finish.DEADLINE
