"""AuthService: the owner's session, the public keys, and the check that a token still stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import grpc
from assistant.device.v1 import auth_pb2, auth_pb2_grpc

from device_svc.api.cookies import SessionCookie
from device_svc.api.mapping import timestamp, to_account
from device_svc.use_cases.revocation import Revocation
from device_svc.use_cases.sign_in import SignIn
from svc_kit import identity
from svc_kit.errors import Unauthenticated
from svc_kit.identity import Identity, Role
from svc_kit.ids import parse_id

Context = grpc.aio.ServicerContext[Any, Any]


class AuthServicer(auth_pb2_grpc.AuthServiceServicer):
    """Signs owners in and out."""

    def __init__(
        self,
        sign_in: SignIn,
        revocation: Revocation,
        cookie: SessionCookie,
        public_keys: Sequence[Mapping[str, str]],
    ) -> None:
        self._sign_in = sign_in
        self._revocation = revocation
        self._cookie = cookie
        self._keys = [auth_pb2.Jwk(**key) for key in public_keys]

    async def SignIn(self, request: auth_pb2.SignInRequest, context: Context) -> auth_pb2.SignInResponse:
        """Begin a session. Its token goes into the cookie; into the answer too where no browser asks."""
        begun = await self._sign_in.begin(request.account, request.password)
        lifetime = begun.session.expires_at - begun.session.created_at
        await context.send_initial_metadata((self._cookie.holding(begun.token, int(lifetime.total_seconds())),))
        return auth_pb2.SignInResponse(
            account=to_account(begun.account),
            expires_at=timestamp(begun.session.expires_at),
            token="" if _is_browser(context) else begun.token,
        )

    async def SignOut(self, request: auth_pb2.SignOutRequest, context: Context) -> auth_pb2.SignOutResponse:
        """End the caller's session and clear the cookie. Raises Unauthenticated when the caller has no session."""
        account_id, session_id = _session()
        await self._sign_in.end(account_id, session_id)
        await context.send_initial_metadata((self._cookie.cleared(),))
        return auth_pb2.SignOutResponse()

    async def GetSession(self, request: auth_pb2.GetSessionRequest, context: Context) -> auth_pb2.GetSessionResponse:
        """Return the caller's account and the end of its session. Raises Unauthenticated when the session is over."""
        account, expires_at = await self._sign_in.current(*_session())
        return auth_pb2.GetSessionResponse(account=to_account(account), expires_at=timestamp(expires_at))

    async def GetJwks(self, request: auth_pb2.GetJwksRequest, context: Context) -> auth_pb2.GetJwksResponse:
        """Return the public keys that tokens are verified with (RFC 7517)."""
        return auth_pb2.GetJwksResponse(keys=self._keys)

    async def CheckToken(self, request: auth_pb2.CheckTokenRequest, context: Context) -> auth_pb2.CheckTokenResponse:
        """Tell whether a token is neither revoked nor ended. Raises InvalidInput that names the field."""
        caller = Identity(
            # Any other role has no tokens here, and is answered so.
            cast(Role, request.role),
            parse_id("account_id", request.account_id),
            str(parse_id("subject", request.subject)),
            parse_id("token_id", request.token_id),
        )
        return auth_pb2.CheckTokenResponse(active=await self._revocation.is_active(caller))


def _session() -> tuple[UUID, UUID]:
    caller = identity.current()
    if caller.token_id is None:  # a service, which may act for an owner but has no session
        raise Unauthenticated("only an owner has a session")
    return identity.current_account(), caller.token_id


def _is_browser(context: Context) -> bool:
    # Every browser sends it, and no script can take it away.
    return any(key == "sec-fetch-mode" for key, _ in context.invocation_metadata() or ())
