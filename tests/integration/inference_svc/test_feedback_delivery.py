"""Feedback reaches training_svc once each, whatever is away in between."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest
from assistant.training.v1 import samples_pb2_grpc
from sqlalchemy import func, select, update

from inference_svc.drafting.domain.draft import Draft, Ending, Finish, OwnerAction, Status
from inference_svc.drafting.feedback_delivery import FeedbackDelivery
from inference_svc.drafting.storage.draft_store import PostgresDraftStore
from inference_svc.peers.training import TrainingService
from inference_svc.storage.tables import feedback_events
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from svc_kit.task_end import end_task
from tests.contract.inference_svc.product import Neighbours
from tests.contract.inference_svc.scripted import INTERNAL_KEY, serving
from tests.deadline import eventually


@dataclass
class Learner:
    """A training_svc without a network."""

    seen: list[UUID] = field(default_factory=list)
    away: bool = False

    async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
        if self.away:
            raise Unavailable("away")
        self.seen.append(draft.draft_id)


@pytest.fixture(autouse=True)
async def nothing_waits(pool: Database) -> None:
    """Each test begins with no feedback to deliver."""
    async with pool.system_transaction() as connection:
        await connection.execute(update(feedback_events).values(delivered_at=func.now()))


async def acted(pool: Database) -> UUID:
    """A draft of a new account that was accepted."""
    store, account_id = PostgresDraftStore(pool, "test"), new_id()
    draft = Draft(new_id(), new_id(), new_id(), "Them: Hi\nMe:", "m", datetime.now(UTC))
    await store.add(account_id, [draft], seconds=60, repeated=None)
    await store.end(account_id, draft.draft_id, Ending(Status.COMPLETED, Finish.STOP, "Yes", 0.5))
    await store.act(account_id, draft.draft_id, OwnerAction(Status.ACCEPTED))
    return draft.draft_id


async def waiting(pool: Database) -> int:
    async with pool.system_transaction() as connection:
        return int(
            await connection.scalar(
                select(func.count()).select_from(feedback_events).where(feedback_events.c.delivered_at.is_(None))
            )
            or 0
        )


async def make_due(pool: Database) -> None:
    """Let an hour pass."""
    async with pool.system_transaction() as connection:
        await connection.execute(update(feedback_events).values(next_attempt_at=func.now()))


async def test_what_waits_at_the_start_is_delivered(pool):
    drafts = [await acted(pool) for _ in range(25)]
    learner = Learner()

    await FeedbackDelivery(pool, learner).deliver_due()

    assert sorted(learner.seen) == sorted(drafts)
    assert await waiting(pool) == 0


async def test_nothing_is_lost_while_training_is_away(pool):
    draft_id = await acted(pool)
    learner = Learner(away=True)
    delivery = FeedbackDelivery(pool, learner)
    for _ in range(3):
        await delivery.deliver_due()
        await make_due(pool)
    assert await waiting(pool) == 1

    learner.away = False
    await delivery.deliver_due()

    assert learner.seen == [draft_id]
    assert await waiting(pool) == 0


async def test_an_event_that_failed_is_not_tried_again_at_once(pool):
    await acted(pool)
    learner = Learner(away=True)
    delivery = FeedbackDelivery(pool, learner, interval=60)
    await delivery.deliver_due()
    learner.away = False

    await delivery.deliver_due()

    assert learner.seen == []


async def test_an_event_that_cannot_be_delivered_does_not_hold_up_the_others(pool):
    bad, good = await acted(pool), await acted(pool)

    class Picky(Learner):
        async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
            if draft.draft_id == bad:
                raise ValueError
            await super().record(account_id, event_id, draft)

    learner = Picky()
    await FeedbackDelivery(pool, learner, interval=60).deliver_due()

    assert learner.seen == [good]
    assert await waiting(pool) == 1


async def test_two_processes_do_not_deliver_the_same_event(pool):
    drafts = [await acted(pool) for _ in range(30)]
    learner = Learner()

    await asyncio.gather(*[FeedbackDelivery(pool, learner).deliver_due() for _ in range(3)])

    assert sorted(learner.seen) == sorted(drafts)


async def test_a_process_that_died_while_delivering_leaves_it_to_the_next(pool):
    draft_id = await acted(pool)

    class Dying(Learner):
        async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await FeedbackDelivery(pool, Dying()).deliver_due()
    await make_due(pool)  # the lease of the dead one ends
    learner = Learner()
    await FeedbackDelivery(pool, learner).deliver_due()

    assert learner.seen == [draft_id]


async def test_the_loop_delivers_when_training_comes_up(pool):
    draft_id = str(await acted(pool))
    training = Neighbours().training

    def add(server):
        samples_pb2_grpc.add_SamplesServiceServicer_to_server(training, server)

    async with serving("training", add) as first:
        port = first.port
    # Nobody listens there now.
    async with channel_to(f"127.0.0.1:{port}") as channel:
        service = TrainingService(channel, InternalCaller("test", INTERNAL_KEY))
        loop = asyncio.create_task(FeedbackDelivery(pool, service, interval=0.05, longest=0.1).run())
        try:
            async with serving("training", add, f"127.0.0.1:{port}"):
                await eventually(lambda: bool(training.events(draft_id)))
        finally:
            await end_task(loop)

    assert [event.response_id for event in training.calls] == [draft_id]
