"""Following a database: new messages soon, trouble told once, and recovery by itself."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import grpc
import pytest
from assistant.sync.v1 import sync_pb2

from agent.controls import Controls
from agent.errors import NotPaired
from agent.follow import Follow, Intervals
from agent.reporting import Trouble
from agent.watch import change_source
from agent.watcher import Watcher
from stack.demo_data import append_incoming
from tests.chatdb_builder import ANA, ChatDb
from tests.deadline import eventually
from tests.integration.agent.agent_run import RecordingReporter, agent_at
from tests.integration.agent.scripted_server import Script, serving

BRISK = Intervals(look=0.01, settle=0.0, full=3600.0, away=0.01)


@dataclass
class Following:
    """A loop that runs, and what can be seen and told of it."""

    task: "asyncio.Task[None]"
    reporter: RecordingReporter
    controls: Controls


@asynccontextmanager
async def following(port: int, chat_db: Path, intervals: Intervals = BRISK) -> AsyncIterator[Following]:
    controls = Controls()
    async with agent_at(port, chat_db) as agent:
        with Watcher(chat_db) as watcher, change_source(chat_db) as source:
            follow = Follow(agent.sync, agent.client, watcher, agent.reporter, controls, intervals, source=source)
            task = asyncio.create_task(follow.run())
            try:
                yield Following(task, agent.reporter, controls)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def test_a_message_is_sent_when_it_arrives(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db):
        await eventually(lambda: len(script.messages) == 330)
        guid = append_incoming(chat_db, "Mum", "Are you there?")
        await eventually(lambda: guid in script.messages)

    assert len(script.received) == 331


async def test_a_message_is_sent_long_before_the_next_look_where_the_system_tells_of_changes(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, Intervals(look=3600.0, settle=0.0)):
        await eventually(lambda: bool(script.heartbeats))
        guid = append_incoming(chat_db, "Mum", "Are you there?")
        await eventually(lambda: guid in script.messages)


async def test_the_server_hears_that_the_agent_is_well(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: bool(script.heartbeats))

    assert script.heartbeats[0].health == sync_pb2.AGENT_HEALTH_OK
    assert script.heartbeats[0].agent_version
    assert loop.reporter.summaries


async def test_a_full_pass_comes_without_a_change(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, Intervals(look=0.01, settle=0.0, full=0.05)):
        await eventually(lambda: len(script.heartbeats) >= 3)


async def test_a_database_that_goes_is_told_once_and_read_again_when_it_is_back(chat_db: Path):
    script = Script()
    hidden = chat_db.with_name("hidden.db")

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: bool(script.heartbeats))
        move(chat_db, hidden)
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_CANNOT_READ)
        guid = append_incoming(hidden, "Mum", "Back again")
        move(hidden, chat_db)
        await eventually(lambda: guid in script.messages)
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_OK)

    ((what, text),) = loop.reporter.troubles
    assert what is Trouble.CANNOT_READ
    assert "there is no Messages database" in text
    assert len(script.heartbeats) == 3


async def test_a_database_that_is_overwritten_with_something_else_is_told_and_comes_back(chat_db: Path):
    script = Script()
    whole = chat_db.with_name("whole.db")

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: bool(script.heartbeats))
        move(chat_db, whole)
        damage(chat_db)
        await eventually(lambda: bool(loop.reporter.troubles))
        guid = append_incoming(whole, "Mum", "Back again")
        move(whole, chat_db)
        await eventually(lambda: guid in script.messages)

    assert {what for what, _ in loop.reporter.troubles} == {Trouble.CANNOT_READ}


async def test_a_locked_database_is_waited_for(tmp_path: Path):
    script = Script()

    with ChatDb(tmp_path / "chat.db") as db:
        db.connection.execute("PRAGMA journal_mode = DELETE")
        sent = db.message(db.direct(ANA), "x")
        db.connection.execute("BEGIN EXCLUSIVE")
        async with serving(script) as port, following(port, db.path) as loop:
            await eventually(lambda: bool(loop.reporter.troubles))
            assert "locked" in loop.reporter.troubles[0][1]
            db.connection.execute("ROLLBACK")
            await eventually(lambda: sent.guid in script.messages)


async def test_a_mac_where_nobody_is_signed_in_says_so_until_the_first_message(tmp_path: Path):
    script = Script()

    with ChatDb(tmp_path / "chat.db") as db:
        async with serving(script) as port, following(port, db.path) as loop:
            await eventually(lambda: bool(script.heartbeats))
            ((what, text),) = loop.reporter.troubles
            assert (what, "sign in to Messages" in text) == (Trouble.NOTHING_TO_READ, True)
            sent = db.message(db.direct(ANA), "the first")
            await eventually(lambda: sent.guid in script.messages)


async def test_a_server_that_was_away_gets_what_it_missed(chat_db: Path):
    script = Script()
    async with serving(script) as port:
        pass

    async with following(port, chat_db) as loop:
        await eventually(lambda: Trouble.SERVER_AWAY in {what for what, _ in loop.reporter.troubles})
        async with serving(script, port):
            await eventually(lambda: len(script.messages) == 330)
            await eventually(lambda: bool(loop.reporter.summaries))


async def test_a_revoked_token_ends_it(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: bool(script.heartbeats))
        script.token = "revoked"
        append_incoming(chat_db, "Mum", "x")
        with pytest.raises(NotPaired):
            await asyncio.wait_for(asyncio.shield(loop.task), 30)


async def test_data_that_the_server_refuses_is_told_and_tried_again(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, Intervals(look=0.01, settle=0.0, full=0.05)) as loop:
        await eventually(lambda: bool(script.heartbeats))
        script.failures = [grpc.StatusCode.INVALID_ARGUMENT] * 2
        guid = append_incoming(chat_db, "Mum", "x")
        await eventually(lambda: guid in script.messages)

    assert [what for what, _ in loop.reporter.troubles] == [Trouble.FAILED]


async def test_a_paused_agent_sends_nothing_until_it_goes_on(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: bool(script.heartbeats))
        loop.controls.pause()
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_PAUSED)
        guid = append_incoming(chat_db, "Mum", "while paused")
        assert guid not in script.messages
        loop.controls.resume()
        await eventually(lambda: guid in script.messages)
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_OK)


async def test_a_pass_can_be_asked_for(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, Intervals(look=3600.0, settle=0.0)) as loop:
        await eventually(lambda: len(script.heartbeats) == 1)
        loop.controls.sync_now()
        await eventually(lambda: len(script.heartbeats) == 2)


async def test_a_clock_that_is_wrong_is_told_here_and_on_the_server(chat_db: Path):
    script = Script(now=datetime.now(UTC) - timedelta(hours=1))

    async with serving(script) as port, following(port, chat_db) as loop:
        await eventually(lambda: len(script.heartbeats) == 2)

    ((what, text),) = loop.reporter.troubles
    assert what is Trouble.CLOCK_SKEW
    assert "s ahead of the server's" in text
    assert script.heartbeats[1].health == sync_pb2.AGENT_HEALTH_WARNING


async def test_a_log_that_is_made_anew_is_followed(tmp_path: Path):
    script = Script()

    with ChatDb(tmp_path / "chat.db") as db:
        chat = db.direct(ANA)
        db.message(chat, "first")
        async with serving(script) as port, following(port, db.path, Intervals(look=3600.0, settle=0.0)):
            await eventually(lambda: bool(script.heartbeats))
            for number in range(3):
                db.rotate_log()
                sent = db.message(chat, str(number))
                await eventually(partial(script.messages.__contains__, sent.guid))


async def test_another_database_in_the_olds_place_is_followed(chat_db: Path):
    script = Script()
    other = chat_db.with_name("other.db")
    with closing(sqlite3.connect(chat_db)) as connection:
        connection.execute("VACUUM INTO ?", (str(other),))
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")

    async with serving(script) as port, following(port, chat_db):
        await eventually(lambda: bool(script.heartbeats))
        other.rename(chat_db)
        guid = append_incoming(chat_db, "Mum", "in the new one")
        await eventually(lambda: guid in script.messages)

    assert len(script.received) == 331


def damage(chat_db: Path) -> None:
    """Put something that looks like a database and is none into its place."""
    chat_db.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)


def move(chat_db: Path, to: Path) -> None:
    """Move a database with its log, as restoring a backup does."""
    for suffix in ("", "-wal", "-shm"):
        part = chat_db.with_name(chat_db.name + suffix)
        if part.exists():
            part.rename(to.with_name(to.name + suffix))
