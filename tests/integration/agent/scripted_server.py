"""A real grpc.aio server that keeps what the agent sends in memory, and breaks where a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import protovalidate
from assistant.device.v1 import devices_pb2, devices_pb2_grpc
from assistant.sync.v1 import sync_pb2, sync_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Script:
    """What is stored, what happened, and what shall go wrong."""

    token: str = "token-1"
    messages: dict[str, sync_pb2.SyncedMessage] = field(default_factory=dict)
    conversations: dict[str, sync_pb2.SyncedConversation] = field(default_factory=dict)
    contacts: dict[str, sync_pb2.SyncedContact] = field(default_factory=dict)
    heartbeats: list[sync_pb2.ReportHeartbeatRequest] = field(default_factory=list)
    cursor: str = ""
    received: list[str] = field(default_factory=list)
    streams: int = 0
    largest_request: int = 0
    failures: list[grpc.StatusCode] = field(default_factory=list)
    """The next calls fail with these, one each."""
    break_after: list[int] = field(default_factory=list)
    """The next streams break off after so many stored batches."""
    keep_cursor: bool = True
    renewals: int = 0

    async def check(self, context: Context) -> None:
        if ("authorization", f"Bearer {self.token}") not in (context.invocation_metadata() or ()):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token was revoked")
        if self.failures:
            await context.abort(self.failures.pop(0), "as scripted")

    def store(self, request: sync_pb2.SyncMessagesRequest) -> int:
        """Store a batch whole, as one transaction would; return how many messages are new."""
        protovalidate.validate(request)
        self.largest_request = max(self.largest_request, request.ByteSize())
        for conversation in request.conversations:
            self.conversations[conversation.conversation_id] = conversation
        new = 0
        for message in request.messages:
            assert message.conversation_id in self.conversations
            new += message.imessage_guid not in self.messages
            self.messages[message.imessage_guid] = message
            self.received.append(message.imessage_guid)
        if self.keep_cursor:
            self.cursor = request.cursor or self.cursor
        return new


class ScriptedSync(sync_pb2_grpc.SyncServiceServicer):
    """SyncService, out of a script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    async def GetSyncState(
        self, request: sync_pb2.GetSyncStateRequest, context: Context
    ) -> sync_pb2.GetSyncStateResponse:
        await self._script.check(context)
        return sync_pb2.GetSyncStateResponse(cursor=self._script.cursor)

    async def SyncMessages(
        self, requests: AsyncIterator[sync_pb2.SyncMessagesRequest], context: Context
    ) -> sync_pb2.SyncMessagesResponse:
        script = self._script
        await script.check(context)
        script.streams += 1
        limit = script.break_after.pop(0) if script.break_after else None
        received = inserted = batches = 0
        async for request in requests:
            if batches == limit:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "broken as scripted")
            inserted += script.store(request)
            received += len(request.messages)
            batches += 1
        return sync_pb2.SyncMessagesResponse(received=received, inserted=inserted, cursor=script.cursor)

    async def SyncContacts(
        self, requests: AsyncIterator[sync_pb2.SyncContactsRequest], context: Context
    ) -> sync_pb2.SyncContactsResponse:
        await self._script.check(context)
        async for request in requests:
            protovalidate.validate(request)
            self._script.contacts |= {contact.apple_id: contact for contact in request.contacts}
        return sync_pb2.SyncContactsResponse()

    async def ReportHeartbeat(
        self, request: sync_pb2.ReportHeartbeatRequest, context: Context
    ) -> sync_pb2.ReportHeartbeatResponse:
        await self._script.check(context)
        protovalidate.validate(request)
        self._script.heartbeats.append(request)
        return sync_pb2.ReportHeartbeatResponse()


class ScriptedDevices(devices_pb2_grpc.DevicesServiceServicer):
    """The part of DevicesService that a sync needs."""

    def __init__(self, script: Script) -> None:
        self._script = script

    async def RefreshToken(
        self, request: devices_pb2.RefreshTokenRequest, context: Context
    ) -> devices_pb2.RefreshTokenResponse:
        await self._script.check(context)
        self._script.renewals += 1
        self._script.token = f"token-{self._script.renewals + 1}"
        answer = devices_pb2.RefreshTokenResponse(token=self._script.token)
        answer.expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=7))
        return answer


@asynccontextmanager
async def serving(script: Script, port: int = 0) -> AsyncIterator[int]:
    """Serve the script on a port of this machine."""
    server = grpc.aio.server()
    sync_pb2_grpc.add_SyncServiceServicer_to_server(
        ScriptedSync(script),  # type: ignore[abstract] # the rest stays UNIMPLEMENTED
        server,
    )
    devices_pb2_grpc.add_DevicesServiceServicer_to_server(
        ScriptedDevices(script),  # type: ignore[abstract] # the rest stays UNIMPLEMENTED
        server,
    )
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(None)
        await asyncio.wait_for(server.wait_for_termination(), 10)
