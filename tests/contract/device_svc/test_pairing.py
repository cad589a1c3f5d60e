"""DevicesService: register, approve, verify."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import grpc
import jwt
import pytest
from assistant.device.v1 import auth_pb2
from assistant.device.v1 import devices_pb2 as pb

from tests.conftest import DatabaseAddress
from tests.device_service import (
    DeviceService,
    bearer,
    device_service,
    device_settings,
    empty_device_tables,
    other_than,
    write_signing_key,
)
from tests.grpc_errors import failure_of


async def test_a_device_gets_its_token_after_its_owner_typed_the_code(service: DeviceService):
    account_id = await service.account()

    registered = await service.register(name="Kitchen Mac")
    approved = await service.approve(account_id, registered.code)
    token = await service.verify(registered)

    assert (approved.device_id, approved.name) == (registered.device_id, "Kitchen Mac")
    assert (approved.state, approved.verified) == (pb.DEVICE_STATE_APPROVED, False)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["account"], claims["role"]) == (registered.device_id, str(account_id), "device")
    assert claims["exp"] - claims["iat"] == 7 * 86400
    refreshed = await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(token))
    assert refreshed.token != token


async def test_registering_gives_six_digits_for_ten_minutes(service: DeviceService):
    registered = await service.register()

    assert len(registered.code) == 6
    assert registered.code.isdigit()
    assert abs(registered.expires_at.seconds - service.clock().timestamp() - 600) < 10


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("name", pb.RegisterDeviceRequest(name="", hardware_id="hardware-1", platform="macos")),
        ("name", pb.RegisterDeviceRequest(name="n" * 101, hardware_id="hardware-1", platform="macos")),
        ("hardware_id", pb.RegisterDeviceRequest(name="Mac", hardware_id="short", platform="macos")),
        ("platform", pb.RegisterDeviceRequest(name="Mac", hardware_id="hardware-1", platform="windows")),
        (
            "os_version",
            pb.RegisterDeviceRequest(name="Mac", hardware_id="hardware-1", platform="linux", os_version="1" * 101),
        ),
    ],
)
async def test_bad_registrations_name_the_field(service: DeviceService, field: str, request_: pb.RegisterDeviceRequest):
    failure = await failure_of(service.devices.RegisterDevice(request_))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_while_pending_the_right_code_may_be_sent_again_and_again(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()

    for _ in range(8):
        failure = await failure_of(service.verify(registered))
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PENDING_APPROVAL")

    await service.approve(account_id, registered.code)
    assert await service.verify(registered)


async def test_five_wrong_codes_end_a_registration(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)
    for _ in range(5):
        failure = await failure_of(service.verify(registered, other_than(registered.code)))
        assert failure.code is grpc.StatusCode.NOT_FOUND

    failure = await failure_of(service.verify(registered))

    assert failure.code is grpc.StatusCode.NOT_FOUND


async def test_four_wrong_codes_do_not(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)
    for _ in range(4):
        await failure_of(service.verify(registered, other_than(registered.code)))

    assert await service.verify(registered)


async def test_a_hundred_guesses_at_once_count_as_a_hundred(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)

    wrong = other_than(registered.code)
    await asyncio.gather(*(failure_of(service.verify(registered, wrong)) for _ in range(100)))

    assert (await failure_of(service.verify(registered))).code is grpc.StatusCode.NOT_FOUND


async def test_two_at_once_get_one_token(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)

    answers = await asyncio.gather(*(service.verify(registered) for _ in range(8)), return_exceptions=True)

    assert len([answer for answer in answers if isinstance(answer, str)]) == 1
    assert {e.code() for e in answers if isinstance(e, grpc.aio.AioRpcError)} == {grpc.StatusCode.NOT_FOUND}


async def test_a_code_works_once(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)
    await service.verify(registered)

    assert (await failure_of(service.verify(registered))).code is grpc.StatusCode.NOT_FOUND
    assert (await failure_of(service.approve(account_id, registered.code))).code is grpc.StatusCode.NOT_FOUND


async def test_a_code_expires(service: DeviceService):
    account_id = await service.account()
    early, late = await service.register("hardware-early"), await service.register("hardware-late")
    await service.approve(account_id, early.code)

    service.clock.advance(minutes=10)

    assert (await failure_of(service.verify(early))).code is grpc.StatusCode.NOT_FOUND
    assert (await failure_of(service.approve(account_id, late.code))).code is grpc.StatusCode.NOT_FOUND


async def test_everything_that_is_wrong_with_a_registration_looks_the_same(service: DeviceService):
    registered = await service.register()
    stranger = pb.RegisterDeviceResponse(device_id=str(uuid4()), code=registered.code)

    wrong = await failure_of(service.verify(registered, other_than(registered.code)))
    unknown = await failure_of(service.verify(stranger))
    service.clock.advance(minutes=11)
    expired = await failure_of(service.verify(registered))

    assert wrong == unknown == expired


async def test_approving_again_changes_nothing(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()

    first = await service.approve(account_id, registered.code)
    second = await service.approve(account_id, registered.code)

    assert first == second


async def test_another_account_cannot_approve_what_is_approved(service: DeviceService):
    ana, ben = await service.account("ana"), await service.account("ben")
    registered = await service.register()
    await service.approve(ana, registered.code)

    assert (await failure_of(service.approve(ben, registered.code))).code is grpc.StatusCode.NOT_FOUND


async def test_five_wrong_codes_pause_approval(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    for left in range(4, -1, -1):
        await failure_of(service.approve(account_id, other_than(registered.code)))
        listed = await service.devices.ListDevices(pb.ListDevicesRequest(), metadata=service.acting_for(account_id))
        assert listed.approval_tries_left == left

    failure = await failure_of(service.approve(account_id, registered.code))

    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_TRIES")
    assert failure.retry_after is not None
    assert 0 < failure.retry_after <= 600


async def test_the_pause_of_one_account_is_not_anothers(service: DeviceService):
    ana, ben = await service.account("ana"), await service.account("ben")
    registered = await service.register()
    for _ in range(5):
        await failure_of(service.approve(ana, other_than(registered.code)))

    assert (await service.approve(ben, registered.code)).device_id == registered.device_id


async def test_approval_goes_on_after_ten_minutes(service: DeviceService):
    account_id = await service.account()
    for _ in range(5):
        await failure_of(service.approve(account_id, "000000"))

    service.clock.advance(minutes=10)

    registered = await service.register()
    assert (await service.approve(account_id, registered.code)).device_id == registered.device_id


async def test_right_codes_do_not_count(service: DeviceService):
    account_id = await service.account()
    for number in range(7):
        registered = await service.register(f"hardware-{number}")
        await service.approve(account_id, registered.code)

    listed = await service.devices.ListDevices(pb.ListDevicesRequest(), metadata=service.acting_for(account_id))
    assert listed.approval_tries_left == 5


async def test_a_code_that_is_not_six_digits_is_bad_input(service: DeviceService):
    account_id = await service.account()

    failure = await failure_of(service.approve(account_id, "12345"))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["code"])


async def test_registering_again_replaces_the_open_registration(service: DeviceService):
    account_id = await service.account()
    first = await service.register()
    second = await service.register()

    assert (await failure_of(service.verify(first))).code is grpc.StatusCode.NOT_FOUND
    await service.approve(account_id, second.code)
    assert await service.verify(second)


async def test_too_many_open_registrations_are_refused_until_some_expire(database: DatabaseAddress, tmp_path: Path):
    await empty_device_tables(database)
    settings = device_settings(database, write_signing_key(tmp_path / "k"), max_registrations=3)
    async with device_service(settings) as service:
        for number in range(3):
            await service.register(f"hardware-{number}")

        failure = await failure_of(service.register("hardware-many"))
        service.clock.advance(minutes=10)

        assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_REGISTRATIONS")
        assert failure.retry_after is not None
        assert 0 < failure.retry_after <= 600
        assert (await service.register("hardware-many")).code


async def test_the_cap_holds_for_registrations_at_once(database: DatabaseAddress, tmp_path: Path):
    await empty_device_tables(database)
    settings = device_settings(database, write_signing_key(tmp_path / "k"), max_registrations=5)
    async with device_service(settings) as service:
        calls = (service.register(f"hardware-{number}") for number in range(12))
        answers = await asyncio.gather(*calls, return_exceptions=True)

    assert len([answer for answer in answers if isinstance(answer, pb.RegisterDeviceResponse)]) == 5


async def test_open_codes_are_unique(service: DeviceService):
    codes = [(await service.register(f"hardware-{number}")).code for number in range(100)]

    assert len(set(codes)) == 100


async def test_pairing_the_same_hardware_again_keeps_the_device_and_revokes_its_old_tokens(service: DeviceService):
    account_id = await service.account()
    device_id, old = await service.pair(account_id)
    await service.devices.RenameDevice(
        pb.RenameDeviceRequest(device_id=device_id, name="Mine"), metadata=service.acting_for(account_id)
    )

    registered = await service.register(name="A new name")
    approved = await service.approve(account_id, registered.code)
    still = await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(old))
    new = await service.verify(registered)

    assert (approved.device_id, approved.name, approved.state) == (device_id, "Mine", pb.DEVICE_STATE_ACTIVE)
    assert jwt.decode(new, options={"verify_signature": False})["sub"] == device_id
    assert await service.devices.RefreshToken(pb.RefreshTokenRequest(), metadata=bearer(new))
    for revoked in (still.token, old):
        assert not await _stands(service, revoked)


async def test_the_same_hardware_may_belong_to_two_accounts(service: DeviceService):
    ana, ben = await service.account("ana"), await service.account("ben")

    of_ana, token_of_ana = await service.pair(ana)
    of_ben, token_of_ben = await service.pair(ben)

    assert of_ana != of_ben
    assert await _stands(service, token_of_ana)
    assert await _stands(service, token_of_ben)


async def test_a_device_deactivated_between_approval_and_verification_gets_no_token(service: DeviceService):
    account_id = await service.account()
    registered = await service.register()
    await service.approve(account_id, registered.code)
    await service.devices.DeactivateDevice(
        pb.DeactivateDeviceRequest(device_id=registered.device_id), metadata=service.acting_for(account_id)
    )

    assert (await failure_of(service.verify(registered))).code is grpc.StatusCode.NOT_FOUND


async def test_a_deactivated_device_comes_back_by_pairing_again(service: DeviceService):
    account_id = await service.account()
    device_id, old = await service.pair(account_id)
    acting = service.acting_for(account_id)
    await service.devices.DeactivateDevice(pb.DeactivateDeviceRequest(device_id=device_id), metadata=acting)

    registered = await service.register()
    approved = await service.approve(account_id, registered.code)
    new = await service.verify(registered)

    assert (approved.device_id, approved.state) == (device_id, pb.DEVICE_STATE_APPROVED)
    assert await _stands(service, new)
    assert not await _stands(service, old)


async def _stands(service: DeviceService, token: str) -> bool:
    claims = jwt.decode(token, options={"verify_signature": False})
    request = auth_pb2.CheckTokenRequest(
        account_id=claims["account"], role=claims["role"], subject=claims["sub"], token_id=claims["jti"]
    )
    return bool((await service.auth.CheckToken(request, metadata=service.acting_for(None))).active)
