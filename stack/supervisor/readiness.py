"""Real checks: a part is ready when it does what it is for, not when its process exists."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from stack.supervisor.part import Check, Health, Reading

ANSWER_SECONDS = 2.0
READY = Reading(Health.READY)
SILENT = Reading(Health.SILENT, "does not answer")


def postgres_answers(host: str, port: int, user: str, password: str) -> Check:
    """Ready when a query is answered."""

    async def check() -> Reading:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await asyncpg.connect(
                    host=host, port=port, user=user, password=password, database="postgres"
                )
                try:
                    await connection.fetchval("SELECT 1")
                finally:
                    connection.terminate()
            return READY
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return SILENT

    return check


def asked_in_a_thread(is_ready: Callable[[], bool]) -> Check:
    """Ready when a question that blocks for a moment is answered with yes."""

    async def check() -> Reading:
        return READY if await asyncio.to_thread(is_ready) else SILENT

    return check


def redis_answers(url: str) -> Check:
    """Ready when PING is answered, which it is not while the server loads its data."""
    # Only for a server of the operator's own: the library is too large to be loaded for nothing.
    import redis.asyncio

    async def check() -> Reading:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), redis.asyncio.Redis.from_url(url) as client:
                await client.ping()
            return READY
        except (OSError, TimeoutError, redis.exceptions.RedisError):
            return SILENT

    return check


def grpc_serves(address: str, why_not: str) -> Check:
    """Ready when grpc.health.v1 says SERVING, limited for the reason `why_not` when it says anything else."""

    async def check() -> Reading:
        # The machine's proxy settings are not for calls to our own parts.
        async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                stub: Any = health_pb2_grpc.HealthStub(channel)
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError:
                return SILENT
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return READY
        return Reading(Health.LIMITED, why_not)

    return check


def http_answers(host: str, port: int, path: str) -> Check:
    """Ready when a GET is answered with 200."""

    async def check() -> Reading:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                status_line = await reader.readline()
                writer.close()
                await writer.wait_closed()
            return READY if b" 200 " in status_line else Reading(Health.LIMITED, "is not ready")
        except (OSError, TimeoutError):
            return SILENT

    return check
