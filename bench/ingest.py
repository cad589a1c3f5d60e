"""Ingest: a first sync by the real agent through Envoy, beside a raw COPY and beside the bare upsert statement.

python -m bench.ingest [--messages 100000] [--rounds 3] [--direct]

All three write the same rows into the same tables with the same indexes, emptied before each measurement, in durable
transactions. COPY is one transaction of the tables' owner, because PostgreSQL refuses it under Row-Level Security.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.collector import collect_rarely
from agent.sync.requests import requests_of
from bench.agent import agent_of
from bench.sync_stack import SyncStack, running_sync_stack
from bench.table import Row, print_table
from stack.demo_data.bulk import write_bulk_chat_db
from sync_svc.api.parse_batches import batch_of_stream
from sync_svc.domain.incoming import MessageRow
from sync_svc.domain.stream_ingest import MAX_ROWS
from sync_svc.storage.upsert_messages import COLUMNS, CREATE_INCOMING, UPSERT_COPIED, records_of

CHATS = 60
Records = Sequence[tuple[Any, ...]]


def run(messages: int = 100_000, rounds: int = 3, *, direct: bool = False) -> list[Row]:
    """Measure, round by round in turn; the median of each."""
    return asyncio.run(_run(messages, rounds, direct))


async def _run(messages: int, rounds: int, direct: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        chat_db = Path(scratch) / "chat.db"
        write_bulk_chat_db(chat_db, messages, CHATS)
        async with running_sync_stack() as stack:
            records = records_of_database(stack, chat_db)
            collect_rarely()  # as the agent does, in which the records would not lie about
            address = stack.sync_address if direct else stack.envoy_address
            seconds: dict[str, list[float]] = {"copy": [], "upsert": [], "agent": []}
            owner = await stack.connect()
            for _ in range(rounds):
                for name, measured in (
                    ("copy", lambda: copy(stack, records)),
                    ("upsert", lambda: _upsert(stack, records)),
                    ("agent", lambda: first_sync(stack, chat_db, address)),
                ):
                    await stack.empty(owner)
                    seconds[name].append(await _timed(measured))
                    found = await owner.fetchval("SELECT count(*) FROM sync.messages")
                    assert found == messages, (name, found)
            await owner.close()
    copied, upserted, synced = (messages / median(seconds[name]) for name in ("copy", "upsert", "agent"))
    way = "agent → sync_svc → PostgreSQL" if direct else "agent → Envoy → sync_svc → PostgreSQL"
    return [
        Row("raw COPY, one transaction", copied, "messages/s"),
        Row(
            f"bare upsert from memory, {MAX_ROWS:,} a transaction",
            upserted,
            "messages/s",
            "raw COPY",
            upserted / copied,
        ),
        Row(way, synced, "messages/s", "raw COPY", synced / copied, "≥ 0.3"),
        Row(way, synced, "messages/s", "bare upsert", synced / upserted, "≥ 0.8"),
    ]


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


def records_of_database(stack: SyncStack, chat_db: Path) -> Records:
    """The rows of the database as sync_svc would write them."""
    rows: list[MessageRow] = []
    with MessagesReader(chat_db) as reader:
        for request in _requests(reader):
            rows += batch_of_stream(request).messages
    conversations = {row[0]: uuid4() for row in rows}
    return records_of(stack.account_id, rows, conversations)


def _requests(reader: MessagesReader) -> Iterator[sync_pb2.SyncMessagesRequest]:
    described: set[str] = set()
    for reading in reader.readings(None, reader.last_rowid()):
        yield from requests_of(reading, described)


async def copy(stack: SyncStack, records: Records) -> None:
    owner = await stack.connect()
    async with owner.transaction():
        await owner.copy_records_to_table("messages", schema_name="sync", records=records, columns=COLUMNS)
    await owner.close()


async def _upsert(stack: SyncStack, records: Records) -> None:
    service, device = await stack.connect_as_service(), uuid4()
    await service.execute(CREATE_INCOMING)
    for start in range(0, len(records), MAX_ROWS):
        async with service.transaction():
            await service.execute("SELECT set_config('app.account_id', $1, true)", str(stack.account_id))
            part = records[start : start + MAX_ROWS]
            await service.copy_records_to_table("incoming", records=part, columns=COLUMNS)
            await service.fetch(UPSERT_COPIED, device)
    await service.close()


async def first_sync(stack: SyncStack, chat_db: Path, address: str) -> None:
    """One pass of an agent that the server has never heard of."""
    async with agent_of(stack, chat_db, address) as (sync, _):
        await sync.run_pass()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--direct", action="store_true", help="leave Envoy out")
    asked = arguments.parse_args()
    print_table(f"ingest of {asked.messages:,} messages", run(asked.messages, asked.rounds, direct=asked.direct))
