"""The life of a server: health, drain, a taken port."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from stack.ports import free_port
from svc_kit import server as server_module
from svc_kit.clients import channel_to
from svc_kit.gate import Gate
from svc_kit.server import Service, running, start
from svc_kit.tokens import KeyRing, TokenVerifier
from tests.deadline import eventually_answers
from tests.integration.svc_kit.calls import INTERNAL_KEY, Calls, NobodyRevoked, Script
from tests.integration.svc_kit.calls import service_of as scripted_service
from tests.unit.svc_kit.keys import Signer

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


class Dependency:
    """Answers, or does not."""

    def __init__(self) -> None:
        self.away = False
        self.asked = asyncio.Event()

    async def probe(self) -> None:
        self.asked.set()
        if self.away:
            raise OSError


def service_of(dependency: Dependency, listen: str = "127.0.0.1:0", resources: AsyncExitStack | None = None) -> Service:
    """A service that serves nothing but its health."""
    return Service(
        name="test",
        listen=listen,
        gate=Gate(TokenVerifier(KeyRing(Signer().keys), INTERNAL_KEY), NobodyRevoked()),
        add=lambda server: None,
        serves=["test.Service"],
        probes=[dependency.probe],
        resources=resources or AsyncExitStack(),
    )


async def test_health_follows_the_dependency(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "PROBE_INTERVAL_S", 0.01)
    dependency = Dependency()
    async with running(service_of(dependency)) as server, channel_to(f"127.0.0.1:{server.port}") as channel:
        assert await _health(channel, "test.Service") == await _health(channel, "") == SERVING

        for away, status in ((True, NOT_SERVING), (False, SERVING)):
            dependency.away = away

            async def told(status: int = status) -> bool:
                return await _health(channel, "test.Service") == await _health(channel, "") == status

            await eventually_answers(told)


async def test_nobody_is_told_that_it_serves_before_its_dependency_answered():
    dependency, answered = Dependency(), asyncio.Event()

    async def slow() -> None:
        dependency.asked.set()
        await answered.wait()

    port = free_port()
    service = service_of(dependency, listen=f"127.0.0.1:{port}")
    service.probes = [slow]
    starting = asyncio.create_task(start(service))
    await dependency.asked.wait()

    async with channel_to(f"127.0.0.1:{port}") as channel:
        early = await _health(channel, "")
        answered.set()
        server = await starting
        late = await _health(channel, "")

    assert (early, late) == (NOT_SERVING, SERVING)
    await server.stop()


async def test_a_taken_port_is_an_error():
    async with running(service_of(Dependency())) as server:
        with pytest.raises(RuntimeError):
            await start(service_of(Dependency(), listen=f"127.0.0.1:{server.port}"))


async def test_what_the_service_holds_is_closed_at_the_end():
    closed: list[str] = []
    resources = AsyncExitStack()
    resources.callback(closed.append, "database")

    async with running(service_of(Dependency(), resources=resources)):
        assert closed == []

    assert closed == ["database"]


async def test_a_running_call_ends_before_the_server_does():
    go_on = asyncio.Event()
    script, signer = Script(go_on=go_on), Signer()
    server = await start(scripted_service(script, signer))
    async with channel_to(f"127.0.0.1:{server.port}") as channel:
        call = asyncio.ensure_future(Calls(channel, signer.token()).unary())
        await script.began.wait()

        stopping = asyncio.create_task(server.stop())
        await eventually_answers(lambda: _is_refused(server.port))
        go_on.set()

        await call
        await stopping


async def _is_refused(port: int) -> bool:
    async with channel_to(f"127.0.0.1:{port}") as channel:
        try:
            return await _health(channel, "") != SERVING
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE


async def _health(channel: grpc.aio.Channel, name: str) -> int:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
    return int(answer.status)
