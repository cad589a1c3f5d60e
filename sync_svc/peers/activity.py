"""Telling device_svc that a device synced, or how its agent is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import grpc
import structlog
from assistant.device.v1 import devices_pb2, devices_pb2_grpc
from assistant.sync.v1 import sync_pb2

from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.errors import DomainError
from svc_kit.logs import where
from sync_svc.storage.ingest_store import PostgresIngestStore


class DeviceActivityClient:
    """Tells device_svc how devices are."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller, store: PostgresIngestStore) -> None:
        self._stub: devices_pb2_grpc.DevicesServiceAsyncStub = devices_pb2_grpc.DevicesServiceStub(channel)
        self._caller = caller
        self._store = store
        self._running: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def synced(self, account_id: UUID, device_id: UUID) -> None:
        """Tell, in the background, that the device synced now; never fails."""
        task = asyncio.create_task(self._tell_synced(account_id, device_id, datetime.now(UTC)))
        self._running.add(task)  # the loop alone would let it be collected
        task.add_done_callback(self._running.discard)

    async def heartbeat(
        self, account_id: UUID, device_id: UUID, agent_version: str, health: int, health_message: str
    ) -> None:
        """Tell how the agent is. Raises Unavailable when device_svc does not answer."""
        request = devices_pb2.RecordDeviceActivityRequest(
            device_id=str(device_id),
            agent_version=agent_version,
            # Both enums have the same numbers; a test says so.
            health=devices_pb2.DeviceHealth.ValueType(health),
            health_message=health_message,
        )
        if health == sync_pb2.AGENT_HEALTH_OK:
            # Nothing is left to bring: as good as a sync. A Mac on which nobody writes sends nothing else.
            await self._store.note_sync(account_id, device_id)
            await self._add_sync(request, account_id, datetime.now(UTC))
        await self._tell(account_id, request)

    async def close(self) -> None:
        """Give up what is still being told."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _tell_synced(self, account_id: UUID, device_id: UUID, at: datetime) -> None:
        # The sync itself is done; that the list of devices lags behind is not worth failing it.
        try:
            request = devices_pb2.RecordDeviceActivityRequest(device_id=str(device_id))
            await self._add_sync(request, account_id, at)
            await self._tell(account_id, request)
        except (DomainError, grpc.aio.AioRpcError) as error:
            self._log.warning("device activity not recorded", device_id=str(device_id), **where(error))

    async def _add_sync(self, request: devices_pb2.RecordDeviceActivityRequest, account_id: UUID, at: datetime) -> None:
        state = await self._store.sync_state(account_id, UUID(request.device_id))
        request.last_sync_at.FromDatetime(at)
        request.message_count = state.message_count
        request.conversation_count = state.conversation_count

    async def _tell(self, account_id: UUID, request: devices_pb2.RecordDeviceActivityRequest) -> None:
        metadata = self._caller.metadata(account_id)
        await self._stub.RecordDeviceActivity(request, timeout=CALL_TIMEOUT_S, metadata=metadata)
