"""A gRPC server's life: start, health by real probes, drain on SIGTERM, close."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from svc_kit.clients import MAX_MESSAGE_BYTES
from svc_kit.contract import load_contract
from svc_kit.gate import Gate
from svc_kit.interceptor import CallInterceptor
from svc_kit.logs import where
from svc_kit.metrics import serve_metrics
from svc_kit.task_end import end_task

Probe = Callable[[], Awaitable[Any]]

# Drain for less than the supervisor waits (10 s), so that nothing has to be killed.
DRAIN_S = 5.0
PROBE_INTERVAL_S = 1.0
PROBE_TIMEOUT_S = 3.0

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A second copy on the same port is an error, not a silent half of the traffic.
    ("grpc.so_reuseport", 0),
    # Envoy's keepalive pings are not an attack; gRPC would count them as one and cut live streams.
    # https://github.com/grpc/grpc/blob/master/doc/keepalive.md
    ("grpc.http2.max_ping_strikes", 0),
]


@dataclass
class Service:
    """What one process serves.

    `add` registers the servicers on the server; `serves` are their full names. A probe that raises makes the process
    NOT_SERVING until it does not. `reflects` are the services that reflection lists; its own when left out. `stopping` is
    called when the process begins to drain: it ends the streams that would not end by themselves. Before that `leaving` is
    awaited, so that those who would call are told; it must be quick.
    """

    name: str
    listen: str
    gate: Gate
    add: Callable[[grpc.aio.Server], None]
    serves: Sequence[str]
    probes: Sequence[Probe] = ()
    hand_checked: frozenset[str] = frozenset()
    reflects: Sequence[str] = ()
    metrics_port: int = 0
    stopping: Callable[[], None] = lambda: None
    leaving: Callable[[], Awaitable[None]] | None = None
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)


class RunningServer:
    """A started server; `port` is the bound one."""

    def __init__(self, service: Service, server: grpc.aio.Server, port: int) -> None:
        self.port = port
        self._service = service
        self._server = server
        self._health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        self._log = structlog.get_logger()
        self._serving: bool | None = None

    async def start(self) -> None:
        """Serve, and ask every dependency once."""
        # gRPC's health begins as SERVING: until the first answers are there, that would not be true.
        await self._tell(False)
        await self._server.start()
        await self.probe_once()

    async def watch_health(self) -> None:
        """Probe the dependencies for ever and tell grpc.health.v1 what came of it."""
        while True:
            await self.probe_once()
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def probe_once(self) -> None:
        """Ask every dependency once and set the health accordingly."""
        serving = True
        for probe in self._service.probes:
            try:
                await asyncio.wait_for(probe(), PROBE_TIMEOUT_S)
            except Exception as error:
                if self._serving is not False:
                    self._log.warning("not serving", **where(error))
                serving = False
                break
        if serving is not self._serving:
            self._serving = serving
            await self._tell(serving)
            self._log.info("health", serving=serving)

    async def _tell(self, serving: bool) -> None:
        kind = health_pb2.HealthCheckResponse
        status = kind.SERVING if serving else kind.NOT_SERVING
        for name in ("", *self._service.serves):
            await self._health.set(name, status)

    async def stop(self) -> None:
        """Refuse new calls, let the running ones end, then close what the service holds."""
        await self._health.enter_graceful_shutdown()
        if self._service.leaving is not None:
            await self._service.leaving()
        self._service.stopping()
        await self._server.stop(DRAIN_S)
        await self._service.resources.aclose()


async def start(service: Service) -> RunningServer:
    """Bind and start. Raises RuntimeError when the address is taken."""
    load_contract()
    interceptor = CallInterceptor(service.gate, hand_checked=service.hand_checked)
    server = grpc.aio.server(interceptors=[interceptor], options=_OPTIONS)
    service.add(server)
    names = (*(service.reflects or service.serves), health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
    reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port(service.listen)
    running = RunningServer(service, server, port)
    await running.start()
    return running


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[RunningServer]:
    """A server for the length of a block, its health watched."""
    server = await start(service)
    watch = asyncio.create_task(server.watch_health())
    try:
        yield server
    finally:
        await end_task(watch)
        await server.stop()


async def serve(service: Service) -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serve_metrics(service.metrics_port)
    log = structlog.get_logger()
    async with running(service) as server:
        log.info("started", listen=service.listen, port=server.port)
        await stop.wait()
        log.info("stopping")
    log.info("stopped")
