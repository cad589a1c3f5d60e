"""Real checks: a part is ready when it does what it is for, not when its process exists."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from stack.supervisor.part import Check, CheckResult, Health

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ANSWER_SECONDS = 2.0
READY = CheckResult(Health.READY)
SILENT = CheckResult(Health.SILENT, "does not answer")


def postgres_answers(host: str, port: int, user: str, password: str) -> Check:
    """Ready when a query is answered."""

    async def check() -> CheckResult:
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


def blocking_check(is_ready: Callable[[], bool]) -> Check:
    """Ready when a question that blocks for a moment is answered with yes."""

    async def check() -> CheckResult:
        return READY if await asyncio.to_thread(is_ready) else SILENT

    return check


def redis_answers(url: str) -> Check:
    """Ready when PING is answered, which it is not while the server loads its data."""
    # Only for a server of the operator's own: the library is too large to be loaded for nothing.
    import redis.asyncio

    async def check() -> CheckResult:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), redis.asyncio.Redis.from_url(url) as client:
                await client.ping()
            return READY
        except (OSError, TimeoutError, redis.exceptions.RedisError):
            return SILENT

    return check


def grpc_serves(address: str, why_not: str) -> Check:
    """Ready when grpc.health.v1 says SERVING, limited for the reason `why_not` when it says anything else."""

    async def check() -> CheckResult:
        # The machine's proxy settings are not for calls to our own parts.
        async with grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                stub: Any = health_pb2_grpc.HealthStub(channel)
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError:
                return SILENT
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return READY
        return CheckResult(Health.LIMITED, why_not)

    return check


def http_answers(host: str, port: int, path: str, *, tls: bool = False) -> Check:
    """Ready when a GET is answered with 200, limited when it is answered otherwise.

    With `tls` the certificate is not verified: it is made for the public name, and this is a question to our own process.
    """
    secured = _unverified_tls() if tls else None
    authority = f"[{host}]" if ":" in host else host
    return _get(lambda: asyncio.open_connection(host, port, ssl=secured), authority, path)


def socket_answers(socket: Path, path: str) -> Check:
    """The same over a Unix socket."""
    return _get(lambda: asyncio.open_unix_connection(socket), "localhost", path)


def answers_while_alive(ready: Check, alive: Check, why_not: str) -> Check:
    """What `ready` says; where it is silent but `alive` is ready, limited for the reason `why_not`: a restart would not help."""

    async def check() -> CheckResult:
        result = await ready()
        if result.health is Health.SILENT and (await alive()).health is Health.READY:
            return CheckResult(Health.LIMITED, why_not)
        return result

    return check


def _get(connect: Callable[[], Awaitable[Connection]], authority: str, path: str) -> Check:
    async def check() -> CheckResult:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await connect()
                try:
                    writer.write(f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n".encode())
                    status_line = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return SILENT
        if not status_line.startswith(b"HTTP/"):
            return SILENT
        return READY if b" 200 " in status_line else CheckResult(Health.LIMITED, "is not ready")

    return check


def _unverified_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
