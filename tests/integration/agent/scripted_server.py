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
    changed: int = 0
    streams: int = 0
    largest_request: int = 0
    failures: list[grpc.StatusCode] = field(default_factory=list)
    """The next calls fail with these, one each."""
    break_after: list[int] = field(default_factory=list)
    """The next streams break off after so many stored batches."""
    refuses: set[str] = field(default_factory=set)
    """Messages and chats that are not taken, nor anything that comes in a batch with them."""
    keep_cursor: bool = True
    renewals: int = 0
    tokens_live: timedelta = timedelta(days=7)
    calls: list[str] = field(default_factory=list)
    """The calls about what is stored, by their names."""
    deleted: list[str] = field(default_factory=list)
    contacts_complete: bool = False
    now: datetime | None = None
    """What the server's clock says, where it is to say something else than the time."""

    async def check(self, context: Context) -> None:
        if ("authorization", f"Bearer {self.token}") not in (context.invocation_metadata() or ()):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token was revoked")
        if self.failures:
            await context.abort(self.failures.pop(0), "as scripted")

    def is_refused(self, request: sync_pb2.SyncMessagesRequest) -> bool:
        """Whether the batch holds something that is not taken."""
        ids = {message.imessage_guid for message in request.messages}
        return bool(self.refuses & (ids | {chat.conversation_id for chat in request.conversations}))

    def store(self, request: sync_pb2.SyncMessagesRequest) -> int:
        """Store a batch whole, as one transaction would; return how many messages are new."""
        protovalidate.validate(request)
        self.largest_request = max(self.largest_request, request.ByteSize())
        for conversation in request.conversations:
            self.conversations[conversation.conversation_id] = conversation
        new = 0
        for message in request.messages:
            assert message.conversation_id in self.conversations
            before = self.messages.get(message.imessage_guid)
            new += before is None
            self.changed += before is not None and before.state_hash != message.state_hash
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
        self._script.calls.append("GetSyncState")
        answer = sync_pb2.GetSyncStateResponse(cursor=self._script.cursor, message_count=len(self._script.messages))
        if request.HasField("digests_since"):
            answer.digests.extend(self._digests(sync_pb2.GetDigestsRequest(since=request.digests_since)))
        return answer

    async def GetDigests(self, request: sync_pb2.GetDigestsRequest, context: Context) -> sync_pb2.GetDigestsResponse:
        await self._script.check(context)
        self._script.calls.append("GetDigests")
        return sync_pb2.GetDigestsResponse(digests=self._digests(request))

    def _digests(self, request: sync_pb2.GetDigestsRequest) -> list[sync_pb2.ConversationDigest]:
        digests: dict[str, sync_pb2.ConversationDigest] = {}
        for message in self._stored(request):
            chat = message.conversation_id
            digest = digests.setdefault(chat, sync_pb2.ConversationDigest(conversation_id=chat))
            digest.message_count += 1
            digest.hash ^= message.state_hash
        return [digests[chat] for chat in sorted(digests)]

    async def ListMessageStates(
        self, request: sync_pb2.ListMessageStatesRequest, context: Context
    ) -> sync_pb2.ListMessageStatesResponse:
        await self._script.check(context)
        self._script.calls.append("ListMessageStates")
        found = [message for message in self._stored(request) if message.conversation_id == request.conversation_id]
        found.sort(key=lambda message: message.imessage_guid)
        start = int(request.page_token or 0)
        answer = sync_pb2.ListMessageStatesResponse(
            next_page_token=str(start + 500) if start + 500 < len(found) else ""
        )
        for message in found[start : start + 500]:
            answer.states.add(imessage_guid=message.imessage_guid, state_hash=message.state_hash)
        return answer

    async def DeleteMessages(
        self, request: sync_pb2.DeleteMessagesRequest, context: Context
    ) -> sync_pb2.DeleteMessagesResponse:
        await self._script.check(context)
        protovalidate.validate(request)
        deleted = [guid for guid in request.imessage_guids if self._script.messages.pop(guid, None) is not None]
        self._script.deleted += deleted
        self._script.cursor = request.cursor or self._script.cursor
        return sync_pb2.DeleteMessagesResponse(deleted=len(deleted))

    def _stored(
        self, request: sync_pb2.GetDigestsRequest | sync_pb2.ListMessageStatesRequest
    ) -> list[sync_pb2.SyncedMessage]:
        messages = self._script.messages.values()
        since = request.since.ToMicroseconds() if request.HasField("since") else None
        return [message for message in messages if since is None or message.sent_at.ToMicroseconds() >= since]

    async def SyncMessages(
        self, requests: AsyncIterator[sync_pb2.SyncMessagesRequest], context: Context
    ) -> sync_pb2.SyncMessagesResponse:
        script = self._script
        await script.check(context)
        script.streams += 1
        script.calls.append("SyncMessages")
        limit = script.break_after.pop(0) if script.break_after else None
        received = inserted = batches = 0
        changed = script.changed
        async for request in requests:
            if batches == limit:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "broken as scripted")
            if script.is_refused(request):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "messages[7].text: as scripted")
            inserted += script.store(request)
            received += len(request.messages)
            batches += 1
        return sync_pb2.SyncMessagesResponse(
            received=received, inserted=inserted, updated=script.changed - changed, cursor=script.cursor
        )

    async def SyncContacts(
        self, requests: AsyncIterator[sync_pb2.SyncContactsRequest], context: Context
    ) -> sync_pb2.SyncContactsResponse:
        await self._script.check(context)
        async for request in requests:
            protovalidate.validate(request)
            self._script.contacts |= {contact.apple_id: contact for contact in request.contacts}
            self._script.contacts_complete = request.is_complete
        return sync_pb2.SyncContactsResponse()

    async def ReportHeartbeat(
        self, request: sync_pb2.ReportHeartbeatRequest, context: Context
    ) -> sync_pb2.ReportHeartbeatResponse:
        await self._script.check(context)
        protovalidate.validate(request)
        self._script.heartbeats.append(request)
        answer = sync_pb2.ReportHeartbeatResponse()
        answer.server_time.FromDatetime(self._script.now or datetime.now(UTC))
        return answer


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
        answer.expires_at.FromDatetime(datetime.now(UTC) + self._script.tokens_live)
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
