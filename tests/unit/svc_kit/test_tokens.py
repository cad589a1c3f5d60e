"""Which tokens are believed."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import jwt
import pytest

from svc_kit.errors import Unauthenticated, Unavailable
from svc_kit.identity import Identity
from svc_kit.tokens import API_AUDIENCE, Jwks, KeyRing, TokenVerifier, mint_internal
from tests.unit.svc_kit.keys import ACCOUNT, DEVICE, TOKEN, Signer, good_claims

INTERNAL_KEY = "an internal key of at least 32 characters"


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def verifier(signer: Signer) -> TokenVerifier:
    return TokenVerifier(KeyRing(signer.keys), INTERNAL_KEY)


async def test_a_good_token_tells_who_calls(signer: Signer, verifier: TokenVerifier):
    assert await verifier.verify(signer.token()) == Identity("device", ACCOUNT, str(DEVICE), TOKEN)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody else"},
        {"aud": "another-api"},
        {"role": "service"},
        {"role": "admin"},
        {"sub": "no id"},
        {"account": "no id"},
        {"jti": "no id"},
        {"iat": time.time() + 3600},
    ],
)
async def test_a_token_with_strange_claims_is_refused(signer: Signer, verifier: TokenVerifier, changed: dict[str, Any]):
    with pytest.raises(Unauthenticated) as caught:
        await verifier.verify(signer.token(**changed))

    assert caught.value.reason == "TOKEN_INVALID"


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "account", "role", "jti", "exp"])
async def test_no_claim_may_be_missing(signer: Signer, verifier: TokenVerifier, claim: str):
    with pytest.raises(Unauthenticated):
        await verifier.verify(signer.token(claim))


async def test_an_expired_token_is_said_to_be_expired(signer: Signer, verifier: TokenVerifier):
    with pytest.raises(Unauthenticated) as caught:
        await verifier.verify(signer.token(exp=time.time() - 31))

    assert caught.value.reason == "TOKEN_EXPIRED"


async def test_clocks_may_differ_a_little(signer: Signer, verifier: TokenVerifier):
    assert (await verifier.verify(signer.token(exp=time.time() - 5))).account_id == ACCOUNT


async def test_a_strangers_signature_is_refused(verifier: TokenVerifier):
    with pytest.raises(Unauthenticated):
        await verifier.verify(Signer().token())


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "e30.e30.e30", "é", "." * 1000])
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str):
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_an_unsigned_token_is_refused(verifier: TokenVerifier):
    with pytest.raises(Unauthenticated):
        await verifier.verify(jwt.encode(good_claims(), "", algorithm="none"))


async def test_the_public_key_is_no_shared_secret(signer: Signer, verifier: TokenVerifier):
    secret = str(signer.jwk) + " made long enough to be a key"

    with pytest.raises(Unauthenticated):
        await verifier.verify(jwt.encode(good_claims(), secret, algorithm="HS256", headers={"kid": "one"}))


async def test_a_service_is_known_by_the_internal_key(verifier: TokenVerifier):
    acting = await verifier.verify(mint_internal(INTERNAL_KEY, "sync_svc", ACCOUNT))
    alone = await verifier.verify(mint_internal(INTERNAL_KEY, "sync_svc", None))

    assert acting == Identity("service", ACCOUNT, "sync_svc")
    assert alone.account_id is None


async def test_another_internal_key_is_refused(verifier: TokenVerifier):
    with pytest.raises(Unauthenticated):
        await verifier.verify(mint_internal("another key of at least 32 characters!", "sync_svc", None))


async def test_an_internal_key_makes_no_device(verifier: TokenVerifier):
    forged = jwt.encode(good_claims() | {"aud": API_AUDIENCE}, INTERNAL_KEY, algorithm="HS256")

    with pytest.raises(Unauthenticated):
        await verifier.verify(forged)


async def test_keys_are_fetched_once_and_again_when_a_new_one_turns_up():
    old, new = Signer("old"), Signer("new")
    fetched: list[Jwks] = [{"keys": [old.jwk]}, {"keys": [old.jwk, new.jwk]}]
    count = 0

    async def fetch() -> Jwks:
        nonlocal count
        count += 1
        return fetched[count - 1]

    verifier = TokenVerifier(KeyRing(fetch, min_interval=0), INTERNAL_KEY)
    for _ in range(3):
        await verifier.verify(old.token())
    assert count == 1
    await verifier.verify(new.token())
    await verifier.verify(old.token())
    assert count == 2


async def test_strange_key_ids_do_not_make_us_ask_again_and_again(signer: Signer):
    count = 0

    async def fetch() -> Jwks:
        nonlocal count
        count += 1
        return await signer.keys()

    verifier = TokenVerifier(KeyRing(fetch, min_interval=3600), INTERNAL_KEY)
    for number in range(10):
        with pytest.raises(Unauthenticated):
            await verifier.verify(Signer(f"stranger-{number}").token())

    assert count == 1
    assert (await verifier.verify(signer.token())).account_id == UUID(int=1)


async def test_while_the_keys_cannot_be_fetched_nobody_is_called_a_stranger(signer: Signer):
    async def away() -> Jwks:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        await TokenVerifier(KeyRing(away), INTERNAL_KEY).verify(signer.token())
