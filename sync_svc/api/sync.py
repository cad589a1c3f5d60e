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
from sync_svc.api.parse_batches import batch_of_one, batch_of_stream, contacts_of
from sync_svc.api.times import stamp
from sync_svc.domain.incoming import Batch, Written
from sync_svc.domain.ports import DeviceActivity, IngestStore
from sync_svc.domain.stream_ingest import ingest

_SERVICE = pb.DESCRIPTOR.services_by_name["SyncService"]
# Checked by hand in parse_*.py: see there.
HAND_CHECKED = frozenset(
    f"/{_SERVICE.full_name}/{name}" for name in ("SyncMessages", "SyncMessageBatch", "SyncContacts", "SyncContactBatch")
)

Context = grpc.aio.ServicerContext[Any, Any]


class SyncServicer(sync_pb2_grpc.SyncServiceServicer):
    """Serves assistant.sync.v1.SyncService."""

    def __init__(self, store: IngestStore, devices: DeviceActivity, gate: Gate) -> None:
        self._store = store
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
        """A stream of batches of contacts."""
        total = Written()
        async for request in request_iterator:
            await self._gate.recheck(current())
            total += await self._store.write_contacts(current_account(), contacts_of(request))
        return pb.SyncContactsResponse(received=total.received, inserted=total.inserted, updated=total.updated)

    async def SyncContactBatch(
        self, request: pb.SyncContactBatchRequest, context: Context
    ) -> pb.SyncContactBatchResponse:
        """One batch of contacts."""
        written = await self._store.write_contacts(current_account(), contacts_of(request, least=1))
        return pb.SyncContactBatchResponse(
            received=written.received, inserted=written.inserted, updated=written.updated
        )

    async def GetSyncState(self, request: pb.GetSyncStateRequest, context: Context) -> pb.GetSyncStateResponse:
        """What is kept of the device's syncs."""
        state = await self._store.sync_state(*_caller())
        return pb.GetSyncStateResponse(
            cursor=state.cursor,
            last_sync_at=stamp(state.last_sync_at),
            message_count=state.message_count,
            conversation_count=state.conversation_count,
        )

    async def DeleteMessages(self, request: pb.DeleteMessagesRequest, context: Context) -> pb.DeleteMessagesResponse:
        """Delete what was deleted on the Mac."""
        # No stored GUID holds a NUL, and PostgreSQL would not even look.
        guids = [guid for guid in request.imessage_guids if "\0" not in guid]
        return pb.DeleteMessagesResponse(deleted=await self._store.delete_messages(current_account(), guids))

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
