"""The gate in front of every RPC: a verified token, the right role, not revoked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from svc_kit import identity
from svc_kit.access import allowed_roles
from svc_kit.errors import PermissionDenied, Unauthenticated
from svc_kit.identity import Identity
from svc_kit.tokens import SESSION_COOKIE, TokenVerifier

Metadata = Iterable[tuple[str, str | bytes]]

# A deactivated device must be refused within 2 s everywhere (docs/adr/0003); a second leaves room for the answer's way.
CHECK_LIFETIME_S = 1.0
_MAX_CACHED = 10_000


class RevocationList(Protocol):
    """Knows whether a verified token still stands."""

    async def is_active(self, caller: Identity) -> bool:
        """False once the session ended or the device was deactivated. Raises Unavailable when it cannot be known."""
        ...


class Gate:
    """Admits calls. One per process."""

    def __init__(
        self,
        verifier: TokenVerifier,
        revocations: RevocationList,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verifier = verifier
        self._revocations = revocations
        self._monotonic = monotonic
        self._checked: dict[Identity, float] = {}

    async def admit(self, path: str, metadata: Metadata) -> None:
        """Let the call to `/package.Service/Method` in and set its identity, or raise Unauthenticated or PermissionDenied.

        A public RPC is let in without looking at a token.
        """
        roles = allowed_roles(path)
        if roles is None:
            identity.set_current(None)
            return
        token = token_of(metadata)
        if token is None:
            raise Unauthenticated("sign in, or send a token as `authorization: Bearer …`", reason="TOKEN_MISSING")
        caller = await self._verifier.verify(token)
        if caller.role not in roles:
            raise PermissionDenied(f"this is not for the role {caller.role}")
        await self.recheck(caller)
        identity.set_current(caller)

    async def recheck(self, caller: Identity) -> None:
        """Ask again whether the caller still stands; long streams call this for each message they take.

        The answer is kept for a second. Raises Unauthenticated once it does not.
        """
        if caller.role == "service":
            return
        now = self._monotonic()
        if self._checked.get(caller, float("-inf")) + CHECK_LIFETIME_S > now:
            return
        if not await self._revocations.is_active(caller):
            self._checked.pop(caller, None)
            raise Unauthenticated("the token was revoked; pair or sign in again", reason="TOKEN_REVOKED")
        if len(self._checked) >= _MAX_CACHED:
            self._checked.clear()
        self._checked[caller] = now


def token_of(metadata: Metadata) -> str | None:
    """The bearer token, else the one in the session cookie."""
    cookie: str | None = None
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value[:7].lower() == "bearer ":
            return value[7:].strip()
        if key == "cookie" and isinstance(value, str):
            cookie = cookie or _session_in(value)
    return cookie


def _session_in(cookies: str) -> str | None:
    # Not http.cookies: it gives up at the first cookie that is not to its taste, and other programs on the same host
    # set theirs for us, too.
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == SESSION_COOKIE and value:
            return value
    return None
