"""kqueue watches open files; these tests are about keeping the watch on what the names mean."""

import asyncio
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.watch.kqueue import NOTE_RENAME, Kqueue
from tests.unit.agent.watch.fake_queue import FakeQueue

LONG = 3600.0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "Messages"
    folder.mkdir()
    for name in ("chat.db", "chat.db-wal", "chat.db-shm"):
        (folder / name).write_text("")
    return folder / "chat.db"


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def source(database: Path, queue: FakeQueue) -> Iterator[Kqueue]:
    with Kqueue(database, lambda: queue) as source:
        yield source


def wal(database: Path) -> Path:
    return database.with_name("chat.db-wal")


def replace_by_a_backup(database: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    backup.write_text("another")
    database.rename(tmp_path / "old.db")
    backup.rename(database)


async def soon(source: Kqueue) -> None:
    """Fail unless the wait ends early."""
    await asyncio.wait_for(source.wait(LONG), 30)


async def test_the_files_and_their_folder_are_watched_from_the_start(source: Kqueue, queue: FakeQueue, database: Path):
    assert queue.paths == {
        database.parent,
        database,
        wal(database),
        database.with_name("chat.db-shm"),
    }


async def test_a_write_to_the_log_ends_the_wait(source: Kqueue, queue: FakeQueue, database: Path):
    waiting = asyncio.ensure_future(soon(source))
    await asyncio.sleep(0)
    queue.happens(wal(database))

    await waiting


async def test_what_happened_between_two_waits_is_not_missed(source: Kqueue, queue: FakeQueue, database: Path):
    queue.happens(wal(database))

    await soon(source)


async def test_when_nothing_happens_the_time_is_used_up(source: Kqueue, queue: FakeQueue):
    await source.wait(0.01)
    await source.wait(0.01)

    assert len(queue.opened) == 4


async def test_a_log_that_is_made_anew_is_watched_anew(source: Kqueue, queue: FakeQueue, database: Path):
    wal(database).unlink()
    queue.is_deleted(wal(database))
    await soon(source)
    wal(database).write_text("new")
    await soon(source)

    queue.happens(wal(database))
    await soon(source)

    assert queue.times_opened(wal(database)) == 2


async def test_a_rotation_without_an_event_is_noticed_too(source: Kqueue, queue: FakeQueue, database: Path):
    new = database.with_name("new-wal")
    new.write_text("new")
    new.rename(wal(database))

    await soon(source)

    assert queue.times_opened(wal(database)) == 2


async def test_a_log_that_is_gone_is_let_go_of(source: Kqueue, queue: FakeQueue, database: Path):
    watched = next(file for file, path in queue.opened if path == wal(database))
    wal(database).unlink()

    await soon(source)
    await source.wait(0.01)

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(watched)


async def test_a_database_that_another_file_replaces_is_watched_anew(
    source: Kqueue, queue: FakeQueue, database: Path, tmp_path: Path
):
    replace_by_a_backup(database, tmp_path)
    queue.happens(database, NOTE_RENAME)

    await soon(source)
    await source.wait(0.01)

    assert queue.times_opened(database) == 2


async def test_files_that_are_missing_at_the_start_are_picked_up_later(tmp_path: Path):
    queue = FakeQueue()
    database = tmp_path / "Messages" / "chat.db"
    with Kqueue(database, lambda: queue) as source:
        await source.wait(0.01)
        nothing = list(queue.opened)
        database.parent.mkdir()
        database.write_text("")

        await soon(source)

    assert nothing == []
    assert queue.paths == {database.parent, database}


async def test_a_file_that_is_closed_to_us_is_tried_again(
    database: Path, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
):
    may_open = queue.open

    def refused(path: Path) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(queue, "open", refused)
    with Kqueue(database, lambda: queue) as source:
        await source.wait(0.01)
        monkeypatch.setattr(queue, "open", may_open)

        await soon(source)

    assert len(queue.opened) == 4


async def test_nothing_stays_open(database: Path, queue: FakeQueue):
    with Kqueue(database, lambda: queue):
        pass

    assert queue.closed
    for file, _ in queue.opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)


async def test_a_volume_without_such_events_is_no_end(
    database: Path, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
):
    def refuse(file: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(queue, "watch", refuse)

    with Kqueue(database, lambda: queue) as source:
        await source.wait(0.01)

    assert all(not _is_open(file, path) for file, path in queue.opened)


def _is_open(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
