"""An outbox on a real table: what is claimed is delivered, postponed or given back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from svc_kit.errors import Unavailable
from svc_kit.outbox import Outbox, Timing
from svc_kit.task_end import end_task
from tests.conftest import DatabaseAddress
from tests.deadline import eventually

HOUR = 3600.0


@dataclass(frozen=True)
class Letter:
    """A row."""

    id: int
    attempts: int


class Letters:
    """A table of letters, with the lease of the outbox in a column."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool

    async def add(self, count: int) -> None:
        await self.pool.execute("INSERT INTO letters (id) SELECT generate_series(1, $1::integer)", count)

    async def claim(self, limit: int, lease: float) -> Sequence[Letter]:
        rows = await self.pool.fetch(
            """
            UPDATE letters SET attempts = attempts + 1, due = clock_timestamp() + make_interval(secs => $2)
            WHERE id IN (
                SELECT id FROM letters WHERE due <= clock_timestamp() ORDER BY due, id LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            RETURNING id, attempts
            """,
            limit,
            lease,
        )
        return sorted((Letter(*row) for row in rows), key=lambda one: one.id)

    async def acknowledge(self, entries: Sequence[Letter]) -> None:
        await self.pool.execute("DELETE FROM letters WHERE id = ANY ($1::integer[])", [one.id for one in entries])

    async def postpone(self, entries: Sequence[Letter], seconds: float) -> None:
        await self.pool.execute(
            "UPDATE letters SET due = clock_timestamp() + make_interval(secs => $2) WHERE id = ANY ($1::integer[])",
            [one.id for one in entries],
            seconds,
        )

    async def give_back(self, entries: Sequence[Letter]) -> None:
        await self.pool.execute(
            "UPDATE letters SET due = clock_timestamp(), attempts = attempts - 1 WHERE id = ANY ($1::integer[])",
            [one.id for one in entries],
        )

    async def left(self) -> dict[int, int]:
        """The attempts of what was not delivered, by id."""
        return {row["id"]: row["attempts"] for row in await self.pool.fetch("SELECT id, attempts FROM letters")}

    async def end_leases(self) -> None:
        """Let an hour pass."""
        await self.pool.execute("UPDATE letters SET due = clock_timestamp()")


@dataclass
class Peer:
    """Takes letters, unless it is away or refuses some of them."""

    away: bool = False
    refused: frozenset[int] = frozenset()
    taken: list[int] = field(default_factory=list)
    calls: int = 0
    probes: int = 0

    async def send(self, letters: Sequence[Letter]) -> None:
        self.calls += 1
        if self.away:
            raise Unavailable("away")
        if self.refused.intersection(one.id for one in letters):
            raise ValueError
        self.taken.extend(one.id for one in letters)

    async def is_serving(self) -> bool:
        self.probes += 1
        return not self.away


@pytest.fixture
async def letters(database: DatabaseAddress) -> AsyncIterator[Letters]:
    """An empty table of its own."""
    url = database.settings.url().set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        await pool.execute("DROP TABLE IF EXISTS letters")
        await pool.execute(
            "CREATE TABLE letters (id integer, attempts integer DEFAULT 0, due timestamptz DEFAULT clock_timestamp())"
        )
        yield Letters(pool)


def outbox(letters: Letters, peer: Peer, **timing: float) -> Outbox[Letter]:
    """An outbox whose rows that wait do so for an hour, unless the test says something else."""
    known: dict[str, float] = {"interval": HOUR, "longest": HOUR, "lease": HOUR}
    return Outbox("letters", letters, peer.send, Timing(**{**known, **timing}), is_serving=peer.is_serving)  # type: ignore[arg-type]


async def test_a_copy_whose_peer_is_away_leaves_all_rows_to_the_other(letters: Letters):
    await letters.add(4)
    away, there = Peer(away=True), Peer()
    first, second = outbox(letters, away), outbox(letters, there)

    await first.deliver_due()
    for _ in range(3):
        first.wake()
        await first.deliver_due()
    left = await letters.left()
    await second.deliver_due()

    assert left == {1: 0, 2: 0, 3: 0, 4: 0}
    assert (away.calls, away.probes) == (1, 4)
    assert sorted(there.taken) == [1, 2, 3, 4]
    assert await letters.left() == {}


async def test_two_running_copies_deliver_all_though_the_peer_of_one_is_away(letters: Letters):
    away, there = Peer(away=True), Peer()
    # A row that was postponed by the first copy would wait for an hour.
    loops = [
        asyncio.create_task(outbox(letters, peer, interval=interval, longest=HOUR).run())
        for peer, interval in ((away, HOUR), (there, 0.02))
    ]
    try:
        for start in (0, 100):
            await letters.pool.execute("INSERT INTO letters (id) SELECT generate_series(1, 40) + $1::integer", start)
            await eventually(lambda start=start: len(there.taken) == 40 + start * 0.4)  # type: ignore[misc]
    finally:
        for loop in loops:
            await end_task(loop)

    assert sorted(there.taken) == [*range(1, 41), *range(101, 141)]
    assert away.taken == []


async def test_a_copy_delivers_again_when_its_peer_is_back(letters: Letters):
    await letters.add(3)
    peer = Peer(away=True)
    loop = asyncio.create_task(outbox(letters, peer, interval=0.05).run())
    try:
        await eventually(lambda: peer.probes >= 3)
        peer.away = False
        await eventually(lambda: len(peer.taken) == 3)
    finally:
        await end_task(loop)

    assert peer.calls == 4


async def test_rows_of_a_process_that_died_are_delivered_when_its_lease_ends(letters: Letters):
    await letters.add(2)
    await letters.claim(10, HOUR)
    peer = Peer()
    other = outbox(letters, peer)

    await other.deliver_due()
    during_the_lease = list(peer.taken)
    await letters.end_leases()
    await other.deliver_due()

    assert (during_the_lease, peer.taken) == ([], [1, 2])


@pytest.mark.parametrize("together", [1, 10])
async def test_a_row_that_is_refused_holds_up_no_other(letters: Letters, together: int):
    await letters.add(5)
    peer = Peer(refused=frozenset({2}))

    await outbox(letters, peer, together=together).deliver_due()

    assert sorted(peer.taken) == [1, 3, 4, 5]
    assert await letters.left() == {2: 1}


async def test_a_peer_that_serves_and_cannot_take_a_row_now_gets_the_others(letters: Letters):
    await letters.add(3)

    class Busy(Peer):
        async def send(self, letters: Sequence[Letter]) -> None:
            if letters[0].id == 1:
                raise Unavailable("a part of it is away")
            await super().send(letters)

    peer = Busy()
    await outbox(letters, peer).deliver_due()

    assert (peer.taken, await letters.left()) == ([2, 3], {1: 1})


async def test_a_delivery_that_is_cancelled_gives_back_what_it_holds(letters: Letters):
    await letters.add(3)
    reached = asyncio.Event()

    class Hanging(Peer):
        async def send(self, letters: Sequence[Letter]) -> None:
            if letters[0].id == 2:
                reached.set()
                await asyncio.Event().wait()
            await super().send(letters)

    hanging, next_one = Hanging(), Peer()
    delivery = asyncio.create_task(outbox(letters, hanging).deliver_due())
    await reached.wait()
    await end_task(delivery)
    left = await letters.left()
    await outbox(letters, next_one).deliver_due()

    assert (hanging.taken, left, next_one.taken) == ([1], {2: 0, 3: 0}, [2, 3])


async def test_a_caller_that_waits_for_its_delivery_does_not_wait_for_a_peer_that_is_away(letters: Letters):
    await letters.add(1)
    peer = Peer(away=True)
    waiting = outbox(letters, peer)
    await waiting.deliver_due()

    async with asyncio.timeout(30):
        await waiting.deliver_soon(HOUR)

    assert peer.calls == 1


async def test_expired_rows_are_dropped_also_while_the_peer_is_away(letters: Letters):
    await letters.add(2)
    peer = Peer(away=True)
    dropped: list[int] = []

    async def drop() -> int:
        dropped.extend(await letters.left())
        await letters.acknowledge([Letter(one, 0) for one in dropped])
        return len(dropped)

    expiring = Outbox(
        "letters", letters, peer.send, Timing(interval=HOUR), is_serving=peer.is_serving, drop_expired=drop
    )
    await expiring.deliver_due()

    assert (sorted(dropped), peer.calls) == ([1, 2], 0)
