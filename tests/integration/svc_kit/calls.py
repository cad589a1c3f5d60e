"""A real server whose handlers do what a test says, for all four kinds of call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
from assistant.device.v1 import devices_pb2
from assistant.sync.v1 import sync_pb2
from assistant.training.v1 import samples_pb2

from svc_kit import identity
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.gate import Gate
from svc_kit.identity import Identity
from svc_kit.server import Service, running
from svc_kit.tokens import KeyRing, TokenVerifier
from tests.unit.svc_kit.keys import ACCOUNT, Signer

INTERNAL_KEY = "an internal key of at least 32 characters"
UNARY = "/assistant.device.v1.DevicesService/RenameDevice"
SERVER_STREAM = "/assistant.training.v1.SamplesService/ExportSamples"
CLIENT_STREAM = "/assistant.sync.v1.SyncService/SyncMessages"
# The contract has no RPC that streams both ways; under this prefix the gate lets everybody in.
BOTH_WAYS = "/grpc.reflection.test.Echo/Echo"


@dataclass
class Script:
    """What the handlers do: fail with `error`, after `count` answers; wait for ever when told to."""

    error: Exception | None = None
    count: int = 0
    forever: bool = False
    go_on: asyncio.Event | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    callers: list[Identity] = field(default_factory=list)
    taken: int = 0

    async def play(self) -> None:
        self.began.set()
        try:
            if self.forever:
                await asyncio.Event().wait()
            if self.go_on is not None:
                await self.go_on.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.ended.set()

    async def unary(self, request: Any, context: Any) -> Any:
        self.callers.append(identity.current())
        await self.play()
        return devices_pb2.RenameDeviceResponse()

    async def server_stream(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.callers.append(identity.current())
        for _ in range(self.count):
            yield samples_pb2.ExportSamplesResponse(jsonl="{}\n")
        await self.play()

    async def client_stream(self, requests: AsyncIterator[Any], context: Any) -> Any:
        self.callers.append(identity.current())
        async for _ in requests:
            self.taken += 1
        await self.play()
        return sync_pb2.SyncMessagesResponse()

    async def both_ways(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for _ in requests:
            self.taken += 1
            yield samples_pb2.ExportSamplesResponse(jsonl="{}\n")
        await self.play()


@dataclass
class Calls:
    """Calls a test can make."""

    channel: grpc.aio.Channel
    device_token: str

    def unary(self, name: str = "Studio", **more: Any) -> Any:
        request = devices_pb2.RenameDeviceRequest(device_id=str(UUID(int=9)), name=name)
        return self._stub(UNARY, self.channel.unary_unary, devices_pb2.RenameDeviceResponse)(
            request, **self._as_service(more)
        )

    def server_stream(self, **more: Any) -> Any:
        stub = self._stub(SERVER_STREAM, self.channel.unary_stream, samples_pb2.ExportSamplesResponse)
        return stub(samples_pb2.ExportSamplesRequest(), **self._as_service(more))

    def client_stream(self, requests: Any, **more: Any) -> Any:
        stub = self._stub(CLIENT_STREAM, self.channel.stream_unary, sync_pb2.SyncMessagesResponse)
        metadata = more.pop("metadata", (("authorization", f"Bearer {self.device_token}"),))
        return stub(requests, metadata=metadata, **more)

    def both_ways(self, requests: Any, **more: Any) -> Any:
        return self._stub(BOTH_WAYS, self.channel.stream_stream, samples_pb2.ExportSamplesResponse)(requests, **more)

    def _as_service(self, more: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": InternalCaller("test", INTERNAL_KEY).metadata(ACCOUNT)} | more

    def _stub(self, path: str, make: Any, answer: Any) -> Any:
        return make(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )


class NobodyRevoked:
    """Every token stands."""

    async def is_active(self, caller: Identity) -> bool:
        return True


def service_of(script: Script, signer: Signer, hand_checked: frozenset[str] = frozenset()) -> Service:
    """A service that plays a script."""
    return Service(
        name="scripted",
        listen="127.0.0.1:0",
        gate=Gate(TokenVerifier(KeyRing(signer.keys), INTERNAL_KEY), NobodyRevoked()),
        add=lambda server: server.add_generic_rpc_handlers(_handlers(script)),
        serves=["scripted"],
        hand_checked=hand_checked,
    )


@asynccontextmanager
async def scripted(script: Script, *, hand_checked: frozenset[str] = frozenset()) -> AsyncIterator[Calls]:
    """Serve a script."""
    signer = Signer()
    async with (
        running(service_of(script, signer, hand_checked)) as server,
        channel_to(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Calls(channel, signer.token())


def _handlers(script: Script) -> list[grpc.GenericRpcHandler]:
    made: dict[str, Any] = {
        UNARY: grpc.unary_unary_rpc_method_handler(
            script.unary,
            devices_pb2.RenameDeviceRequest.FromString,
            _serialized,
        ),
        SERVER_STREAM: grpc.unary_stream_rpc_method_handler(
            script.server_stream,
            samples_pb2.ExportSamplesRequest.FromString,
            _serialized,
        ),
        CLIENT_STREAM: grpc.stream_unary_rpc_method_handler(
            script.client_stream,
            sync_pb2.SyncMessagesRequest.FromString,
            _serialized,
        ),
        BOTH_WAYS: grpc.stream_stream_rpc_method_handler(
            script.both_ways,
            samples_pb2.ExportSamplesRequest.FromString,
            _serialized,
        ),
    }
    handlers = []
    for path, handler in made.items():
        service, method = path.strip("/").split("/")
        handlers.append(grpc.method_handlers_generic_handler(service, {method: handler}))
    return handlers


def _serialized(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data
