"""The state of a device, and what a report changes."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from assistant.device.v1 import devices_pb2 as pb

from device_svc.api.mapping import to_activity, to_device
from device_svc.domain.devices import Activity, Device, DeviceHealth, DeviceState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEVICE = Device(UUID(int=1), UUID(int=2), "Mac", "hardware-1", "macos", "15.1", True, NOW, NOW)


@pytest.mark.parametrize(
    ("device", "state"),
    [
        (replace(DEVICE, verified=False), DeviceState.APPROVED),
        (DEVICE, DeviceState.ACTIVE),
        (replace(DEVICE, deactivated_at=NOW), DeviceState.DEACTIVATED),
        (replace(DEVICE, verified=False, deactivated_at=NOW), DeviceState.DEACTIVATED),
    ],
)
def test_the_state(device: Device, state: DeviceState):
    assert device.state is state


def test_every_health_has_its_word_in_the_contract():
    shown = {to_device(replace(DEVICE, health=health)).health for health in DeviceHealth}

    assert shown == set(pb.DeviceHealth.values())


def test_a_report_that_says_nothing_changes_nothing():
    assert to_activity(pb.RecordDeviceActivityRequest()) == Activity()


def test_a_report_that_says_all_is_well_takes_the_message_away():
    said = to_activity(pb.RecordDeviceActivityRequest(health=pb.DEVICE_HEALTH_OK))

    assert (said.health, said.health_message) == (DeviceHealth.OK, "")


def test_a_sync_may_bring_the_counts_to_none():
    request = pb.RecordDeviceActivityRequest()
    request.last_sync_at.FromDatetime(NOW)

    said = to_activity(request)

    assert (said.last_sync_at, said.message_count, said.conversation_count) == (NOW, 0, 0)
