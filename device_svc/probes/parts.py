"""The questions behind /health: gRPC health for the services, a word of each for PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import redis.asyncio as redis
from grpc_health.v1 import health_pb2, health_pb2_grpc

from device_svc.domain.health import ASK_TIMEOUT_S, AskPart, PartStatus
from svc_kit.database import Database


def service_part(channel: grpc.aio.Channel) -> AskPart:
    """Ask a service by grpc.health.v1."""
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its types know only the blocking API

    async def ask() -> PartStatus:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=ASK_TIMEOUT_S)
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return PartStatus.SERVING if serving else PartStatus.NOT_SERVING

    return ask


def best_part(asks: Sequence[AskPart]) -> AskPart:
    """Several of a kind of which one is enough: as well as the best of them."""

    async def ask() -> PartStatus:
        best = PartStatus.UNREACHABLE
        for answer in asyncio.as_completed([_answer(ask) for ask in asks]):
            status = await answer
            # One that says nothing must not hide one that serves.
            if status is PartStatus.SERVING:
                return status
            if status is PartStatus.NOT_SERVING:
                best = status
        return best

    return ask


def own_part(database: Database) -> AskPart:
    """This service: it answers, or nobody would ask; it can do its work while its database answers."""

    async def ask() -> PartStatus:
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S * 0.8):
                await database.ping()
        except Exception:
            return PartStatus.NOT_SERVING
        return PartStatus.SERVING

    return ask


def postgres_part(database: Database) -> AskPart:
    """Ask PostgreSQL for nothing."""

    async def ask() -> PartStatus:
        await database.ping()
        return PartStatus.SERVING

    return ask


def redis_part(client: redis.Redis) -> AskPart:
    """Ask Redis for nothing."""

    async def ask() -> PartStatus:
        await client.ping()
        return PartStatus.SERVING

    return ask


async def _answer(ask: AskPart) -> PartStatus:
    try:
        return await ask()
    except grpc.aio.AioRpcError:
        return PartStatus.UNREACHABLE
