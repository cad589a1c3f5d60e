"""The change source of this system, on a real database that another connection writes to."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from agent.chatdb.connection import connect
from agent.watch import ChangeSource, change_source
from agent.watch.polling import Polling
from tests.chatdb_builder import ANA, ChatDb

LONG = 3600.0
QUIET = 0.2


async def until_quiet(source: ChangeSource) -> None:
    """Return when all that happened so far was told."""
    with suppress(TimeoutError):
        while True:
            await asyncio.wait_for(source.wait(LONG), QUIET)


async def test_a_new_message_ends_the_wait(db: ChatDb):
    chat = db.direct(ANA)
    with change_source(db.path) as source:
        db.message(chat, "hello")

        await asyncio.wait_for(source.wait(LONG), 30)


async def test_a_log_that_was_folded_back_and_begun_anew_is_still_heard(db: ChatDb):
    chat = db.direct(ANA)
    with change_source(db.path) as source:
        db.message(chat, "one")
        db.rotate_log()
        await until_quiet(source)
        db.message(chat, "two")

        await asyncio.wait_for(source.wait(LONG), 30)


async def test_our_own_reading_wakes_nobody(db: ChatDb):
    db.message(db.direct(ANA), "one")
    with change_source(db.path) as source, closing(connect(db.path)) as reading:
        await until_quiet(source)
        reading.execute("SELECT count(*) FROM message").fetchone()
        reading.execute("PRAGMA data_version").fetchone()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(source.wait(LONG), QUIET)


async def test_a_database_that_comes_later_is_heard(tmp_path: Path):
    path = tmp_path / "Messages" / "chat.db"
    with change_source(path) as source:
        await source.wait(0.01)
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE t (x)")

            await asyncio.wait_for(source.wait(LONG), 30)


async def test_where_there_is_nothing_better_the_time_is_used_up():
    with Polling() as source:
        await source.wait(0.001)
