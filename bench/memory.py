"""Memory of the whole demo stack: at rest, under load, and after 10,000 requests.

python -m bench.memory [--requests 10000]

Starts a product of its own. RSS counts shared pages in each process, and PostgreSQL shares most of its memory, so the sum for the
machine is PSS (each shared page divided by those who share it).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psutil

from bench.running_product import running_product
from bench.table import Row, print_table
from tests.e2e.product import PASSWORD, Product

LIMIT_MB = 1200
AT_ONCE = 8
# Pools, caches and allocators fill up during the first requests; growth is what comes after.
WARM_UP = 2_000
# One draft for so many reads, as when somebody browses and now and then asks for a reply.
READS_A_DRAFT = 50


@dataclass(frozen=True)
class Memory:
    """Megabytes of one part with its child processes."""

    rss: float
    pss: float


def run(requests: int = 10_000) -> list[Row]:
    """Measure a product of its own."""
    with running_product() as product:
        idle = measure(product)
        asyncio.run(load(product, WARM_UP))
        warm = measure(product)
        asyncio.run(load(product, requests))
        after = measure(product)
    rows = [Row(f"{part}, RSS idle", memory.rss, "MB") for part, memory in idle.items()]
    rows += [Row(f"{part}, RSS after {requests:,} requests", memory.rss, "MB") for part, memory in after.items()]
    totals = {name: sum(part.pss for part in state.values()) for name, state in (("idle", idle), ("after", after))}
    rows += [
        Row(f"whole stack, PSS {name}", total, "MB", f"{LIMIT_MB} MB", total / LIMIT_MB, "≤ 1")
        for name, total in totals.items()
    ]
    grown = totals["after"] / sum(part.pss for part in warm.values())
    rows.append(
        Row(f"growth over {requests:,} requests", (grown - 1) * 100, "%", f"after {WARM_UP:,}", grown, "≤ 1.05")
    )
    return rows


def measure(product: Product) -> dict[str, Memory]:
    """The memory of each running part and of the supervisor."""
    status = product.status()
    processes = {part["name"]: part["process_id"] for part in status["parts"] if part["process_id"]}
    return {name: _memory(process_id) for name, process_id in {**processes, "supervisor": status["process_id"]}.items()}


def _memory(process_id: int) -> Memory:
    process = psutil.Process(process_id)
    # The supervisor's children are parts of their own.
    family = [process] if process.name() == "assistant" else [process, *process.children(recursive=True)]
    infos = [member.memory_full_info() for member in family]
    return Memory(sum(info.rss for info in infos) / 1e6, sum(getattr(info, "pss", info.rss) for info in infos) / 1e6)


async def load(product: Product, requests: int) -> None:
    """Read and draft, `AT_ONCE` at a time, until `requests` have been answered."""
    async with httpx.AsyncClient(base_url=product.url, timeout=60, trust_env=False) as client:
        (await client.post("/api/auth/signin", json={"password": PASSWORD})).raise_for_status()
        listed = (await client.get("/api/conversations")).raise_for_status().json()["conversations"]
        ids = [conversation["conversationId"] for conversation in listed]
        numbers = iter(range(requests))
        await asyncio.gather(*(_reader(client, ids, numbers) for _ in range(AT_ONCE)))


async def _reader(client: httpx.AsyncClient, ids: list[str], numbers: Iterator[int]) -> None:
    for number in numbers:
        conversation = ids[number % len(ids)]
        if number % READS_A_DRAFT == 0:
            body = {"conversationId": conversation, "skipCache": True, "sampling": {"maxTokens": 8}}
            answer = await client.post("/api/responses/generate", json=body)
            # A model this small sometimes writes nothing at all, and the answer is FAILED_PRECONDITION.
            if answer.status_code != httpx.codes.BAD_REQUEST:
                answer.raise_for_status()
            continue
        path = ("/api/conversations", f"/api/conversations/{conversation}/messages", "/api/models/status")[number % 3]
        (await client.get(path)).raise_for_status()


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=10_000)
    print_table("Memory", run(parser.parse_args().requests))


if __name__ == "__main__":
    main()
