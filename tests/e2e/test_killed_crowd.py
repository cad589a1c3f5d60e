"""The worker is killed while many wait for it: each of them hears of it, it comes back, and what is in the queue is done."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.conftest import conversations
from tests.e2e.product import Product, wait_until

STREAMS, JOBS = 32, 6


@dataclass
class Reader:
    """One stream: what its last event was, and when it ended."""

    last: str = ""
    tokens: int = 0
    ended_at: float = 0.0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, client: httpx.AsyncClient, request: dict[str, Any]) -> None:
        try:
            async with client.stream("POST", "/api/responses/stream", json=request) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        self.last = next(iter(json.loads(line.removeprefix("data: "))))
                        self.tokens += self.last == "token"
                        self.heard.set()
        except httpx.HTTPError:
            self.last = "broken"
        self.ended_at = time.monotonic()


async def test_many_who_draft_hear_of_the_death_of_the_worker_and_the_queue_is_done(
    product: Product, owner: httpx.Client
) -> None:
    conversation = next(one for one in conversations(owner) if one.get("displayName") == "Studio")["conversationId"]
    wish = {"conversationId": conversation, "skipCache": True, "sampling": {"maxTokens": 200}}
    readers = [Reader() for _ in range(STREAMS)]

    async with httpx.AsyncClient(base_url=owner.base_url, cookies=owner.cookies, timeout=120) as client:
        reading = [
            asyncio.create_task(
                reader.read(client, {**wish, "instruction": f"tell a long story about number {number}"})
            )
            for number, reader in enumerate(readers)
        ]
        await asyncio.gather(*(reader.heard.wait() for reader in readers))
        jobs = [await queued(client, {**wish, "sampling": {"maxTokens": 8}}) for _ in range(JOBS)]
        async with asyncio.timeout(60):
            while sum(reader.tokens > 0 for reader in readers) < 4:
                await asyncio.sleep(0.05)
        os.kill(product.pid_of("worker"), signal.SIGKILL)
        killed_at = time.monotonic()
        async with asyncio.timeout(60):
            await asyncio.gather(*reading)

    late = max(reader.ended_at for reader in readers) - killed_at
    print(f"the last of {STREAMS} streams ended {late:.2f} s after the worker")  # noqa: T201 - for who measures it
    # Nobody's stream ends without a word, and nobody's draft is begun anew behind their back.
    assert {reader.last for reader in readers} <= {"done", "error", "broken"}
    assert any(reader.last == "error" for reader in readers)
    product.wait_until_serving()
    wait_until(lambda: all(state_of(owner, job) == "JOB_STATE_COMPLETED" for job in jobs), 120, "a job was not done")


async def queued(client: httpx.AsyncClient, request: dict[str, Any]) -> str:
    """A draft in the queue, by its job's id."""
    answer = await client.post("/api/responses/generate/async", json={"request": request})
    job_id: str = answer.raise_for_status().json()["job"]["jobId"]
    return job_id


def state_of(owner: httpx.Client, job_id: str) -> str:
    state: str = owner.get(f"/api/responses/jobs/{job_id}").raise_for_status().json()["job"]["state"]
    return state
