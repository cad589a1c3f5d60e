"""What a service holds while it runs, as its wiring adds it; closed in the reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import grpc
from pydantic import SecretStr
from redis import asyncio as redis

from svc_kit.clients import DeviceServiceClient, InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.gate import Gate
from svc_kit.redis_client import redis_from_url
from svc_kit.settings import DatabaseSettings
from svc_kit.task_end import end_task
from svc_kit.tokens import KeyRing, TokenVerifier


class Resources(AsyncExitStack):
    """An AsyncExitStack that knows what services hold. Make it inside the running loop; `aclose()` it at the end."""

    def database(self, settings: DatabaseSettings, application: str) -> Database:
        """A pool of connections that shows itself to PostgreSQL as `application`."""
        database = Database(settings, application=application)
        self.push_async_callback(database.close)
        return database

    def channel(self, address: str) -> grpc.aio.Channel:
        """A channel to `host:port`."""
        channel = channel_to(address)
        self.push_async_callback(channel.close)
        return channel

    def redis(self, url: SecretStr) -> redis.Redis:
        """A client of the Redis at `url`."""
        client = redis_from_url(url.get_secret_value())
        self.push_async_callback(client.aclose)
        return client

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in a task of its own, cancelled at the end."""
        self.push_async_callback(end_task, asyncio.get_running_loop().create_task(work))


def gate_by_device_svc(device_svc: grpc.aio.Channel, caller: InternalCaller, internal_key: SecretStr) -> Gate:
    """The gate of a service that asks device_svc, behind this channel, for its keys and whether a token still stands."""
    client = DeviceServiceClient(device_svc, caller)
    return Gate(TokenVerifier(KeyRing(client.fetch_keys), internal_key.get_secret_value()), client)
