"""What the agent costs while nothing happens, and how soon a new message is on the server.

python -m bench.following [--messages 100000] [--rounds 20]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import asyncpg

from agent.follow import Follow
from agent.token_store import FileTokenStore
from agent.watch import change_source
from agent.watcher import Watcher
from bench.agent import Quiet, agent_of, credential_of
from bench.ingest import CHATS
from bench.sync_stack import SyncStack, running_sync_stack
from bench.table import Row, print_table
from stack.demo_data import append_incoming
from stack.demo_data.bulk import write_bulk_chat_db
from tests.integration.agent.breakable_link import BreakableLink, breakable_link

MESSAGES = 100_000
ROUNDS = 20
_POLLS = 2_000
_POLL_LIMIT_MS = 1.0
_BYTES_LIMIT = 1_024
_ARRIVAL_LIMIT_MS = 2_000


def run(messages: int = MESSAGES, rounds: int = ROUNDS) -> list[Row]:
    """Measure it all."""
    return asyncio.run(_run(messages, rounds))


async def _run(messages: int, rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        chat_db = Path(scratch) / "chat.db"
        write_bulk_chat_db(chat_db, messages, CHATS)
        async with running_sync_stack() as stack:
            port = int(stack.envoy_address.rpartition(":")[2])
            async with breakable_link(port, []) as link:
                address = f"127.0.0.1:{link.port}"
                async with agent_of(stack, chat_db, address) as (sync, _):
                    await sync.run_pass()
                    before = link.sent
                    await sync.run_pass()
                    running = link.sent - before
                starting = await _bytes_of_a_process(link, stack, chat_db, address)
                arrivals = await _arrivals(stack, chat_db, address, rounds)
        poll = _poll_ms(chat_db)
    limit = f"{_BYTES_LIMIT:,} bytes"
    return [
        Row("idle poll, of the processor's time", poll, "ms", f"{_POLL_LIMIT_MS:.0f} ms", poll / _POLL_LIMIT_MS, "≤ 1"),
        Row("a pass with nothing new, bytes sent", running, "bytes", limit, running / _BYTES_LIMIT, "≤ 1"),
        Row("the same by a new process", starting, "bytes", limit, starting / _BYTES_LIMIT, "≤ 1"),
        Row(
            "a new message is on the server, median",
            median(arrivals),
            "ms",
            f"{_ARRIVAL_LIMIT_MS:,} ms",
            median(arrivals) / _ARRIVAL_LIMIT_MS,
            "≤ 1",
        ),
        Row(
            "the same, slowest",
            max(arrivals),
            "ms",
            f"{_ARRIVAL_LIMIT_MS:,} ms",
            max(arrivals) / _ARRIVAL_LIMIT_MS,
            "≤ 1",
        ),
    ]


def _poll_ms(chat_db: Path) -> float:
    with Watcher(chat_db) as watcher:
        watcher.changed()
        started = time.process_time()
        for _ in range(_POLLS):
            watcher.changed()
        return (time.process_time() - started) / _POLLS * 1_000


async def _bytes_of_a_process(link: BreakableLink, stack: SyncStack, chat_db: Path, address: str) -> int:
    """What `assistant-agent sync --once` sends, from its connection on, when the server has everything."""
    token_file = chat_db.with_name("token.json")
    FileTokenStore(token_file).save(credential_of(stack, address))
    before = link.sent
    agent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "sync", "--once", "--server", f"http://{address}"),
        *("--chat-db", str(chat_db), "--token-file", str(token_file)),
        env={**os.environ, "ASSISTANT_AGENT_HOME": str(chat_db.parent)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await agent.communicate()
    assert b"Nothing new" in output, output
    return link.sent - before


async def _arrivals(stack: SyncStack, chat_db: Path, address: str, rounds: int) -> list[float]:
    """Milliseconds from the commit of Messages to the commit of the server."""
    owner = await stack.connect()
    took = []
    async with AsyncExitStack() as resources:
        sync, client = await resources.enter_async_context(agent_of(stack, chat_db, address))
        watcher = resources.enter_context(Watcher(chat_db))
        source = resources.enter_context(change_source(chat_db))
        loop = asyncio.create_task(Follow(sync, client, watcher, Quiet(), source=source).run())
        before = await owner.fetchval("SELECT count(*) FROM sync.messages")
        for number in range(rounds):
            await asyncio.sleep(0.5)
            guid = append_incoming(chat_db, "Group 0", f"message {number}")
            started = time.perf_counter()
            await _until_stored(owner, guid)
            took.append((time.perf_counter() - started) * 1_000)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        assert await owner.fetchval("SELECT count(*) FROM sync.messages") == before + rounds
    await owner.close()
    return took


async def _until_stored(owner: asyncpg.Connection, guid: str) -> None:
    query = "SELECT 1 FROM sync.messages WHERE imessage_guid = $1"
    while not await owner.fetchval(query, guid):  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(0.002)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=MESSAGES)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    asked = arguments.parse_args()
    print_table("Following", run(asked.messages, asked.rounds))
