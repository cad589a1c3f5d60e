"""The Redis client on a real Valkey, and without one."""

from __future__ import annotations

import pytest

from stack.ports import free_port
from svc_kit.errors import Unavailable
from svc_kit.redis_client import redis_errors, redis_from_url


async def test_it_answers(valkey: str):
    async with redis_from_url(valkey) as client:
        with redis_errors():
            assert await client.ping()


async def test_without_a_server_it_is_unavailable():
    async with redis_from_url(f"redis://127.0.0.1:{free_port()}") as client:
        with pytest.raises(Unavailable), redis_errors():
            await client.ping()
