"""Following a database: new messages soon, trouble told once, and recovery by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from assistant.sync.v1 import sync_pb2

from agent.errors import NotPaired
from agent.follow import Follow, Rhythm
from agent.watcher import Watcher
from stack.demo_data import append_incoming
from tests.deadline import eventually
from tests.integration.agent.agent_run import agent_at
from tests.integration.agent.scripted_server import Script, serving

BRISK = Rhythm(look=0.01, settle=0.0, full=3600.0, away=0.01)


@asynccontextmanager
async def following(
    port: int, chat_db: Path, complaints: list[str], rhythm: Rhythm = BRISK
) -> AsyncIterator[asyncio.Task[None]]:
    async with agent_at(port, chat_db) as agent:
        with Watcher(chat_db) as watcher:
            task = asyncio.create_task(Follow(agent.sync, agent.client, watcher, complaints.append, rhythm).run())
            try:
                yield task
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def test_a_message_is_sent_when_it_arrives(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, []):
        await eventually(lambda: len(script.messages) == 330)
        guid = append_incoming(chat_db, "Mum", "Are you there?")
        await eventually(lambda: guid in script.messages)

    assert len(script.received) == 331


async def test_the_server_hears_that_the_agent_is_well(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, []):
        await eventually(lambda: bool(script.heartbeats))

    assert script.heartbeats[0].health == sync_pb2.AGENT_HEALTH_OK
    assert script.heartbeats[0].agent_version


async def test_a_full_pass_comes_without_a_change(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, [], Rhythm(look=0.01, settle=0.0, full=0.05)):
        await eventually(lambda: len(script.heartbeats) >= 3)


async def test_a_database_that_goes_is_told_once_and_read_again_when_it_is_back(chat_db: Path):
    script = Script()
    complaints: list[str] = []
    hidden = chat_db.with_name("hidden.db")

    async with serving(script) as port, following(port, chat_db, complaints):
        await eventually(lambda: bool(script.heartbeats))
        move(chat_db, hidden)
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_CANNOT_READ)
        guid = append_incoming(hidden, "Mum", "Back again")
        move(hidden, chat_db)
        await eventually(lambda: guid in script.messages)
        await eventually(lambda: script.heartbeats[-1].health == sync_pb2.AGENT_HEALTH_OK)

    assert len(complaints) == 1
    assert "there is no Messages database" in complaints[0]


def move(chat_db: Path, to: Path) -> None:
    """Move a database with its log, as restoring a backup does."""
    for suffix in ("", "-wal", "-shm"):
        part = chat_db.with_name(chat_db.name + suffix)
        if part.exists():
            part.rename(to.with_name(to.name + suffix))


async def test_a_server_that_was_away_gets_what_it_missed(chat_db: Path):
    script = Script()
    async with serving(script) as port:
        pass

    async with following(port, chat_db, []), serving(script, port):
        await eventually(lambda: len(script.messages) == 330)


async def test_a_revoked_token_ends_it(chat_db: Path):
    script = Script()

    async with serving(script) as port, following(port, chat_db, []) as task:
        await eventually(lambda: bool(script.heartbeats))
        script.token = "revoked"
        append_incoming(chat_db, "Mum", "x")
        with pytest.raises(NotPaired):
            await asyncio.wait_for(asyncio.shield(task), 30)
