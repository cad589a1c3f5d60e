"""Signing owners in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from device_svc.crypto.passwords import Argon2Passwords
from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.accounts import Account, Session, name_to_look_up
from device_svc.domain.clock import Clock, utc_now
from device_svc.domain.codes import KeyedHash
from device_svc.domain.tokens import TokenClaims
from device_svc.domain.tries import SIGN_IN
from device_svc.storage.accounts import AccountTable
from device_svc.storage.transactions import PostgresTransactions
from svc_kit.errors import InvalidInput, Unauthenticated
from svc_kit.ids import new_id


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that began, and its token."""

    account: Account
    session: Session
    token: str


@dataclass(frozen=True)
class SignIn:
    """Begins and ends sessions."""

    transactions: PostgresTransactions
    passwords: Argon2Passwords
    signer: Es256Signer
    keyed: KeyedHash
    session_lifetime: timedelta
    clock: Clock = field(default=utc_now)

    async def begin(self, name: str, password: str) -> SignedIn:
        """Check the password and begin a session.

        Raises Unauthenticated, the same for an unknown name as for a wrong password, and Overloaded after too many tries.
        """
        now = self.clock()
        async with self.transactions.system() as scope:
            account = await _find(scope.accounts, name_to_look_up(name))
            # Unknown names are counted as well, or the pause would tell which names exist. Names are kept hashed: people
            # type their password into the wrong field.
            subject = self.keyed.of("sign_in", account.name if account else name_to_look_up(name))
            await scope.tries.take(SIGN_IN, subject, now)
        password_hash = account.password_hash if account else None
        right = await self.passwords.matches(password_hash, password)
        if account is None or not right:
            raise _wrong()
        renewed = await self.passwords.renewed(account.password_hash, password)
        return await self._begin(account, subject, renewed)

    async def _begin(self, account: Account, subject: bytes, renewed: str | None) -> SignedIn:
        now = self.clock()
        session = Session(account.account_id, new_id(), now, now + self.session_lifetime)
        async with self.transactions.system() as scope:
            held = await scope.accounts.hold(account.account_id)
            # The password was reset while we looked at the old one.
            if held is None or held.password_hash != account.password_hash:
                raise _wrong()
            if renewed is not None:
                await scope.accounts.set_password(account.account_id, renewed, now)
            await scope.tries.clear(SIGN_IN, subject)
            await scope.sessions.begin(session)
        claims = TokenClaims(
            "owner", account.account_id, account.account_id, session.session_id, now, session.expires_at
        )
        return SignedIn(account, session, self.signer.sign(claims))

    async def end(self, account_id: UUID, session_id: UUID) -> None:
        """End a session; ending it again changes nothing."""
        async with self.transactions.account(account_id) as scope:
            await scope.sessions.end(account_id, session_id, self.clock())

    async def current(self, account_id: UUID, session_id: UUID) -> tuple[Account, datetime]:
        """Who is signed in, and until when. Raises Unauthenticated when the session is over."""
        async with self.transactions.system() as scope:
            session = await scope.sessions.live(account_id, session_id, self.clock())
            account = await scope.accounts.hold(account_id)
        if session is None or account is None:
            raise Unauthenticated("the session is over; sign in again", reason="TOKEN_REVOKED")
        return account, session.expires_at


async def _find(accounts: AccountTable, name: str) -> Account | None:
    if name:
        return await accounts.by_name(name)
    found = await accounts.first(2)
    if len(found) > 1:
        raise InvalidInput("account", "must be given: this server has several accounts")
    return found[0] if found else None


def _wrong() -> Unauthenticated:
    return Unauthenticated("the name or the password is wrong", reason="SIGN_IN_FAILED")
