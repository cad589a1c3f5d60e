"""DevicesService: what happens to a device after it was paired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import pytest
from assistant.device.v1 import auth_pb2
from assistant.device.v1 import devices_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from device_svc.domain.tokens import TokenClaims
from tests.deadline import eventually_answers
from tests.device_service import PASSWORD, DeviceService, bearer
from tests.grpc_errors import failure_of


async def test_devices_are_listed_newest_first_in_pages(service: DeviceService):
    account_id = await service.account()
    acting = service.acting_for(account_id)
    made = [(await service.pair(account_id, f"hardware-{number}"))[0] for number in range(5)]

    seen: list[str] = []
    token = ""
    sizes = []
    while True:
        request = pb.ListDevicesRequest(page_size=2, page_token=token)
        page = await service.devices.ListDevices(request, metadata=acting)
        seen += [device.device_id for device in page.devices]
        sizes.append(len(page.devices))
        token = page.next_page_token
        if not token:
            break

    assert seen == made[::-1]
    assert sizes == [2, 2, 1]


async def test_a_foreign_page_token_is_bad_input(service: DeviceService):
    acting = service.acting_for(await service.account())

    failure = await failure_of(service.devices.ListDevices(pb.ListDevicesRequest(page_token="?"), metadata=acting))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["page_token"])


async def test_a_page_may_not_be_too_long(service: DeviceService):
    acting = service.acting_for(await service.account())

    failure = await failure_of(service.devices.ListDevices(pb.ListDevicesRequest(page_size=201), metadata=acting))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["page_size"])


async def test_a_paired_device_is_shown_whole(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id, "hardware-whole")

    device = await _get(service, account_id, device_id)

    assert (device.name, device.hardware_id, device.platform) == ("Mac", "hardware-whole", "macos")
    assert (device.os_version, device.verified, device.state) == ("15.1", True, pb.DEVICE_STATE_ACTIVE)
    assert device.HasField("created_at")
    assert device.HasField("updated_at")
    assert not device.HasField("last_sync_at")
    assert not device.HasField("deactivated_at")


async def test_a_device_can_be_renamed(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)

    request = pb.RenameDeviceRequest(device_id=device_id, name="Studio")
    request.update_mask.paths.append("name")
    renamed = await service.devices.RenameDevice(request, metadata=service.acting_for(account_id))

    assert renamed.device.name == (await _get(service, account_id, device_id)).name == "Studio"


async def test_only_the_name_can_be_changed(service: DeviceService):
    account_id = await service.account()
    request = pb.RenameDeviceRequest(device_id=str(uuid4()), name="Studio")
    request.update_mask.paths.append("platform")

    failure = await failure_of(service.devices.RenameDevice(request, metadata=service.acting_for(account_id)))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["update_mask"])


async def test_a_deactivated_device_is_refused_once_the_last_answer_about_it_is_old(service: DeviceService):
    account_id = await service.account()
    device_id, token = await service.pair(account_id)
    await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(token))

    request = pb.DeactivateDeviceRequest(device_id=device_id)
    answer = await service.devices.DeactivateDevice(request, metadata=service.acting_for(account_id))

    async def refused() -> bool:
        call = service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(token))
        return await call.code() is grpc.StatusCode.UNAUTHENTICATED

    assert answer.device.state == pb.DEVICE_STATE_DEACTIVATED
    await eventually_answers(refused)


async def test_deactivating_again_changes_nothing(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)
    acting, request = service.acting_for(account_id), pb.DeactivateDeviceRequest(device_id=device_id)

    first = await service.devices.DeactivateDevice(request, metadata=acting)
    service.clock.advance(minutes=1)
    second = await service.devices.DeactivateDevice(request, metadata=acting)

    assert first == second


async def test_a_refreshed_token_leaves_the_old_one_standing(service: DeviceService):
    account_id = await service.account()
    _, token = await service.pair(account_id)

    new = await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(token))

    assert abs(new.expires_at.seconds - service.clock().timestamp() - 7 * 86400) < 60
    for standing in (token, new.token):
        assert (await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(standing))).token


async def test_a_sync_is_recorded(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)
    at = _timestamp(datetime(2026, 3, 1, 12, tzinfo=UTC))

    await _record(service, account_id, device_id=device_id, last_sync_at=at, agent_version="1.2.3",
                  health=pb.DEVICE_HEALTH_WARNING, health_message="slow", message_count=12, conversation_count=3)  # fmt: skip

    device = await _get(service, account_id, device_id)
    assert (device.last_sync_at, device.agent_version) == (at, "1.2.3")
    assert (device.health, device.health_message) == (pb.DEVICE_HEALTH_WARNING, "slow")
    assert (device.message_count, device.conversation_count) == (12, 3)


async def test_a_heartbeat_leaves_what_it_does_not_say(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)
    at = _timestamp(datetime(2026, 3, 1, 12, tzinfo=UTC))
    await _record(service, account_id, device_id=device_id, last_sync_at=at, agent_version="1", message_count=12)

    await _record(service, account_id, device_id=device_id, health=pb.DEVICE_HEALTH_OK)

    device = await _get(service, account_id, device_id)
    assert (device.last_sync_at, device.agent_version, device.message_count) == (at, "1", 12)
    assert device.health == pb.DEVICE_HEALTH_OK


async def test_an_older_report_does_not_turn_time_back(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)
    late = datetime(2026, 3, 1, 12, tzinfo=UTC)
    await _record(service, account_id, device_id=device_id, last_sync_at=_timestamp(late))

    await _record(service, account_id, device_id=device_id, last_sync_at=_timestamp(late - timedelta(hours=1)))

    assert (await _get(service, account_id, device_id)).last_sync_at == _timestamp(late)


@pytest.mark.parametrize("rpc", ["GetDevice", "RenameDevice", "DeactivateDevice", "RecordDeviceActivity"])
async def test_a_device_of_another_account_does_not_exist(service: DeviceService, rpc: str):
    ana, ben = await service.account("ana"), await service.account("ben")
    of_ana, _ = await service.pair(ana)
    before = await _get(service, ana, of_ana)

    request = getattr(pb, f"{rpc}Request")(device_id=of_ana)
    if rpc == "RenameDevice":
        request.name = "stolen"
    foreign = await failure_of(getattr(service.devices, rpc)(request, metadata=service.acting_for(ben)))
    request.device_id = str(uuid4())
    unknown = await failure_of(getattr(service.devices, rpc)(request, metadata=service.acting_for(ben)))

    assert foreign == unknown
    assert foreign.code is grpc.StatusCode.NOT_FOUND
    assert await _get(service, ana, of_ana) == before


async def test_another_account_lists_nothing(service: DeviceService):
    ana, ben = await service.account("ana"), await service.account("ben")
    await service.pair(ana)

    listed = await service.devices.ListDevices(pb.ListDevicesRequest(), metadata=service.acting_for(ben))

    assert not listed.devices


@pytest.mark.parametrize("rpc", ["GetDevice", "RenameDevice", "DeactivateDevice", "VerifyDevice"])
async def test_an_id_that_is_none_is_bad_input(service: DeviceService, rpc: str):
    acting = service.acting_for(await service.account())

    failure = await failure_of(
        getattr(service.devices, rpc)(getattr(pb, f"{rpc}Request")(device_id="7"), metadata=acting)
    )

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "device_id" in failure.fields


async def test_owners_and_devices_may_do_what_is_theirs_only(service: DeviceService):
    account_id = await service.account()
    device_id, device_token = await service.pair(account_id)
    owner_token = (await service.auth.SignIn(auth_pb2.SignInRequest(password=PASSWORD))).token

    by_device = await failure_of(service.devices.ListDevices(pb.ListDevicesRequest(), metadata=bearer(device_token)))
    by_owner = await failure_of(service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(owner_token)))
    record = pb.RecordDeviceActivityRequest(device_id=device_id)
    inside = await failure_of(service.devices.RecordDeviceActivity(record, metadata=bearer(device_token)))
    nobody = await failure_of(service.devices.ListDevices(pb.ListDevicesRequest()))

    assert {by_device.code, by_owner.code, inside.code} == {grpc.StatusCode.PERMISSION_DENIED}
    assert (nobody.code, nobody.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


async def test_a_signed_token_that_was_never_given_is_refused(service: DeviceService):
    account_id = await service.account()
    device_id, _ = await service.pair(account_id)
    now = service.clock()
    never_given = TokenClaims("device", account_id, UUID(device_id), uuid4(), now, now + timedelta(days=1))

    token = service.signer.sign(never_given)

    failure = await failure_of(service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(token)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REVOKED")


async def _get(service: DeviceService, account_id: UUID, device_id: str) -> pb.Device:
    answer = await service.devices.GetDevice(
        pb.GetDeviceRequest(device_id=device_id), metadata=service.acting_for(account_id)
    )
    device: pb.Device = answer.device
    return device


async def _record(service: DeviceService, account_id: UUID, **said: object) -> None:
    request = pb.RecordDeviceActivityRequest(**said)  # type: ignore[arg-type]
    await service.devices.RecordDeviceActivity(request, metadata=service.acting_for(account_id))


def _timestamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
