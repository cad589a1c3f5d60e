"""Who is let in."""

from __future__ import annotations

from uuid import UUID

import pytest

from svc_kit import identity
from svc_kit.errors import PermissionDenied, Unauthenticated, Unavailable
from svc_kit.gate import Gate, token_of
from svc_kit.identity import Identity
from svc_kit.tokens import KeyRing, TokenVerifier, mint_internal
from tests.unit.svc_kit.keys import ACCOUNT, DEVICE, Signer

INTERNAL_KEY = "an internal key of at least 32 characters"
PUBLIC = "/assistant.device.v1.AuthService/GetJwks"
OWNERS = "/assistant.device.v1.DevicesService/ListDevices"
DEVICES = "/assistant.sync.v1.SyncService/SyncMessages"
INTERNAL = "/assistant.device.v1.AuthService/CheckToken"


class Revocations:
    """Says what a test wants, and counts."""

    def __init__(self) -> None:
        self.active = True
        self.away = False
        self.asked = 0

    async def is_active(self, caller: Identity) -> bool:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return self.active


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def revocations() -> Revocations:
    return Revocations()


@pytest.fixture
def gate(signer: Signer, revocations: Revocations) -> Gate:
    return Gate(TokenVerifier(KeyRing(signer.keys), INTERNAL_KEY), revocations)


@pytest.mark.parametrize(
    ("path", "roles"),
    [(OWNERS, {"owner", "service"}), (DEVICES, {"device"}), (INTERNAL, {"service"})],
)
@pytest.mark.parametrize("role", ["owner", "device", "service"])
async def test_each_rpc_admits_its_roles(gate: Gate, signer: Signer, path: str, roles: set[str], role: str):
    token = mint_internal(INTERNAL_KEY, "test", ACCOUNT) if role == "service" else signer.token(role=role)

    if role in roles:
        await gate.admit(path, _bearer(token))
        assert identity.current().role == role
        assert identity.current_account() == ACCOUNT
    else:
        with pytest.raises(PermissionDenied):
            await gate.admit(path, _bearer(token))


@pytest.mark.parametrize("path", [PUBLIC, "/grpc.health.v1.Health/Check"])
async def test_a_public_rpc_admits_everybody_as_nobody(gate: Gate, revocations: Revocations, path: str):
    await gate.admit(path, _bearer("no token at all"))

    assert revocations.asked == 0
    with pytest.raises(Unauthenticated):
        identity.current()


@pytest.mark.parametrize("path", ["/assistant.device.v1.AuthService/Nothing", "/nothing.Service/Call", "", "/"])
async def test_an_rpc_that_the_contract_does_not_know_admits_nobody(gate: Gate, path: str):
    with pytest.raises(PermissionDenied):
        await gate.admit(path, _bearer(mint_internal(INTERNAL_KEY, "test", ACCOUNT)))


async def test_without_a_token_the_caller_is_told_to_sign_in(gate: Gate):
    with pytest.raises(Unauthenticated) as caught:
        await gate.admit(OWNERS, ())

    assert caught.value.reason == "TOKEN_MISSING"


async def test_a_service_that_acts_for_nobody_has_no_account(gate: Gate):
    await gate.admit(INTERNAL, _bearer(mint_internal(INTERNAL_KEY, "test", None)))

    with pytest.raises(Unauthenticated):
        identity.current_account()


async def test_a_revoked_token_is_refused(gate: Gate, signer: Signer, revocations: Revocations):
    revocations.active = False

    with pytest.raises(Unauthenticated) as caught:
        await gate.admit(DEVICES, _bearer(signer.token()))

    assert caught.value.reason == "TOKEN_REVOKED"


async def test_the_answer_is_kept_for_a_second(signer: Signer, revocations: Revocations):
    now = 1000.0
    gate = Gate(TokenVerifier(KeyRing(signer.keys), INTERNAL_KEY), revocations, lambda: now)
    token = signer.token()
    await gate.admit(DEVICES, _bearer(token))
    revocations.active = False

    now = 1000.9
    await gate.admit(DEVICES, _bearer(token))
    now = 1001.1
    with pytest.raises(Unauthenticated):
        await gate.admit(DEVICES, _bearer(token))

    assert revocations.asked == 2


async def test_a_long_stream_learns_of_its_end(signer: Signer, revocations: Revocations):
    now = 1000.0
    gate = Gate(TokenVerifier(KeyRing(signer.keys), INTERNAL_KEY), revocations, lambda: now)
    caller = Identity("device", ACCOUNT, str(DEVICE), UUID(int=3))
    await gate.recheck(caller)
    revocations.active = False

    now = 1002.0
    with pytest.raises(Unauthenticated):
        await gate.recheck(caller)


async def test_a_refusal_is_not_kept(gate: Gate, signer: Signer, revocations: Revocations):
    revocations.active = False
    with pytest.raises(Unauthenticated):
        await gate.admit(DEVICES, _bearer(signer.token()))

    revocations.active = True

    await gate.admit(DEVICES, _bearer(signer.token()))


async def test_while_it_cannot_be_known_nobody_is_let_in(gate: Gate, signer: Signer, revocations: Revocations):
    revocations.away = True

    with pytest.raises(Unavailable):
        await gate.admit(DEVICES, _bearer(signer.token()))


@pytest.mark.parametrize(
    ("metadata", "token"),
    [
        ((("authorization", "Bearer a.b.c"),), "a.b.c"),
        ((("authorization", "bearer  a.b.c "),), "a.b.c"),
        ((("cookie", "assistant_session=a.b.c"),), "a.b.c"),
        ((("cookie", "theme=dark; assistant_session=a.b.c; x=1"),), "a.b.c"),
        ((("cookie", "theme=dark"), ("cookie", "assistant_session=a.b.c")), "a.b.c"),
        ((("cookie", "assistant_session=cookie"), ("authorization", "Bearer header")), "header"),
        ((("authorization", "Basic YTpi"),), None),
        ((("authorization", "Basic YTpi"), ("cookie", "assistant_session=a.b.c")), "a.b.c"),
        ((("authorization", b"Bearer a.b.c"),), None),
        ((("cookie", "assistant_session="),), None),
        ((("cookie", "assistant_session_2=a.b.c"),), None),
        ((("cookie", "\x01;;==;"),), None),
        ((), None),
    ],
)
def test_where_a_token_is_found(metadata: tuple[tuple[str, str | bytes], ...], token: str | None):
    assert token_of(metadata) == token


@pytest.mark.parametrize("other", ['{"a":1}', "a[0]=1", "name with space=1", 'quoted="a;b"', "ü=1", "=", "a b"])
@pytest.mark.parametrize("first", [True, False])
def test_other_cookies_do_not_hide_ours(other: str, first: bool):
    cookies = [other, "assistant_session=a.b.c"] if first else ["assistant_session=a.b.c", other]

    assert token_of((("cookie", "; ".join(cookies)),)) == "a.b.c"


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)
