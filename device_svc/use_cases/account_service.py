"""Making accounts and resetting their passwords: the operator's work."""

from __future__ import annotations

from dataclasses import dataclass, field

from device_svc.crypto.passwords import Argon2Passwords
from device_svc.domain.accounts import OWNER_NAME, Account, name_to_look_up, new_account_name, new_password
from device_svc.domain.clock import Clock, utc_now
from device_svc.storage.transactions import PostgresTransactions
from svc_kit.errors import AlreadyExists, NotFound
from svc_kit.ids import new_id


@dataclass(frozen=True)
class AccountService:
    """What the operator does with accounts."""

    transactions: PostgresTransactions
    passwords: Argon2Passwords
    clock: Clock = field(default=utc_now)

    async def add(self, name: str, password: str) -> Account:
        """Make an account. Raises InvalidInput or AlreadyExists."""
        account = Account(
            account_id=new_id(),
            name=new_account_name(name),
            password_hash=await self.passwords.hashed(new_password(password)),
            created_at=self.clock(),
        )
        async with self.transactions.system() as scope:
            await scope.accounts.add(account)
        return account

    async def all(self) -> list[Account]:
        """All accounts, oldest first."""
        async with self.transactions.system() as scope:
            return await scope.accounts.first(10_000)

    async def ensure_owner(self, password: str) -> Account | None:
        """Make the first account; None when there is one already."""
        async with self.transactions.system() as scope:
            if await scope.accounts.first(1):
                return None
        try:
            return await self.add(OWNER_NAME, password)
        except AlreadyExists:  # somebody else was quicker
            return None

    async def reset_password(self, name: str, password: str) -> int:
        """Set another password and end all sessions of the account; how many there were. Raises NotFound or InvalidInput."""
        password_hash = await self.passwords.hashed(new_password(password))
        now = self.clock()
        async with self.transactions.system() as scope:
            account = await scope.accounts.by_name(name_to_look_up(name))
            if account is None:
                raise NotFound(f"there is no account {name!r}")
            await scope.accounts.set_password(account.account_id, password_hash, now)
            return await scope.sessions.end_all(account.account_id, now)
