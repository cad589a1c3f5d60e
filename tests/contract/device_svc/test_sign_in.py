"""AuthService: signing in and out, the session, the cookie."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from assistant.device.v1 import auth_pb2 as pb

from svc_kit.tokens import API_AUDIENCE, ISSUER
from tests.conftest import DatabaseAddress
from tests.device_service import (
    PASSWORD,
    DeviceService,
    bearer,
    device_service,
    device_settings,
    empty_device_tables,
    write_signing_key,
)
from tests.grpc_errors import failure_of

BROWSER = (("sec-fetch-mode", "cors"),)


async def test_sign_in_gives_a_session(service: DeviceService):
    account_id = await service.account()

    answer = await service.auth.SignIn(pb.SignInRequest(account="owner", password=PASSWORD))
    session = await service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(answer.token))

    assert answer.account == session.account == pb.Account(account_id=str(account_id), name="owner")
    assert answer.expires_at == session.expires_at
    assert abs(answer.expires_at.seconds - service.clock().timestamp() - 30 * 86400) < 60


async def test_the_token_says_what_the_other_services_expect(service: DeviceService):
    account_id = await service.account()

    answer = await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))

    keys = (await service.auth.GetJwks(pb.GetJwksRequest())).keys
    key = jwt.PyJWK({name: getattr(keys[0], name) for name in ("kty", "crv", "x", "y", "kid", "alg", "use")})
    claims = jwt.decode(answer.token, key, algorithms=["ES256"], audience=API_AUDIENCE, issuer=ISSUER)
    assert jwt.get_unverified_header(answer.token)["kid"] == keys[0].kid
    assert claims["sub"] == claims["account"] == str(account_id)
    assert claims["role"] == "owner"
    assert {"jti", "iat", "exp"} <= set(claims)


async def test_a_browser_gets_the_token_in_the_cookie_only(service: DeviceService):
    await service.account()

    call = service.auth.SignIn(pb.SignInRequest(password=PASSWORD), metadata=BROWSER)
    answer = await call
    morsel = await _cookie(call)

    assert answer.token == ""
    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == ("/", True, "Strict")
    assert morsel["secure"] == ""
    assert int(morsel["max-age"]) == 30 * 86400
    by_cookie = (("cookie", f"other=1; assistant_session={morsel.value}"),)
    assert (await service.auth.GetSession(pb.GetSessionRequest(), metadata=by_cookie)).account.name == "owner"


async def test_a_client_without_cookies_gets_the_token_in_the_body_too(service: DeviceService):
    await service.account()

    call = service.auth.SignIn(pb.SignInRequest(password=PASSWORD))

    assert (await call).token == (await _cookie(call)).value != ""


async def test_the_cookie_is_secure_when_the_public_address_is_https(database: DatabaseAddress, tmp_path: Path):
    await empty_device_tables(database)
    settings = device_settings(database, write_signing_key(tmp_path / "k"), public_url="https://assistant.example")
    async with device_service(settings) as service:
        await service.account()

        call = service.auth.SignIn(pb.SignInRequest(password=PASSWORD), metadata=BROWSER)
        await call

        assert (await _cookie(call))["secure"] is True


async def test_the_name_may_begin_with_a_capital(service: DeviceService):
    await service.account()

    assert (await service.auth.SignIn(pb.SignInRequest(account=" Owner ", password=PASSWORD))).account.name == "owner"


async def test_with_two_accounts_the_name_is_needed(service: DeviceService):
    await service.account("ana")
    await service.account("ben")

    failure = await failure_of(service.auth.SignIn(pb.SignInRequest(password=PASSWORD)))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["account"])
    assert (await service.auth.SignIn(pb.SignInRequest(account="ben", password=PASSWORD))).account.name == "ben"


async def test_an_unknown_name_and_a_wrong_password_look_the_same(service: DeviceService):
    await service.account()

    wrong = await failure_of(service.auth.SignIn(pb.SignInRequest(account="owner", password="wrong")))
    unknown = await failure_of(service.auth.SignIn(pb.SignInRequest(account="nobody", password=PASSWORD)))

    assert wrong == unknown
    assert (wrong.code, wrong.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SIGN_IN_FAILED")


async def test_a_failed_sign_in_sets_no_cookie(service: DeviceService):
    await service.account()

    call = service.auth.SignIn(pb.SignInRequest(password="wrong"))
    await failure_of(call)

    assert "set-cookie" not in dict(await call.initial_metadata())


async def test_before_there_is_an_account_nobody_signs_in(service: DeviceService):
    failure = await failure_of(service.auth.SignIn(pb.SignInRequest(password=PASSWORD)))

    assert failure.code is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("name", ["owner", "nobody"])
async def test_after_ten_wrong_tries_signing_in_pauses(service: DeviceService, name: str):
    await service.account()
    for _ in range(10):
        await failure_of(service.auth.SignIn(pb.SignInRequest(account=name, password="wrong")))

    failure = await failure_of(service.auth.SignIn(pb.SignInRequest(account=name, password=PASSWORD)))

    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_TRIES")
    assert failure.retry_after is not None
    assert 0 < failure.retry_after <= 600


async def test_the_pause_ends(service: DeviceService):
    await service.account()
    for _ in range(10):
        await failure_of(service.auth.SignIn(pb.SignInRequest(password="wrong")))

    service.clock.advance(minutes=10)

    assert (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).account.name == "owner"


async def test_the_right_password_clears_the_count(service: DeviceService):
    await service.account()
    for _ in range(2):
        for _ in range(9):
            await failure_of(service.auth.SignIn(pb.SignInRequest(password="wrong")))
        await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))


async def test_sign_out_ends_the_session_and_clears_the_cookie(service: DeviceService):
    await service.account()
    token = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token

    call = service.auth.SignOut(pb.SignOutRequest(), metadata=bearer(token))
    await call

    morsel = await _cookie(call)
    assert (morsel.value, morsel["max-age"]) == ("", "0")
    failure = await failure_of(service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(token)))
    assert failure.code is grpc.StatusCode.UNAUTHENTICATED


async def test_sign_out_leaves_other_sessions(service: DeviceService):
    await service.account()
    first = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token
    second = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token

    await service.auth.SignOut(pb.SignOutRequest(), metadata=bearer(first))

    assert (await service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(second))).account.name == "owner"


async def test_a_session_ends_by_itself(service: DeviceService):
    await service.account()
    token = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token

    service.clock.advance(days=30, seconds=1)

    failure = await failure_of(service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(token)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REVOKED")


async def test_a_reset_password_ends_all_sessions(service: DeviceService):
    await service.account()
    token = (await service.auth.SignIn(pb.SignInRequest(password=PASSWORD))).token

    ended = await service.accounts.reset_password("owner", "another password")

    assert ended == 1
    failure = await failure_of(service.auth.GetSession(pb.GetSessionRequest(), metadata=bearer(token)))
    assert failure.reason == "TOKEN_REVOKED"
    await failure_of(service.auth.SignIn(pb.SignInRequest(password=PASSWORD)))
    await service.auth.SignIn(pb.SignInRequest(password="another password"))


async def test_a_service_has_no_session(service: DeviceService):
    metadata = service.acting_for(await service.account())

    for call in (service.auth.GetSession(pb.GetSessionRequest(), metadata=metadata),
                 service.auth.SignOut(pb.SignOutRequest(), metadata=metadata)):  # fmt: skip
        assert (await failure_of(call)).code is grpc.StatusCode.UNAUTHENTICATED


async def test_an_empty_password_is_bad_input(service: DeviceService):
    failure = await failure_of(service.auth.SignIn(pb.SignInRequest()))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["password"])


async def test_a_name_that_no_database_can_hold_is_bad_input(service: DeviceService):
    failure = await failure_of(service.auth.SignIn(pb.SignInRequest(account="a\0b", password=PASSWORD)))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT


async def _cookie(call: Any) -> Any:
    header = dict(await call.initial_metadata())["set-cookie"]
    return SimpleCookie(header)["assistant_session"]
