"""Browsing: ListConversations and ListMessages with 10,000 and with 1,000,000 messages, beside the bare statements.

python -m bench.browse [--sizes 10000 1000000] [--calls 400]

Each size has a database and a sync_svc of its own, and all calls of all sizes are made in turn, so that what else the
machine does weighs on all alike. Calls go to sync_svc over one channel, one at a time; the bare statement runs on a plain
connection of the same role, with Row-Level Security, in a transaction of its own as the service's does.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import quantiles
from typing import Any
from uuid import UUID

import asyncpg
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import conversations_pb2_grpc

from bench.sync_stack import SyncStack, running_sync_stack
from bench.table import Row, print_table
from svc_kit.clients import channel_to
from svc_kit.ids import new_id
from sync_svc.storage import queries
from sync_svc.storage.keys import NEWEST
from sync_svc.storage.upsert_messages import COLUMNS

SIZES = (10_000, 1_000_000)
CALLS = 400
CONVERSATIONS = 300
PAGE = 50
WARM_UP = 30
_CHUNK = 50_000
_START = datetime(2020, 1, 1, tzinfo=UTC)
_WORDS = (
    "and",
    "then",
    "the",
    "you",
    "at",
    "for",
    "with",
    "not",
    "maybe",
    "tomorrow",
    "train",
    "garden",
    "kitchen",
    "key",
    "yes",
)

_COUNT = """
UPDATE sync.conversations AS c
SET message_count = counted.n, last_message_at = newest.sent_at, last_message_id = newest.id
FROM (SELECT conversation_id, count(*) AS n FROM sync.messages GROUP BY 1) AS counted
CROSS JOIN LATERAL (
    SELECT m.id, m.sent_at FROM sync.messages AS m
    WHERE m.account_id = $1 AND m.conversation_id = counted.conversation_id
    ORDER BY m.sent_at DESC, m.id DESC LIMIT 1
) AS newest
WHERE c.account_id = $1 AND c.id = counted.conversation_id
"""

Call = Callable[[], Awaitable[Any]]


def run(sizes: Sequence[int] = SIZES, calls: int = CALLS) -> list[Row]:
    """Fill, and measure each size."""
    return asyncio.run(_run(sizes, calls))


async def _run(sizes: Sequence[int], calls: int) -> list[Row]:
    async with AsyncExitStack() as resources:
        measured: dict[tuple[str, int, str], Call] = {}
        for size in sizes:
            stack = await resources.enter_async_context(running_sync_stack())
            conversations = await _fill(stack, size)
            for (name, way), call in (await _calls(stack, conversations, resources)).items():
                measured[name, size, way] = call
        took = await _in_turn(measured, calls)
    return [row for name in ("ListConversations", "ListMessages") for row in _rows(name, sizes, took)]


def _rows(name: str, sizes: Sequence[int], took: Mapping[tuple[str, int, str], tuple[float, float]]) -> list[Row]:
    rows = []
    for share, place in (("p50", 0), ("p99", 1)):
        smallest = took[name, sizes[0], "called"][place]
        for size in sizes:
            called, bare = took[name, size, "called"][place], took[name, size, "bare"][place]
            what = f"{name} {share}, {size:,} messages"
            rows.append(Row(what, called, "ms", f"bare SQL {bare:.2f} ms", called / bare))
            if size != sizes[0]:
                rows.append(Row(what, called, "ms", f"{sizes[0]:,} messages", called / smallest, "≤ 2"))
    return rows


async def _fill(stack: SyncStack, size: int) -> list[UUID]:
    owner = await stack.connect()
    await stack.empty(owner)
    conversations = [new_id() for _ in range(CONVERSATIONS)]
    await owner.copy_records_to_table(
        "conversations",
        schema_name="sync",
        columns=("account_id", "id", "imessage_id", "display_name", "is_group", "is_self", "service", "participants"),
        records=[
            (stack.account_id, one, f"iMessage;-;+1555{number:07}", "", False, False, "iMessage", [f"+1555{number:07}"])
            for number, one in enumerate(conversations)
        ],
    )
    for records in _records(stack.account_id, conversations, size):
        await owner.copy_records_to_table("messages", schema_name="sync", records=records, columns=COLUMNS)
    await owner.execute(_COUNT, stack.account_id)
    await owner.execute("VACUUM (ANALYZE) sync.messages", timeout=600)
    await owner.execute("VACUUM (ANALYZE) sync.conversations")
    await owner.execute("CHECKPOINT")
    await owner.close()
    return conversations


def _records(account_id: UUID, conversations: Sequence[UUID], size: int) -> Iterator[list[tuple[Any, ...]]]:
    random = Random(1)  # noqa: S311 - the same rows every time
    for start in range(0, size, _CHUNK):
        chunk = []
        for number in range(start, min(start + _CHUNK, size)):
            sent = _START + timedelta(seconds=number * 90)
            # A few conversations have most of the messages, as in life.
            place = min(int(random.paretovariate(0.7)), CONVERSATIONS) - 1
            text = " ".join(random.choices(_WORDS, k=random.randint(1, 20)))
            direction, sender = (1, f"+1555{place:07}") if random.random() < 0.6 else (2, "")
            chunk.append(
                (
                    *(account_id, new_id(), conversations[place], f"B0000000-{number:027X}", sent, number, sent, sent),
                    *(None, None, direction, 1, 0, sender, "iMessage", text, "", None, None, None, "", None),
                )
            )
        yield chunk


async def _calls(
    stack: SyncStack, conversations: Sequence[UUID], resources: AsyncExitStack
) -> dict[tuple[str, str], Call]:
    random = Random(2)  # noqa: S311 - the same calls every time
    account_id = stack.account_id
    service = await stack.connect_as_service()
    resources.push_async_callback(service.close)
    channel = await resources.enter_async_context(channel_to(stack.sync_address))
    stub: conversations_pb2_grpc.ConversationsServiceAsyncStub
    stub = conversations_pb2_grpc.ConversationsServiceStub(channel)
    metadata = (("authorization", f"Bearer {stack.owner_token}"),)

    async def list_conversations() -> None:
        await stub.ListConversations(pb.ListConversationsRequest(page_size=PAGE), metadata=metadata)

    async def list_messages() -> None:
        chosen = str(random.choice(conversations))
        await stub.ListMessages(pb.ListMessagesRequest(conversation_id=chosen, page_size=PAGE), metadata=metadata)

    return {
        ("ListConversations", "called"): list_conversations,
        ("ListMessages", "called"): list_messages,
        ("ListConversations", "bare"): lambda: _bare(
            service, queries.LIST_CONVERSATIONS, account_id, PAGE + 1, *NEWEST
        ),
        ("ListMessages", "bare"): lambda: _bare(
            service, queries.LIST_MESSAGES, account_id, random.choice(conversations), PAGE + 1, *NEWEST
        ),
    }


async def _bare(service: asyncpg.Connection[Any], statement: str, account_id: UUID, *values: Any) -> None:
    async with service.transaction():
        await service.execute("SELECT set_config('app.account_id', $1, true)", str(account_id))
        await service.fetch(statement, account_id, *values)


async def _in_turn(
    measured: Mapping[tuple[str, int, str], Call], calls: int
) -> dict[tuple[str, int, str], tuple[float, float]]:
    """p50 and p99 of each call in milliseconds."""
    took: dict[tuple[str, int, str], list[float]] = {name: [] for name in measured}
    for turn in range(-WARM_UP, calls):
        for name, call in measured.items():
            started = time.perf_counter()
            await call()
            if turn >= 0:
                took[name].append((time.perf_counter() - started) * 1000)
    cuts = {name: quantiles(times, n=100) for name, times in took.items()}
    return {name: (cut[49], cut[98]) for name, cut in cuts.items()}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--calls", type=int, default=CALLS)
    asked = arguments.parse_args()
    print_table("browse", run(asked.sizes, asked.calls))
