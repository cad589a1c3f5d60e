"""Watchers hold ids only, and what several want to see is read once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from svc_kit.errors import Unavailable
from sync_svc.domain.changes import EVERYTHING, MOST_NAMED, Changes, DraftReady
from sync_svc.domain.pages import Page
from sync_svc.domain.watch_board import WatchBoard

ME = uuid4()


class Reader:
    """Counts what is read; waits for `gate`, and fails while it is `broken`."""

    def __init__(self) -> None:
        self.read: list[frozenset[UUID] | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def __call__(self, account_id: UUID, ids: frozenset[UUID] | None) -> Page:
        self.read.append(ids)
        await self.gate.wait()
        if self.broken:
            raise Unavailable("away")
        return Page()


def changed(*ids: UUID) -> Changes:
    return Changes(frozenset(ids))


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def board(reader: Reader) -> WatchBoard:
    return WatchBoard(reader)


async def test_changes_gather_until_they_are_taken(board: WatchBoard):
    one, two, draft = uuid4(), uuid4(), DraftReady(uuid4(), uuid4())
    with board.watching(ME) as (_, watcher):
        for changes in (changed(one), changed(one, two), Changes(drafts=(draft,))):
            board.post(ME, changes)

        taken = await watcher.take(30)

        assert taken == Changes(frozenset({one, two}), drafts=(draft,))
        assert await watcher.take(0) is None


async def test_others_hear_nothing(board: WatchBoard):
    with board.watching(ME) as (_, watcher):
        board.post(uuid4(), changed(uuid4()))

        assert await watcher.take(0) is None


async def test_a_slow_watcher_holds_a_few_ids_only(board: WatchBoard):
    with board.watching(ME) as (_, watcher):
        for _ in range(MOST_NAMED * 3):
            board.post(ME, changed(uuid4()))
            board.post(ME, Changes(drafts=(DraftReady(uuid4(), uuid4()),)))

        taken = await watcher.take(30)

    assert taken is not None
    assert (taken.everything, taken.conversation_ids, len(taken.drafts)) == (True, frozenset(), MOST_NAMED)


async def test_watchers_share_a_reading(board: WatchBoard, reader: Reader):
    with board.watching(ME) as (audience, one), board.watching(ME) as (same, two):
        board.post(ME, changed(ME))
        taken = [await one.take(30), await two.take(30)]

        pages = await asyncio.gather(*(audience.page(each) for each in taken if each))

    assert audience is same
    assert (reader.read, pages[0] is pages[1]) == ([frozenset({ME})], True)


async def test_a_reading_from_before_a_change_is_not_used_after_it(board: WatchBoard, reader: Reader):
    with board.watching(ME) as (audience, _):
        await audience.page(changed(ME))
        board.post(ME, changed(ME))

        await audience.page(changed(ME))

    assert len(reader.read) == 2


async def test_a_watcher_that_goes_takes_the_reading_from_no_other(board: WatchBoard, reader: Reader):
    reader.gate.clear()
    with board.watching(ME) as (audience, _):
        goes, stays = (asyncio.create_task(audience.page(EVERYTHING)) for _ in range(2))
        await asyncio.sleep(0)
        goes.cancel()
        await asyncio.wait([goes])
        reader.gate.set()

        assert await stays == Page()
    assert (goes.cancelled(), reader.read) == (True, [None])


async def test_a_reading_that_failed_is_made_again(board: WatchBoard, reader: Reader):
    with board.watching(ME) as (audience, _):
        reader.broken = True
        with pytest.raises(Unavailable):
            await audience.page(EVERYTHING)
        reader.broken = False

        assert await audience.page(EVERYTHING) == Page()


async def test_a_board_that_closes_ends_those_who_watch_and_those_who_begin(board: WatchBoard):
    with board.watching(ME) as (_, watcher):
        board.close()

        with pytest.raises(Unavailable):
            await watcher.take(30)
    with board.watching(ME) as (_, late), pytest.raises(Unavailable):
        await late.take(30)


async def test_what_is_read_at_the_end_is_given_up(board: WatchBoard, reader: Reader):
    reader.gate.clear()
    with board.watching(ME) as (audience, _):
        waits = asyncio.create_task(audience.page(EVERYTHING))
        await asyncio.sleep(0)

        await board.end()
        await asyncio.wait([waits])

    assert waits.cancelled()
