"""Drafting a reply: from the wish to a stored draft, event by event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from uuid import UUID

from inference_svc.drafting.domain.cached_draft import completed, replay_cached
from inference_svc.drafting.domain.draft import ContextErased, Draft, Finish, Status
from inference_svc.drafting.domain.draft_plan import DraftPlan, Planner
from inference_svc.drafting.domain.draft_request import DraftRequest
from inference_svc.drafting.domain.draft_run import DraftRun
from inference_svc.drafting.domain.events import DraftEvent, Started
from inference_svc.drafting.domain.ports import DraftStore, IdempotencyKey, Model, ReplyCache
from inference_svc.drafting.domain.single_flight import SingleFlight
from svc_kit.background_tasks import BackgroundTasks
from svc_kit.errors import AlreadyExists, Unavailable

# What the sweeper waits beyond a draft's deadline before it takes its maker for dead.
_GRACE_S = 10.0
_POLL_S = 0.2
# How long a failure waits to be written down before it is told.
_PATIENCE_S = 1.0


class Drafting:
    """Makes drafts. One per process. `announce` tells that one for a conversation's newest message is ready, and waits for nobody."""

    def __init__(
        self,
        planner: Planner,
        model: Model,
        cache: ReplyCache,
        store: DraftStore,
        background: BackgroundTasks,
        announce: Callable[[UUID, Draft], None],
    ) -> None:
        self._planner = planner
        self._model = SingleFlight(model)
        self._forget = model.forget
        self._cache = cache
        self._store = store
        self._background = background
        self._announce = announce

    async def draft(self, order: DraftRequest) -> AsyncGenerator[DraftEvent, None]:
        """Draft and store, and tell how it goes.

        What can fail early raises before the first event. Closing the generator stops the model, unless the same is
        drafted for others, too, and leaves what is unfinished cancelled.
        """
        plan = await self._planner.plan(order)
        if (replayed := await self._replay(plan)) is not None:
            for event in replayed:
                yield event
            return
        async with aclosing(self._model.generate(plan)) as events:
            # The worker answers at once with a place in its queue, or refuses.
            said = await anext(events, None)
            if said is None:
                raise Unavailable("the model ended before it began; try again")
            run = self._run(plan)
            try:
                await self._keep(run.drafts, order)
                yield run.started()
                while said is not None:
                    if told := await run.take(said):
                        yield told
                    said = await anext(events, None)
                run.check_complete()
            except (asyncio.CancelledError, GeneratorExit):
                # This call is being torn down; what it leaves behind is put in order beside it.
                self._background.spawn(run.hung_up)
                raise
            except Exception as error:
                if isinstance(error, ContextErased):
                    # The model may have read it after it was told to forget it.
                    self._background.spawn(partial(self._forget, order.account_id, [plan.context.conversation_id]))
                # The reader who learns of the failure finds it in the list, too, unless the list is what failed.
                await asyncio.wait([self._background.spawn(partial(run.failed, error))], timeout=_PATIENCE_S)
                raise
            await self._remember(plan, run)

    async def draft_once(
        self, order: DraftRequest, heard: Callable[[DraftEvent], Awaitable[None]] | None = None
    ) -> tuple[Sequence[Draft], bool]:
        """All suggestions when they are complete, and whether they came from the cache; `heard` is told of each event.

        The same request id again gives the same drafts, and waits for them while they are being made.
        """
        order.check()
        while True:
            if earlier := await self._earlier_drafts(order):
                return earlier, earlier[0].cached
            started: Started | None = None
            try:
                async with aclosing(self.draft(order)) as events:
                    async for event in events:
                        started = event if isinstance(event, Started) else started
                        if heard is not None:
                            await heard(event)
            except AlreadyExists:
                continue
            assert started is not None
            return await self._store.get(order.account_id, started.draft_ids), started.cached

    async def give_up_unfinished(self, order: DraftRequest) -> None:
        """Fail the drafts of this request that are not complete, so that it is drafted anew; for who knows that their maker is gone."""
        assert order.request_id is not None
        drafts = await self._store.find_by_request(order.account_id, IdempotencyKey(order.request_id, order.digest))
        if any(draft.status is Status.GENERATING for draft in drafts):
            nothing = {draft.draft_id: "" for draft in drafts}
            await self._store.abandon(order.account_id, nothing, Status.FAILED, Finish.NONE)

    async def _earlier_drafts(self, order: DraftRequest) -> Sequence[Draft]:
        if order.request_id is None:
            return ()
        repeated = IdempotencyKey(order.request_id, order.digest)
        while True:
            drafts = await self._store.find_by_request(order.account_id, repeated)
            if all(draft.status is not Status.GENERATING for draft in drafts):
                return drafts
            # Perhaps another process makes them, so there is nothing here to wait for.
            await asyncio.sleep(min(_POLL_S, order.time_left()))

    async def _replay(self, plan: DraftPlan) -> Iterator[DraftEvent] | None:
        """The events of a draft that was made before and is in the cache, kept anew; None when there is none."""
        replies = None if plan.order.skip_cache else await self._cache.get(plan.key)
        if replies is None:
            return None
        drafts = [completed(draft, reply) for draft, reply in zip(plan.drafts(cached=True), replies, strict=True)]
        await self._keep(drafts, plan.order)
        for draft in drafts:
            self._ready(plan, draft)
        return replay_cached(drafts, replies)

    async def _remember(self, plan: DraftPlan, run: DraftRun) -> None:
        """Put the replies into the cache when all are complete."""
        if (replies := run.worth_caching()) is not None:
            await self._cache.put(plan.key, replies)
            # An erasure that came before this was written has looked for it in vain.
            if await self._store.are_erased(plan.order.account_id, plan.held_ids):
                await self._cache.forget(plan.key)

    def _run(self, plan: DraftPlan) -> DraftRun:
        return DraftRun(
            plan,
            plan.drafts(cached=False),
            self._store,
            is_outdated=lambda: self._planner.is_outdated(plan),
            completed=partial(self._ready, plan),
        )

    def _ready(self, plan: DraftPlan, draft: Draft) -> None:
        if plan.context.is_newest:
            self._announce(plan.order.account_id, draft)

    async def _keep(self, drafts: Sequence[Draft], order: DraftRequest) -> None:
        repeated = IdempotencyKey(order.request_id, order.digest) if order.request_id else None
        seconds = order.time_left() + _GRACE_S
        if not await self._store.add(order.account_id, drafts, seconds=seconds, repeated=repeated):
            raise AlreadyExists("this request is being answered already", reason="REQUEST_RUNS")
