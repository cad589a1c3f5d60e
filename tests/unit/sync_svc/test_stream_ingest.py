"""What waits together is written together, and nothing before a wrong batch is lost."""

import asyncio
from collections.abc import Sequence

import pytest

from svc_kit.errors import InvalidInput
from sync_svc.domain.errors import UnknownConversation
from sync_svc.domain.incoming import Batch, Written
from sync_svc.domain.stream_ingest import MAX_BYTES, MAX_ROWS, ingest


def _batch(name: str, rows: int = 1, size: int = 1, ref: str = "chat") -> Batch:
    return Batch(messages=[(ref, f"{name}-{number}") for number in range(rows)], cursor=name, size_bytes=size)


class Database:
    """Remembers what was written; each write waits until it is let go."""

    def __init__(self, unknown: str = "", waits: bool = False) -> None:
        self.transactions: list[list[str]] = []
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self._unknown = unknown
        if not waits:
            self.go.set()

    async def write(self, batches: Sequence[Batch]) -> Written:
        self.began.set()
        await self.go.wait()
        if any(row[0] == self._unknown for batch in batches for row in batch.messages):
            raise UnknownConversation(self._unknown)
        self.transactions.append([batch.cursor for batch in batches])
        return Written(received=sum(len(batch.messages) for batch in batches), cursor=batches[-1].cursor)


async def _stream(*batches: Batch, error: Exception | None = None):
    for batch in batches:
        yield batch
    if error is not None:
        raise error


async def test_the_totals_are_of_all_batches():
    database = Database()

    total = await ingest(_stream(_batch("a", 2), _batch("b", 3)), database.write)

    assert (total.received, total.cursor) == (5, "b")


async def test_what_arrives_during_a_transaction_goes_into_the_next_one():
    database = Database(waits=True)
    arrived = asyncio.Event()

    async def stream():
        yield _batch("a")
        await database.began.wait()
        for name in "bcd":
            yield _batch(name)
        arrived.set()

    task = asyncio.create_task(ingest(stream(), database.write))
    await arrived.wait()
    database.go.set()
    await task

    assert database.transactions == [["a"], ["b", "c", "d"]]


async def test_a_transaction_has_a_size():
    database = Database(waits=True)
    batches = [_batch("a"), *(_batch(str(number), MAX_ROWS // 2) for number in range(4))]

    task = asyncio.create_task(ingest(_stream(*batches), database.write))
    await database.began.wait()
    database.go.set()
    await task

    assert max(len(transaction) for transaction in database.transactions) == 2
    assert sum(database.transactions, []) == ["a", "0", "1", "2", "3"]  # noqa: RUF017 - five items


@pytest.mark.parametrize("batch", [_batch("big", rows=MAX_ROWS), _batch("big", size=MAX_BYTES)])
async def test_a_full_backlog_makes_the_device_wait(batch):
    database = Database(waits=True)
    taken = 0

    async def stream():
        nonlocal taken
        for _ in range(10):
            taken += 1
            yield batch

    task = asyncio.create_task(ingest(stream(), database.write))
    await database.began.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    waited_at = taken
    database.go.set()
    await task

    assert waited_at <= 3
    assert taken == 10


async def test_before_an_error_everything_is_written():
    database = Database()

    with pytest.raises(InvalidInput):
        await ingest(_stream(_batch("a"), _batch("b"), error=InvalidInput("field", "wrong")), database.write)

    assert sum(database.transactions, []) == ["a", "b"]  # noqa: RUF017 - two items


async def test_before_an_unknown_conversation_everything_is_written_and_nothing_after():
    database = Database(unknown="stranger", waits=True)
    batches = [_batch("a"), _batch("b"), _batch("c", ref="stranger"), _batch("d", ref="stranger"), _batch("e")]

    task = asyncio.create_task(ingest(_stream(*batches), database.write))
    await database.began.wait()
    database.go.set()
    with pytest.raises(UnknownConversation):
        await task

    assert sum(database.transactions, []) == ["a", "b"]  # noqa: RUF017 - two items


async def test_giving_up_stops_the_reading():
    database = Database(waits=True)
    stopped = asyncio.Event()

    async def stream():
        try:
            yield _batch("a")
            await asyncio.Event().wait()
        finally:
            stopped.set()

    task = asyncio.create_task(ingest(stream(), database.write))
    await database.began.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(stopped.wait(), timeout=5)
