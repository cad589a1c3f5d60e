"""AuthService: keys and the check that a token still stands; and what the gate refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import jwt
import pytest
from assistant.device.v1 import auth_pb2 as pb

from device_svc.crypto.signing_key import load_signing_key
from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.tokens import TokenClaims
from tests.device_service import PASSWORD, DeviceService, bearer, write_signing_key
from tests.grpc_errors import Failure, failure_of


async def test_the_keys_are_public(service: DeviceService):
    keys = (await service.auth.GetJwks(pb.GetJwksRequest())).keys

    assert [(key.kty, key.crv, key.alg, key.use) for key in keys] == [("EC", "P-256", "ES256", "sig")]
    assert all(key.kid and key.x and key.y for key in keys)


async def test_check_token_knows_sessions_and_devices(service: DeviceService):
    account_id = await service.account()
    owner = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    _, device = await service.pair(account_id)

    assert await _active(service, owner)
    assert await _active(service, device)


@pytest.mark.parametrize("claim", ["account_id", "subject", "token_id", "role"])
async def test_check_token_refuses_what_does_not_fit_together(service: DeviceService, claim: str):
    account_id = await service.account()
    owner = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    _, device = await service.pair(account_id)

    other = {"account_id": str(uuid4()), "subject": str(uuid4()), "token_id": str(uuid4()), "role": "service"}[claim]

    assert not await _active(service, owner, **{claim: other})
    assert not await _active(service, device, **{claim: other})


async def test_a_token_of_one_role_is_none_of_the_other(service: DeviceService):
    account_id = await service.account()
    owner = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    _, device = await service.pair(account_id)

    assert not await _active(service, owner, role="device")
    assert not await _active(service, device, role="owner")


async def test_a_device_token_ends_after_seven_days(service: DeviceService):
    _, device = await service.pair(await service.account())

    service.clock.advance(days=7)

    assert not await _active(service, device)


async def test_check_token_is_for_services_only(service: DeviceService):
    account_id = await service.account()
    _, device = await service.pair(account_id)
    request = _request(device)

    failure = await failure_of(service.auth.CheckToken(request, metadata=bearer(device)))

    assert failure.code is grpc.StatusCode.PERMISSION_DENIED


async def test_an_expired_token_is_refused(service: DeviceService):
    account_id = await service.account()
    long_ago = service.clock() - timedelta(days=8)
    claims = TokenClaims("owner", account_id, account_id, uuid4(), long_ago, long_ago + timedelta(days=7))

    failure = await _session_with(service, service.signer.sign(claims))

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


async def test_a_token_signed_by_a_stranger_is_refused(service: DeviceService, tmp_path: Path):
    account_id = await service.account()
    stranger = Es256Signer(load_signing_key(write_signing_key(tmp_path / "stranger.pem")))
    now = service.clock()
    claims = TokenClaims("owner", account_id, account_id, uuid4(), now, now + timedelta(days=1))

    failure = await _session_with(service, stranger.sign(claims))

    assert failure.code is grpc.StatusCode.UNAUTHENTICATED


async def test_a_tampered_token_is_refused(service: DeviceService):
    await service.account()
    token = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    header, _, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(claims | {"account": str(uuid4())}, "x" * 32, algorithm="HS256").split(".")[1]

    failure = await _session_with(service, f"{header}.{forged}.{signature}")

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30", "é" * 20])
async def test_what_is_no_token_is_refused(service: DeviceService, token: str):
    metadata = (("authorization-bin", token.encode()), ("cookie", f"assistant_session={token.encode().hex()}"))

    failure = await failure_of(service.auth.GetSession(pb.GetSessionRequest(), metadata=metadata))

    assert failure.code is grpc.StatusCode.UNAUTHENTICATED


async def test_an_unsigned_token_is_refused(service: DeviceService):
    account_id = await service.account()
    token = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    claims = jwt.decode(token, options={"verify_signature": False})

    unsigned = jwt.encode(claims | {"account": str(account_id)}, "", algorithm="none")

    assert (await _session_with(service, unsigned)).code is grpc.StatusCode.UNAUTHENTICATED


async def _session_with(service: DeviceService, token: str) -> Failure:
    return await failure_of(service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(token)))


async def _active(service: DeviceService, token: str, **other: str) -> bool:
    answer = await service.auth.CheckToken(_request(token, **other), metadata=service.acting_for(None))
    return bool(answer.active)


def _request(token: str, **other: str) -> pb.CheckTokenRequest:
    claims = jwt.decode(token, options={"verify_signature": False})
    said = {
        "account_id": claims["account"],
        "role": claims["role"],
        "subject": str(UUID(claims["sub"])),
        "token_id": claims["jti"],
    }
    return pb.CheckTokenRequest(**(said | other))
