"""What happens to a device after it was paired."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.clock import Clock, utc_now
from device_svc.domain.devices import Activity, Device, DevicePage
from device_svc.domain.tokens import DEVICE_TOKEN_LIFETIME, IssuedToken, TokenClaims
from device_svc.domain.tries import APPROVAL
from device_svc.storage.transactions import PostgresTransactions
from svc_kit.errors import NotFound, Unauthenticated
from svc_kit.ids import new_id


@dataclass(frozen=True)
class DeviceService:
    """Lists, renames and deactivates devices, and renews their tokens."""

    transactions: PostgresTransactions
    signer: Es256Signer
    clock: Clock = field(default=utc_now)

    async def page(self, account_id: UUID, after: tuple[datetime, UUID] | None, size: int) -> DevicePage:
        """Devices after the sort key `after`, newest first."""
        async with self.transactions.system() as scope:
            tries_left = await scope.tries.left(APPROVAL, account_id.bytes, self.clock())
            devices = (await scope.for_account(account_id)).devices
            found = list(await devices.page(after, size + 1))
        return DevicePage(found[:size], len(found) > size, tries_left)

    async def get(self, account_id: UUID, device_id: UUID) -> Device:
        """One device. Raises NotFound."""
        async with self.transactions.account(account_id) as scope:
            return _found(await scope.devices.get(device_id))

    async def rename(self, account_id: UUID, device_id: UUID, name: str) -> Device:
        """Give a device another name. Raises NotFound."""
        async with self.transactions.account(account_id) as scope:
            return _found(await scope.devices.rename(device_id, name, self.clock()))

    async def deactivate(self, account_id: UUID, device_id: UUID) -> Device:
        """End a device's access; doing it again changes nothing. Raises NotFound."""
        now = self.clock()
        async with self.transactions.account(account_id) as scope:
            device = _found(await scope.devices.deactivate(device_id, now))
            await scope.tokens.revoke_all(device_id, now)
        return device

    async def record(self, account_id: UUID, device_id: UUID, activity: Activity) -> None:
        """Keep what a device told of itself. Raises NotFound."""
        async with self.transactions.account(account_id) as scope:
            if not await scope.devices.record(device_id, activity, self.clock()):
                raise _missing()

    async def refresh(self, account_id: UUID, device_id: UUID) -> IssuedToken:
        """Another token for a device; the ones it has stand until they expire. Raises Unauthenticated once it was deactivated."""
        now = self.clock()
        claims = TokenClaims("device", account_id, device_id, new_id(), now, now + DEVICE_TOKEN_LIFETIME)
        async with self.transactions.account(account_id) as scope:
            if await scope.devices.hold_active(device_id) is None:
                raise Unauthenticated("the device was deactivated; pair it again", reason="TOKEN_REVOKED")
            await scope.tokens.add(device_id, claims.token_id, now, claims.expires_at)
        return IssuedToken(self.signer.sign(claims), claims.expires_at)


def _found(device: Device | None) -> Device:
    if device is None:
        raise _missing()
    return device


def _missing() -> NotFound:
    return NotFound("there is no such device")
