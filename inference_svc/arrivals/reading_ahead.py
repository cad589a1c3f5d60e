"""Letting the model read a conversation before anybody asks for a draft in it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import structlog

from inference_svc.drafting.domain.draft_plan import Planner
from inference_svc.drafting.domain.draft_request import DraftRequest, deadline_in
from inference_svc.drafting.domain.ports import DraftStore, Model
from svc_kit.errors import FailedPrecondition, InvalidInput, NotFound
from svc_kit.logs import where

# Others write meanwhile, and the model reads ahead only when nobody waits for text.
_LONGEST_S = 60.0

_Place = tuple[UUID, UUID]


class ReadingAhead:
    """Reads some conversations at once, as far as each has come when its turn comes. Whatever cannot be read is let go.

    The prompt is that of a draft with the default options, so that such a draft begins with what was read.
    """

    def __init__(
        self, planner: Planner, model: Model, store: DraftStore, *, at_once: int = 2, most_waiting: int = 100
    ) -> None:
        self._planner = planner
        self._model = model
        self._store = store
        self._at_once = at_once
        self._most_waiting = most_waiting
        # Account and conversation, in order; once each, since what is read is always the newest.
        self._waiting: dict[_Place, None] = {}
        self._reading: set[_Place] = set()
        self._changed = asyncio.Event()
        self._stuck = False
        self._log = structlog.get_logger()

    def soon(self, account_id: UUID, conversation_id: UUID) -> None:
        """Read a conversation when there is room; of too many, those that wait longest are let go."""
        self._waiting[account_id, conversation_id] = None
        if len(self._waiting) > self._most_waiting:
            del self._waiting[next(iter(self._waiting))]
        self._changed.set()

    async def run(self) -> None:
        """Read for ever."""
        async with asyncio.TaskGroup() as readers:
            for _ in range(self._at_once):
                readers.create_task(self._read_on())

    async def _read_on(self) -> None:
        while True:
            place = await self._next()
            self._reading.add(place)
            try:
                await self._read(*place)
            finally:
                self._reading.discard(place)
                # It may wait again already.
                self._changed.set()

    async def _next(self) -> _Place:
        while True:
            for place in self._waiting:
                if place not in self._reading:
                    del self._waiting[place]
                    return place
            self._changed.clear()
            await self._changed.wait()

    async def _read(self, account_id: UUID, conversation_id: UUID) -> None:
        order = DraftRequest(account_id, deadline_in(_LONGEST_S), conversation_id=conversation_id)
        try:
            plan = await self._planner.plan(order)
            await self._model.read_ahead(plan.model_order())
            # What was erased meanwhile was forgotten before it was read.
            if await self._store.are_erased(account_id, plan.held_ids):
                await self._model.forget(account_id, [plan.context.conversation_id])
        except (NotFound, FailedPrecondition, InvalidInput):
            # Deleted meanwhile, or nothing that a draft could be made of.
            return
        except Exception as error:  # Nobody waits for it: the draft itself will say what is wrong.
            self._got_stuck(error)
        else:
            self._goes_on()

    def _got_stuck(self, error: Exception) -> None:
        # The others would fare no better, and a model that has too much to do should not be asked by all of them.
        self._waiting.clear()
        if not self._stuck:
            self._stuck = True
            self._log.warning("conversations are not read ahead", **where(error))

    def _goes_on(self) -> None:
        if self._stuck:
            self._stuck = False
            self._log.info("conversations are read ahead again")
