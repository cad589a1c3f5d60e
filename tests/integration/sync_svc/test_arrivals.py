"""What waits to be told outlives the process that wrote it, and the one that was telling it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from svc_kit.database import Database
from sync_svc.api.parse_batches import batch_of_stream
from sync_svc.arrival_delivery import arrival_outbox
from sync_svc.domain.arrivals import Arrival
from sync_svc.domain.errors import UnknownConversation
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.arrivals import PostgresArrivals
from sync_svc.storage.ingest_store import PostgresIngestStore
from tests.sync_service import ago, incoming, outgoing, request


@dataclass
class Drafts:
    """Takes note."""

    noted: list[tuple[UUID, list[Arrival]]] = field(default_factory=list)

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        self.noted.append((account_id, list(arrivals)))


@pytest.fixture
async def arrivals(pool: Database) -> PostgresArrivals:
    """The table, empty."""
    async with pool.system_transaction() as connection:
        await connection.execute(text("DELETE FROM sync.arrivals"))
    return PostgresArrivals(pool)


async def _arrive(store: PostgresIngestStore, account_id: UUID, *guids: str) -> None:
    """Bring messages, each in a chat of its own."""
    messages = [incoming(guid, minutes=ago(1), conversation_id=f"iMessage;-;{guid}@example.org") for guid in guids]
    await store.write(account_id, uuid4(), [batch_of_stream(request(*messages))])


async def test_what_was_committed_before_its_process_died_is_told(
    ingest_store: PostgresIngestStore, arrivals: PostgresArrivals
):
    me, other = uuid4(), uuid4()
    await _arrive(ingest_store, me, "a", "b")
    await _arrive(ingest_store, other, "a")
    drafts = Drafts()

    await arrival_outbox(arrivals, drafts).deliver_due()

    assert {(account, len(told)) for account, told in drafts.noted} == {(me, 2), (other, 1)}
    assert len(drafts.noted) == 2
    assert await arrivals.claim(limit=100, lease=10) == []


async def test_what_one_process_is_telling_another_leaves_alone_until_the_lease_is_over(
    ingest_store: PostgresIngestStore, arrivals: PostgresArrivals
):
    await _arrive(ingest_store, uuid4(), "a")

    held = await arrivals.claim(limit=100, lease=600)
    meanwhile = await arrivals.claim(limit=100, lease=600)
    await arrivals.postpone(held, 0)
    later = await arrivals.claim(limit=100, lease=600)

    assert (len(held), len(meanwhile), [one.attempts for one in later]) == (1, 0, [2])


async def test_more_than_one_call_may_hold_go_in_several(ingest_store: PostgresIngestStore, arrivals: PostgresArrivals):
    await _arrive(ingest_store, uuid4(), *(f"m{number}" for number in range(250)))
    drafts = Drafts()

    await arrival_outbox(arrivals, drafts).deliver_due()

    assert [len(told) for _, told in drafts.noted] == [100, 100, 50]


async def test_more_own_messages_than_one_call_may_hold_go_in_several(
    ingest_store: PostgresIngestStore, arrivals: PostgresArrivals
):
    messages = [
        maker(f"{number}/{kind}", minutes=ago(3 - kind), conversation_id=f"iMessage;-;{number}@example.org")
        for kind, maker in enumerate((outgoing, outgoing, incoming))
        for number in range(60)
    ]
    await ingest_store.write(uuid4(), uuid4(), [batch_of_stream(request(*messages))])
    drafts = Drafts()

    await arrival_outbox(arrivals, drafts).deliver_due()

    assert [len(told) for _, told in drafts.noted] == [100, 80]
    assert [one.is_own for _, told in drafts.noted for one in told] == [True] * 120 + [False] * 60
    assert await arrivals.claim(limit=100, lease=10) == []


async def test_a_newer_message_stays_when_the_one_before_it_was_told(
    ingest_store: PostgresIngestStore, arrivals: PostgresArrivals
):
    me = uuid4()
    await _arrive(ingest_store, me, "a")
    held = await arrivals.claim(limit=100, lease=600)
    newer = incoming("newer", minutes=ago(0), conversation_id="iMessage;-;a@example.org")
    await ingest_store.write(me, uuid4(), [batch_of_stream(request(newer))])

    await arrivals.acknowledge(held)

    (waits,) = await arrivals.claim(limit=100, lease=600)
    assert (waits.conversation_id, waits.attempts) == (held[0].conversation_id, 1)
    assert waits.message_id != held[0].message_id


async def test_what_is_refused_is_not_told(pool: Database, arrivals: PostgresArrivals, writer: AccountWriter):
    bells: list[str] = []
    store = PostgresIngestStore(pool, writer, arrived=lambda: bells.append("rung"))
    unknown = incoming("b", minutes=ago(1), conversation_id=str(uuid4()))
    good = incoming("a", minutes=ago(1))

    with pytest.raises(UnknownConversation):
        await store.write(uuid4(), uuid4(), [batch_of_stream(request(good, unknown))])

    assert (bells, await arrivals.claim(limit=100, lease=10)) == ([], [])
