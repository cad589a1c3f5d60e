"""Calls the server over gRPC with this device's token, and says in plain words what went wrong."""

import asyncio
from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc
from assistant.device.v1 import devices_pb2, devices_pb2_grpc
from assistant.sync.v1 import sync_pb2, sync_pb2_grpc

from agent import __version__
from agent.credential import Credential
from agent.errors import AgentError, DataRefused, NotPaired, ServerAway, UsageError
from agent.server_url import ServerUrl, is_loopback

_Request = TypeVar("_Request")

# A server that is back should be found in a moment, not after gRPC's two minutes of back-off.
_RECONNECT: Final = (("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 5000))
_CALL_SECONDS: Final = 15.0
_LONG_CALL_SECONDS: Final = 60.0  # the server looks at every message once
_STREAM_SECONDS: Final = 120.0  # a stream ends itself after some 10 s; only a server that hangs needs longer

# What may go away by itself, unless it is about a size. INTERNAL and UNKNOWN are among them because that is how a connection
# that broke in the middle of a stream looks through a proxy.
_PASSING: Final = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}
# gRPC's own words about a message that no server of these settings will ever take.
_TOO_LARGE: Final = "larger than max"
# What a write reports when it meets the end of the call.
_CUT_SHORT: Final = "Internal error from Core"
_STATUS_LOOKS: Final = 400
_STATUS_LOOK_SECONDS: Final = 0.005
# What is wrong with something that was sent; the last is said of a message whose conversation is none.
_ABOUT_DATA: Final = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
_REFUSED: Final = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def open_channel(server: ServerUrl, ca_file: Path | None = None) -> grpc.aio.Channel:
    """Return a channel to the server: TLS, except to this machine itself."""
    options = [*_RECONNECT]
    if is_loopback(server.host):
        options.append(("grpc.enable_http_proxy", 0))  # a proxy never leads back to this machine
    if not server.secure:
        return grpc.aio.insecure_channel(server.authority, options=options)
    try:
        roots = ca_file.read_bytes() if ca_file else None
    except OSError as error:
        raise UsageError(f"--ca-file {ca_file} cannot be read: {error.strerror}") from error
    return grpc.aio.secure_channel(server.authority, grpc.ssl_channel_credentials(roots), options=options)


class ServerClient:
    """The calls that a sync makes."""

    def __init__(self, channel: grpc.aio.Channel, server: ServerUrl, credential: Credential) -> None:
        self._sync = sync_pb2_grpc.SyncServiceStub(channel)
        self._devices = devices_pb2_grpc.DevicesServiceStub(channel)
        self._server = server
        self.credential = credential

    async def sync_state(self, digests_since: int | None = None) -> sync_pb2.GetSyncStateResponse:
        """Return what the server has kept; see `digests` for `digests_since`."""
        request = sync_pb2.GetSyncStateRequest()
        if digests_since is not None:
            request.digests_since.FromNanoseconds(digests_since)
        with self._plain_errors():
            return await self._sync.GetSyncState(request, metadata=self._metadata(), timeout=_CALL_SECONDS)

    async def upload(
        self, requests: Iterable[sync_pb2.SyncMessagesRequest] | AsyncIterable[sync_pb2.SyncMessagesRequest]
    ) -> sync_pb2.SyncMessagesResponse:
        """Send one stream to its end; the answer means that all of it is kept.

        Each write waits until the server (or the proxy) takes more, so a slow server slows the reading down.
        """
        call = self._sync.SyncMessages(metadata=self._metadata(), timeout=_STREAM_SECONDS)
        with self._plain_errors():
            await self._write_all(call, requests)
            return await call

    async def keep(self, cursor: str) -> None:
        """Let the server keep a cursor that goes with no message."""
        await self.upload([sync_pb2.SyncMessagesRequest(cursor=cursor)])

    async def send_contacts(
        self, contacts: list[sync_pb2.SyncedContact], batch_size: int = 500, *, is_complete: bool = True
    ) -> None:
        """Send people. If these are all, whoever this device brought before and is not among them is forgotten."""
        batches = [contacts[start : start + batch_size] for start in range(0, len(contacts), batch_size)] or [[]]
        requests = [sync_pb2.SyncContactsRequest(contacts=batch) for batch in batches]
        requests[-1].is_complete = is_complete
        call = self._sync.SyncContacts(metadata=self._metadata(), timeout=_STREAM_SECONDS)
        with self._plain_errors():
            await self._write_all(call, requests)
            await call

    async def digests(self, since: int | None) -> list[sync_pb2.ConversationDigest]:
        """Return the fingerprints of all conversations, or of what was sent from `since` on (nanoseconds since 1970)."""
        request = sync_pb2.GetDigestsRequest()
        if since is not None:
            request.since.FromNanoseconds(since)
        found: list[sync_pb2.ConversationDigest] = []
        while True:
            with self._plain_errors():
                page = await self._sync.GetDigests(request, metadata=self._metadata(), timeout=_LONG_CALL_SECONDS)
            found += page.digests
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def states(self, chat: str, since: int | None) -> dict[str, int]:
        """Return the state hashes of a conversation's messages by GUID; see `digests` for `since`."""
        request = sync_pb2.ListMessageStatesRequest(conversation_id=chat)
        if since is not None:
            request.since.FromNanoseconds(since)
        found: dict[str, int] = {}
        while True:
            with self._plain_errors():
                page = await self._sync.ListMessageStates(request, metadata=self._metadata(), timeout=_CALL_SECONDS)
            found.update((state.imessage_guid, state.state_hash) for state in page.states)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def delete(self, guids: Sequence[str], cursor: str = "") -> int:
        """Delete messages, up to 5,000, and keep the cursor with it; return how many there were."""
        request = sync_pb2.DeleteMessagesRequest(imessage_guids=guids, cursor=cursor)
        with self._plain_errors():
            answer = await self._sync.DeleteMessages(request, metadata=self._metadata(), timeout=_CALL_SECONDS)
        return int(answer.deleted)

    async def renew_token(self) -> Credential:
        """Trade the token for a new one."""
        with self._plain_errors():
            answer = await self._devices.RefreshToken(
                devices_pb2.RefreshTokenRequest(), metadata=self._metadata(), timeout=_CALL_SECONDS
            )
        expires_at = answer.expires_at.ToDatetime(tzinfo=UTC)
        self.credential = Credential(str(self._server), self.credential.device_id, answer.token, expires_at)
        return self.credential

    async def heartbeat(self, health: "sync_pb2.AgentHealth.ValueType", message: str = "") -> datetime:
        """Tell how the agent is; return the server's time."""
        request = sync_pb2.ReportHeartbeatRequest(
            agent_version=__version__, health=health, health_message=message[:300]
        )
        request.agent_time.GetCurrentTime()
        with self._plain_errors():
            answer = await self._sync.ReportHeartbeat(request, metadata=self._metadata(), timeout=_CALL_SECONDS)
        return answer.server_time.ToDatetime(tzinfo=UTC)

    async def _write_all(
        self, call: grpc.aio.StreamUnaryCall[_Request, Any], requests: Iterable[_Request] | AsyncIterable[_Request]
    ) -> None:
        try:
            if isinstance(requests, AsyncIterable):
                async for request in requests:
                    await call.write(request)
            else:
                for request in requests:
                    await call.write(request)
            await call.done_writing()
        except asyncio.InvalidStateError:
            pass  # the server has ended the call; awaiting it says why
        except grpc.aio.AioRpcError as error:
            code, details = await _true_status(call)
            raise self._plain(code, details) from error
        except BaseException:
            call.cancel()
            raise

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.credential.token}"),)

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise self._plain(error.code(), error.details()) from error

    def _plain(self, code: grpc.StatusCode, details: str | None) -> AgentError:
        details = details or "no reason given"
        if code in _REFUSED:
            return NotPaired(f"{self._server} refuses this device ({details})")
        if code in _PASSING and not _is_too_large(code, details):
            return ServerAway(f"no good answer from {self._server} ({code.name}: {details})")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return AgentError(
                f"what answers at {self._server} is no Conversation Assistant, or an older one; check --server"
            )
        reason = f"{code.name}: {details}"
        text = f"{self._server} refused the data ({reason}); the agent and the server may be of different versions"
        is_about_data = code in _ABOUT_DATA or _is_too_large(code, details)
        return DataRefused(text, reason) if is_about_data else AgentError(text)


def _is_too_large(code: grpc.StatusCode, details: str) -> bool:
    return code is grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in details


async def _true_status(call: grpc.aio.StreamUnaryCall[Any, Any]) -> tuple[grpc.StatusCode, str | None]:
    """Return why the call ended.

    A write that meets the end of the call sets a status of its own, and the server's, which may be that the token was
    revoked, takes its place some milliseconds later, on a busy machine up to a second.
    """
    for _ in range(_STATUS_LOOKS):
        if await call.details() != _CUT_SHORT:
            break
        await asyncio.sleep(_STATUS_LOOK_SECONDS)
    return await call.code(), await call.details()
