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

    async def by_name(self, name: str) -> Account | None:
        """Return the account with this name, in the form of `name_to_look_up`."""
        ...

    async def first(self, count: int) -> list[Account]:
        """Up to `count` accounts, oldest first."""
        ...

    async def hold(self, account_id: UUID) -> Account | None:
        """The account, which nobody changes until this scope ends."""
        ...

    async def add(self, account: Account) -> None:
        """Add an account. Raises AlreadyExists when the name is taken."""
        ...

    async def set_password(self, account_id: UUID, password_hash: str, now: datetime) -> None:
        """Replace the hash of the password."""
        ...


class Sessions(Protocol):
    """Sign-ins that last."""

    async def begin(self, session: Session) -> None:
        """Store a new session, and delete those of the account that are over."""
        ...

    async def live(self, account_id: UUID, session_id: UUID, now: datetime) -> Session | None:
        """Return the session unless it was ended or has expired by `now`."""
        ...

    async def end(self, account_id: UUID, session_id: UUID, now: datetime) -> None:
        """End one session; one that is over stays as it is."""
        ...

    async def end_all(self, account_id: UUID, now: datetime) -> int:
        """End the live sessions of an account; return how many there were."""
        ...


class Tries(Protocol):
    """Counts of tries that outlive a restart."""

    async def take(self, limit: TryLimit, subject: bytes, now: datetime) -> None:
        """Count a try before its outcome is known. Raises Overloaded when none is left."""
        ...

    async def give_back(self, limit: TryLimit, subject: bytes) -> None:
        """Take back the count of a try that was right."""
        ...

    async def clear(self, limit: TryLimit, subject: bytes) -> None:
        """Set the count back to none."""
        ...

    async def left(self, limit: TryLimit, subject: bytes, now: datetime) -> int:
        """Return how many tries are left in the present window."""
        ...


class Registrations(Protocol):
    """Registrations of all accounts-to-be."""

    async def hold_all(self) -> None:
        """Let no other registration begin until this scope ends, so that a count stays true."""
        ...

    async def forget_over(self, hardware_id: str, now: datetime) -> None:
        """Delete expired ones, and what this hardware has open."""
        ...

    async def earliest_expiry(self, at_most: int, now: datetime) -> datetime | None:
        """Return when the first open one expires; None while fewer than `at_most` are open."""
        ...

    async def add(self, registration: Registration) -> bool:
        """Add a registration; False when another open one has the same code."""
        ...

    async def hold_by_code(self, code_hash: bytes, now: datetime) -> Registration | None:
        """The open registration with this code, locked until this scope ends."""
        ...

    async def approve(self, device_id: UUID, account_id: UUID, now: datetime) -> None:
        """Note which account approved it."""
        ...

    async def take_try(self, device_id: UUID, now: datetime) -> Registration | None:
        """Count a try at the code of an open registration and lock it; None when there is none with tries left."""
        ...

    async def give_try_back(self, device_id: UUID) -> None:
        """Take back the try that `take_try` counted."""
        ...

    async def use(self, device_id: UUID, now: datetime) -> None:
        """Close it: its code opens nothing from here on."""
        ...


class Devices(Protocol):
    """The devices of one account."""

    async def get(self, device_id: UUID) -> Device | None:
        """Return the device, deactivated or not."""
        ...

    async def by_hardware(self, hardware_id: str) -> Device | None:
        """The device, locked until this scope ends."""
        ...

    async def page(self, after: tuple[datetime, UUID] | None, size: int) -> Sequence[Device]:
        """Return up to `size` devices, newest first, after the sort key (created_at, device_id) of the page before."""
        ...

    async def approve(self, device_id: UUID, described: Description, now: datetime) -> Device:
        """Add the device; one that this hardware has already is opened again under its old id and name."""
        ...

    async def verify(self, device_id: UUID, described: Description, now: datetime) -> None:
        """Mark the device as verified and store what it says of its system."""
        ...

    async def hold_active(self, device_id: UUID) -> Device | None:
        """The device when its tokens are accepted, locked until this scope ends."""
        ...

    async def rename(self, device_id: UUID, name: str, now: datetime) -> Device | None:
        """Change the name; None when there is no such device."""
        ...

    async def deactivate(self, device_id: UUID, now: datetime) -> Device | None:
        """Deactivate the device; the time of an earlier deactivation stays. None when there is no such device."""
        ...

    async def record(self, device_id: UUID, activity: Activity, now: datetime) -> bool:
        """Store the parts of the activity that are not None; False when there is no such device."""
        ...


class DeviceTokens(Protocol):
    """The tokens given to the devices of one account."""

    async def add(self, device_id: UUID, token_id: UUID, issued_at: datetime, expires_at: datetime) -> None:
        """Store a new token's id, and delete those of the device that have expired."""
        ...

    async def revoke_all(self, device_id: UUID, now: datetime) -> None:
        """Revoke every token of the device."""
        ...

    async def stands(self, device_id: UUID, token_id: UUID, now: datetime) -> bool:
        """Whether it was given, not revoked, and its device not deactivated."""
        ...


class AccountScope(Protocol):
    """A transaction that sees one account."""

    @property
    def sessions(self) -> Sessions:
        """The account's sign-ins."""
        ...

    @property
    def devices(self) -> Devices:
        """The account's devices."""
        ...

    @property
    def tokens(self) -> DeviceTokens:
        """The tokens of the account's devices."""
        ...


class SystemScope(Protocol):
    """A transaction before the account is known."""

    @property
    def accounts(self) -> Accounts:
        """All accounts."""
        ...

    @property
    def sessions(self) -> Sessions:
        """The sign-ins of all accounts."""
        ...

    @property
    def tries(self) -> Tries:
        """The counts of tries."""
        ...

    @property
    def registrations(self) -> Registrations:
        """The registrations that are open."""
        ...

    async def for_account(self, account_id: UUID) -> AccountScope:
        """The same transaction, which from here on also sees this account's devices."""
        ...


class Transactions(Protocol):
    """Opens scopes."""

    def account(self, account_id: UUID) -> AbstractAsyncContextManager[AccountScope]:
        """Open a transaction in which Row-Level Security shows the rows of this account alone."""
        ...

    def system(self) -> AbstractAsyncContextManager[SystemScope]:
        """Open a transaction before the account is known."""
        ...
