"""Redis (Valkey): a client whose absence is Unavailable, never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import redis.asyncio as redis
from pydantic import AfterValidator, SecretStr
from redis.asyncio.connection import parse_url
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from svc_kit.errors import Unavailable

KEY_PREFIX = "conv-assistant"


def _a_redis_url(value: SecretStr) -> SecretStr:
    try:
        if value.get_secret_value():
            parse_url(value.get_secret_value())
    except ValueError:
        # What the library says may quote a part of the password.
        raise ValueError(
            "must be redis://[:password@]host[:port], rediss://… or unix://…, special characters as %XX"
        ) from None
    return value


# It may hold a password. Empty is nowhere.
RedisUrl = Annotated[SecretStr, AfterValidator(_a_redis_url)]


def redis_from_url(url: str) -> redis.Redis:
    """A client; short time-outs, one retry, so that a restart of the server is not felt."""
    return redis.Redis.from_url(
        url,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=1),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn a missing server into Unavailable."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise Unavailable("the queue does not answer; try again in a moment") from error
