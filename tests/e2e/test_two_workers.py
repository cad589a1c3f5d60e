"""`assistant up` with two workers: both are found, and the death of one takes no draft away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from tests.e2e.conftest import conversations
from tests.e2e.product import Product, wait_until


@pytest.fixture
def pair(open_directory: Path) -> Iterator[Product]:
    running = Product(open_directory / "pair", open_directory / "pair.log", {"ML_SERVICE_WORKERS": "2"})
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_drafts_go_on_while_a_worker_is_dead_and_it_comes_back(pair: Product) -> None:
    with pair.owner() as owner:
        wait_until(lambda: len(conversations(owner)) >= 4, 60, "the demo's agent did not sync")
        wait_until(lambda: len(registered(pair)) == 2, 60, "the workers did not register")
        assert part(pair, "worker 1")["address"] in registered(pair)

        os.kill(pair.pid_of("worker 1"), signal.SIGKILL)
        answers = [drafted(owner, str(one["conversationId"])) for one in conversations(owner)[:4]]

        wait_until(lambda: part(pair, "worker 1")["state"] == "ready", 60, "the worker did not come back")
        wait_until(lambda: len(registered(pair)) == 2, 60, "the worker did not register again")

    assert answers == [200] * 4
    assert part(pair, "worker 1")["restarts"] == 1


def registered(product: Product) -> set[str]:
    """The workers whose entries live."""
    with redis.Redis.from_url(product.redis_url()) as client:
        return {str(key.decode()).removeprefix(WORKER) for key in client.scan_iter(f"{WORKER}*")}


def part(product: Product, name: str) -> dict[str, object]:
    found: dict[str, object] = next(one for one in product.status()["parts"] if one["name"] == name)
    return found


def drafted(owner: httpx.Client, conversation: str) -> int:
    """The status of a short draft."""
    wish = {"conversationId": conversation, "skipCache": True, "sampling": {"maxTokens": 8, "seed": 7}}
    return owner.post("/api/responses/generate", json=wish).status_code


WORKER = "conv-assistant:worker:"
