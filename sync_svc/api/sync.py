"""SyncService: what devices bring, in streams and for REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import grpc
from assistant.sync.v1 import sync_pb2 as pb
from assistant.sync.v1 import sync_pb2_grpc

from svc_kit.gate import Gate
from svc_kit.identity import current, current_account
from svc_kit.paging import decode_page_token, page_size_of
from sync_svc.api.page_tokens import decode_guid_token, encode_guid_token, page_token
from sync_svc.api.parse_batches import batch_of_one, batch_of_stream, check_cursor, contacts_of
from sync_svc.api.times import optional_time, stamp
from sync_svc.domain.incoming import Batch, Written
from sync_svc.domain.pages import Digest
from sync_svc.domain.stream_ingest import ingest
from sync_svc.peers.activity import DeviceActivityClient
from sync_svc.storage.digest_store import PostgresDigestStore
from sync_svc.storage.ingest_store import PostgresIngestStore

_SERVICE = pb.DESCRIPTOR.services_by_name["SyncService"]
# Checked by hand in parse_*.py: see there.
HAND_CHECKED = frozenset(
    f"/{_SERVICE.full_name}/{name}" for name in ("SyncMessages", "SyncMessageBatch", "SyncContacts", "SyncContactBatch")
)
DIGEST_PAGE = 500

Context = grpc.aio.ServicerContext[Any, Any]


class SyncServicer(sync_pb2_grpc.SyncServiceServicer):
    """Serves assistant.sync.v1.SyncService."""

    def __init__(
        self, store: PostgresIngestStore, digests: PostgresDigestStore, devices: DeviceActivityClient, gate: Gate
    ) -> None:
        self._store = store
        self._digests = digests
        self._devices = devices
        self._gate = gate

    async def SyncMessages(
        self, request_iterator: AsyncIterator[pb.SyncMessagesRequest], context: Context
    ) -> pb.SyncMessagesResponse:
        """A stream of batches; answered after the last commit."""
        account_id, device_id = _caller()
        total = await ingest(self._batches(request_iterator), partial(self._store.write, account_id, device_id))
        self._devices.synced(account_id, device_id)
        cursor = total.cursor or (await self._store.sync_state(account_id, device_id)).cursor
        return pb.SyncMessagesResponse(
            received=total.received, inserted=total.inserted, updated=total.updated, cursor=cursor
        )

    async def SyncMessageBatch(
        self, request: pb.SyncMessageBatchRequest, context: Context
    ) -> pb.SyncMessageBatchResponse:
        """One batch of one conversation."""
        account_id, device_id = _caller()
        stored = await self._store.write_one(account_id, device_id, batch_of_one(request), request.conversation_id)
        self._devices.synced(account_id, device_id)
        return pb.SyncMessageBatchResponse(
            received=stored.written.received,
            inserted=stored.written.inserted,
            updated=stored.written.updated,
            conversation_id=str(stored.conversation_id or ""),
            message_ids=[str(one or "") for one in stored.message_ids],
        )

    async def SyncContacts(
        self, request_iterator: AsyncIterator[pb.SyncContactsRequest], context: Context
    ) -> pb.SyncContactsResponse:
        """A stream of batches of contacts; at its end, one that named all removes the others."""
        account_id, device_id = _caller()
        total, removed = Written(), 0
        named: set[str] = set()
        is_complete = False
        async for request in request_iterator:
            await self._gate.recheck(current())
            contacts = contacts_of(request)
            total += await self._store.write_contacts(account_id, device_id, contacts)
            named.update(contact.apple_id for contact in contacts)
            is_complete = request.is_complete
        if is_complete:
            removed = await self._store.remove_contacts(account_id, device_id, but=named)
        return pb.SyncContactsResponse(
            received=total.received, inserted=total.inserted, updated=total.updated, removed=removed
        )

    async def SyncContactBatch(
        self, request: pb.SyncContactBatchRequest, context: Context
    ) -> pb.SyncContactBatchResponse:
        """One batch of contacts."""
        written = await self._store.write_contacts(*_caller(), contacts_of(request, least=1))
        return pb.SyncContactBatchResponse(
            received=written.received, inserted=written.inserted, updated=written.updated
        )

    async def GetSyncState(self, request: pb.GetSyncStateRequest, context: Context) -> pb.GetSyncStateResponse:
        """What is kept of the device's syncs."""
        state = await self._store.sync_state(*_caller())
        answer = pb.GetSyncStateResponse(
            cursor=state.cursor,
            last_sync_at=stamp(state.last_sync_at),
            message_count=state.message_count,
            conversation_count=state.conversation_count,
        )
        if request.HasField("digests_since"):
            since = optional_time(request, "digests_since")
            page = await self._digests.digests(current_account(), since, "", DIGEST_PAGE)
            answer.digests.extend(_digest_view(one) for one in page.digests)
            answer.digests_page_token = encode_guid_token(page.after)
        return answer

    async def GetDigests(self, request: pb.GetDigestsRequest, context: Context) -> pb.GetDigestsResponse:
        """Fingerprints of what is stored."""
        page = await self._digests.digests(
            current_account(),
            optional_time(request, "since"),
            decode_guid_token(request.page_token),
            page_size_of(request.page_size, default=DIGEST_PAGE),
        )
        return pb.GetDigestsResponse(
            digests=[_digest_view(one) for one in page.digests], next_page_token=encode_guid_token(page.after)
        )

    async def ListMessageStates(
        self, request: pb.ListMessageStatesRequest, context: Context
    ) -> pb.ListMessageStatesResponse:
        """What is stored of one chat's messages."""
        page = await self._digests.message_states(
            current_account(),
            request.conversation_id,
            optional_time(request, "since"),
            decode_page_token(request.page_token),
            page_size_of(request.page_size, default=DIGEST_PAGE),
        )
        return pb.ListMessageStatesResponse(
            states=[pb.MessageState(imessage_guid=guid, state_hash=state_hash) for guid, state_hash in page.states],
            next_page_token=page_token(page.after),
        )

    async def DeleteMessages(self, request: pb.DeleteMessagesRequest, context: Context) -> pb.DeleteMessagesResponse:
        """Delete what was deleted on the Mac."""
        check_cursor(request)
        # No stored GUID holds a NUL, and PostgreSQL would not even look.
        guids = [guid for guid in request.imessage_guids if "\0" not in guid]
        deleted = await self._store.delete_messages(*_caller(), guids, request.cursor)
        return pb.DeleteMessagesResponse(deleted=deleted)

    async def ReportHeartbeat(self, request: pb.ReportHeartbeatRequest, context: Context) -> pb.ReportHeartbeatResponse:
        """Pass on how the agent is."""
        await self._devices.heartbeat(*_caller(), request.agent_version, request.health, request.health_message)
        return pb.ReportHeartbeatResponse(server_time=stamp(datetime.now(UTC)))

    async def _batches(self, requests: AsyncIterator[pb.SyncMessagesRequest]) -> AsyncIterator[Batch]:
        """The stream's batches, checked; a device that is deactivated meanwhile is cut off."""
        async for request in requests:
            await self._gate.recheck(current())
            yield batch_of_stream(request)


def _caller() -> tuple[UUID, UUID]:
    """The account and the device of the call."""
    return current_account(), UUID(current().subject)


def _digest_view(digest: Digest) -> pb.ConversationDigest:
    return pb.ConversationDigest(
        conversation_id=digest.imessage_id,
        message_count=digest.message_count,
        hash=digest.hash,
        deleted_up_to=stamp(digest.deleted_up_to),
    )
