"""A first sync from end to end with 100,000 and 1,000,000 messages, beside a raw COPY of the same rows.

python -m bench.first_sync [--sizes 100000 1000000] [--rounds 2]

See bench/ingest.py for what is measured; this asks whether it stays as quick when there is more.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median

from agent.collector import collect_rarely
from bench.ingest import CHATS, copy, first_sync, records_of_database
from bench.sync_stack import SyncStack, running_sync_stack
from bench.table import Row, print_table
from stack.demo_data.bulk import write_bulk_chat_db

SIZES = (100_000, 1_000_000)
ROUNDS = 2
_COMPARED = "agent → Envoy → sync_svc → PostgreSQL"


def run(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> list[Row]:
    """Measure each size, in turn with its COPY."""
    return asyncio.run(_run(sizes, rounds))


async def _run(sizes: Sequence[int], rounds: int) -> list[Row]:
    rates: dict[int, float] = {}
    rows: list[Row] = []
    async with running_sync_stack() as stack:
        for size in sizes:
            copied, synced = await _measure(stack, size, rounds)
            rates[size] = synced
            what = f"first sync of {size:,} messages, {_COMPARED}"
            rows.append(Row(what, synced, "messages/s", f"raw COPY {copied:,.0f}/s", synced / copied, "≥ 0.3"))
    first, last = rates[sizes[0]], rates[sizes[-1]]
    rows.append(Row("speed, most over fewest messages", last, "messages/s", f"{first:,.0f}/s", last / first, "about 1"))
    return rows


async def _measure(stack: SyncStack, size: int, rounds: int) -> tuple[float, float]:
    """Messages per second of the COPY and of the agent."""
    with tempfile.TemporaryDirectory() as scratch:
        chat_db = Path(scratch) / "chat.db"
        write_bulk_chat_db(chat_db, size, CHATS)
        records = records_of_database(stack, chat_db)
        collect_rarely()  # as the agent does, in which the records would not lie about
        copies, syncs = [], []
        owner = await stack.connect()
        for _ in range(rounds):
            await stack.empty(owner)
            copies.append(await _seconds(lambda: copy(stack, records)))
            await stack.empty(owner)
            syncs.append(await _seconds(lambda: first_sync(stack, chat_db, stack.envoy_address)))
            found = await owner.fetchval("SELECT count(*) FROM sync.messages")
            assert found == size, found
        await owner.close()
    return size / median(copies), size / median(syncs)


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    asked = arguments.parse_args()
    print_table("First sync", run(asked.sizes, asked.rounds))
