"""Between the domain and the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.device.v1 import auth_pb2, devices_pb2, health_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from device_svc.domain.accounts import Account
from device_svc.domain.devices import Activity, Device, DeviceHealth, DeviceState
from device_svc.domain.health import PartStatus

_STATES = {
    DeviceState.APPROVED: devices_pb2.DEVICE_STATE_APPROVED,
    DeviceState.ACTIVE: devices_pb2.DEVICE_STATE_ACTIVE,
    DeviceState.DEACTIVATED: devices_pb2.DEVICE_STATE_DEACTIVATED,
}
_HEALTHS = {
    DeviceHealth.UNSPECIFIED: devices_pb2.DEVICE_HEALTH_UNSPECIFIED,
    DeviceHealth.OK: devices_pb2.DEVICE_HEALTH_OK,
    DeviceHealth.CANNOT_READ: devices_pb2.DEVICE_HEALTH_CANNOT_READ,
    DeviceHealth.PAUSED: devices_pb2.DEVICE_HEALTH_PAUSED,
    DeviceHealth.WARNING: devices_pb2.DEVICE_HEALTH_WARNING,
}
_HEALTHS_BACK = {number: health for health, number in _HEALTHS.items()}
PART_STATUSES = {
    PartStatus.SERVING: health_pb2.PART_STATUS_SERVING,
    PartStatus.NOT_SERVING: health_pb2.PART_STATUS_NOT_SERVING,
    PartStatus.UNREACHABLE: health_pb2.PART_STATUS_UNREACHABLE,
}


def timestamp(at: datetime) -> Timestamp:
    """A time for the contract."""
    made = Timestamp()
    made.FromDatetime(at)
    return made


def to_account(account: Account) -> auth_pb2.Account:
    """An account, without its password's hash."""
    return auth_pb2.Account(account_id=str(account.account_id), name=account.name)


def to_device(device: Device) -> devices_pb2.Device:
    """A device."""
    return devices_pb2.Device(
        device_id=str(device.device_id),
        name=device.name,
        hardware_id=device.hardware_id,
        platform=device.platform,
        os_version=device.os_version,
        verified=device.verified,
        state=_STATES[device.state],
        last_sync_at=_optional(device.last_sync_at),
        created_at=timestamp(device.created_at),
        updated_at=timestamp(device.updated_at),
        agent_version=device.agent_version,
        health=_HEALTHS[device.health],
        health_message=device.health_message,
        deactivated_at=_optional(device.deactivated_at),
        message_count=device.message_count,
        conversation_count=device.conversation_count,
    )


def to_activity(request: devices_pb2.RecordDeviceActivityRequest) -> Activity:
    """What to change: unset fields are left as they are. Counts come with a sync; a heartbeat that has some brings them too."""
    synced = request.HasField("last_sync_at")
    counted = synced or request.message_count > 0 or request.conversation_count > 0
    said = request.health != devices_pb2.DEVICE_HEALTH_UNSPECIFIED
    return Activity(
        last_sync_at=request.last_sync_at.ToDatetime(tzinfo=UTC) if synced else None,
        agent_version=request.agent_version or None,
        health=_HEALTHS_BACK[request.health] if said else None,
        health_message=request.health_message if said else None,
        message_count=request.message_count if counted else None,
        conversation_count=request.conversation_count if counted else None,
    )


def _optional(at: datetime | None) -> Timestamp | None:
    return timestamp(at) if at is not None else None
