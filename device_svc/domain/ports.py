"""What the use cases need of storage. A scope is one transaction; it commits when its block ends without an error."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from device_svc.domain.accounts import Account, Session
from device_svc.domain.devices import Activity, Device
from device_svc.domain.registrations import Description, Registration
from device_svc.domain.tries import TryLimit


class Accounts(Protocol):
    """The accounts of this installation."""

    async def by_name(self, name: str) -> Account | None: ...

    async def first(self, count: int) -> list[Account]:
        """Up to `count` accounts, oldest first."""
        ...

    async def hold(self, account_id: UUID) -> Account | None:
        """The account, which nobody changes until this scope ends."""
        ...

    async def add(self, account: Account) -> None:
        """Raises AlreadyExists when the name is taken."""
        ...

    async def set_password(self, account_id: UUID, password_hash: str, now: datetime) -> None: ...


class Sessions(Protocol):
    """Sign-ins that last."""

    async def begin(self, session: Session) -> None:
        """Also forgets the account's sessions that are over."""
        ...

    async def live(self, account_id: UUID, session_id: UUID, now: datetime) -> Session | None: ...

    async def end(self, account_id: UUID, session_id: UUID, now: datetime) -> None: ...

    async def end_all(self, account_id: UUID, now: datetime) -> int:
        """How many there were."""
        ...


class Tries(Protocol):
    """Counts of tries that outlive a restart."""

    async def take(self, limit: TryLimit, subject: bytes, now: datetime) -> None:
        """Count a try before its outcome is known. Raises Overloaded when none is left."""
        ...

    async def give_back(self, limit: TryLimit, subject: bytes) -> None:
        """The try was right: it does not count."""
        ...

    async def clear(self, limit: TryLimit, subject: bytes) -> None:
        """Begin again from none."""
        ...

    async def left(self, limit: TryLimit, subject: bytes, now: datetime) -> int: ...


class Registrations(Protocol):
    """Registrations of all accounts-to-be."""

    async def hold_all(self) -> None:
        """Let no other registration begin until this scope ends, so that a count stays true."""
        ...

    async def forget_over(self, hardware_id: str, now: datetime) -> None:
        """Delete expired ones, and what this hardware has open."""
        ...

    async def earliest_expiry(self, at_most: int, now: datetime) -> datetime | None:
        """None while fewer than `at_most` are open; else when the first of them ends."""
        ...

    async def add(self, registration: Registration) -> bool:
        """False when another open one has the same code."""
        ...

    async def hold_by_code(self, code_hash: bytes, now: datetime) -> Registration | None:
        """The open registration with this code, locked until this scope ends."""
        ...

    async def approve(self, device_id: UUID, account_id: UUID, now: datetime) -> None: ...

    async def take_try(self, device_id: UUID, now: datetime) -> Registration | None:
        """Count a try at the code of an open registration and lock it; None when there is none with tries left."""
        ...

    async def give_try_back(self, device_id: UUID) -> None: ...

    async def use(self, device_id: UUID, now: datetime) -> None: ...


class Devices(Protocol):
    """The devices of one account."""

    async def get(self, device_id: UUID) -> Device | None: ...

    async def by_hardware(self, hardware_id: str) -> Device | None:
        """The device, locked until this scope ends."""
        ...

    async def page(self, after: tuple[datetime, UUID] | None, size: int) -> Sequence[Device]: ...

    async def approve(self, device_id: UUID, described: Description, now: datetime) -> Device:
        """Add the device; one that this hardware has already is opened again under its old id and name."""
        ...

    async def verify(self, device_id: UUID, described: Description, now: datetime) -> None: ...

    async def hold_active(self, device_id: UUID) -> Device | None:
        """The device when its tokens are accepted, locked until this scope ends."""
        ...

    async def rename(self, device_id: UUID, name: str, now: datetime) -> Device | None: ...

    async def deactivate(self, device_id: UUID, now: datetime) -> Device | None:
        """Keeps the time of an earlier deactivation."""
        ...

    async def record(self, device_id: UUID, activity: Activity, now: datetime) -> bool: ...


class DeviceTokens(Protocol):
    """The tokens given to the devices of one account."""

    async def add(self, device_id: UUID, token_id: UUID, issued_at: datetime, expires_at: datetime) -> None:
        """Also forgets the device's tokens that have expired."""
        ...

    async def revoke_all(self, device_id: UUID, now: datetime) -> None: ...

    async def stands(self, device_id: UUID, token_id: UUID, now: datetime) -> bool:
        """Whether it was given, not revoked, and its device not deactivated."""
        ...


class AccountScope(Protocol):
    """A transaction that sees one account."""

    @property
    def sessions(self) -> Sessions: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def tokens(self) -> DeviceTokens: ...


class SystemScope(Protocol):
    """A transaction before the account is known."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def tries(self) -> Tries: ...
    @property
    def registrations(self) -> Registrations: ...

    async def for_account(self, account_id: UUID) -> AccountScope:
        """The same transaction, which from here on also sees this account's devices."""
        ...


class Transactions(Protocol):
    """Opens scopes."""

    def account(self, account_id: UUID) -> AbstractAsyncContextManager[AccountScope]: ...

    def system(self) -> AbstractAsyncContextManager[SystemScope]: ...
